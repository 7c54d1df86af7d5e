"""Amounts as people type them, read without guessing and without a float."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache

from babel.numbers import get_currency_name, get_currency_symbol

from bot.money import LARGEST_MINOR, Money, exponent

LONGEST = 48

YUAN_LIKE = frozenset({"CNY", "HKD", "TWD", "MOP"})
EVERYDAY = {
    "CNY": ("rmb",),
    "JPY": ("¥", "yen"),
    "USD": ("$",),
}
BEHIND = {
    "CNY": ("元", "块", "圆", "块钱", "元整", "圆整"),
    "HKD": ("元", "块", "块钱", "蚊"),
    "TWD": ("元", "块", "块钱", "圆"),
    "MOP": ("元", "块"),
    "JPY": ("円",),
    "USD": ("美金", "刀"),
}
"""What is only ever said behind an amount: 块5 is a yuan and a half, not five."""

UNIT_NAMES = {
    "points": ("points", "point", "pts", "pt", "积分"),
    "visits": ("visits", "visit", "entries", "entry", "次", "回"),
}
ONES = "零一二三四五六七八九"
NUMERALS = f"{ONES}十百千万亿"
_WRITTEN = str.maketrans(
    "〇两壹贰叁肆伍陆柒捌玖拾佰仟貳參叄陸兩萬億塊圓點",
    "零两一二三四五六七八九十百千二三三六两万亿块圆点",
)
_PAIR = re.compile(r"两(?=[百千万亿])")
_TAIL = re.compile(rf"([百千万亿])([{ONES[1:]}])")
_DIGIT_OF = {"半": "5", **{han: str(value) for value, han in enumerate(ONES)}}
_BELOW = {"百": "十", "千": "百", "万": "千", "亿": "千万"}
_WHOLE = re.compile(rf"[{NUMERALS}两]+")
_PARTS = re.compile(
    rf"(?P<whole>\d+|[{NUMERALS}两]+) ?(?P<mark>[元块圆]) ?(?P<rest>半|[{ONES}\d角毛分]+)"
)
_CHANGE = re.compile(rf"[{ONES}\d](?:[角毛](?:[{ONES}\d]分?)?|分)")
_POINT = re.compile(rf"(?P<whole>[{NUMERALS}两]+)点(?P<rest>[{ONES}]+)")

# 38块5, 38元5角2分, 38元05分, 5毛: the unit stands where the decimal mark would.
_SPOKEN = re.compile(
    r"(?P<yuan>\d+) ?[元块圆] ?"
    r"(?:(?P<tail>\d{1,2})|0?(?P<jiao>\d)[角毛](?:(?P<fen>\d)分?)?|0?(?P<only>\d)分)"
)
_ENDING = re.compile("(?<=[角毛分])(?:整|钱)$")
_SMALL = re.compile(r"(?:(?P<jiao>\d)[角毛](?:(?P<fen>\d)分?)?|(?P<only>\d)分)")
_PLAIN = re.compile(r"(\d+)(?:[.,](\d*))?|[.,](\d+)")
_GROUPED = re.compile(r"([1-9]\d{0,2}([ .,'’])\d{3}(?:\2\d{3})*)(?:(?!\2)[.,](\d+))?")


class AmbiguousAmount(ValueError):  # noqa: N818 - it is a question, not a fault
    """The text can be read as more than one amount; ask which of `readings` is meant."""

    def __init__(self, readings: list[Money]) -> None:
        super().__init__("this can be read as more than one amount")
        self.readings = readings


def parse_amount(text: str, currency: str) -> Money:
    """Read an amount typed by a person: `38.5`, `1.234,50`, `¥38.5`, `38块5`, `三十八块五`.

    `AmbiguousAmount` where a mark may group thousands or begin decimals ("1,234"), the larger
    reading first, the smaller one cut to the minor unit. `ValueError` for what is no amount:
    another currency, a sign, more digits than the currency has, more than a card can hold.
    """
    readings = _readings(_unfolded(text), currency)
    if not readings or readings[0].minor > LARGEST_MINOR:
        raise ValueError("not an amount of this currency")
    if len(readings) > 1:
        raise AmbiguousAmount(readings)
    return readings[0]


def amounts_in(text: str, currency: str) -> list[Money]:
    """Read an amount in every way it can be read, the larger one first; none where it is none."""
    try:
        return [parse_amount(text, currency)]
    except AmbiguousAmount as doubt:
        return doubt.readings
    except ValueError:
        return []


def _unfolded(text: str) -> str:
    """Bring every digit, blank and full-width sign to its plain form."""
    if len(text) > LONGEST:
        raise ValueError("too long for an amount")
    folded = unicodedata.normalize("NFKC", text).casefold()
    digits = "".join(str(unicodedata.decimal(char, char)) for char in folded)
    return " ".join(digits.split()).rstrip("。")


def numeral(text: str) -> int:
    """Read a whole number in Chinese numerals: 三十八, 一百二 (120, as it is said), 壹佰贰拾.

    `ValueError` for what is none, digits read out one by one (二三) included.
    """
    han = _PAIR.sub("二", text.translate(_WRITTEN))
    han = "二" if han == "两" else han
    if tail := _TAIL.fullmatch(han[-2:]):
        han += _BELOW[tail[1]]
    if not han or han.strip(NUMERALS):
        raise ValueError("not a number in Chinese numerals")
    import cn2an  # noqa: PLC0415 - a fifteenth of the whole start, for what may never be typed

    return int(cn2an.cn2an(han, "strict"))


def _from_han(text: str) -> str:
    """Put plain digits in the place of Chinese ones: 三十八块五毛二 is "38块5毛2".

    Where they make no number the text becomes empty, and so no amount.
    """
    han = text.translate(_WRITTEN)
    try:
        if _WHOLE.fullmatch(han):
            return str(numeral(han))
        if point := _POINT.fullmatch(han):
            # 点 groups no thousands; a zero keeps 三十八点五五五 from looking as if it did.
            return f"{numeral(point['whole'])}.{_digits(point['rest']).ljust(4, '0')}"
        if small := _CHANGE.fullmatch(han):
            return _digits(small[0])
        if not (parts := _PARTS.fullmatch(han)):
            return text
        whole = parts["whole"]
        number = whole if whole.isdecimal() else str(numeral(whole))
        return f"{number}{parts['mark']}{_digits(parts['rest'])}"
    except ValueError:
        return ""


def _digits(han: str) -> str:
    return "".join(_DIGIT_OF.get(char, char) for char in han)


def unit_named(text: str) -> str | None:
    """Find the unit that an amount is said to be in where that is no money: "10次", "30 points"."""
    try:
        folded = _unfolded(text)
    except ValueError:
        return None
    for unit, names in UNIT_NAMES.items():
        if any(re.search(rf"(?:\d|[{NUMERALS}两]) ?{name}$", folded) for name in names):
            return unit
    return None


@lru_cache(maxsize=256)
def _names(currency: str) -> tuple[str, ...]:
    """List what people write beside an amount of this currency, longest first."""
    if currency in UNIT_NAMES:
        return _longest_first({*UNIT_NAMES[currency]})
    of_cldr = {
        name(currency, locale=locale)
        for name in (get_currency_symbol, get_currency_name)
        for locale in ("en", "zh_Hans_CN", "de", "fr")
    }
    return _longest_first({*of_cldr, currency, *EVERYDAY.get(currency, ())})


@lru_cache(maxsize=256)
def _names_behind(currency: str) -> tuple[str, ...]:
    return _longest_first({*_names(currency), *BEHIND.get(currency, ())})


def _longest_first(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted({_unfolded(name) for name in names}, key=len, reverse=True))


def _readings(text: str, currency: str) -> list[Money]:
    before = next((name for name in _names(currency) if text.startswith(name)), "")
    bare = text.removeprefix(before).strip()
    if spoken := _spoken(_from_han(_ENDING.sub("", bare)), currency):
        return [Money.of(spoken, currency)]
    after = next((name for name in _names_behind(currency) if bare.endswith(name)), "")
    return _written(_from_han(bare.removesuffix(after).strip()), currency)


def _written(text: str, currency: str) -> list[Money]:
    plain, grouped = _plain(text), _grouped(text)
    if grouped is None:
        return [] if plain is None else [Money.of(plain, currency)]
    if plain is None or exponent(currency) == 0:
        return [Money.of(grouped, currency)]
    finest = Decimal(1).scaleb(-exponent(currency))
    cut = plain.quantize(finest, rounding=ROUND_DOWN)
    return [Money.of(grouped, currency), Money.of(cut, currency)]


def _spoken(text: str, currency: str) -> Decimal | None:
    if currency not in YUAN_LIKE:
        return None
    found = _SPOKEN.fullmatch(text) or _SMALL.fullmatch(text)
    if not found:
        return None
    said = found.groupdict()
    part = said.get("tail") or (f"0{said['only']}" if said["only"] else None)
    return Decimal(f"{said.get('yuan') or 0}.{part or said['jiao'] + (said['fen'] or '')}")


def _plain(text: str) -> Decimal | None:
    found = _PLAIN.fullmatch(text)
    return Decimal(f"{found[1] or 0}.{found[2] or found[3] or 0}") if found else None


def _grouped(text: str) -> Decimal | None:
    found = _GROUPED.fullmatch(text)
    return Decimal(f"{found[1].replace(found[2], '')}.{found[3] or 0}") if found else None
