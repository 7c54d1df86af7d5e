"""What happened is written down in a chain, and each person can read their own part of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from bot.activity import Action
from storage import SealError, StorageError, Store
from storage.audit import ERASED, _place
from storage.schema import audit
from tests.storage.conftest import LI, WANG

if TYPE_CHECKING:
    from tests.storage.conftest import Clock


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
    assert [row.seq for row in await store.audit.of(LI, limit=1, offset=1)] == [1]
    assert [await store.audit.count(person) for person in (LI, WANG, 404)] == [2, 1, 0]


async def test_what_happened_is_taken_back_with_its_cause(store: Store) -> None:
    async def cut_short() -> None:
        async with store.transaction() as tx:
            await tx.audit.append("bound", subject=LI, actor=LI)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cut_short()
    assert await store.audit.append("bound", subject=LI, actor=LI) == 1


async def test_rows_that_come_at_once_are_numbered_without_a_gap_and_fit(store: Store) -> None:
    numbers = await asyncio.gather(
        *(store.audit.append("shown", subject=LI, actor=LI) for _ in range(20))
    )
    assert sorted(numbers) == list(range(1, 21))
    assert (await store.audit.verify()).seq == 20


async def test_a_detail_belongs_to_somebody(store: Store) -> None:
    with pytest.raises(StorageError, match="about somebody"):
        await store.audit.append("started", detail={"x": 1})


async def test_the_newest_rows_of_all_show_nobody_and_nothing_sealed(store: Store) -> None:
    await store.people.arrive(LI, name="Somebody", language=None)
    await store.audit.append("started")
    await store.audit.append("bound", subject=LI, actor=LI, detail={"label": "Tea"})
    newest, older = await store.audit.recent(limit=2)
    assert (newest.action, older.action) == ("bound", "started")
    assert newest.subject == newest.actor
    assert str(LI) not in repr(newest)
    assert "Tea" not in repr(newest)
    assert [row.seq for row in await store.audit.recent(limit=9, before=2)] == [1]


async def test_whoever_is_erased_leaves_a_mark_and_comes_back_to_an_empty_list(
    store: Store, clock: Clock
) -> None:
    await store.people.arrive(LI, name="Somebody", language=None)
    await store.audit.append("bound", subject=LI, actor=LI, detail={"label": "Tea"})
    ((sealed,),) = await store._runner.fetch(select(audit.c.sealed).where(audit.c.seq == 1))
    assert await store.people.forget(LI)
    assert [row.action for row in await store.audit.recent(limit=9)] == ["erased", "bound"]
    clock.advance(hours=-3)  # a clock put back does not bring the old life back either
    await store.people.arrive(LI, name="Somebody", language=None)
    assert await store.audit.of(LI, limit=9) == []
    assert await store.audit.count(LI) == 0
    await store.audit.append("bound", subject=LI, actor=LI, detail={"label": "Coffee"})
    assert [row.detail for row in await store.audit.of(LI, limit=9)] == [{"label": "Coffee"}]
    key = await store.audit._key(store._runner, LI)
    with pytest.raises(SealError):
        key.open(_place(1), sealed)
    assert (await store.audit.verify()).seq == 3


async def test_who_erased_somebody_else_is_told_apart(store: Store) -> None:
    await store.people.arrive(LI, name="Somebody", language=None)
    assert await store.people.forget(LI, by=WANG)
    assert not await store.people.forget(LI)
    (row,) = await store.audit.recent(limit=9)
    assert row.action == ERASED
    assert str(Action.ERASED) == ERASED
    assert row.actor != row.subject


async def test_a_detail_that_does_not_open_hides_no_other_row(store: Store) -> None:
    await store.people.arrive(LI, name="Somebody", language=None)
    for label in ("Tea", "Coffee"):
        await store.audit.append("bound", subject=LI, actor=LI, detail={"label": label})
    swapped = audit.update().where(audit.c.seq == 2).values(sealed=b"\x01" + bytes(40))
    await store._runner.execute(swapped)
    broken, whole = await store.audit.of(LI, limit=9)
    assert (broken.opens, broken.detail) == (False, {})
    assert (whole.opens, whole.detail) == (True, {"label": "Tea"})
