"""Whole card numbers in a message, which must not stay in a chat, and what tells a message apart.

The last digits of a card, an amount, a date or a telephone number is no card number.
"""

from __future__ import annotations

import hashlib
import unicodedata

import re2

from bot.forwarded import parts

LEAST_DIGITS = 12
_DATE = re2.compile(
    r"20\d\d ?[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:T| )?(?:\d{1,2}[:时]\d{1,2}(?::\d\d)?)?"
)
_RUN = re2.compile(r"[0-9A-Za-z]*\d(?:[ -]?[0-9A-Za-z]*\d[0-9A-Za-z]*)*")
_MONEY = re2.compile(r"\d[\d,]*\.\d+")


def whole_numbers(text: str) -> list[str]:
    """Find what has as many digits as a card number and is written as one."""
    bare = _MONEY.sub(" . ", _DATE.sub(" . ", parts.plain(text)))
    found = [run[0] for run in _RUN.finditer(bare)]
    return [run for run in found if sum(char.isdigit() for char in run) >= LEAST_DIGITS]


def mark_of(text: str) -> str:
    """Give what is the same for the same message, however it was copied, and tells nothing of it.

    Blanks, punctuation and the width of characters do not count.
    """
    plain = unicodedata.normalize("NFKC", parts.plain(text)).casefold()
    kept = "".join(char for char in plain if char.isalnum() or char in ".-")
    return "message " + hashlib.sha256(kept.encode()).hexdigest()
