"""Numbers and PINs that are printed on a card, picked out of what was read: `kabao[ocr]`.

What is read is a guess. It is never used before a person has compared it with the card; and what
is in doubt, with no check digit that speaks for it, is not offered at all.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from stdnum import luhn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.issuers import Issuers
    from bot.optical import Line

PACKAGE: Final = "rapidocr_onnxruntime"
MOST: Final = 3
"""Candidates that somebody is shown: more is a puzzle, not help."""

LEAST_DIGITS: Final = 8
"""Of a number that no issuer knows: fewer may be a date, an amount or a phone's extension."""

LEAST_CHECKED: Final = 12
"""Digits: whether the last one checks the others says little of shorter numbers."""

_GROUPED: Final = re.compile(r"[0-9A-Za-z]+(?:[ \-]+[0-9A-Za-z]+)*")
_PIN_WORD: Final = (
    r"PIN|P1N|密\s*码|卡\s*密|口\s*令|校验码|验证码|安全码|兑换码|激活码|刮刮码|"
    r"SECURITY\s*CODE|ACCESS\s*CODE|CODE|CVV2?|CVC"
)
_PIN: Final = re.compile(
    rf"(?:{_PIN_WORD})[^0-9A-Za-z]*([0-9A-Za-z]{{3,12}})(?![0-9A-Za-z]|[ \-][0-9])", re.IGNORECASE
)
_PIN_ALONE: Final = re.compile(rf"(?:{_PIN_WORD})[^0-9A-Za-z]*[0-9]{{3,8}}\s*$", re.IGNORECASE)
_ONLY_WORD: Final = re.compile(rf"\W*(?:{_PIN_WORD})\W*", re.IGNORECASE)
_ALONE: Final = re.compile(r"\s*([0-9]{3,8})\s*")
_LABEL: Final = re.compile(
    r"^(?:.*?(?:卡号|NUMBER|NO\.?|CARD)\s*[:：.]?\s*)(?=[0-9A-Z])", re.IGNORECASE
)
_MISREAD: Final = str.maketrans("OoQDIli|ZSBG", "000011112586")
_OTHER: Final = re.compile(
    r"(?:电话|热线|客服|致电|QUESTIONS|PHONE|CALL|TEL)[^0-9]{0,12}[0-9][0-9 \-()]{6,16}"
    r"|(?<![0-9-])(?:1-)?[2-9][0-9]{2}-[0-9]{3}-[0-9]{4}(?![0-9-])"
    r"|20[0-9]{2}\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}日?"
    r"|(?<![0-9])[01][0-9]/[0-9]{2,4}",
    re.IGNORECASE,
)
"""Whom to call and until when a card is good: these are no card's number."""


def is_installed() -> bool:
    """Tell whether the optional package is there."""
    return find_spec(PACKAGE) is not None


def switched(value: str) -> str:
    """Take the setting. `ValueError` if it is on and what reads is not installed."""
    if value == "on" and not is_installed():
        raise ValueError("the package that reads them is not installed")
    return value


def numbers(lines: Iterable[Line], issuers: Issuers) -> list[str]:
    """Pick what may be the card's number, the likeliest first: those an issuer knows."""
    known: dict[str, None] = {}
    others: dict[str, None] = {}
    for line in lines:
        readings = [dict.fromkeys(_written(text)) for text in (line.text, *line.again)]
        for written, agreed in _agreed(readings):
            found = [one for one in issuers.proposals(written) if one.fields[0].accepts(written)]
            asked = [one.fields[0] for one in found if one.asks_api]
            checked = _checks(written) or any(field.check_digit for field in asked)
            if not found or not (checked or (agreed and not line.glare)):
                continue
            if asked:
                known[written] = None
            elif sum(map(str.isdigit, written)) >= LEAST_DIGITS:
                others[written] = None
    likeliest = sorted(others, key=lambda one: (not _checks(one), not one.isdigit(), -len(one)))
    return (list(known) or likeliest)[:MOST]


def holds_number(text: str) -> bool:
    """Tell whether a line may hold a card's number, rather than a day or whom to call."""
    return any(sum(map(str.isdigit, one)) >= LEAST_DIGITS for one in _written(text))


def _agreed(readings: Sequence[Iterable[str]]) -> Iterator[tuple[str, bool]]:
    """Give all that was read of a line, and whether most readings say so, of at least two."""
    said = Counter(one for reading in readings for one in reading)
    for one, times in said.most_common():
        yield one, times > 1 and times * 2 > len(readings)


def _checks(number: str) -> bool:
    digits = number.isascii() and number.isdigit() and len(number) >= LEAST_CHECKED
    return digits and luhn.checksum(number) == 0


def _written(text: str) -> Iterator[str]:
    bare = _LABEL.sub("", _PIN_ALONE.sub("", _OTHER.sub(" · ", text)))
    for found in _GROUPED.findall(bare):
        joined = re.sub(r"[ \-]", "", found)
        digits = sum(map(str.isdigit, joined))
        if digits * 2 < len(joined):
            continue
        if not joined.isdigit():
            yield joined.translate(_MISREAD)
        yield joined


def pins(lines: Iterable[Line]) -> list[str]:
    """Pick what may be a PIN: what stands behind the word for it or below, else digits alone."""
    named: dict[str, None] = {}
    below: dict[str, None] = {}
    alone: dict[str, None] = {}
    before = ""
    for line in lines:
        texts = (line.text, *line.again)
        named |= _sure([[one[1] for one in _PIN.finditer(text)] for text in texts])
        single = _sure([[one[1]] if (one := _ALONE.fullmatch(text)) else [] for text in texts])
        alone |= single
        if _ONLY_WORD.fullmatch(before):
            below |= single
        before = line.text
    return list(named or below or alone)[:MOST]


def _sure(readings: Sequence[Sequence[str]]) -> dict[str, None]:
    """Take what most readings of a line say, if it has a digit."""
    cleaned = [
        [one if one.isdigit() else one.translate(_MISREAD) for one in reading]
        for reading in readings
    ]
    return {one: None for one, agreed in _agreed(cleaned) if agreed and any(map(str.isdigit, one))}
