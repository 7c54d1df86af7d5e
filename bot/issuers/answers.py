"""Reading JSON that somebody else wrote: places, amounts, moments, and nothing that is not there.

Numbers come as `int` or `Decimal` from their raw digits, never through a float. What cannot be
read exactly as declared is `Unreadable`; nothing is guessed or rounded.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import jmespath
from jmespath.exceptions import JMESPathError

from bot.money import LARGEST_MINOR, Money, exponent

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

AmountFormat = Literal["minor", "hundredths", "decimal", "number"]
TimeFormat = Literal["text", "seconds", "milliseconds", "yyyymmdd"]

_DECIMAL = re.compile(r"[+-]?[0-9]{1,16}(\.[0-9]{1,10})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_MOST_DIGITS = 26  # what decimal arithmetic keeps exactly
_LONGEST_TEXT = 200


class Unreadable(ValueError):  # noqa: N818 - the answer is at fault
    """An answer is not what the declaration says. Names the place, never the value."""


class Expression:
    """A place in an answer, written in JMESPath. `ValueError` for a malformed one."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._compiled = jmespath.compile(text)
        except JMESPathError as error:
            raise ValueError(f"expected a JMESPath expression, found {text!r} ({error})") from None
        parsed: Any = self._compiled.parsed
        self._keys = _plain_keys(parsed)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def of(self, data: object) -> Any:
        """Give what is at this place; None where there is nothing."""
        if self._keys is None:
            try:
                return self._compiled.search(data)
            except (JMESPathError, TypeError, ValueError, ArithmeticError):
                raise Unreadable(f"{self.text!r} does not fit the answer") from None
        for key in self._keys:  # the same as searching, ten times quicker
            if not isinstance(data, dict):
                return None
            data = data.get(key)
        return data


def _plain_keys(node: dict[str, Any]) -> tuple[str, ...] | None:
    """Take a parsed expression apart if it is only names and dots, as most are."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    keys = [_plain_keys(child) for child in node["children"]]
    return None if None in keys else tuple(key for part in keys if part for key in part)


def parse_json(body: bytes) -> Any:
    """Read a body. `Unreadable` with the shape of what is there instead."""
    if not body.strip():
        raise Unreadable("an empty answer")
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, ArithmeticError):
        what = "HTML" if body.lstrip()[:1] == b"<" else "something broken"
        raise Unreadable(f"{what} where JSON was promised") from None


def _no_number(_text: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def amount(value: object, form: AmountFormat, currency: str) -> Money:
    """Read an amount as declared.

    `minor` is an integer of the currency's minor unit, `hundredths` an integer of a hundredth
    whatever the currency, `decimal` a string of major units, `number` a JSON number of them.
    """
    if form == "minor" and type(value) is int:
        money = Money(value, currency)
    else:
        try:
            money = Money.of(_major(value, form), currency)
        except (ValueError, ArithmeticError):
            raise Unreadable(f"an amount that is not {form}, or not of its currency") from None
    if abs(money.minor) > LARGEST_MINOR:
        raise Unreadable("an amount larger than any card holds")
    return money


def _major(value: object, form: AmountFormat) -> Decimal:
    if form == "minor":
        raise ValueError("not an integer")
    if form == "decimal":
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            raise ValueError(form)
        return Decimal(value)
    kinds = (int, Decimal) if form == "number" else (int,)
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise ValueError(form)  # noqa: TRY004 - one kind of failure for the caller
    number = Decimal(value)
    if len(number.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(form)
    return number if form == "number" else number.scaleb(-2)


def currency_code(value: object, fixed: str | None) -> str:
    """Read a currency, or take the issuer's fixed one where the answer has none."""
    code = fixed if value is None else value
    if not isinstance(code, str):
        raise Unreadable("no currency")
    try:
        exponent(code.upper())
    except ValueError:
        raise Unreadable("a currency that is not of ISO 4217") from None
    return code.upper()


def moment(
    value: object, form: TimeFormat, zone: ZoneInfo, *, end_of_day: bool = False
) -> datetime | None:
    """Read a time as aware UTC; None for null and for an empty text.

    `text` is RFC 3339, or a date alone: its first instant in `zone`, with `end_of_day` the first
    instant after it, as a card that expires on a day is good on that day.
    """
    if value is None or value == "":
        return None
    try:
        if form == "text":
            return _written(value, zone, end_of_day)
        return datetime.fromtimestamp(_epoch(value) / (1000 if form == "milliseconds" else 1), UTC)
    except (ValueError, ArithmeticError, OSError):
        raise Unreadable(f"a time that is not {form}") from None


def _epoch(value: object) -> float:
    text = str(value)  # a boolean and a table have no digits to be taken for a number
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a number")
    return float(text)


def _written(value: object, zone: ZoneInfo, end_of_day: bool) -> datetime:
    text = value if isinstance(value, str) else ""
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text) + timedelta(days=1 if end_of_day else 0)
        return datetime.combine(day, time(), zone).astimezone(UTC)
    if not _DATE_TIME.match(text):
        raise ValueError("not a date and a time")
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


def word(value: object) -> str | None:
    """Read an identity or a state: a text, an integer or a boolean as text; None otherwise."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return phrase(value) or None
    return None


def phrase(value: object) -> str:
    """Read words for people: one line, printable, of bounded length; empty where there are none."""
    if value is None or isinstance(value, dict | list):
        return ""
    text = str(value)
    if not text.isprintable():
        text = _UNPRINTABLE.sub(" ", text)
    return text.strip()[:_LONGEST_TEXT]
