"""What a person wrote behind /spent: an amount, perhaps a day, and words; never guessed.

"38.50 麦当劳 昨天", "1 234.50 rent", "麦当劳 38块5", "38.50麦当劳". No card is known here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.amounts import NUMERALS, amounts_in
from bot.days import LONGEST_WORDS, Days, day_meant
from bot.money import exponent, is_currency

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from bot.money import Money

MOST_READINGS = 6
MOST_TOKENS = 6
"""The most pieces an amount is typed in: "CN¥ 1 234 567.80"."""

MOST_SEARCHED = 24
"""How many words may stand before an amount; what is longer is no booking."""

LONGEST_TOKEN = 24
_HAN = frozenset(f"{NUMERALS}两半点元块圆角毛分")
_TELLING = re.compile(r"[^\w.,'’]|\d[.,]\d|[元块圆角毛]$|[元块圆角毛]\d")
"""What marks an amount that a word is glued to as one: 38.5麦当劳, but not 7天酒店."""

_GLUED_DAY = re.compile(
    r"(大?前天|昨[天日晚]|(?<!\d)\d{1,3}天前|上个?(?:周|星期|礼拜)[一二三四五六日天]|\d{1,2}月\d{1,2}[日号])"
)
_PAUSE = re.compile(r"(?<!\d)[，、；;]|[，、；;](?!\d)|,(?=\s|$)")
"""A mark that parts words, and no thousands."""

DECIMAL = re.compile(r"\d+\.\d+")
"""What comes first is sooner an amount than the 5th of May."""

_CODE = re.compile(r"[A-Z]{3}(?![A-Za-z])")
_DOLLARS = ("USD", "HKD", "SGD", "AUD", "CAD", "NZD", "TWD", "MOP")
NAMED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("$", "dollar"), _DOLLARS),
    **dict.fromkeys(("美元", "美金", "usd"), ("USD",)),
    **dict.fromkeys(("欧元", "欧", "euro", "eur", "€"), ("EUR",)),
    **dict.fromkeys(("英镑", "镑", "pound", "gbp", "£"), ("GBP",)),
    **dict.fromkeys(("日元", "日圆", "円", "yen", "jpy"), ("JPY",)),
    **dict.fromkeys(("港币", "港元", "hkd"), ("HKD",)),
    **dict.fromkeys(("人民币", "rmb", "yuan", "cny"), ("CNY",)),
    **dict.fromkeys(("元", "块"), ("CNY", "HKD", "TWD", "MOP")),
}
"""What follows an amount and names its currency, and which ones that can be."""

_CURRENCY = re.compile(rf"(?:{'|'.join(map(re.escape, NAMED))})(?!(?<=[a-z])[a-rt-z])")
_BEHIND = re.compile(r"(.{0,40}[^\W\d_])([¥￥$]?\d[\d.,]*\D{0,2})")
"""An amount that follows Chinese words without a blank: 麦当劳38.5元."""


@dataclass(frozen=True, slots=True)
class Said:
    """One way to read a text: `day` is set where it names an earlier one."""

    amount: Money
    words: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """All the ways to read a text, the likeliest first; none if there is no amount in it.

    `sure` where there is one, and it is safe to act on. `coming` is a day in it that is still to
    come; the readings are then without it.
    """

    readings: tuple[Said, ...] = ()
    sure: bool = False
    coming: date | None = None
    foreign: bool = False


def understand(text: str, currency: str, today: date) -> Understood:
    """Read a text in one currency, seen from the person's own today."""
    text = _PAUSE.sub(" ", text)
    found = _understood(text.split(), currency, today)
    spaced = _GLUED_DAY.sub(r" \1 ", text).split()
    if spaced == text.split() or any(said.day for said in found.readings):
        return found
    # 昨天麦当劳 is where it was and when, or else a name: that is asked.
    apart = _understood(spaced, currency, today)
    dated = [said for said in apart.readings if said.day is not None]
    return replace(found, readings=_few([*dated, *found.readings]), sure=found.sure and not dated)


def currency_named(text: str) -> str | None:
    """Find the ISO code of a currency among the words."""
    codes = (word for word in text.split() if _CODE.fullmatch(word) and is_currency(word))
    return next(codes, None)


def _understood(tokens: Sequence[str], currency: str, today: date) -> Understood:
    for words, rest in _edges(tokens):
        days = day_meant(words, today)
        found = _split(rest, currency) if days else Understood()
        if days and found.readings:
            undated = Understood() if days.sure or days.coming else _split(tokens, currency)
            return _with_day(found, days, undated)
    found = _split(tokens, currency)
    if len(found.readings) != 1:
        return found
    return _day_behind(found, today)


def _edges(tokens: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Cut off what may be a day: the last words, then the first ones, the longest piece first."""
    most = min(LONGEST_WORDS, len(tokens) - 1)
    for n in range(most, 0, -1):
        yield " ".join(tokens[-n:]), [*tokens[:-n]]
    for n in range(most, 0, -1):
        if n > 1 or not DECIMAL.fullmatch(tokens[0]):
            yield " ".join(tokens[:n]), [*tokens[n:]]


def _day_behind(found: Understood, today: date) -> Understood:
    """Take a day that stands straight behind the amount, where it can be nothing else."""
    (said,) = found.readings
    words = said.words.split()
    for n in range(min(LONGEST_WORDS, len(words)), 0, -1):
        days = day_meant(" ".join(words[:n]), today)
        if days and (days.sure or days.coming):
            without = replace(found, readings=(replace(said, words=" ".join(words[n:])),))
            return _with_day(without, days, Understood())
    return found


def _with_day(found: Understood, days: Days, undated: Understood) -> Understood:
    if days.coming:
        return replace(found, sure=False, coming=days.coming)
    dated = [replace(said, day=day) for said in found.readings for day in days.days]
    readings = _few([*dated, *undated.readings])
    sure = found.sure and days.sure and len(readings) == 1
    return replace(found, readings=readings, sure=sure)


def _few(readings: Iterable[Said]) -> tuple[Said, ...]:
    return tuple(dict.fromkeys(readings))[:MOST_READINGS]


def _split(tokens: Sequence[str], currency: str) -> Understood:
    """Part an amount from the words around it: it comes first, or it is the only one there."""
    found = glued = _leading(tokens, currency)
    sure = len(found) == 1
    if not found and tokens and not _is_number(tokens[0]):
        glued = list(_glued(tokens, currency))
        found = [*glued, *_inside(tokens, currency)]
        sure = len(found) == 1 and (not glued or _tells(tokens[0], found[0].words))
    words = [*tokens, *(said.words for said in glued)]
    foreign = any(_is_foreign(word, currency) for word in words)
    return Understood(_few(found), sure=sure and not foreign, foreign=foreign)


def _is_number(token: str) -> bool:
    """Say whether this was to be a number, and nothing else can be the amount then."""
    return any(map(str.isdecimal, token)) and not any(map(str.isalpha, token))


def _leading(tokens: Sequence[str], currency: str) -> list[Said]:
    """Read the amount a text begins with: "1 234.50 rent" one way, "5 711 milk" two ways."""
    found: list[Said] = []
    for n in range(min(MOST_TOKENS, len(tokens)), 0, -1):
        typed = " ".join(tokens[:n])
        for amount in amounts_in(typed, currency):
            if all(said.amount != amount for said in found):
                found.append(Said(amount, " ".join(tokens[n:])))
        if len(found) == 1 and n > 1 and _has_all_decimals(typed, currency):
            break
    return found


def _has_all_decimals(typed: str, currency: str) -> bool:
    digits = exponent(currency)
    return bool(digits and re.search(rf"[.,]\d{{{digits}}}\D*$", typed))


def _glued(tokens: Sequence[str], currency: str) -> Iterator[Said]:
    """Read an amount that Chinese words follow without a blank: 38.50麦当劳."""
    first, seen = (tokens[0] if tokens else "")[:LONGEST_TOKEN], set()
    for n in range(len(first) - 1, 0, -1):
        if not _may_end(first[n - 1], first[n]):
            continue
        for amount in amounts_in(first[:n], currency):
            if amount not in seen:
                seen.add(amount)
                yield Said(amount, " ".join([tokens[0][n:], *tokens[1:]]))


def _tells(token: str, words: str) -> bool:
    typed = token.removesuffix(words.split(maxsplit=1)[0])
    return bool(_TELLING.search(typed)) and any(char.isdecimal() for char in typed)


def _is_foreign(words: str, currency: str) -> bool:
    """Say whether a word begins with the name of another currency: "5 USD tea", "$ 5"."""
    code = _CODE.match(words)
    if code and code[0] != currency and is_currency(code[0]):
        return True
    named = _CURRENCY.match(words.casefold())
    return named is not None and currency not in NAMED[named[0]]


def _may_end(last: str, following: str) -> bool:
    """Say whether an amount can end here, and not in the middle of a Chinese number."""
    within = last in _HAN and following in _HAN
    return last in "元块圆" or (_is_letter(following) and not within)


def _is_letter(char: str) -> bool:
    """Say whether this is a letter of a script without capitals, as Chinese is."""
    return unicodedata.category(char) == "Lo"


def _inside(tokens: Sequence[str], currency: str) -> Iterator[Said]:
    """Read the amounts that stand among words or behind them: "麦当劳 38", "麦当劳38.5元"."""
    at = 1
    while at < min(len(tokens), MOST_SEARCHED):
        step = 1
        for n in range(min(MOST_TOKENS, len(tokens) - at), 0, -1):
            if amounts := amounts_in(" ".join(tokens[at : at + n]), currency):
                words = " ".join([*tokens[:at], *tokens[at + n :]])
                yield from (Said(amount, words) for amount in amounts)
                step = n
                break
        at += step
    for at, token in enumerate(tokens[:MOST_SEARCHED]):
        behind = _BEHIND.fullmatch(token)
        if behind and _is_letter(behind[1][-1]) and not amounts_in(token, currency):
            words = " ".join([*tokens[:at], behind[1], *tokens[at + 1 :]])
            yield from (Said(amount, words) for amount in amounts_in(behind[2], currency))
