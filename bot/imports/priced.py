"""What an amount is in, as people write it in a table: a code, a symbol, a word, a unit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bot.amounts import AmbiguousAmount, parse_amount, unit_named
from bot.imports import values

if TYPE_CHECKING:
    from bot.money import Money

TRIED: Final = ("CNY", "HKD", "TWD", "USD", "EUR", "GBP", "JPY", "KRW", "SGD", "MOP", "CHF")
"""Whose symbols and words are known again, where they are not those of the usual currency."""


def called(text: str, usual: str) -> str | None:
    """Find the currency or unit that is called so; of those that share a word, the usual one."""
    if code := values.currency(text):
        return code
    if not text or any(map(str.isdecimal, text)):
        return None
    if unit := unit_named(f"1 {text}"):
        return unit
    for one in (usual, *TRIED):
        with suppress(ValueError):
            return parse_amount(f"1 {text}", one).currency
    return None


def amount_in(text: str, usual: str) -> Money:
    """Read an amount that may say what it is in: €12,50, 30 points, 50 元.

    `AmbiguousAmount` and `ValueError` as `parse_amount`.
    """
    for one in (unit_named(text), usual, *TRIED):
        try:
            if one is not None:
                return parse_amount(text, one)
        except AmbiguousAmount:
            raise
        except ValueError:
            continue
    raise ValueError("not an amount")
