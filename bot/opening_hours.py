"""When somebody answers: "Mon-Fri 09:00-18:00; Sat 10:00-12:00", in the operator's time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(
    r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.IGNORECASE
)
_WEEK: Final = 7
_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when somebody is there on a weekday (0: Monday), in minutes after midnight.

    An end that is not after the beginning is on the next day.
    """

    day: int
    start: int
    end: int


def hours(text: str) -> tuple[Span, ...]:
    """Read hours; none for no text. `ValueError` says which part is not understood."""
    return tuple(span for part in re.split(r"[;,]", text) if part.strip() for span in _part(part))


def _part(part: str) -> list[Span]:
    found = _SPAN.fullmatch(part.strip())
    if not found:
        raise ValueError(f"“{part.strip()}” is not days and times")
    first, last = (_day(name) for name in (found[1], found[2] or found[1]))
    start = _minutes(found[3], found[4])
    end = _minutes(found[5], found[6])
    if start == end:
        raise ValueError(f"“{part.strip()}” ends when it begins")
    length = (last - first) % _WEEK
    return [Span((first + day) % _WEEK, start, end) for day in range(length + 1)]


def _day(name: str) -> int:
    if name.lower() not in DAYS:
        raise ValueError(f"“{name}” is no day; say {', '.join(DAYS)}")
    return DAYS.index(name.lower())


def _minutes(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or minutes > _DAY:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"“{hour}:{minute}” is no time of day")
    return minutes


def opens(spans: tuple[Span, ...], now: datetime, zone: tzinfo) -> datetime | None:
    """Say when somebody is there next; None if somebody is now, or nothing is said of when."""
    if not spans:
        return None
    today = now.astimezone(zone).date()
    nexts = []
    for ahead in range(-1, _WEEK + 1):
        day = today + timedelta(days=ahead)
        for span in spans:
            if span.day != day.weekday():
                continue
            start = _at(day, span.start, zone)
            end = _at(day, span.end + (_DAY if span.end <= span.start else 0), zone)
            if start <= now < end:
                return None
            if start > now:
                nexts.append(start)
    return min(nexts)


def _at(day: object, minutes: int, zone: tzinfo) -> datetime:
    days, minute = divmod(minutes, _DAY)
    whole = datetime.combine(day, time(), zone) + timedelta(days=days)  # type: ignore[arg-type]
    return whole.replace(hour=minute // 60, minute=minute % 60)
