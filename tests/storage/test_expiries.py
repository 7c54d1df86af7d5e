"""Which cards' expiry is looked at, and what is told in one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage import NewEntry
from tests.storage.conftest import LI, WANG, Clock, with_card

if TYPE_CHECKING:
    from storage import Store

LEASE = 5


async def test_a_due_card_is_claimed_once_until_its_lease_is_over(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store, next_expiry_at=clock.now)
    await with_card(store, WANG, next_expiry_at=clock.in_(seconds=1))
    until = clock.in_(minutes=LEASE)
    claimed = await store.expiries.claim_due(clock.now, until, 10)
    assert [(one.id, one.next_expiry_at) for one in claimed] == [(card.id, until)]
    assert await store.expiries.claim_due(clock.now, until, 10) == []
    clock.advance(minutes=LEASE)
    again = await store.expiries.claim_due(clock.now, clock.in_(minutes=LEASE), 10)
    assert {one.owner_id for one in again} == {LI, WANG}


async def test_cards_put_away_and_of_people_shut_out_are_not_claimed(
    store: Store, clock: Clock
) -> None:
    archived = await with_card(store, next_expiry_at=clock.now)
    await store.cards.change(LI, archived.id, archived_at=clock.now)
    await with_card(store, WANG, next_expiry_at=clock.now)
    await store.people.change(WANG, barred_at=clock.now)
    assert await store.expiries.claim_due(clock.now, clock.in_(minutes=LEASE), 10) == []


async def test_an_archived_card_is_not_due_to_be_read(store: Store, clock: Clock) -> None:
    card = await with_card(store, next_refresh_at=clock.now)
    await store.cards.change(LI, card.id, archived_at=clock.now)
    assert await store.cards.claim_due("demo", clock.now, clock.in_(minutes=LEASE), 10) == []
    assert await store.cards.list(LI) == []
    assert [one.id for one in await store.cards.archived(LI)] == [card.id]


async def test_when_money_was_last_spent_is_told_by_card(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    other = await with_card(store, number="6222000011113333")

    def line(minor: int, days: int) -> NewEntry:
        at = clock.in_(days=-days)
        return NewEntry(
            at=at, amount_minor=minor, currency="CNY", kind="purchase", text="", source="holder"
        )

    await store.ledger.add(LI, card.id, [line(-500, 9), line(-100, 4), line(900, 1)])
    await store.ledger.add(LI, other.id, [line(900, 1)])
    assert await store.expiries.last_spent(LI) == {card.id: clock.in_(days=-4)}
    assert await store.expiries.last_spent(WANG) == {}


async def test_a_digest_takes_what_is_owed_and_not_under_way(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await store.people.arrive(WANG, name="W", language=None)
    put = store.outbox.put
    await put(LI, card.id, "low", {"n": 1}, key="a", not_before=clock.now)
    await put(LI, card.id, "zero", {"n": 2}, key="b", not_before=clock.now)
    await put(LI, card.id, "low", {"n": 3}, key="c", not_before=clock.in_(days=1))
    await put(LI, card.id, "low", {"n": 4}, key="d", not_before=clock.now, recipient_id=WANG)
    async with store.transaction() as tx:
        taken = await tx.digests.take(LI, {"low"}, clock.now, clock.now)
        theirs = await tx.digests.take(WANG, {"low"}, clock.now, clock.now)
    assert [item.payload for item in taken] == [{"n": 1}]
    assert [item.payload for item in theirs] == [{"n": 4}]
    (left,) = await store.outbox.claim(clock.now, 60, 10)
    assert left.kind == "zero"
    async with store.transaction() as tx:
        assert await tx.digests.take(LI, {"zero"}, clock.in_(days=2), clock.now) == []


async def test_what_was_held_back_is_let_go(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await store.outbox.put(LI, card.id, "low", {}, key="a", not_before=clock.now)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    await store.outbox.later(item.id, item.lease, clock.in_(days=7), "held")
    assert await store.digests.release(LI, "other", clock.now) == 0
    assert await store.outbox.claim(clock.now, 60, 10) == []
    assert await store.digests.release(LI, "held", clock.now) == 1
    assert len(await store.outbox.claim(clock.now, 60, 10)) == 1


async def test_a_digest_s_turn_comes_once(store: Store, clock: Clock) -> None:
    await store.people.arrive(LI, name="L", language=None)
    await store.people.change(LI, digest="daily", next_digest_at=clock.now)
    assert await store.digests.due(clock.now, 10) == [(LI, clock.now)]
    assert await store.digests.turn(LI, clock.now, clock.in_(days=1))
    assert not await store.digests.turn(LI, clock.now, clock.in_(days=1))
    assert await store.digests.due(clock.now, 10) == []
