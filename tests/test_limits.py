"""How many numbers may be tried: what is decided from what was tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issuers import FaultKind, IssuerFault
from bot.limits import (
    ALIKE,
    ANSWER_TAKES,
    ASKED_A_DAY,
    BOUND_A_DAY,
    DAY,
    FREE,
    HOUR,
    NUMBERS,
    OF_ONE_NUMBER,
    REFUSED_A_DAY,
    SURGE,
    WAITS,
    Refusal,
    Stopped,
    decide,
    outcome_of,
    suspicious,
)
from storage import REFUSED, Seen, Stop, Try

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME, LI = 7, b"li"
NOTHING = Seen((), 0, False, None, None)


def ago(**passed: float) -> datetime:
    return NOW - timedelta(**passed)


def tried(outcome: str, *, at: datetime = NOW, number: str = "1", **more: object) -> Try:
    """A try of mine, of another number than the one to come and not like it."""
    given = {"who": b"me", "mine": True, "this": False, "alike": False, **more}
    return Try(at=at, number=number.encode(), outcome=outcome, **given)  # type: ignore[arg-type]


def after(*tries: Try, **more: object) -> Seen:
    in_time = tuple(sorted(tries, key=lambda one: one.at))
    return replace(NOTHING, tries=in_time, **more)  # type: ignore[arg-type]


def times(count: int, outcome: str, **more: object) -> list[Try]:
    return [tried(outcome, number=str(n), **more) for n in range(count)]  # type: ignore[arg-type]


def test_nothing_stands_in_the_way_of_a_first_number() -> None:
    assert decide(NOTHING, NOW) is None


@pytest.mark.parametrize("outcome", ["unknown", "wrong pin"])
def test_who_mistypes_twice_does_not_wait(outcome: str) -> None:
    assert decide(after(*times(2, outcome)), NOW) is None


@pytest.mark.parametrize(("count", "wait"), list(enumerate(WAITS, FREE)))
def test_each_refusal_within_an_hour_makes_the_wait_longer(count: int, wait: timedelta) -> None:
    seen = after(*times(count, "wrong pin", at=NOW))
    assert decide(seen, NOW) == Refusal("wait", NOW + wait)
    assert decide(seen, NOW + wait) is None


def test_refusals_of_an_hour_ago_cost_no_wait() -> None:
    assert decide(after(*times(5, "unknown", at=ago(hours=1))), NOW) is None


def test_a_try_under_way_counts_as_refused_until_it_must_have_ended() -> None:
    seen = after(*times(FREE, "asked"))
    assert decide(seen, NOW) == Refusal("wait", NOW + WAITS[0])
    assert decide(seen, NOW + ANSWER_TAKES) is None


def test_an_issuer_that_says_nothing_costs_its_holder_nothing() -> None:
    assert decide(after(*times(50, "other")), NOW) is None
    assert decide(after(*times(ASKED_A_DAY, "other")), NOW) == Refusal("day", NOW + DAY)


def test_a_household_moves_in_and_a_list_does_not_end() -> None:
    assert decide(after(*times(60, "bound"), *times(2, "unknown")), NOW) is None
    assert decide(after(*times(BOUND_A_DAY, "bound")), NOW) == Refusal("day", NOW + DAY)
    again = [tried("bound", number="the same") for _ in range(BOUND_A_DAY)]
    assert decide(after(*again), NOW) is None


def test_a_day_has_so_many_refusals_and_then_one_comes_free_at_a_time() -> None:
    tries = [tried("unknown", number=str(n), at=ago(hours=23 - n)) for n in range(REFUSED_A_DAY)]
    assert decide(after(*tries), NOW) == Refusal("day", NOW + timedelta(hours=1))
    assert decide(after(*tries[1:]), NOW + timedelta(hours=1)) is None


def test_cards_that_are_blocked_or_expired_count_for_the_day_but_cost_no_wait() -> None:
    assert decide(after(*times(REFUSED_A_DAY - 1, "shut")), NOW) is None
    assert decide(after(*times(REFUSED_A_DAY, "shut")), NOW) == Refusal("day", NOW + DAY)


@pytest.mark.parametrize("outcome", REFUSED)
def test_a_number_refused_to_several_people_is_asked_about_no_more(outcome: str) -> None:
    others = [
        tried(outcome, at=ago(hours=n), who=bytes([n]), mine=False, this=True, alike=True)
        for n in range(OF_ONE_NUMBER)
    ]
    assert decide(after(*others[1:]), NOW) is None
    until = ago(hours=OF_ONE_NUMBER - 1) + DAY
    assert decide(after(*others), NOW) == Refusal("number", until)


def test_what_others_try_does_not_count_for_me() -> None:
    others = [replace(one, mine=False, who=LI) for one in times(30, "unknown")]
    assert decide(after(*others), NOW) is None


def test_a_stop_lasts_a_day_and_that_of_everybody_an_hour() -> None:
    stopped = replace(NOTHING, stopped=Stop(ago(hours=23), "many"))
    assert decide(stopped, NOW) == Refusal("stopped", NOW + HOUR)
    assert decide(stopped, NOW + HOUR) is None
    surge = replace(NOTHING, all_stopped=Stop(ago(minutes=59), "surge"))
    assert decide(surge, NOW) == Refusal("surge", NOW + timedelta(minutes=1))
    assert decide(replace(surge, long_here=True), NOW) is None
    assert decide(surge, NOW + timedelta(minutes=1)) is None


def test_many_different_numbers_refused_are_a_list() -> None:
    assert list(suspicious(after(*times(NUMBERS - 1, "unknown")), ME, NOW)) == []
    found = list(suspicious(after(*times(NUMBERS, "unknown")), ME, NOW))
    assert found == [Stopped(ME, "many", NUMBERS, 1, NOW + DAY)]


def test_one_number_refused_many_times_is_no_list() -> None:
    same = [tried("wrong pin", number="one") for _ in range(19)]
    assert list(suspicious(after(*same), ME, NOW)) == []


def test_who_brings_many_cards_and_mistypes_some_is_no_thief() -> None:
    bound = [tried("bound", number=f"good {n}") for n in range(NUMBERS)]
    assert list(suspicious(after(*times(NUMBERS, "unknown"), *bound), ME, NOW)) == []
    bound = bound[1:]
    assert list(suspicious(after(*times(NUMBERS, "unknown"), *bound), ME, NOW)) != []


def test_a_number_mistyped_and_then_accepted_was_never_anothers() -> None:
    slips = times(NUMBERS, "wrong pin")
    accepted = [replace(one, outcome="bound") for one in slips[:1]]
    assert list(suspicious(after(*slips, *accepted), ME, NOW)) == []


def test_digits_counted_through_by_several_stop_each_who_takes_part() -> None:
    others = [
        tried("unknown", number=f"other {n}", who=bytes([n]), mine=False, alike=True)
        for n in range(ALIKE)
    ]
    once = tried("unknown", number="my slip", alike=True)
    twice = tried("unknown", number="my second", alike=True)
    assert list(suspicious(after(*others, once), ME, NOW)) == []
    found = list(suspicious(after(*others, once, twice), ME, NOW))
    assert found == [Stopped(ME, "alike", ALIKE + 2, ALIKE + 1, NOW + DAY)]


def test_a_box_of_cards_bought_together_is_alike_and_still_ones_own() -> None:
    slips = [tried("unknown", number=f"slip {n}", alike=True) for n in range(ALIKE)]
    bound = [tried("bound", number=f"good {n}", alike=True) for n in range(ALIKE)]
    assert list(suspicious(after(*slips, *bound), ME, NOW)) == []


def test_who_is_stopped_already_is_not_stopped_again() -> None:
    seen = after(*times(NUMBERS, "unknown"), stopped=Stop(ago(hours=1), "many"))
    assert list(suspicious(seen, ME, NOW)) == []
    assert list(suspicious(replace(seen, stopped=Stop(ago(days=1), "many")), ME, NOW)) != []


def test_a_surge_over_all_stops_everybody_once() -> None:
    assert list(suspicious(replace(NOTHING, refused=SURGE - 1), ME, NOW)) == []
    surging = replace(NOTHING, refused=SURGE)
    assert list(suspicious(surging, ME, NOW)) == [Stopped(None, "surge", SURGE, 0, NOW + HOUR)]
    stopped = replace(surging, all_stopped=Stop(ago(minutes=1), "surge"))
    assert list(suspicious(stopped, ME, NOW)) == []


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.NOT_FOUND, "unknown"),
        (FaultKind.WRONG_PIN, "wrong pin"),
        (FaultKind.BLOCKED, "shut"),
        (FaultKind.EXPIRED, "shut"),
        (FaultKind.NETWORK, "other"),
        (FaultKind.ISSUER_DOWN, "other"),
        (FaultKind.RATE_LIMITED, "other"),
        (FaultKind.BAD_ANSWER, "other"),
        (FaultKind.REFUSED, "other"),
    ],
)
def test_every_answer_says_something_of_the_number(kind: FaultKind, outcome: str) -> None:
    assert outcome_of(IssuerFault(kind)) == outcome


OUTCOMES = st.sampled_from(["asked", "bound", "unknown", "wrong pin", "shut", "other"])
TRIES = st.builds(
    tried,
    OUTCOMES,
    at=st.integers(0, 86_399).map(lambda s: ago(seconds=s)),
    number=st.sampled_from("abcdefghijklmnopqrstuvwxyz"),
    mine=st.booleans(),
    this=st.booleans(),
    alike=st.booleans(),
)
SEEN = st.lists(TRIES, max_size=60).map(lambda tries: after(*tries))


@given(SEEN)
def test_a_refusal_says_a_time_to_come_at_which_its_reason_is_over(seen: Seen) -> None:
    refusal = decide(seen, NOW)
    if refusal is None:
        return
    assert NOW < refusal.until <= NOW + DAY
    kept = tuple(one for one in seen.tries if one.at > refusal.until - DAY)
    later = decide(replace(seen, tries=kept), refusal.until)
    assert later is None or later.reason != refusal.reason


@given(SEEN)
def test_unknown_and_wrong_pin_are_never_told_apart(seen: Seen) -> None:
    swap = {"unknown": "wrong pin", "wrong pin": "unknown"}
    swapped = replace(
        seen,
        tries=tuple(
            replace(one, outcome=swap.get(one.outcome, one.outcome))  # type: ignore[arg-type]
            for one in seen.tries
        ),
    )
    assert decide(seen, NOW) == decide(swapped, NOW)
    assert list(suspicious(seen, ME, NOW)) == list(suspicious(swapped, ME, NOW))


@given(SEEN, st.sampled_from(REFUSED))
def test_one_more_refusal_never_opens_a_door(seen: Seen, outcome: str) -> None:
    more = after(*seen.tries, tried(outcome))
    if decide(seen, NOW) is not None:
        assert decide(more, NOW) is not None
