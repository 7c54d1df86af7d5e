"""Amounts in an answer, read exactly as the declaration says or not at all; never through a float.

Sources of the forms: Square and Adyen (integer minor units), Voucherify (hundredths), pretix and
Alipay (a decimal text), BigCommerce (one with four places), Adobe Commerce (a JSON number), Odoo
(a JSON number kept as a binary float).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from bot.issuers.answers import Unreadable
from bot.money import LARGEST_MINOR, Money, exponent

if TYPE_CHECKING:
    from collections.abc import Sequence

AmountFormat = Literal["minor", "hundredths", "decimal", "number", "float"]

_DECIMAL = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,10})?")
_FLOAT_NOISE = Decimal("0.001")
"""Of a minor unit: how far from one a binary float may be that stands for it."""

_MOST_DIGITS = 26  # what decimal arithmetic keeps exactly


def amount(value: object, form: AmountFormat, currency: str) -> Money:
    """Read an amount as declared. `Unreadable`.

    `minor` is an integer of the currency's minor unit, `hundredths` an integer of a hundredth
    whatever the currency, `decimal` a string of major units, `number` a JSON number of them.
    `float` is a JSON number that an issuer keeps as a binary float: 29.900000000000002 is 29.90,
    29.906 is no amount.
    """
    try:
        if form == "decimal":
            minor = _of_text(value, exponent(currency))
        else:
            minor = _of_number(value, form, currency)
    except (ValueError, ArithmeticError):
        raise Unreadable(f"an amount that is not {form}, or not of its currency") from None
    if not -LARGEST_MINOR <= minor <= LARGEST_MINOR:
        raise Unreadable("an amount larger than any card holds")
    return Money(minor, currency)


def total(values: Sequence[object], form: AmountFormat, currency: str) -> Money:
    """Add up the amounts of a card's accounts. `Unreadable`: also where there is none to add."""
    if not values:
        raise Unreadable("no amount to add up")
    minor = sum(amount(value, form, currency).minor for value in values)
    return amount(minor, "minor", currency)


def column(value: object, form: AmountFormat, currency: str) -> int | None:
    """Read one of two columns, as minor units: None where it is left empty. `Unreadable`.

    What went up or down by less than nothing could be meant either way, so it is not read.
    """
    if value is None or value == "":
        return None
    minor = amount(value, form, currency).minor
    if minor < 0:
        raise Unreadable("an amount below zero in a column that has a direction already")
    return minor


def _of_number(value: object, form: AmountFormat, currency: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(form)  # noqa: TRY004 - one kind of failure for the caller
    if form == "number":
        exact = Decimal(value)
        vanishes = bool(exact) and exact.adjusted() < -_MOST_DIGITS  # in arithmetic, to nothing
        if vanishes or len(exact.as_tuple().digits) > _MOST_DIGITS:
            raise ValueError(form)
        return Money.of(exact, currency).minor
    if form == "float":
        return _near(Decimal(value).scaleb(exponent(currency)))
    if not isinstance(value, int):
        raise ValueError(form)  # noqa: TRY004
    return value if form == "minor" else _shifted(value, exponent(currency) - 2)


def _near(scaled: Decimal) -> int:
    whole = scaled.to_integral_value()
    if abs(scaled - whole) > _FLOAT_NOISE:
        raise ValueError("finer than the minor unit")
    return int(whole)


def _of_text(value: object, places: int) -> int:
    """Read `-12.34` without arithmetic that could round: the digits are put beside each other."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError("not a decimal")
    whole, _, part = value.partition(".")
    if len(part) != places:
        if part[places:].strip("0"):
            raise ValueError("finer than the minor unit")
        part = part[:places].ljust(places, "0")
    return int(whole + part)


def _shifted(hundredths: int, places: int) -> int:
    if places >= 0:
        return int(hundredths * 10**places)
    minor, finer = divmod(hundredths, int(10**-places))
    if finer:
        raise ValueError("finer than the minor unit")
    return minor
