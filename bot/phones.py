"""Phone numbers as a contact has them: `+` and digits (ITU-T E.164)."""

from __future__ import annotations

from typing import Final

# E.164 country codes of one and of two digits; all others have three.
_ONE: Final = {"1", "7"}
_TWO_SPELLED: Final = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98"
)
_TWO: Final = set(_TWO_SPELLED.split())
_SHOWN: Final = 4


def normal(number: str) -> str:
    """Spell a contact's number one way: Telegram's clients differ in the `+` and in blanks."""
    return "+" + "".join(char for char in number if char.isdecimal() and char.isascii())


def masked(number: str) -> str:
    """Show a number's country code and its last four digits."""
    digits = number.removeprefix("+")
    country = next((digits[:n] for n in (1, 2) if digits[:n] in _ONE | _TWO), digits[:3])
    return f"+{country} *** **** {digits[-_SHOWN:]}"
