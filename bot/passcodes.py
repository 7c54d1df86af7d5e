"""Passcodes: which are too easy, and how one is kept so that it cannot be read back.

Argon2id with the second recommended option of RFC 9106, section 4 (3 passes over 64 MiB, 4 lanes,
128-bit salt, 256-bit tag), in the PHC string form.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import threading
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot.languages import mark

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST: Final = 4
LONGEST: Final = 64
LENGTH: Final = mark("A passcode has 4 to 64 characters. Send another one, or /cancel.")
EASY: Final = mark("That one is guessed first by everybody. Send another one, or /cancel.")
OWN_NUMBER: Final = mark(
    "That is part of a number of yours, which others may know. Send another one, or /cancel."
)

# One derivation at a time in the whole process: two at once, each with its lanes, wait for each
# other's threads in OpenSSL's pool for ever (seen with cryptography 50). It bounds the memory too.
_ALONE: Final = threading.Lock()

_SALT_BYTES: Final = 16
_TAG_BYTES: Final = 32
_YEAR: Final = re.compile(r"(19|20)\d\d")
_DATE_DIGITS: Final = 8
_WORDS: Final = (
    "5201314 147258 147258369 159357 159753 123321 112233 100200 13145200 qwer1234 1q2w3e4r "
    "1qaz2wsx qwerty qwertyuiop qwerty123 asdfgh asdfghjkl zxcvbn zxcvbnm password password1 "
    "passcode passw0rd letmein iloveyou woaini woaini1314 admin admin123 secret kabao kabao123 "
    "abc123 abc12345 a123456 a123456789 123456a 123abc 12345a aa123456 q123456 111222 000111 "
    "密码 我的密码"
)
_KNOWN: Final = frozenset(_WORDS.split())


def normal(text: str) -> str:
    """Spell a passcode as it is compared: full-width digits are digits (Unicode's NFKC)."""
    return unicodedata.normalize("NFKC", text.strip())


def weakness(passcode: str, numbers: Iterable[str] = ()) -> str | None:
    """Say by a marked sentence why a passcode, in its normal form, is refused; None if it is not.

    `numbers` are the person's own, as digits: a piece of one is known to others.
    """
    if not SHORTEST <= len(passcode) <= LONGEST:
        return LENGTH
    if _is_easy(passcode.casefold()):
        return EASY
    if any(passcode in number for number in numbers):
        return OWN_NUMBER
    return None


def _is_easy(folded: str) -> bool:
    return folded in _KNOWN or _repeats(folded) or _counts(folded) or _is_date(folded)


def _repeats(text: str) -> bool:
    """Find 0000, 1212, 123123 and the like."""
    half = len(text) // 2
    return any(
        len(text) % n == 0 and text == text[:n] * (len(text) // n) for n in range(1, half + 1)
    )


def _counts(text: str) -> bool:
    """Find 1234, 9876, 7890, abcd, dcba, 2468."""
    steps = {
        (ord(after) - ord(before)) % 10
        if before.isdigit() and after.isdigit()
        else ord(after) - ord(before)
        for before, after in pairwise(text)
    }
    return len(steps) == 1 and steps <= {1, 2, 8, 9, -1, -2}


def _is_date(text: str) -> bool:
    if _YEAR.fullmatch(text):
        return True
    if len(text) != _DATE_DIGITS or not (text.isascii() and text.isdigit()):
        return False
    for year, month, day in (
        (text[:4], text[4:6], text[6:]),
        (text[4:], text[2:4], text[:2]),
        (text[4:], text[:2], text[2:4]),
    ):
        with suppress(ValueError):
            if _YEAR.fullmatch(year) and date(int(year), int(month), int(day)):
                return True
    return False


@dataclass(frozen=True, slots=True)
class Cost:
    """What it costs to try one passcode."""

    passes: int
    kibibytes: int
    lanes: int

    @property
    def spelled(self) -> str:
        """Give the parameters as the PHC form has them."""
        return f"m={self.kibibytes},t={self.passes},p={self.lanes}"


RECOMMENDED: Final = Cost(passes=3, kibibytes=64 * 1024, lanes=4)


class Passcodes:
    """Makes and compares hashes, beside the chats and one after another."""

    def __init__(self, cost: Cost = RECOMMENDED) -> None:
        self.cost = cost
        self._turn = asyncio.Lock()

    async def hashed(self, passcode: str) -> str:
        """Hash a passcode, in its normal form, with a salt of its own."""
        async with self._turn:
            return await asyncio.to_thread(_hashed, passcode, self.cost)

    async def matches(self, passcode: str, phc: str) -> bool:
        """Say whether this is the passcode."""
        async with self._turn:
            return await asyncio.to_thread(_matches, passcode, phc)

    def outdated(self, phc: str) -> bool:
        """Say whether a hash was made at another cost than new ones are."""
        return f"${self.cost.spelled}$" not in phc


def _hashed(passcode: str, cost: Cost) -> str:
    made = Argon2id(
        salt=secrets.token_bytes(_SALT_BYTES),
        length=_TAG_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.kibibytes,
    )
    with _ALONE:
        return made.derive_phc_encoded(passcode.encode())


def _matches(passcode: str, phc: str) -> bool:
    try:
        with _ALONE:
            Argon2id.verify_phc_encoded(passcode.encode(), phc)
    except InvalidKey:
        return False
    return True
