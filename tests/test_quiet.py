from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from bot.quiet import DAY, quiet_until
from storage import Person

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Asia/Beirut"]
MINUTES = st.integers(0, DAY - 1)
SECONDS = st.integers(0, 2 * 365 * 24 * 3600)
MOMENTS = SECONDS.map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


def somebody(quiet_from: int, quiet_to: int) -> Person:
    """Somebody with these quiet hours, in minutes after midnight."""
    then = datetime(2026, 1, 1, tzinfo=UTC)
    return Person(
        id=1,
        name="Alice",
        language=None,
        timezone=None,
        access="member",
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        blocked_at=None,
        last_seen_at=then,
        created_at=then,
        panel_message_id=None,
    )


def test_quiet_hours_that_end_in_the_repeated_hour_end_at_the_time_that_is_to_come() -> None:
    late = somebody(23 * 60, 2 * 60 + 30)
    first, second = (datetime(2026, 10, 25, hour, 10, tzinfo=UTC) for hour in (0, 1))
    assert quiet_until(late, BERLIN, first) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert quiet_until(late, BERLIN, second) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(st.sampled_from(ZONES), MINUTES, MINUTES, MOMENTS)
@example("Europe/Berlin", 23 * 60, 2 * 60 + 30, datetime(2026, 10, 25, 1, 10, tzinfo=UTC))
@example("Europe/Berlin", 23 * 60, 2 * 60 + 30, datetime(2027, 3, 28, 0, 50, tzinfo=UTC))
def test_quiet_hours_always_end_later_and_within_a_day(
    zone: str, start: int, end: int, now: datetime
) -> None:
    until = quiet_until(somebody(start, end), ZoneInfo(zone), now)
    if until is not None:
        assert now < until <= now + timedelta(hours=26)
