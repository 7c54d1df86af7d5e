# ruff: noqa: PT012 (the story is that a whole transaction fails)
from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from storage import StorageError, receipt
from tests.storage.conftest import LI, WANG, coffee, with_card

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Store


async def test_a_transaction_is_kept_as_a_whole(store: Store) -> None:
    async with store.transaction() as tx:
        card = await with_card(tx)
        assert await tx.cards.get(LI, card.id) == card
    assert await store.cards.get(LI, card.id) == card


async def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await with_card(tx)
            raise ZeroDivisionError
    assert await store.people.get(LI) is None
    assert await store.cards.list(LI) == []


async def test_a_transaction_inside_a_transaction_is_the_same_one(store: Store) -> None:
    async with store.transaction() as tx, tx.transaction() as inner:
        assert inner is tx
        await inner.people.arrive(LI, name="Li", language=None)
    assert await store.people.get(LI) is not None


async def test_a_cancelled_transaction_is_rolled_back_and_lets_the_next_one_in(
    store: Store,
) -> None:
    reached = asyncio.Event()

    async def half() -> None:
        async with store.transaction() as tx:
            await tx.people.arrive(LI, name="Li", language=None)
            reached.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(half())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.people.get(LI) is None
    await store.people.arrive(LI, name="Li", language=None)


async def test_a_task_cancelled_anywhere_leaves_all_or_nothing(store: Store) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    card = await store.cards.add(LI, coffee())

    async def both(number: int) -> None:
        async with store.transaction() as tx:
            await tx.people.change(LI, panel_message_id=number)
            await tx.cards.change(LI, card.id, balance_minor=number)

    for number in range(60):
        task = asyncio.create_task(both(number))
        for _ in range(number % 20):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with store.transaction() as tx:
            person, cards = await tx.people.get(LI), await tx.cards.list(LI)
        assert person is not None
        assert person.panel_message_id == cards[0].balance_minor
    await both(1000)


async def test_somebody_waiting_for_the_writer_may_give_up(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.people.arrive(LI, name="Li", language=None)
        waiting = asyncio.create_task(store.people.arrive(WANG, name="Wang", language=None))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert await store.people.get(LI) is not None


async def test_many_write_and_read_at_once_without_colliding(store: Store) -> None:
    async def bind(owner: int) -> None:
        async with store.transaction() as tx:
            await with_card(tx, owner)
        assert len(await store.cards.list(owner)) == 1

    await asyncio.gather(*(bind(owner) for owner in range(1, 41)))


async def test_two_questions_at_once_in_one_transaction_do_not_collide(store: Store) -> None:
    async with store.transaction() as tx:
        await asyncio.gather(
            *(tx.people.arrive(owner, name="x", language=None) for owner in range(10))
        )
    assert [await store.people.get(owner) is not None for owner in range(10)] == [True] * 10


async def test_a_transaction_that_is_over_writes_nothing_any_more(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.people.arrive(LI, name="Li", language=None)
    with pytest.raises(StorageError, match="over"):
        await tx.people.arrive(WANG, name="Wang", language=None)


async def test_a_task_that_would_wait_for_itself_is_told(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.people.arrive(LI, name="Li", language=None)
        with pytest.raises(StorageError, match="transaction open"):
            await store.people.change(LI, language="en")
        with pytest.raises(StorageError, match="transaction open"):
            await store.people.get(LI)  # it would wait for a second connection, as others do
        with pytest.raises(StorageError, match="transaction open"):
            async with store.transaction():
                pass
    assert await store.people.change(LI, language="en")


async def test_a_refused_statement_leaves_the_database_usable(store: Store) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    with pytest.raises(StorageError, match=r"CHECK|check"):
        await store.people.change(LI, access="king")  # type: ignore[arg-type]
    with pytest.raises(StorageError):
        async with store.transaction() as tx:
            await tx.people.change(LI, language="en")
            await tx.people.change(LI, access="king")  # type: ignore[arg-type]
    person = await store.people.get(LI)
    assert person is not None
    assert (person.language, person.access) == (None, "none")
    assert await store.people.change(LI, access="member")


async def test_a_full_disk_is_said_and_survived(on_file: Store) -> None:
    await on_file.people.arrive(LI, name="Li", language=None)
    writer = on_file._runner._writer  # type: ignore[attr-defined]
    ((pages,),) = await writer.execute_fetchall("PRAGMA page_count")
    await writer.execute_fetchall(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"):
        async with on_file.transaction() as tx:
            for number in range(1000):
                await tx.cards.add(LI, coffee(f"{number:016}"))
    assert await on_file.cards.list(LI) == []
    await writer.execute_fetchall("PRAGMA max_page_count = 100000")
    await on_file.cards.add(LI, coffee())
    assert len(await on_file.cards.list(LI)) == 1


async def test_a_locked_file_is_said_and_survived(on_file: Store, file: Path) -> None:
    await on_file.people.arrive(LI, name="Li", language=None)
    await on_file._runner._writer.execute_fetchall("PRAGMA busy_timeout = 1")  # type: ignore[attr-defined]
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked"):
        await on_file.people.change(LI, language="en")
    with pytest.raises(StorageError, match="locked"):
        async with on_file.transaction() as tx:
            await tx.people.change(LI, language="en")
    other.execute("ROLLBACK")
    other.close()
    assert await on_file.people.change(LI, language="zh")


async def test_a_statement_after_a_refused_begin_is_refused_too(on_file: Store, file: Path) -> None:
    await on_file.people.arrive(LI, name="Li", language=None)
    await on_file._runner._writer.execute_fetchall("PRAGMA busy_timeout = 1")  # type: ignore[attr-defined]
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="rolled back"):
        async with on_file.transaction() as tx:
            with pytest.raises(StorageError, match="locked"):
                await tx.people.change(LI, language="en")
            other.execute("ROLLBACK")
            await tx.people.change(LI, language="en")
    other.close()


async def test_whatever_an_update_writes_is_committed_with_its_receipt(store: Store) -> None:
    receipt.set(71)
    await store.people.arrive(LI, name="Li", language=None)
    receipt.set(72)
    async with store.transaction() as tx:
        await tx.people.change(LI, language="en")
        assert await tx.people.get(LI) is not None
    receipt.set(73)
    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await tx.people.change(LI, language="zh")
            raise ZeroDivisionError
    receipt.set(74)
    await store.people.get(LI)
    async with store.transaction() as tx:
        await tx.people.get(LI)
    receipt.set(None)
    await store.people.change(LI, language="en")
    assert await store.receipts.recent(10) == {71, 72}


async def test_one_update_may_write_many_times(store: Store) -> None:
    receipt.set(71)
    await with_card(store)
    await store.people.change(LI, language="en")
    receipt.set(None)
    assert await store.receipts.recent(10) == {71}
