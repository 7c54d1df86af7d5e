"""A running bot says that it is there, and learns of a new master key by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot import presence
from bot.presence import Presence
from storage import MasterKey, StorageError, open_store, utc_now
from storage.rotating import Manner, rotate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from storage import Store


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the heart beat a hundred times a second."""
    monkeypatch.setattr(presence, "BEAT_SECONDS", 0.01)


@pytest.fixture
def key() -> MasterKey:
    return MasterKey.generate()


@pytest.fixture
async def store(tmp_path: Path, key: MasterKey) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite:///{tmp_path / 'kabao.db'}", key)
    yield opened
    await opened.close()


async def test_a_bot_that_runs_is_waited_for_and_learns_the_new_key_by_itself(
    tmp_path: Path, store: Store, key: MasterKey
) -> None:
    new = MasterKey.generate()
    await store.people.arrive(1, name="Li", language="zh")
    async with Presence(store, utc_now):
        other = await open_store(f"sqlite:///{tmp_path / 'kabao.db'}", key)
        assert len(await other.processes.all()) == 1
        await rotate(other, new, utc_now, Manner(sleep=lambda _: asyncio.sleep(0.01)))
        await other.close()
        [me] = await store.processes.all()
        assert me.master_ids == {key.id, new.id}
        assert (await store.people.get(1)) is not None
        await store.people.arrive(2, name="Wang", language="zh")
    assert await store.processes.all() == []


async def test_who_ended_without_a_word_long_ago_is_struck_out_at_the_next_start(
    store: Store,
) -> None:
    await store.processes.beat("gone")
    async with Presence(store, lambda: utc_now() + timedelta(days=2)):
        assert "gone" not in {process.id for process in await store.processes.all()}


async def test_a_database_that_does_not_answer_is_told_and_the_heart_beats_on(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    beats, on, real = 0, asyncio.Event(), type(store.processes).beat

    async def beat(self: object, process_id: str) -> None:
        nonlocal beats
        beats += 1
        if beats == 2:
            raise StorageError("The database is locked.")
        if beats > 3:
            on.set()
        await real(self, process_id)  # type: ignore[arg-type]

    monkeypatch.setattr(type(store.processes), "beat", beat)
    async with Presence(store, utc_now):
        await asyncio.wait_for(on.wait(), 30)
    assert caplog.messages == ["the heartbeat failed: The database is locked."]
