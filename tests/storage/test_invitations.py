from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from storage import StorageError
from storage.schema import invitations
from tests.storage.conftest import LI, WANG, Clock

if TYPE_CHECKING:
    from storage import Store

TOKEN = "Xq8-Jv0_random_as_token_urlsafe"


@pytest.fixture(autouse=True)
async def people(store: Store, clock: Clock) -> None:
    for person in (LI, WANG):
        await store.people.arrive(person, name="x", language=None)
    await store.invitations.create(TOKEN, LI, clock.in_(days=1))


async def members(store: Store, *guests: int) -> list[int]:
    people = [await store.people.get(guest) for guest in guests]
    return [person.id for person in people if person and person.access == "member"]


async def test_an_invitation_lets_one_person_in_once(store: Store, clock: Clock) -> None:
    assert await store.invitations.redeem(TOKEN, WANG, clock.now)
    assert not await store.invitations.redeem(TOKEN, WANG, clock.now)
    assert await members(store, LI, WANG) == [WANG]


async def test_of_many_who_use_an_invitation_at_once_one_gets_in(
    store: Store, clock: Clock
) -> None:
    guests = range(1, 9)
    for guest in guests:
        await store.people.arrive(guest, name="x", language=None)
    let_in = await asyncio.gather(
        *(store.invitations.redeem(TOKEN, guest, clock.now) for guest in guests)
    )
    assert len([inviter for inviter in let_in if inviter is not None]) == 1
    assert len(await members(store, *guests)) == 1


async def test_an_invitation_is_over_after_its_day(store: Store, clock: Clock) -> None:
    assert not await store.invitations.redeem(TOKEN, WANG, clock.in_(days=1))
    assert await store.invitations.purge(clock.in_(days=1)) == 1
    assert not await store.invitations.redeem(TOKEN, WANG, clock.now)
    assert await members(store, LI, WANG) == []


async def test_a_made_up_invitation_lets_nobody_in(store: Store, clock: Clock) -> None:
    assert not await store.invitations.redeem("guessed", WANG, clock.now)


async def test_an_invitation_is_not_spent_on_somebody_unknown(store: Store, clock: Clock) -> None:
    assert not await store.invitations.redeem(TOKEN, 404, clock.now)
    assert await store.invitations.redeem(TOKEN, WANG, clock.now)


async def test_nobody_unknown_invites(store: Store, clock: Clock) -> None:
    with pytest.raises(StorageError):
        await store.invitations.create("another", 404, clock.now)


async def test_the_database_does_not_hold_the_token(store: Store) -> None:
    ((kept, *_),) = await store._runner.fetch(invitations.select())
    assert TOKEN.encode() not in kept


async def test_receipts_are_noted_remembered_latest_first_and_purged(
    store: Store, clock: Clock
) -> None:
    await store.receipts.note([900, 901])
    clock.advance(minutes=1)
    await store.receipts.note([5, 6, 900])
    await store.receipts.note([])
    assert await store.receipts.recent(2) == {5, 6}
    assert await store.receipts.recent(10) == {5, 6, 900, 901}
    assert await store.receipts.purge(clock.now) == 2
    assert await store.receipts.recent(10) == {5, 6}
