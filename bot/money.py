"""Money as an integer of minor units and an ISO 4217 code; a float never comes near it.

Points and visits are counted the same way, each a unit of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from iso4217 import Currency

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_MINOR = 2**53
"""No card holds more; what is larger is a misread answer, not money."""

UNITS = frozenset({"points", "visits"})
"""What some cards hold beside money; it stands where a currency's code does, and has no parts."""


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """How many decimal digits the currency's minor unit has (JPY 0, CNY 2, KWD 3).

    Source: the ISO 4217 list as published by its maintenance agency. `ValueError` for a code
    that is not on it, or that has no minor unit (precious metals).
    """
    if currency in UNITS:
        return 0
    try:
        digits: int | None = Currency(currency).exponent
    except ValueError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code") from None
    if digits is None:
        raise ValueError(f"{currency} has no minor unit")
    return digits


def is_currency(code: str) -> bool:
    """Say whether amounts can be kept in a currency or unit of this code."""
    try:
        exponent(code)
    except ValueError:
        return False
    return True


def most_used(counted: Mapping[str, int]) -> list[str]:
    """List currencies by how often each was counted, and after them points and visits."""
    return sorted(counted, key=lambda code: (code in UNITS, -counted[code], code))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency: `Money(3766, "CNY")` is 37.66 yuan."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Money:
        """Take a decimal amount of major units.

        `ValueError` if it is not finite, absurdly large, or finer than the currency's minor
        unit, because rounding somebody's money silently is worse than asking again.
        """
        if not amount.is_finite() or amount.adjusted() > len(str(LARGEST_MINOR)):
            raise ValueError("an amount is a finite number of ordinary size")
        minor = amount.scaleb(exponent(currency))
        if minor != minor.to_integral_value():
            raise ValueError(f"{amount} is finer than the minor unit of {currency}")
        return cls(int(minor), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be mixed")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor
