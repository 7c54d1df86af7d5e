"""The plan for the till is exact, overdraws nothing, and is the best there is."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.payment import Plan, Purse, plan

TODAY = datetime(2026, 11, 24, tzinfo=UTC)
ENDS = (TODAY + timedelta(days=3), TODAY + timedelta(days=30), None)


def purses(most: int, balance: int) -> st.SearchStrategy[list[Purse]]:
    one = st.tuples(st.integers(1, balance), st.sampled_from(ENDS))
    made = st.lists(one, max_size=most)
    return made.map(lambda all_: [Purse(f"c{n}", *rest) for n, rest in enumerate(all_)])


@given(purses(12, 10**9), st.integers(1, 10**10))
def test_it_sums_exactly_and_never_exceeds_a_balance(have: list[Purse], minor: int) -> None:
    found = plan(have, minor)
    balances = {one.card_id: one.minor for one in have}
    assert sum(paid for _, paid in found.steps) + found.cash == minor
    assert all(0 < paid <= balances[card] for card, paid in found.steps)
    assert len({card for card, _ in found.steps}) == len(found.steps)
    assert found.cash == max(0, minor - sum(balances.values()))
    assert set(found.covering) == {one.card_id for one in have if one.minor >= minor}


def worth(have: list[Purse], paid: tuple[int, ...]) -> tuple[int, ...]:
    """Rate a way to pay: most of what expires first, then of the next, then the fewest cards."""
    by_end = (
        sum(p for one, p in zip(have, paid, strict=True) if one.expires_at == e) for e in ENDS
    )
    return (*by_end, -sum(p > 0 for p in paid))


@settings(max_examples=50)
@given(purses(4, 5), st.integers(1, 20))
def test_nobody_finds_a_better_plan_by_trying_all(have: list[Purse], minor: int) -> None:
    found = plan(have, minor)
    if found.covering:
        assert found.steps == ((found.covering[0], minor),)
        return
    amount = min(minor, sum(one.minor for one in have))
    ways = (way for way in product(*(range(one.minor + 1) for one in have)) if sum(way) == amount)
    paid = dict(found.steps)
    mine = tuple(paid.get(one.card_id, 0) for one in have)
    assert worth(have, mine) == max(worth(have, way) for way in ways)


def test_one_card_is_better_than_two_and_the_soonest_of_those_that_cover_it() -> None:
    soon, later = Purse("soon", 5000, ENDS[0]), Purse("later", 20000, ENDS[1])
    never = Purse("never", 12000, None)
    assert plan([never, later, soon], 12000) == Plan((("later", 12000),), 0, ("later", "never"))


def test_the_soonest_comes_first_however_little_is_on_it() -> None:
    soon, later = Purse("soon", 2000, ENDS[0]), Purse("later", 9000, ENDS[1])
    never = Purse("never", 5000, None)
    assert plan([never, later, soon], 10000).steps == (("soon", 2000), ("later", 8000))
    both = plan([later, Purse("soon", 9500, ENDS[0])], 9000)
    assert both.covering == ("soon", "later")


def test_of_what_ends_together_the_largest_comes_first_and_of_what_is_alike_the_first_given() -> (
    None
):
    large, small = Purse("large", 3000, None), Purse("small", 1000, None)
    assert plan([small, large], 3500).steps == (("large", 3000), ("small", 500))
    assert plan([large, small], 800).covering == ("small", "large")
    alike = [Purse("one", 1000, None), Purse("other", 1000, None)]
    assert plan(alike, 1500).steps == (("one", 1000), ("other", 500))
    assert plan(alike, 500).covering == ("one", "other")


def test_two_cards_and_cash() -> None:
    soon, never = Purse("soon", 5000, ENDS[0]), Purse("never", 3000, None)
    assert plan([never, soon], 12000) == Plan((("soon", 5000), ("never", 3000)), 4000, ())


def test_nothing_to_pay_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        plan([], 0)
