"""Numbers and PINs that are printed on a card, read off a picture on this machine: `kabao[ocr]`.

What is read is a guess. It is never used before a person has compared it with the card.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from bot import pictures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.issuers import Issuers

PACKAGE: Final = "rapidocr_onnxruntime"
MOST: Final = 3
"""Candidates that somebody is shown: more is a puzzle, not help."""

LEAST_SURE: Final = 0.6
LEAST_DIGITS: Final = 8
"""Of a number that no issuer knows: fewer may be a date, an amount or a phone's extension."""

_GROUPED: Final = re.compile(r"[0-9A-Za-z]+(?:[ \-]+[0-9A-Za-z]+)*")
_PIN: Final = re.compile(
    r"(?:PIN|P1N|CODE|密\s*码|校验码|验证码|安全码)[^0-9A-Za-z]*([0-9A-Za-z]{3,12})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_ALONE: Final = re.compile(r"\s*([0-9]{3,8})\s*")
_LABEL: Final = re.compile(
    r"^(?:.*?(?:卡号|NUMBER|NO\.?|CARD)\s*[:：.]?\s*)(?=[0-9A-Z])", re.IGNORECASE
)
_MISREAD: Final = str.maketrans("OoQDIli|ZSBG", "000011112586")


def is_installed() -> bool:
    """Tell whether the optional package is there."""
    return find_spec(PACKAGE) is not None


def switched(value: str) -> str:
    """Take the setting. `ValueError` if it is on and what reads is not installed."""
    if value == "on" and not is_installed():
        raise ValueError("the package that reads them is not installed")
    return value


@cache
def _engine() -> Any:
    # It takes a second and 150 MB, so only whoever switched it on pays for it.
    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-untyped]  # noqa: PLC0415

    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)


def read(content: bytes) -> list[str]:
    """Read the lines of a picture or of a PDF's first pages. Blocking, a second or so each.

    `pictures.Unreadable` if it cannot be looked at.
    """
    import numpy as np  # noqa: PLC0415 - as above

    lines: list[str] = []
    for picture in pictures.pictures_in(content):
        found, _ = _engine()(np.asarray(picture.convert("RGB"))[..., ::-1].copy())
        lines += [text for _, text, sure in found or () if float(sure) >= LEAST_SURE]
    return lines


def numbers(lines: Iterable[str], issuers: Issuers) -> list[str]:
    """Pick what may be the card's number, the likeliest first: those an issuer knows."""
    known: dict[str, None] = {}
    others: dict[str, None] = {}
    for written in _written(lines):
        if any(issuer.asks_api for issuer in issuers.proposals(written)):
            known[written] = None
        elif sum(map(str.isdigit, written)) >= LEAST_DIGITS and issuers.proposals(written):
            others[written] = None
    longest = sorted(others, key=len, reverse=True)
    return (list(known) or longest)[:MOST]


def _written(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        bare = _LABEL.sub("", line)
        for found in _GROUPED.findall(bare):
            joined = re.sub(r"[ \-]", "", found)
            digits = sum(map(str.isdigit, joined))
            if digits * 2 < len(joined):
                continue
            yield joined
            if not joined.isdigit():
                yield joined.translate(_MISREAD)


def pins(lines: Iterable[str]) -> list[str]:
    """Pick what may be a PIN: what stands behind the word for it, else digits by themselves."""
    lines = list(lines)
    named = [
        found[1] if found[1].isdigit() else found[1].translate(_MISREAD)
        for line in lines
        for found in _PIN.finditer(line)
        if any(map(str.isdigit, found[1]))
    ]
    alone = [found[1] for line in lines if (found := _ALONE.fullmatch(line))]
    return list(dict.fromkeys(named or alone))[:MOST]
