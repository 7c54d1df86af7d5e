# ruff: noqa: PT012 (the story is that a whole transaction fails)
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import Failing, NewEntry, SealError, StorageError
from storage.schema import metadata
from tests.storage.conftest import LI, WANG, Clock, coffee, with_card

if TYPE_CHECKING:
    from storage import Store


async def test_somebody_new_has_a_name_and_no_access(store: Store, clock: Clock) -> None:
    person = await store.people.arrive(LI, name="李雷", language="zh-hans")
    assert person == await store.people.get(LI)
    assert (person.id, person.name, person.language) == (LI, "李雷", "zh-hans")
    assert (person.access, person.timezone, person.panel_message_id) == ("none", None, None)
    assert person.created_at == person.last_seen_at == clock.now


async def test_somebody_nobody_met_is_nobody(store: Store) -> None:
    assert await store.people.get(LI) is None
    assert not await store.people.change(LI, language="en")
    assert not await store.people.forget(LI)


async def test_who_comes_again_keeps_their_language_and_gets_their_new_name(
    store: Store, clock: Clock
) -> None:
    await store.people.arrive(LI, name="Li", language="en")
    await store.people.change(LI, language="zh")
    clock.advance(minutes=5)
    person = await store.people.arrive(LI, name="Li Lei", language="en")
    assert (person.name, person.language, person.last_seen_at) == ("Li Lei", "zh", clock.now)


async def test_being_seen_is_noted_once_an_hour(store: Store, clock: Clock) -> None:
    met = (await store.people.arrive(LI, name="Li", language=None)).last_seen_at
    clock.advance(minutes=59)
    assert (await store.people.arrive(LI, name="Li", language=None)).last_seen_at == met
    clock.advance(minutes=1)
    assert (await store.people.arrive(LI, name="Li", language=None)).last_seen_at == clock.now


async def test_who_writes_again_has_not_blocked_the_bot(store: Store, clock: Clock) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    await store.people.change(LI, blocked_at=clock.now)
    assert (await store.people.arrive(LI, name="Li", language=None)).blocked_at is None


async def test_everything_about_a_person_can_be_changed(store: Store, clock: Clock) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    changes = {
        "name": "李",
        "language": "en",
        "timezone": "Asia/Shanghai",
        "access": "member",
        "quiet_from": 22 * 60,
        "quiet_to": 7 * 60,
        "blocked_at": clock.in_(seconds=1),
        "last_seen_at": clock.in_(seconds=2),
        "panel_message_id": 2**40,
    }
    assert await store.people.change(LI, **changes)  # type: ignore[arg-type]
    person = await store.people.get(LI)
    assert {name: getattr(person, name) for name in changes} == changes


async def test_what_a_person_does_not_have_cannot_be_changed(store: Store) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    for wrong in ({}, {"wrapped_key": b"x"}, {"id": 3}):
        with pytest.raises(StorageError, match="no such fields"):
            await store.people.change(LI, **wrong)


async def test_a_time_without_a_zone_is_refused(store: Store, clock: Clock) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    with pytest.raises(ValueError, match="zone"):
        await store.people.change(LI, blocked_at=clock.now.replace(tzinfo=None))


async def test_who_asked_waits_for_it(store: Store) -> None:
    for owner, access in ((1, "asked"), (2, "member"), (3, "none"), (4, "member")):
        await store.people.arrive(owner, name=f"Nr {owner}", language=None)
        await store.people.change(owner, access=access)  # type: ignore[arg-type]
    assert [(person.id, person.name) for person in await store.people.asked()] == [(1, "Nr 1")]


async def test_a_persons_cards_are_in_the_order_of_binding(store: Store, clock: Clock) -> None:
    await with_card(store, WANG)
    first = await with_card(store)
    clock.advance(seconds=1)
    removed = await store.cards.add(LI, coffee("2" * 16))
    clock.advance(seconds=1)
    last = await store.cards.add(LI, coffee("3" * 16, label="麦当劳"))
    await store.cards.remove(LI, removed.id, clock.now)
    assert await store.cards.list(LI) == [first, last]


async def test_panels_are_noted_for_many_at_once(store: Store) -> None:
    for owner in (LI, WANG):
        await store.people.arrive(owner, name="x", language=None)
    await store.people.set_panels({LI: 10, WANG: 20, 404: 30})
    await store.people.set_panels({WANG: None})
    await store.people.set_panels({})
    panels = [await store.people.get(owner) for owner in (LI, WANG)]
    assert [person and person.panel_message_id for person in panels] == [10, None]


async def test_a_forgotten_person_leaves_no_row_anywhere(store: Store, clock: Clock) -> None:
    for owner in (LI, WANG):
        card = await with_card(store, owner)
        entry = NewEntry(clock.now, -5, "CNY", "purchase", "茶", "issuer", external_id="1")
        await store.ledger.add(owner, card.id, [entry])
        await store.outbox.put(owner, card.id, "low", {}, key="k", not_before=clock.now)
        await store.dialogues.put(owner, {"step": 1}, clock.in_(minutes=15))
        await store.invitations.create(f"token {owner}", owner, clock.in_(days=1))
        await store.cards.add(owner, coffee("9" * 16))
    before = await rows_of(store)
    assert await store.people.forget(LI)
    assert await rows_of(store) == {table: count // 2 for table, count in before.items()}
    assert all(before.values())
    assert len(await store.cards.list(WANG)) == 2
    person = await store.people.arrive(LI, name="Li", language="en")
    assert await store.people.get(LI) == person
    assert await store.cards.list(LI) == []


async def test_people_are_listed_with_how_many_cards_they_have_the_last_seen_first(
    store: Store, clock: Clock
) -> None:
    await with_card(store, WANG)
    removed = await store.cards.add(WANG, coffee("9" * 16))
    await store.cards.add(WANG, coffee("8" * 16))
    await store.cards.remove(WANG, removed.id, clock.now)
    clock.advance(hours=2)
    await store.people.arrive(LI, name="Li", language=None)
    listed = await store.people.listed(limit=10)
    assert [(person.id, count) for person, count in listed] == [(LI, 0), (WANG, 2)]
    assert await store.people.listed(limit=10, offset=1) == listed[1:]
    assert await store.people.listed(limit=1) == listed[:1]
    assert await store.people.ids() == [LI, WANG]
    assert [await store.people.cards_of(who) for who in (LI, WANG, 404)] == [0, 2, 0]


async def test_who_is_shut_out_adds_no_card_is_owed_none_and_read_none(
    store: Store, clock: Clock
) -> None:
    due = {}
    for owner in (LI, WANG):
        card = await with_card(store, owner, next_refresh_at=clock.now)
        due[owner] = card.id
        await store.outbox.put(owner, card.id, "low", {}, key="k", not_before=clock.now)
    await store.people.change(LI, barred_at=clock.now)
    with pytest.raises(StorageError, match="shut out"):
        await store.cards.add(LI, coffee("9" * 16))
    with pytest.raises(StorageError, match="shut out"):
        await store.cards.replace_secrets(LI, due[LI], {"number": "1"}, "1", "1")
    assert await store.outbox.pending(clock.now) == 1
    assert [item.owner_id for item in await store.outbox.claim(clock.now, 60, 9)] == [WANG]
    claimed = await store.cards.claim_due("demo", clock.now, clock.in_(minutes=5), 9)
    assert [card.owner_id for card in claimed] == [WANG]
    await store.people.change(LI, barred_at=None)
    assert [item.owner_id for item in await store.outbox.claim(clock.now, 60, 9)] == [LI]
    claimed = await store.cards.claim_due("demo", clock.now, clock.in_(minutes=5), 9)
    assert [card.owner_id for card in claimed] == [LI]
    assert await store.cards.add(LI, coffee("9" * 16))


async def test_the_invitations_of_somebody_can_be_taken_back(store: Store, clock: Clock) -> None:
    for owner in (LI, WANG):
        await store.people.arrive(owner, name="x", language=None)
        await store.invitations.create(f"token {owner}", owner, clock.in_(days=1))
    assert await store.invitations.cancel(LI) == 1
    await store.people.arrive(1, name="x", language=None)
    assert await store.invitations.redeem(f"token {LI}", 1, clock.now) is None
    assert await store.invitations.redeem(f"token {WANG}", 1, clock.now) == WANG


async def test_cards_are_counted_by_issuer_and_failure(store: Store, clock: Clock) -> None:
    assert await store.health.cards() == []
    for owner in (LI, WANG):
        card = await with_card(store, owner)
        await store.cards.change(owner, card.id, failure="wrong_pin")
        await store.cards.add(owner, coffee("9" * 16, issuer="another"))
        removed = await store.cards.add(owner, coffee("8" * 16))
        await store.cards.remove(owner, removed.id, clock.now)
    assert await store.health.cards() == [
        Failing("another", None, 2),
        Failing("demo", "wrong_pin", 2),
    ]


async def test_alerts_that_wait_are_counted_by_why(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    for name, due in (("now", clock.now), ("later", clock.in_(days=1))):
        await store.outbox.put(LI, card.id, "low", {}, key=name, not_before=due)
    (waits,) = await store.health.owed(clock.now)
    assert (waits.alerts, waits.error, waits.oldest) == (1, None, clock.now)
    (item,) = await store.outbox.claim(clock.now, 60, 9)
    await store.outbox.later(item.id, item.lease, clock.in_(hours=1), "Bad Gateway")
    (waits,) = await store.health.owed(clock.now)
    assert (waits.alerts, waits.error, waits.blocked, waits.barred) == (
        1,
        "Bad Gateway",
        False,
        False,
    )
    await store.people.change(LI, blocked_at=clock.now, barred_at=clock.now)
    (waits,) = await store.health.owed(clock.now)
    assert (waits.blocked, waits.barred) == (True, True)


async def rows_of(store: Store) -> dict[str, int]:
    counts = {}
    for name in ("people", "cards", "card_secrets", "ledger", "outbox", "dialogues", "invitations"):
        table = metadata.tables[name]
        counts[name] = len(await store._runner.fetch(table.select()))
    return counts


async def test_a_persons_key_put_in_anothers_row_opens_nothing(store: Store) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    await store.people.arrive(WANG, name="Wang", language=None)
    people = metadata.tables["people"]
    (li,) = await store._runner.fetch(people.select().where(people.c.id == LI))
    for stolen in ({"key_id": li[1], "wrapped_key": li[2]}, {"name": li[3]}):
        with pytest.raises(SealError):
            async with store.transaction() as tx:
                await tx._runner.execute(
                    people.update().where(people.c.id == WANG).values(**stolen)
                )
                await tx.people.get(WANG)
