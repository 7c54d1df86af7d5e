from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.thresholds import Enough, enough, episode, is_near, threshold
from storage import Card, Episode

CARD = Card(
    id="card",
    owner_id=1,
    issuer="kiosk",
    label="Kiosk",
    tail="2001",
    state="active",
    currency="CNY",
    balance_minor=None,
    balance_at=None,
    balance_source="issuer",
    peak_minor=None,
    expires_at=None,
    threshold_minor=None,
    threshold_percent=20,
    alerts_on=True,
    episode="armed",
    snoozed_until=None,
    told_minor=None,
    told_at=None,
    next_refresh_at=None,
    failures=0,
    failure=None,
    failed_at=None,
    history_stale=False,
    created_at=datetime(2026, 11, 24, tzinfo=UTC),
    removed_at=None,
)
LIMIT = 3000
BALANCES = st.lists(st.one_of(st.integers(0, 10_000), st.none()), max_size=40)


def story(balances: list[int | None]) -> list[tuple[Episode, Episode, int | None]]:
    """Read one balance after another (None: the reading failed); each step's episodes."""
    card = replace(CARD, threshold_minor=LIMIT, threshold_percent=None)
    steps: list[tuple[Episode, Episode, int | None]] = []
    for balance in balances:
        if balance is not None:
            card = replace(card, balance_minor=balance)
        after = episode(card.episode, enough(card))
        steps.append((card.episode, after, card.balance_minor))
        card = replace(card, episode=after)
    return steps


def fired(steps: list[tuple[Episode, Episode, int | None]]) -> list[tuple[int, Episode]]:
    return [
        (at, after) for at, (before, after, _) in enumerate(steps) if after not in ("armed", before)
    ]


@given(BALANCES)
def test_never_two_alerts_of_a_kind_without_a_top_up_between(balances: list[int | None]) -> None:
    steps = story(balances)
    for (first, one), (second, other) in pairwise(fired(steps)):
        rose = any(balance is not None and balance >= LIMIT for *_, balance in steps[first:second])
        assert rose or (one, other) == ("low", "zero")


@given(BALANCES)
def test_at_most_two_alerts_between_one_top_up_and_the_next(balances: list[int | None]) -> None:
    kinds: list[Episode] = []
    for before, after, _ in story(balances):
        if after == "armed":
            kinds = []
        elif after != before:
            kinds.append(after)
        assert kinds in ([], ["low"], ["zero"], ["low", "zero"])


@given(BALANCES)
def test_every_crossing_fires(balances: list[int | None]) -> None:
    steps = story(balances)
    at_which = {at for at, _ in fired(steps)}
    previous: int | None = None
    for at, (_, _, balance) in enumerate(steps):
        if balance is not None and balance < LIMIT and (previous is None or previous >= LIMIT):
            assert at in at_which
        previous = balance


@given(BALANCES)
def test_a_failed_reading_changes_nothing(balances: list[int | None]) -> None:
    told = [kind for _, kind in fired(story(balances))]
    known = [balance for balance in balances if balance is not None]
    assert told == [kind for _, kind in fired(story(list(known)))]


@given(st.integers(0, 10**12), st.integers(1, 100))
def test_a_share_is_never_less_than_its_part_and_never_a_unit_more(peak: int, share: int) -> None:
    limit = threshold(replace(CARD, peak_minor=peak, threshold_percent=share))
    assert limit is not None
    assert peak * share <= limit * 100 < peak * share + 100


@given(st.integers(1, 10**12), st.integers(1, 100))
def test_a_card_at_its_threshold_holds_enough_and_a_unit_below_it_does_not(
    peak: int, share: int
) -> None:
    card = replace(CARD, peak_minor=peak, threshold_percent=share)
    limit = threshold(card)
    assert limit is not None
    assert enough(replace(card, balance_minor=limit)) is Enough.ENOUGH
    below = enough(replace(card, balance_minor=limit - 1))
    assert below is (Enough.LOW if limit > 1 else Enough.EMPTY)


def test_an_amount_that_the_person_chose_wins_over_any_share() -> None:
    assert threshold(replace(CARD, peak_minor=10_000, threshold_minor=500)) == 500


def test_not_knowing_the_balance_is_neither_low_nor_empty() -> None:
    assert enough(replace(CARD, threshold_minor=LIMIT)) is Enough.UNKNOWN
    assert threshold(CARD) is None
    assert not is_near(CARD)


def test_less_than_nothing_is_empty_too() -> None:
    assert enough(replace(CARD, balance_minor=-100)) is Enough.EMPTY


@given(st.integers(-1000, 10_000))
def test_what_is_near_its_threshold_is_under_twice_of_it_and_not_yet_empty(balance: int) -> None:
    card = replace(CARD, threshold_minor=LIMIT, balance_minor=balance)
    assert is_near(card) == (0 < balance < 2 * LIMIT)
