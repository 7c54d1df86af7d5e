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
    "CNY": ("rmb", "元", "块", "圆", "块钱", "元整"),
    "HKD": ("元", "块", "块钱", "蚊"),
    "TWD": ("元", "块", "块钱", "圆"),
    "MOP": ("元", "块"),
    "JPY": ("円", "¥", "yen"),
    "USD": ("$", "美金", "刀"),
}

# 38块5, 38元5角2分, 5毛: the unit stands where the decimal mark would.
_SPOKEN = re.compile(r"(\d+)[元块圆] ?(?:(\d{1,2})|(\d)[角毛](?:(\d)分?)?)")
_JIAO = re.compile(r"(\d)[角毛]")
_PLAIN = re.compile(r"(\d+)(?:[.,](\d*))?|[.,](\d+)")
_GROUPED = re.compile(r"([1-9]\d{0,2}([ .,'’])\d{3}(?:\2\d{3})*)(?:(?!\2)[.,](\d+))?")


class AmbiguousAmount(ValueError):  # noqa: N818 - it is a question, not a fault
    """The text can be read as more than one amount; ask which of `readings` is meant."""

    def __init__(self, readings: list[Money]) -> None:
        super().__init__("this can be read as more than one amount")
        self.readings = readings


def parse_amount(text: str, currency: str) -> Money:
    """Read an amount typed by a person: `38.5`, `1.234,50`, `¥38.5`, `38块5`, `３８元`.

    `AmbiguousAmount` where a mark may group thousands or begin decimals ("1,234"), the larger
    reading first, the smaller one cut to the minor unit. `ValueError` for what is no amount:
    another currency, a sign, more digits than the currency has, more than a card can hold.
    """
    bare = _without_currency(_unfolded(text), currency)
    readings = _readings(bare, currency)
    if not readings or readings[0].minor > LARGEST_MINOR:
        raise ValueError("not an amount of this currency")
    if len(readings) > 1:
        raise AmbiguousAmount(readings)
    return readings[0]


def _unfolded(text: str) -> str:
    """Bring every digit, blank and full-width sign to its plain form."""
    if len(text) > LONGEST:
        raise ValueError("too long for an amount")
    folded = unicodedata.normalize("NFKC", text).casefold()
    digits = "".join(str(unicodedata.decimal(char, char)) for char in folded)
    return " ".join(digits.split()).rstrip("。")


@lru_cache(maxsize=256)
def _names(currency: str) -> tuple[str, ...]:
    """List what people write beside an amount of this currency, longest first."""
    of_cldr = {
        name(currency, locale=locale)
        for name in (get_currency_symbol, get_currency_name)
        for locale in ("en", "zh_Hans_CN", "de", "fr")
    }
    written = of_cldr | {currency, *EVERYDAY.get(currency, ())}
    return tuple(sorted({_unfolded(name) for name in written}, key=len, reverse=True))


def _without_currency(text: str, currency: str) -> str:
    before = next((name for name in _names(currency) if text.startswith(name)), "")
    bare = text.removeprefix(before)
    after = next((name for name in _names(currency) if bare.endswith(name)), "")
    return bare.removesuffix(after).strip()


def _readings(text: str, currency: str) -> list[Money]:
    if spoken := _spoken(text, currency):
        return [Money.of(spoken, currency)]
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
    if jiao := _JIAO.fullmatch(text):
        return Decimal(jiao[1]).scaleb(-1)
    if whole := _SPOKEN.fullmatch(text):
        return Decimal(f"{whole[1]}.{whole[2] or whole[3] + (whole[4] or '')}")
    return None


def _plain(text: str) -> Decimal | None:
    found = _PLAIN.fullmatch(text)
    return Decimal(f"{found[1] or 0}.{found[2] or found[3] or 0}") if found else None


def _grouped(text: str) -> Decimal | None:
    found = _GROUPED.fullmatch(text)
    return Decimal(f"{found[1].replace(found[2], '')}.{found[3] or 0}") if found else None
