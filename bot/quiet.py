"""Quiet hours: a span of the person's day in which no alert is sent."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from storage import Person

DAY = 24 * 60


def clock_time(minutes: int) -> str:
    """Write minutes after midnight as a time of day."""
    return f"{minutes // 60}:{minutes % 60:02}"


def quiet_until(person: Person, zone: tzinfo, now: datetime) -> datetime | None:
    """Give the end of the quiet hours `now` is in, `None` outside of them.

    The end is a time on the person's own clock, so it holds across a change to summer time, and
    it is always after `now`: where the clock shows that time twice, it is the one to come.
    """
    start, end = person.quiet_from, person.quiet_to
    if start is None or end is None:
        return None
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if (minute - start) % DAY >= (end - start) % DAY:
        return None
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    day = midnight + timedelta(days=0 if minute < end else 1)
    ends = day.replace(hour=end // 60, minute=end % 60, fold=0)
    if ends.astimezone(UTC) <= now:
        ends = ends.replace(fold=1)
    return ends.astimezone(now.tzinfo)
