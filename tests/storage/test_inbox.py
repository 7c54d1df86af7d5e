"""What is being answered is kept, and nobody reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import InstallationKey, SealError, StorageError, receipt
from storage.schema import inbox
from tests.storage.test_secrecy import everything_in, spellings

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Store
    from tests.storage.conftest import Clock

NUMBER = "6222847190355168"
UPDATES = f'{{"ok":true,"result":[{{"update_id":7,"text":"/bind {NUMBER} of Li"}}]}}'.encode()


async def test_what_was_kept_is_taken_up_in_order_as_it_came(store: Store) -> None:
    rows = [await store.inbox.keep(UPDATES + bytes([n])) for n in range(3)]
    taken = await store.inbox.take_up()
    assert [(kept.id, kept.attempts, kept.updates) for kept in taken] == [
        (row, 1, UPDATES + bytes([n])) for n, row in enumerate(rows)
    ]
    assert [kept.attempts for kept in await store.inbox.take_up()] == [2, 2, 2]


async def test_what_was_answered_is_gone_and_the_rest_stays(store: Store) -> None:
    rows = [await store.inbox.keep(UPDATES) for _ in range(3)]
    async with store.transaction() as tx:
        await tx.inbox.remove({rows[2], rows[0]})
        await tx.inbox.remove(set())
        await tx.receipts.note([7])
    assert [kept.id for kept in await store.inbox.take_up()] == [rows[1]]


async def test_what_is_a_day_old_is_purged(store: Store, clock: Clock) -> None:
    await store.inbox.keep(UPDATES)
    clock.advance(hours=24)
    young = await store.inbox.keep(UPDATES)
    assert await store.inbox.purge(clock.now) == 1
    assert [(kept.id, kept.updates) for kept in await store.inbox.take_up()] == [(young, UPDATES)]


async def test_a_day_has_a_key_of_its_own_and_a_row_that_was_moved_does_not_open(
    store: Store, clock: Clock
) -> None:
    await store.inbox.keep(UPDATES)
    await store._runner.execute(inbox.update().values(at=clock.in_(days=1)))
    ((_, _, opened),) = await store.inbox.take_up()
    assert opened is None


def test_what_one_installation_seals_no_other_opens_and_none_for_another_purpose() -> None:
    here, elsewhere = InstallationKey(bytes(32)), InstallationKey(bytes(31) + b"\x01")
    sealed = here.seal("updates", UPDATES)
    assert here.open("updates", sealed) == UPDATES
    assert here.seal("updates", UPDATES) != sealed
    for key, purpose in ((elsewhere, "updates"), (here, "other")):
        with pytest.raises(SealError):
            key.open(purpose, sealed)
    with pytest.raises(SealError):
        here.open("updates", sealed[:-1] + bytes([sealed[-1] ^ 1]))


async def test_nothing_of_an_update_can_be_read_in_the_file(on_file: Store, file: Path) -> None:
    await on_file.inbox.keep(UPDATES)
    held = everything_in(file.parent)
    ((sealed,),) = await on_file._runner.fetch(inbox.select().with_only_columns(inbox.c.sealed))
    assert sealed in held, "the log is looked at too"
    for text in (NUMBER, NUMBER[-8:], "/bind", "result", "of Li"):
        for spelled in spellings(text):
            assert spelled not in held


async def test_what_was_answered_is_not_even_there_in_its_sealed_form(
    on_file: Store, file: Path
) -> None:
    row = await on_file.inbox.keep(UPDATES)
    ((sealed,),) = await on_file._runner.fetch(inbox.select().with_only_columns(inbox.c.sealed))
    await on_file.inbox.remove([row])
    await on_file.close()
    assert sealed not in everything_in(file.parent)


async def test_done_and_answered_are_told_apart(store: Store) -> None:
    assert await store.receipts.answered(71) is None
    receipt.set(71)
    await store.people.arrive(71, name="Li", language="en")
    receipt.set(None)
    assert await store.receipts.answered(71) is False
    await store.receipts.note([72, 71])
    assert await store.receipts.answered(71) is True
    assert await store.receipts.answered(72) is True
    assert await store.receipts.recent(9) == {71, 72}


async def test_a_store_that_is_closed_keeps_nothing_and_says_so(on_file: Store) -> None:
    await on_file.close()
    with pytest.raises(StorageError):
        await on_file.inbox.keep(UPDATES)
