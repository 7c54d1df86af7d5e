# ruff: noqa: PT012 (the story is that a whole transaction fails)
from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from storage.outbox import UNSURE
from storage.schema import outbox
from tests.storage.conftest import LI, WANG, Clock, coffee, with_card

if TYPE_CHECKING:
    from storage import Card, Store


async def owe(store: Store, card: Card, clock: Clock, key: str = "low 1", **after: float) -> bool:
    return await store.outbox.put(
        card.owner_id,
        card.id,
        "low",
        {"balance": 12, "says": "余额不足"},
        key=key,
        not_before=clock.in_(**after),
    )


async def test_what_is_owed_is_claimed_with_all_it_says(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    assert await owe(store, card, clock)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    assert (item.owner_id, item.card_id, item.kind) == (LI, card.id, "low")
    assert item.payload == {"balance": 12, "says": "余额不足"}
    assert (item.created_at, item.attempts) == (clock.now, 1)


async def test_one_episode_gives_one_alert(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    owed = await asyncio.gather(*(owe(store, card, clock) for _ in range(5)))
    assert sorted(owed) == [False, False, False, False, True]
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    await store.outbox.sent(item.id, item.lease, clock.now)
    assert not await owe(store, card, clock)
    assert await owe(store, card, clock, "low 2")


async def test_a_key_used_twice_inside_a_transaction_leaves_it_alive(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store)
    async with store.transaction() as tx:
        assert await owe(tx, card, clock)
        assert not await owe(tx, card, clock)
        await tx.cards.change(LI, card.id, episode="low")
    assert await store.outbox.pending(clock.now) == 1


async def test_an_alert_of_a_reading_that_failed_is_never_owed(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await owe(tx, card, clock)
            raise ZeroDivisionError
    assert await store.outbox.pending(clock.now) == 0


async def test_two_people_may_use_the_same_key(store: Store, clock: Clock) -> None:
    for owner in (LI, WANG):
        assert await owe(store, await with_card(store, owner), clock)


async def test_nothing_is_owed_for_anothers_card(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await with_card(store, WANG)
    assert not await store.outbox.put(WANG, card.id, "low", {}, key="x", not_before=clock.now)


async def test_what_is_claimed_is_not_claimed_again(store: Store, clock: Clock) -> None:
    await owe(store, await with_card(store), clock)
    claims = await asyncio.gather(*(store.outbox.claim(clock.now, 60, 10) for _ in range(6)))
    assert sum(len(claim) for claim in claims) == 1


async def test_what_a_dead_claimant_held_comes_back_and_the_dead_ones_lease_is_stale(
    store: Store, clock: Clock
) -> None:
    await owe(store, await with_card(store), clock)
    (dead,) = await store.outbox.claim(clock.now, 60, 10)
    assert await store.outbox.claim(clock.in_(seconds=59), 60, 10) == []
    clock.advance(seconds=60)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    assert (item.id, item.attempts, item.error) == (dead.id, 2, None)
    assert not await store.outbox.begin(dead.id, dead.lease)
    assert await store.outbox.begin(item.id, item.lease)
    clock.advance(seconds=60)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    assert item.error == UNSURE
    assert not await store.outbox.sent(dead.id, dead.lease, clock.now)
    assert not await store.outbox.later(dead.id, dead.lease, clock.now, "x")
    assert not await store.outbox.give_up(dead.id, dead.lease, "x")
    assert await store.outbox.sent(item.id, item.lease, clock.now)
    assert not await store.outbox.sent(item.id, item.lease, clock.now)


async def test_what_was_sent_late_but_not_claimed_again_is_sent(store: Store, clock: Clock) -> None:
    await owe(store, await with_card(store), clock)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    assert await store.outbox.sent(item.id, item.lease, clock.advance(seconds=90))
    assert await store.outbox.claim(clock.now, 60, 10) == []


async def test_what_is_put_off_comes_later(store: Store, clock: Clock) -> None:
    await owe(store, await with_card(store), clock)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    assert await store.outbox.later(item.id, item.lease, clock.in_(minutes=5), "429")
    assert await store.outbox.pending(clock.now) == 0
    assert await store.outbox.claim(clock.in_(minutes=4), 60, 10) == []
    (again,) = await store.outbox.claim(clock.in_(minutes=5), 60, 10)
    assert (again.id, again.attempts) == (item.id, 2)
    assert again.lease != item.lease


async def test_what_is_given_up_is_never_claimed_again(store: Store, clock: Clock) -> None:
    await owe(store, await with_card(store), clock)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    assert await store.outbox.give_up(item.id, item.lease, "the chat is gone")
    assert await store.outbox.claim(clock.in_(days=9), 60, 10) == []
    assert await store.outbox.pending(clock.in_(days=9)) == 0


async def test_nothing_comes_before_its_time(store: Store, clock: Clock) -> None:
    await owe(store, await with_card(store), clock, hours=1)
    assert await store.outbox.claim(clock.now, 60, 10) == []
    assert await store.outbox.pending(clock.now) == 0
    assert len(await store.outbox.claim(clock.in_(hours=1), 60, 10)) == 1


async def test_a_person_gets_one_message_at_a_time_oldest_first(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    other = await with_card(store, WANG)
    for number in range(3):
        await owe(store, card, clock, f"low {number}")
    await owe(store, other, clock)
    first = await store.outbox.claim(clock.now, 60, 10)
    assert [item.owner_id for item in first] == [LI, WANG]
    assert await store.outbox.pending(clock.now) == 4
    assert await store.outbox.claim(clock.now, 60, 10) == []
    await store.outbox.sent(first[0].id, first[0].lease, clock.now)
    second = await store.outbox.claim(clock.now, 60, 10)
    assert [item.id for item in second] == [first[0].id + 1]


async def test_a_message_put_off_does_not_hold_up_the_others(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    for number in range(2):
        await owe(store, card, clock, f"low {number}")
    (first,) = await store.outbox.claim(clock.now, 60, 10)
    await store.outbox.later(first.id, first.lease, clock.in_(hours=1), "500")
    (second,) = await store.outbox.claim(clock.now, 60, 10)
    assert second.id != first.id


async def test_a_claim_is_bounded(store: Store, clock: Clock) -> None:
    for owner in range(1, 8):
        await owe(store, await with_card(store, owner), clock)
    assert len(await store.outbox.claim(clock.now, 60, 3)) == 3
    assert len(await store.outbox.claim(clock.now, 60, 3)) == 3
    assert len(await store.outbox.claim(clock.now, 60, 3)) == 1


async def test_who_blocked_the_bot_is_left_in_peace_until_they_write(
    store: Store, clock: Clock
) -> None:
    await owe(store, await with_card(store), clock)
    await store.people.change(LI, blocked_at=clock.now)
    assert await store.outbox.claim(clock.now, 60, 10) == []
    assert await store.outbox.pending(clock.now) == 0
    await store.people.arrive(LI, name="Somebody", language=None)
    assert await store.outbox.pending(clock.now) == 1
    assert len(await store.outbox.claim(clock.now, 60, 10)) == 1


async def test_a_reader_who_blocked_the_bot_holds_up_nothing_of_its_owners(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store)
    await store.people.arrive(WANG, name="Wang", language=None)
    await store.people.change(WANG, blocked_at=clock.now)
    said: dict[str, object] = {"balance": 12}
    now = clock.now
    await store.outbox.put(LI, card.id, "low", said, key="1", not_before=now, recipient_id=WANG)
    await owe(store, card, clock)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    assert item.person_id == LI


async def test_alerts_of_a_removed_card_wait_for_its_return(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await owe(store, card, clock)
    await store.cards.remove(LI, card.id, clock.now)
    assert await store.outbox.claim(clock.now, 60, 10) == []
    await store.cards.restore(LI, card.id)
    assert len(await store.outbox.claim(clock.now, 60, 10)) == 1


async def test_what_was_sent_is_not_kept(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await owe(store, card, clock)
    (item,) = await store.outbox.claim(clock.now, 60, 10)
    await store.outbox.sent(item.id, item.lease, clock.now)
    assert await store._runner.fetch(outbox.select().with_only_columns(outbox.c.payload)) == [
        (None,)
    ]
    assert await store.outbox.purge(clock.now) == 0
    assert await store.outbox.purge(clock.in_(seconds=1)) == 1


async def test_what_nobody_takes_is_not_kept_for_ever(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await owe(store, card, clock)
    later = clock.in_(days=200)
    await store.outbox.put(LI, card.id, "low", {}, key="snoozed", not_before=clock.in_(days=300))
    assert await store.outbox.purge_unsent(later, clock.now) == 0
    assert await store.outbox.purge_unsent(later, clock.in_(seconds=1)) == 1
    left = await store._runner.fetch(outbox.select().with_only_columns(outbox.c.key))
    assert left == [("snoozed",)]


async def test_a_message_moved_to_another_card_does_not_open_and_holds_up_no_other(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store)
    other = await store.cards.add(LI, coffee("77"))
    await owe(store, card, clock)
    await store._runner.execute(outbox.update().values(card_id=other.id))
    assert await store.outbox.claim(clock.now, 60, 10) == []
    await owe(store, card, clock, key="2")
    assert len(await store.outbox.claim(clock.now, 60, 10)) == 1
