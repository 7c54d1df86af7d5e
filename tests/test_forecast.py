"""A forecast is right as often as it says, and says nothing where there is too little to go on."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bench.forecast import SPENDERS, calibrate
from bot.forecast import CERTAINTY, Spend, _Week, forecast

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def habit(count: int = 20, every: float = 2, minor: int = 1_000) -> list[Spend]:
    return [Spend(NOW - timedelta(days=every * n + 0.5), minor) for n in range(count)]


@pytest.mark.parametrize("name", SPENDERS)
def test_the_range_holds_the_truth_about_as_often_as_it_says(name: str) -> None:
    of = calibrate(SPENDERS[name], 600)
    assert of.stated > 200
    assert CERTAINTY - 0.06 <= of.share <= CERTAINTY + 0.09


def test_a_steady_habit_is_foreseen_to_the_day_whatever_order_it_comes_in() -> None:
    dry = forecast(habit(), 10_000, NOW)
    assert dry is not None
    assert dry == forecast(reversed(habit()), 10_000, NOW)
    assert dry.earliest <= NOW + timedelta(days=19.5) <= dry.latest
    assert dry.days <= 7


def test_more_money_lasts_longer_and_is_less_sure() -> None:
    found = [forecast(habit(40), minor, NOW) for minor in (5_000, 20_000, 80_000)]
    for sooner, later in itertools.pairwise(found):
        assert sooner is not None
        assert later is not None
        assert sooner.about < later.about
        assert sooner.days <= later.days


def commuter(now: datetime) -> list[Spend]:
    days = [now - timedelta(days=n) for n in range(40)]
    return [Spend(day, 300) for day in days if day.weekday() < 5 and day.day % 9]


def test_a_weekend_is_no_pause_to_who_rides_on_working_days() -> None:
    friday = datetime(2026, 11, 27, 20, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    dry = forecast(commuter(friday.replace(hour=8)), 300 * 5, friday)
    assert dry is not None
    there = dry.about.astimezone(friday.tzinfo)
    assert datetime(2026, 12, 3, tzinfo=UTC) < dry.about < datetime(2026, 12, 7, tzinfo=UTC), there
    assert dry.days <= 2


def test_the_clock_of_a_week_goes_there_and_back_also_where_clocks_are_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2027, 3, 26, 12, 0, tzinfo=berlin)
    week = _Week.of([Spend(one.at.astimezone(UTC), one.minor) for one in commuter(now)][::-1], now)
    assert sum(week.speeds) == pytest.approx(7)
    assert week.speeds[0] > 1 > week.speeds[6]
    for hours in range(0, 24 * 9, 5):
        moment = now.astimezone(UTC) + timedelta(hours=hours)
        assert abs(week.moment(week.place(moment)) - moment) <= timedelta(seconds=1)


def test_what_was_refunded_was_not_spent() -> None:
    mistaken = [Spend(NOW - timedelta(days=n + 0.2), 5_000) for n in range(10)]
    back = [Spend(one.at + timedelta(hours=1), -5_000) for one in mistaken]
    assert forecast([*habit(), *mistaken, *back], 10_000, NOW) == forecast(habit(), 10_000, NOW)
    halves = [Spend(one.at + timedelta(hours=1), -500) for one in habit()]
    lighter = forecast([*habit(), *halves], 10_000, NOW)
    assert lighter == forecast(habit(minor=500), 10_000, NOW)


def test_a_card_taken_up_again_after_a_long_rest_begins_a_new_history() -> None:
    before = [Spend(one.at - timedelta(days=70), one.minor) for one in habit(20)]
    assert forecast([*before, Spend(NOW, 1_000)], 10_000, NOW) is None
    assert forecast([*before, *habit(9)], 10_000, NOW) == forecast(habit(9), 10_000, NOW)


def test_nothing_is_said_of_too_few_spends() -> None:
    assert forecast(habit(7), 10_000, NOW) is None
    assert forecast([], 10_000, NOW) is None


def test_nothing_is_said_of_spends_of_one_afternoon() -> None:
    assert forecast(habit(20, every=0.01), 10_000, NOW) is None


def test_nothing_is_said_once_somebody_has_stopped() -> None:
    past = [Spend(one.at - timedelta(days=30), one.minor) for one in habit()]
    assert forecast(past, 10_000, NOW) is None


def test_nothing_is_said_of_an_empty_card_or_of_years_ahead() -> None:
    assert forecast(habit(), 0, NOW) is None
    assert forecast(habit(), 10_000_000, NOW) is None


def test_nothing_is_said_where_it_could_be_any_time() -> None:
    wild = [Spend(NOW - timedelta(days=n * n * 0.7), 50 if n % 4 else 90_000) for n in range(1, 10)]
    assert forecast(wild, 100_000, NOW) is None
