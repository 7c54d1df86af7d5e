from __future__ import annotations

import pytest

from storage import MasterKey, Owed, Store, open_store
from tests.storage.conftest import LI, WANG, Clock, with_card


async def test_a_message_that_shows_a_secret_is_due_when_its_minute_is_over(
    store: Store, clock: Clock
) -> None:
    await store.vanishing.owe(LI, 7, clock.in_(minutes=1))
    assert await store.vanishing.due(clock.in_(seconds=59), 10) == []
    assert await store.vanishing.due(clock.in_(seconds=60), 10) == [Owed(LI, 7)]


async def test_the_longest_due_goes_first_and_no_more_than_asked_for(
    store: Store, clock: Clock
) -> None:
    for chat, message, wait in ((LI, 8, 2), (WANG, 8, 1), (LI, 9, 3)):
        await store.vanishing.owe(chat, message, clock.in_(seconds=wait))
    later = clock.in_(minutes=1)
    assert await store.vanishing.due(later, 2) == [Owed(WANG, 8), Owed(LI, 8)]


async def test_what_is_gone_is_owed_no_more_and_nobody_elses_with_it(
    store: Store, clock: Clock
) -> None:
    for chat in (LI, WANG):
        await store.vanishing.owe(chat, 7, clock())
    await store.vanishing.gone(LI, 7)
    await store.vanishing.gone(LI, 7)
    assert await store.vanishing.due(clock(), 10) == [Owed(WANG, 7)]
    assert await store.vanishing.get(LI, 7) is None


async def test_what_one_chat_owes_is_known_before_it_is_due(store: Store, clock: Clock) -> None:
    for chat in (LI, WANG):
        await store.vanishing.owe(chat, 7, clock.in_(minutes=1))
    assert await store.vanishing.in_chat(LI) == [Owed(LI, 7)]


async def test_what_could_not_be_deleted_comes_again_later(store: Store, clock: Clock) -> None:
    await store.vanishing.owe(LI, 7, clock())
    await store.vanishing.later(LI, 7, clock.in_(seconds=5))
    assert await store.vanishing.due(clock(), 10) == []
    assert await store.vanishing.due(clock.in_(seconds=5), 10) == [Owed(LI, 7, 1)]
    await store.vanishing.later(LI, 7, clock.in_(seconds=15))
    assert await store.vanishing.get(LI, 7) == Owed(LI, 7, 2)


async def test_a_message_that_shows_more_is_given_a_new_moment(store: Store, clock: Clock) -> None:
    await store.vanishing.owe(LI, 7, clock())
    await store.vanishing.owe(LI, 7, clock.in_(minutes=1))
    assert await store.vanishing.due(clock(), 10) == []
    assert await store.vanishing.due(clock.in_(minutes=1), 10) == [Owed(LI, 7)]


async def test_it_goes_also_when_its_reader_was_erased(store: Store, clock: Clock) -> None:
    await with_card(store)
    await store.vanishing.owe(LI, 7, clock())
    await store.people.forget(LI)
    assert await store.vanishing.due(clock(), 10) == [Owed(LI, 7)]


async def test_it_is_still_owed_when_the_database_is_opened_again(
    url: str, key: MasterKey, clock: Clock
) -> None:
    first = await open_store(url, key, clock=clock)
    await first.vanishing.owe(LI, 7, clock.in_(minutes=1))
    await first.close()
    second = await open_store(url, key, clock=clock)
    try:
        assert await second.vanishing.due(clock.in_(hours=1), 10) == [Owed(LI, 7)]
    finally:
        await second.close()


async def test_it_is_owed_with_its_cause_or_not_at_all(store: Store, clock: Clock) -> None:
    with pytest.raises(LookupError):  # noqa: PT012 - the story is that the transaction fails
        async with store.transaction() as tx:
            await tx.vanishing.owe(LI, 7, clock())
            raise LookupError
    assert await store.vanishing.due(clock(), 10) == []
