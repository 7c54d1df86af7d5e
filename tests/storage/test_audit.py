"""What happened is written down in a chain, and each person can read their own part of it."""

from __future__ import annotations

import asyncio

import pytest

from storage import StorageError, Store
from tests.storage.conftest import LI, WANG


async def test_a_person_reads_what_happened_to_them_the_latest_first(store: Store) -> None:
    for person in (LI, WANG):
        await store.people.arrive(person, name="Somebody", language=None)
        await store.audit.append("bound", subject=person, actor=person, detail={"card": "茶"})
    await store.audit.append("barred", subject=LI, actor=WANG)
    rows = await store.audit.of(LI, limit=9)
    assert [(row.seq, row.action, row.by_subject) for row in rows] == [
        (3, "barred", False),
        (1, "bound", True),
    ]
    assert rows[1].detail == {"card": "茶"}
    assert [row.seq for row in await store.audit.of(LI, limit=9, before=3)] == [1]


async def test_what_happened_is_taken_back_with_its_cause(store: Store) -> None:
    async def cut_short() -> None:
        async with store.transaction() as tx:
            await tx.audit.append("bound", subject=LI, actor=LI)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cut_short()
    assert await store.audit.append("bound", subject=LI, actor=LI) == 1


async def test_rows_that_come_at_once_are_numbered_without_a_gap(store: Store) -> None:
    numbers = await asyncio.gather(
        *(store.audit.append("shown", subject=LI, actor=LI) for _ in range(20))
    )
    assert sorted(numbers) == list(range(1, 21))


async def test_a_detail_belongs_to_somebody(store: Store) -> None:
    with pytest.raises(StorageError, match="about somebody"):
        await store.audit.append("started", detail={"x": 1})
