from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from storage import SealError, StorageError
from storage.schema import dialogues
from tests.storage.conftest import LI, WANG, Clock

if TYPE_CHECKING:
    from storage import Store


@pytest.fixture(autouse=True)
async def people(store: Store) -> None:
    for person in (LI, WANG):
        await store.people.arrive(person, name="x", language=None)


async def test_a_half_finished_conversation_is_taken_up_again(store: Store, clock: Clock) -> None:
    said = {"step": "pin", "number": "6222", "tries": 2, "名": ["a", None]}
    await store.dialogues.put(LI, said, clock.in_(minutes=15))
    assert await store.dialogues.get(LI, clock.now) == said
    assert await store.dialogues.get(WANG, clock.now) is None


async def test_a_conversation_replaces_the_one_before(store: Store, clock: Clock) -> None:
    await store.dialogues.put(LI, {"step": 1}, clock.now)
    await store.dialogues.put(LI, {"step": 2}, clock.in_(minutes=15))
    assert await store.dialogues.get(LI, clock.now) == {"step": 2}


async def test_a_conversation_expires(store: Store, clock: Clock) -> None:
    await store.dialogues.put(LI, {"step": 1}, clock.in_(minutes=15))
    assert await store.dialogues.get(LI, clock.in_(minutes=14)) is not None
    assert await store.dialogues.get(LI, clock.in_(minutes=15)) is None
    assert await store.dialogues.purge(clock.in_(minutes=14)) == 0
    assert await store.dialogues.purge(clock.in_(minutes=15)) == 1
    assert await store.dialogues.get(LI, clock.now) is None


async def test_a_conversation_is_ended(store: Store, clock: Clock) -> None:
    await store.dialogues.put(LI, {}, clock.in_(minutes=15))
    assert await store.dialogues.drop(LI)
    assert not await store.dialogues.drop(LI)


async def test_nobody_met_has_no_conversation(store: Store, clock: Clock) -> None:
    with pytest.raises(StorageError, match="no such person"):
        await store.dialogues.put(404, {}, clock.in_(minutes=15))


async def test_a_conversation_moved_to_another_person_does_not_open(
    store: Store, clock: Clock
) -> None:
    await store.dialogues.put(LI, {"number": "6222"}, clock.in_(minutes=15))
    await store._runner.execute(dialogues.update().values(person_id=WANG))
    with pytest.raises(SealError):
        await store.dialogues.get(WANG, clock.now)


async def test_of_one_that_awaited_a_secret_only_that_is_known_for_an_hour_more(
    store: Store, clock: Clock
) -> None:
    await store.dialogues.put(LI, {"number": "6222"}, clock.in_(minutes=15), secret=True)
    assert not await store.dialogues.lapsed(LI, clock.in_(minutes=14))
    assert await store.dialogues.lapsed(LI, clock.in_(minutes=15))
    assert await store.dialogues.purge(clock.in_(minutes=15)) == 1
    assert await store.dialogues.lapsed(LI, clock.in_(minutes=74))
    assert await store.dialogues.get(LI, clock.in_(minutes=15)) is None
    [(sealed,)] = await store._runner.fetch(select(dialogues.c.sealed))
    assert bytes(sealed) == b"s"
    assert not await store.dialogues.lapsed(LI, clock.in_(minutes=75))
    assert await store.dialogues.purge(clock.in_(minutes=75)) == 1
    assert await store._runner.fetch(select(dialogues.c.sealed)) == []


async def test_one_that_awaited_a_name_leaves_nothing(store: Store, clock: Clock) -> None:
    await store.dialogues.put(LI, {"step": "label"}, clock.in_(minutes=15))
    assert not await store.dialogues.lapsed(LI, clock.in_(minutes=15))
    await store.dialogues.purge(clock.in_(minutes=15))
    assert await store._runner.fetch(select(dialogues.c.sealed)) == []
