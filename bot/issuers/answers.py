"""Reading JSON that somebody else wrote: places, moments, words, and nothing that is not there.

Numbers come as `int` or `Decimal` from their raw digits, never through a float. What cannot be
read exactly as declared is `Unreadable`; nothing is guessed or rounded.
"""

from __future__ import annotations

import json
import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

from bot.money import is_currency

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

TimeFormat = Literal["text", "seconds", "milliseconds", "yyyymmdd"]

_EPOCH = re.compile(r"[0-9]{1,16}(\.[0-9]{1,10})?")
_YYYYMMDD = re.compile(r"[0-9]{8}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:")
_UNSET = re.compile(r"0|(0000-?00-?00|0001-?01-?01|9999-?12-?3[01])([Tt ][0-9:.Zz+-]*)?")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
LONGEST_TEXT = 200
_PROJECTIONS = ("projection", "filter_projection", "value_projection")


class Unreadable(ValueError):  # noqa: N818 - the answer is at fault
    """An answer is not what the declaration says. Names the place, never the value."""


class Expression:
    """A place in an answer, written in JMESPath. `ValueError` for a malformed one."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._compiled = jmespath.compile(text)
        except (JMESPathError, RecursionError) as error:
            raise ValueError(f"expected a JMESPath expression, found {text!r} ({error})") from None
        parsed: Any = self._compiled.parsed
        _check_functions(parsed)
        if _place_in_a_truth(parsed):
            raise ValueError(f"expected !(a.b), as !a.b is the b of !a; found {text!r}")
        keys = _plain_keys(parsed)
        self.of: Callable[[object], Any] = self._search if keys is None else _quick(keys)
        """Give what is at this place; None where there is nothing."""

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def _search(self, data: object) -> Any:
        try:
            return self._compiled.search(data)
        except (JMESPathError, TypeError, ValueError, ArithmeticError):
            raise Unreadable(f"{self.text!r} does not fit the answer") from None

    def all_of(self, data: object) -> list[Any]:
        """List what is at this place for each thing of a list; None for one that has nothing.

        JMESPath leaves null out (`accounts[*].amount`), and a sum without an account is a wrong
        one. `Unreadable` where there is no list.
        """
        node: Any = self._compiled.parsed
        found = self.of(data)
        if not isinstance(found, list):
            raise Unreadable(f"no list at {self.text!r}")
        if node["type"] in _PROJECTIONS:
            source, _, *rest = node["children"]
            identity: Any = {"type": "identity", "children": []}
            whole: Any = {**node, "children": [source, identity, *rest]}
            things = ParsedResult(self.text, whole).search(data)
            listed = ParsedResult(self.text, source).search(data)
            every = len(listed) if node["type"] == "projection" else len(things)
            return found + [None] * (every - len(found))
        return found


def _plain_keys(node: dict[str, Any]) -> tuple[str, ...] | None:
    """Take a parsed expression apart if it is only names and dots, as most are."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    keys = [_plain_keys(child) for child in node["children"]]
    return None if None in keys else tuple(key for part in keys if part for key in part)


def _check_functions(node: dict[str, Any]) -> None:
    """Find functions that there are not; searching would find them only where the answer has data.

    `ValueError` with the name, or with how many arguments it takes.
    """
    children = [child for child in node["children"] if isinstance(child, dict)]
    if node["type"] == "function_expression":
        name, known = node["value"], Functions.FUNCTION_TABLE
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f", did you mean {close[0]}?" if close else ""
            raise ValueError(f"expected a function of JMESPath{meant}; found {name}()")
        takes = known[name]["signature"]
        many = bool(takes) and takes[-1].get("variadic", False)
        if len(children) < len(takes) or (len(children) > len(takes) and not many):
            raise ValueError(f"expected {len(takes)} arguments in {name}(); found {len(children)}")
    for child in children:
        _check_functions(child)


def _place_in_a_truth(node: dict[str, Any]) -> bool:
    """Find what looks for something inside `!a`: there is nothing, so it is a slip."""
    children = node["children"]
    inside = node["type"] in ("subexpression", "index_expression", *_PROJECTIONS)
    if inside and children[0]["type"] == "not_expression":
        return True
    return any(isinstance(child, dict) and _place_in_a_truth(child) for child in children)


def _quick(keys: tuple[str, ...]) -> Callable[[object], Any]:
    """Find names within names: the same as searching, twenty times quicker."""
    first, rest = keys[0], keys[1:]

    def one(data: Any) -> Any:
        return data.get(first) if isinstance(data, dict) else None

    def found(data: Any) -> Any:
        for key in keys:
            data = data.get(key) if isinstance(data, dict) else None
        return data

    return found if rest else one


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


def currency_code(value: object, fixed: str | None) -> str:
    """Read a currency, or take the issuer's fixed one where the answer has none."""
    code = fixed if value is None else value
    if not isinstance(code, str):
        raise Unreadable("no currency")
    if not is_currency(code.upper()):
        raise Unreadable("a currency that is not of ISO 4217")
    return code.upper()


def moment(
    value: object, form: TimeFormat, zone: ZoneInfo, *, end_of_day: bool = False
) -> datetime | None:
    """Read a time as aware UTC; None for null, for an empty text, and for what means "not set".

    `text` is RFC 3339, without an offset the time of `zone`; or a date alone. `yyyymmdd` is a date.
    A date is its first instant in `zone`, with `end_of_day` the first instant after it, as a card
    that expires on a day is good on that day. `seconds` and `milliseconds` since 1970 may be a
    number or digits in a text.

    Not set is what stands for it where a time cannot be null: 0 (an int of protobuf or PHP),
    0000-00-00 (MySQL), the year 1 (Go, .NET) and the year 9999 (.NET, SAP). No card was issued in
    1970, so an expiry of 0 is none rather than long past.
    """
    if value is None or value == "" or (value == 0 and value is not False):
        return None
    try:
        if form == "text":
            read = _written(value, zone, end_of_day)
        elif form == "yyyymmdd":
            read = _eight_digits(value, zone, end_of_day)
        else:
            read = _counted(value, 1000 if form == "seconds" else 1)
    except (ValueError, ArithmeticError):
        raise Unreadable(f"a time that is not {form}") from None
    return None if read is not None and read.year in {MINYEAR, MAXYEAR} else read


def _counted(value: object, milliseconds: int) -> datetime | None:
    text = str(value)  # a boolean and a table have no digits to be taken for a number
    if not _EPOCH.fullmatch(text):
        raise ValueError("not a number")
    since = Decimal(text) * milliseconds * 1000
    read = _START + timedelta(microseconds=int(since))
    return read if since else None


def _written(value: object, zone: ZoneInfo, end_of_day: bool) -> datetime | None:
    text = value if isinstance(value, str) else ""
    if text.startswith(("0000", "0001", "9999")) and _UNSET.fullmatch(text):
        return None
    if not _DATE_TIME.match(text):
        if not _DATE.fullmatch(text):
            raise ValueError("neither a date nor a time")
        return _day(date.fromisoformat(text), zone, end_of_day)
    read = datetime.fromisoformat(text.upper())
    if read.tzinfo is UTC:
        return read
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


def _eight_digits(value: object, zone: ZoneInfo, end_of_day: bool) -> datetime | None:
    text = str(value)
    if _UNSET.fullmatch(text):
        return None
    if not _YYYYMMDD.fullmatch(text):
        raise ValueError("not eight digits")
    return _day(date.fromisoformat(text), zone, end_of_day)


def _day(day: date, zone: ZoneInfo, end_of_day: bool) -> datetime:
    start = day + timedelta(days=1 if end_of_day else 0)
    return datetime.combine(start, time(), zone).astimezone(UTC)


def word(value: object) -> str | None:
    """Read an identity or a state: a text, an integer or a boolean as text; None otherwise."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else None


def kept(places: Mapping[str, Expression], data: object) -> dict[str, str | int]:
    """Keep values for a request to come: texts as they are, integers as integers, else "".

    An empty value cannot be said in a request: whoever needs it finds that it was not there.
    """
    values: dict[str, str | int] = {}
    for name, place in places.items():
        value = place.of(data)
        if isinstance(value, bool):
            value = "true" if value else "false"
        values[name] = value if isinstance(value, str | int) else ""
    return values


def phrase(value: object) -> str:
    """Read words for people: one line, printable, of bounded length; empty where there are none."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = value if isinstance(value, str) else str(value)
    if not text.isprintable():
        text = _UNPRINTABLE.sub(" ", text)
    return text.strip()[:LONGEST_TEXT]
