"""When a message says it happened, completed from the day it came; never in the future."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SLOW_CLOCK = timedelta(hours=1)
"""So far ahead of us an issuer's clock may be; it is then now."""

_CLOCK = (
    r"(?:(?P<h>\d{1,2})(?::|时|点)(?P<i>\d{1,2})(?:(?::|分)(?P<s>\d{2}))?"
    r"(?: ?(?P<half>[ap])\.?m\b)?)"
)
_LATER = (
    rf"(?:日|号)?(?:;|,|T|的|星期.)? ?(?:at )?(?:(?P<part>上午|下午|晚上|凌晨|中午) ?)?{_CLOCK}?"
)
_NAMED = "(?P<month>" + "|".join(MONTHS) + ")[a-z]*"
_FORMS = tuple(
    re2.compile(f"(?i){pattern}{_LATER}")
    for pattern in (
        r"(?P<y>20\d\d) ?(?:-|/|\.|年) ?(?P<m>\d{1,2}) ?(?:-|/|\.|月) ?(?P<d>\d{1,2})",
        r"\b(?P<a>\d{1,2})(?:-|/|\.)(?P<b>\d{1,2})(?:-|/|\.)(?P<y>20\d\d)\b",
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ -]{_NAMED}[ ,-]*(?P<y>20\d\d)?",
        rf"\b{_NAMED} (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>20\d\d))?\b",
        r"(?:^|[^年 \d]|[^年\d] )(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]",
        r"(?:^|[^\d/.-])(?P<a>\d{1,2})[/-](?P<b>\d{1,2})\b",
    )
)
_TODAY = re2.compile(
    rf"(?i)(?P<day>今日|今天|昨日|昨天|\btoday\b|\byesterday\b)(?: at)? ?{_CLOCK}?"
)
_ALONE = re2.compile(rf"(?i)(?:^|[ (;:于在]|\bat ){_CLOCK}")


def when(text: str, zone: tzinfo, received: datetime) -> datetime | None:
    """Find the moment a message speaks of, as aware UTC; `None` if it names none that can be.

    `received` (aware) is when the message came; without a year the last such day counts, and of
    "05/11" the reading that is not to come. A day without a time of day is meant as its
    beginning, so that it never counts as later than it was, or as `received` if it is that day.
    """
    here = received.astimezone(zone)
    for day, clock in _named(text, here):
        if clock is None:
            at = received if day == here.date() else datetime.combine(day, time(), zone)
        else:
            at = datetime.combine(day, clock, zone)
        if at <= received + SLOW_CLOCK:
            return min(at, received).astimezone(UTC)
    return None


def _named(text: str, here: datetime) -> Iterator[tuple[date, time | None]]:
    dated = False
    for form in _FORMS:
        for found in form.finditer(text):
            dated = True
            parts = found.groupdict()
            days = sorted(set(_days(parts, here.date())), reverse=True)
            if days:
                yield days[0], _clock(parts)
    if found := _TODAY.search(text):
        back = found["day"].casefold() in {"昨日", "昨天", "yesterday"}
        yield here.date() - timedelta(days=back), _clock(found.groupdict())
    if not dated and (found := _ALONE.search(text)):
        yield here.date(), _clock(found.groupdict())


def _days(parts: dict[str, str | None], today: date) -> Iterator[date]:
    """Give the days that are meant, at most two, none after tomorrow."""
    if parts.get("a"):
        pairs = [(parts["a"], parts["b"]), (parts["b"], parts["a"])]
    elif named := parts.get("month"):
        pairs = [(str(MONTHS.index(named[:3].casefold()) + 1), parts["d"])]
    else:
        pairs = [(parts["m"], parts["d"])]
    year = parts.get("y")
    for month, day in pairs:
        for y in (int(year),) if year else (today.year, today.year - 1):
            with suppress(ValueError):
                named_day = date(y, int(month or 0), int(day or 0))
                if named_day <= today:
                    yield named_day
                    break


def _clock(parts: dict[str, str | None]) -> time | None:
    if not parts.get("h"):
        return None
    hour = int(parts["h"] or 0)
    half, part = (parts.get("half") or "").casefold(), parts.get("part")
    if hour < 12 and (half == "p" or part in {"下午", "晚上"}):  # noqa: PLR2004 - noon
        hour += 12
    if hour == 12 and half == "a":  # noqa: PLR2004 - midnight
        hour = 0
    with suppress(ValueError):
        return time(hour, int(parts["i"] or 0), int(parts.get("s") or 0))
    return None
