"""The keys' file is never lost to another database, nor left where it should be gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from storage import MasterKey, StorageError, Store, open_store
from storage.backup import KEYS, open_keys, take_over, write_keys
from tests.storage.backups import LOCK, UNLOCK, Backups
from tests.storage.conftest import LI, WANG, Clock, with_card

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def backups(url: str, tmp_path: Path, clock: Clock) -> Backups:
    return Backups(url, tmp_path / "backups", clock)


async def lived(store: Store, *owners: int) -> None:
    """People with a card each, and what the log says of them."""
    for owner in owners:
        await with_card(store, owner)
        await store.audit.append("bound", subject=owner, actor=owner)


async def test_a_new_database_in_the_place_of_a_lost_one_does_not_take_the_keys_of_its_backups(
    store: Store, tmp_path: Path, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await lived(store, LI)
    await backups.make()
    before = (backups.folder / KEYS).read_bytes()
    fresh = f"sqlite:///{tmp_path}/fresh.db"
    started = await open_store(fresh, key, clock=clock)
    await started.audit.append("started")
    await started.close()
    with pytest.raises(StorageError, match="another state"):
        await write_keys(fresh, backups.folder, LOCK, clock())
    theirs = Backups(fresh, backups.folder, clock)
    with pytest.raises(StorageError, match="another state"):
        await theirs.make("theirs.age")
    assert not (backups.folder / "theirs.age").exists(), "no backup without its keys"
    assert (backups.folder / KEYS).read_bytes() == before
    restored = await backups.restore(f"sqlite:///{tmp_path}/restored.db", key)
    assert restored.rows["cards"] == 1


async def test_an_older_backup_put_in_force_does_not_take_the_keys_that_newer_ones_need(
    store: Store, tmp_path: Path, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await lived(store, LI)
    await backups.make("old.age")
    await lived(store, WANG)
    await backups.make("new.age")
    older = f"sqlite:///{tmp_path}/older.db"
    await backups.restore(older, key, "old.age")
    with pytest.raises(StorageError, match="another state"):
        await write_keys(older, backups.folder, LOCK, clock())
    newer = await backups.restore(f"sqlite:///{tmp_path}/newer.db", key, "new.age")
    assert (newer.rows["cards"], newer.erased_people) == (2, 0)


async def test_keys_without_a_word_of_whose_they_are_are_left_as_they_are(
    store: Store, url: str, clock: Clock, backups: Backups
) -> None:
    await lived(store, LI)
    await backups.make()
    (backups.folder / "kabao-keys.anchor").unlink()
    with pytest.raises(StorageError, match="another state"):
        await write_keys(url, backups.folder, LOCK, clock())


async def test_whoever_is_left_out_for_want_of_newer_keys_is_not_called_erased(
    store: Store, tmp_path: Path, key: MasterKey, backups: Backups
) -> None:
    await lived(store, LI)
    await backups.make("old.age")
    old = (backups.folder / KEYS).read_bytes()
    await lived(store, WANG)
    await backups.make("new.age")
    (backups.folder / KEYS).write_bytes(old)
    target = f"sqlite:///{tmp_path}/restored.db"
    with pytest.raises(StorageError, match="older than the backup"):
        await backups.restore(target, key, "new.age")
    assert not [*tmp_path.glob("*restored*")]
    assert (await backups.restore(target, key, "old.age")).rows["people"] == 1


async def test_what_a_killed_backup_left_behind_goes_with_the_next_keys(
    store: Store, url: str, clock: Clock, backups: Backups
) -> None:
    await lived(store, LI)
    await backups.make()
    left = [backups.folder / f".{name}.{os.getpid()}0.part" for name in (KEYS, "kabao-1.age")]
    for part in left:
        part.write_bytes((backups.folder / KEYS).read_bytes())
    linked = backups.folder / "the blocks of the left keys"
    linked.hardlink_to(left[0])
    await store.people.forget(LI)
    await write_keys(url, backups.folder, LOCK, clock())
    assert not [part for part in left if part.exists()]
    with pytest.raises(StorageError):
        open_keys(linked, UNLOCK)


async def test_a_database_that_was_restored_from_the_newest_goes_on_with_the_keys(
    store: Store, tmp_path: Path, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await lived(store, LI)
    await backups.make()
    await lived(store, WANG)
    await write_keys(backups.url, backups.folder, LOCK, clock())
    restored = f"sqlite:///{tmp_path}/restored.db"
    assert (await backups.restore(restored, key)).others == 1
    with pytest.raises(StorageError, match="another state"):
        await write_keys(restored, backups.folder, LOCK, clock())
    await take_over(restored, backups.folder)
    again = await open_store(restored, key, clock=clock)
    await again.audit.append("backup restored")
    await again.close()
    assert (await write_keys(restored, backups.folder, LOCK, clock())).people.keys() == {LI}
    with pytest.raises(StorageError, match="another state"):
        await write_keys(backups.url, backups.folder, LOCK, clock())
