"""Days as they are written in a table: each only where it can be no other."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.days import day_meant
from bot.imports import found, values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.imports.found import Gathering

_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?:日|$|[T ])")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:$|[T ])")
_MONTH = re.compile(r"(0?[1-9]|1[0-2])[-/.](?:(20\d{2})|(\d{2}))")


def read(cell: str, gathering: Gathering, today: date, orders: set[str]) -> date | None:
    """Read a day that can be only one; whichever of two it is, is not guessed."""
    text = unicodedata.normalize("NFKC", cell).strip()
    if text.casefold() in values.NOTHING:
        return None
    try:
        day = _written(text, orders) or _named(text, today)
    except ValueError:
        day = None
    if day is None:
        gathering.remark(found.DATES)
        return None
    return values.none_if_far(day, today)


def _written(text: str, orders: set[str]) -> date | None:
    """Read a day in figures; of 3/4/2027 only where other rows tell the order."""
    if first := _YEAR_FIRST.match(text):
        return date(*(int(part) for part in first.groups()))
    if month := _MONTH.fullmatch(text):
        year = int(month[2] or month[3])
        year, after = year + (2000 if year < 100 else 0), int(month[1]) % 12 + 1  # noqa: PLR2004
        return date(year + (after == 1), after, 1) - timedelta(days=1)
    if not (pair := _YEAR_LAST.match(text)):
        return None
    one, mark, two, year = int(pair[1]), pair[2], int(pair[3]), int(pair[4])
    if mark == "." or one > 12 or orders == {"day"} or one == two:  # noqa: PLR2004 - months
        return date(year, two, one)
    if two > 12 or orders == {"month"}:  # noqa: PLR2004
        return date(year, one, two)
    return None


def _named(text: str, today: date) -> date | None:
    """Read a day with a month in words, or one of this year."""
    if not any(char.isalpha() for char in text) or len(text) > 32:  # noqa: PLR2004
        return None
    meant = day_meant(text, today)
    days = set() if meant is None else {d for d in (meant.coming, *meant.days) if d}
    return days.pop() if len(days) == 1 else None


def orders_in(cells: Iterable[str]) -> set[str]:
    """Find whether day or month stands first in a column where that is beyond doubt."""
    orders = set()
    for pair in (_YEAR_LAST.match(cell.strip()) for cell in cells):
        if pair and pair[2] != "." and int(pair[1]) > 12:  # noqa: PLR2004 - months
            orders.add("day")
        elif pair and pair[2] != "." and int(pair[3]) > 12:  # noqa: PLR2004
            orders.add("month")
    return orders
