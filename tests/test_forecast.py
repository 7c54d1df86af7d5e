"""A forecast is right as often as it says, and says nothing where there is too little to go on."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from bench.forecast import SPENDERS, calibrate
from bot.forecast import CERTAINTY, Spend, forecast

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def habit(count: int = 20, every: float = 2, minor: int = 1_000) -> list[Spend]:
    return [Spend(NOW - timedelta(days=every * n + 0.5), minor) for n in range(count)]


@pytest.mark.parametrize("name", SPENDERS)
def test_the_range_holds_the_truth_about_as_often_as_it_says(name: str) -> None:
    of = calibrate(SPENDERS[name], 600)
    assert of.stated > 200
    # Those who spend by the calendar are surer than their spends, taken one by one, let on.
    most = 0.99 if name == "on working days" else CERTAINTY + 0.09
    assert CERTAINTY - 0.05 <= of.share <= most


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
