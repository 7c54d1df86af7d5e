"""What was spent from all cards is added up in the database, for whoever may see them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from storage import NewEntry, Spent
from tests.storage.conftest import LI, WANG, Clock, with_card

if TYPE_CHECKING:
    from storage import Store

DAY = timedelta(days=1)


def line(clock: Clock, minor: int, days: float, kind: str = "purchase") -> NewEntry:
    at = clock.in_(days=-days)
    return NewEntry(at, minor, "CNY", kind, "tea", "holder")  # type: ignore[arg-type]


async def test_spending_is_added_up_by_span_less_what_was_refunded(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store, balance_minor=900)
    lines = [line(clock, *one) for one in ((-100, 35), (-50, 20), (-30, 19), (-70, 1))]
    lines += [line(clock, 20, 18, "refund"), line(clock, 500, 17, "top-up")]
    await store.ledger.add(LI, card.id, sorted(lines, key=lambda one: one.at))
    bounds = [clock.in_(days=-days) for days in (30, 10, 0)]
    assert await store.spending.sums(LI, bounds) == [
        Spent(card.id, "CNY", clock.in_(days=-35), clock.in_(days=-1), [60, 70])
    ]
    found = await store.spending.spends(LI, clock.in_(days=-25))
    assert sorted(found[card.id]) == [
        (clock.in_(days=-20), 50),
        (clock.in_(days=-19), 30),
        (clock.in_(days=-18), -20),
        (clock.in_(days=-1), 70),
    ]


async def test_what_was_seen_between_two_readings_is_put_in_their_middle(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store, balance_minor=900)
    seen = NewEntry(clock.now, -100, "CNY", "observed", "", "observed", since=clock.in_(days=-3))
    await store.ledger.add(LI, card.id, [seen])
    found = await store.spending.spends(LI, clock.in_(days=-9))
    assert found == {card.id: [(clock.in_(days=-1.5), 100)]}


async def test_who_a_card_is_shared_with_sees_it_and_nobody_else(
    store: Store, clock: Clock
) -> None:
    card, other = (
        await with_card(store, balance_minor=900),
        await with_card(store, number="6222000011113333", balance_minor=900),
    )
    own = await with_card(store, WANG, balance_minor=5)
    for owner, one in ((LI, card), (LI, other), (WANG, own)):
        await store.ledger.add(owner, one.id, [line(clock, -100, 2)])
    bounds = [clock.in_(days=-30), clock.now]

    async def seen(person: int) -> set[str]:
        spending = store.spending
        found = {one.card_id for one in await spending.sums(person, bounds)}
        assert set(await spending.spends(person, bounds[0])) == found
        moves = await spending.moves(person, "CNY", bounds[0], DAY)
        assert sum(minor for _, minor in moves) == -100 * len(found)
        return found

    assert await seen(WANG) == {own.id}
    await store.shares.give(LI, card.id, WANG, "see")
    assert await seen(WANG) == {own.id, card.id}
    assert await seen(LI) == {card.id, other.id}
    await store.people.change(LI, barred_at=clock.now)
    assert await seen(WANG) == {own.id}
    await store.people.change(LI, barred_at=None)
    await store.cards.change(LI, card.id, archived_at=clock.now)
    await store.cards.remove(LI, other.id, clock.now)
    assert {one.card_id for one in await store.spending.sums(WANG, bounds)} == {own.id}
    assert {one.card_id for one in await store.spending.sums(LI, bounds)} == {card.id}
    assert await store.spending.spends(LI, bounds[0]) == {}


async def test_what_moved_adds_up_by_spans_in_the_balances_currency(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store, balance_minor=1)
    unknown = await with_card(store, number="6222000011113333")
    moved = [((7 * n) % 41 - 20, 0.3 + 0.9 * n) for n in range(40, -1, -1)]
    dollars = NewEntry(clock.in_(days=-2), -9, "USD", "purchase", "", "holder")
    await store.ledger.add(LI, card.id, [*(line(clock, *one) for one in moved), dollars])
    await store.ledger.add(LI, unknown.id, [line(clock, -100, 2)])
    since, width = clock.in_(days=-30), timedelta(hours=50)
    moves = await store.spending.moves(LI, "CNY", since, width)
    assert sum(minor for _, minor in moves) == sum(minor for minor, days in moved if days <= 30)
    ends = [end for end, _ in moves]
    assert len(ends) == len(set(ends)) <= 16
    assert ends == sorted(ends)
    assert since < ends[0] <= since + width
    assert ends[-1] >= clock.in_(days=-0.3)
