"""When a card is tried again that could not be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.issuers import FaultKind, IssuerFault
from bot.schedule import next_try
from tests.test_thresholds import CARD

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
EVERY = timedelta(hours=6)


def minutes(failures: int, fault: IssuerFault, every: timedelta = EVERY) -> float:
    upcoming = next_try(replace(CARD, failures=failures), fault, NOW, every)
    assert upcoming is not None
    return (upcoming - NOW) / timedelta(minutes=1)


@pytest.mark.parametrize(("failures", "wait"), [(0, 2), (1, 4), (4, 32), (5, 64), (40, 360)])
def test_a_card_that_fails_waits_twice_as_long_each_time(failures: int, wait: int) -> None:
    assert minutes(failures, IssuerFault(FaultKind.NETWORK)) == wait
    assert minutes(failures, IssuerFault(FaultKind.RATE_LIMITED)) == wait
    assert minutes(failures, IssuerFault(FaultKind.NETWORK), timedelta(minutes=2)) == 2


@pytest.mark.parametrize(("said", "wait"), [(3.0, 2), (600.0, 10)])
def test_a_card_whose_turn_did_not_come_waits_for_it_and_not_longer(said: float, wait: int) -> None:
    assert minutes(9, IssuerFault(FaultKind.RATE_LIMITED, retry_after=said)) == wait
