"""What somebody can do who has a backup."""

from __future__ import annotations

import gzip
import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]
import pytest

from bot.playground.world import stable_id
from storage import MasterKey, StorageError, WrongKeyError, open_store
from storage.agefile import Lock, Unlock
from storage.backup import KEYS, back_up
from storage.restore import Backup, check, restore
from tests.house import DOLLARS, KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "correct horse battery staple"


async def taken(house: House, folder: Path, lock: Lock) -> Path:
    """Take a backup while the bot runs."""
    folder.mkdir()
    path = folder / "kabao.age"
    await back_up(house.settings.database_url, path, lock, house.clock())
    return path


def opened(path: Path, unlock: Unlock) -> Backup:
    return Backup(path, path.with_name(KEYS), unlock)


async def test_a_backup_opens_only_with_its_passphrase_or_identity(
    house: House, tmp_path: Path, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    identity, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    for name, lock, right, wrong in (
        (
            "by passphrase",
            Lock(passphrase=PASSPHRASE),
            Unlock(passphrase=PASSPHRASE),
            Unlock(passphrase=f"{PASSPHRASE}!"),
        ),
        (
            "by identity",
            Lock(recipients=(str(identity.to_public()),)),
            Unlock(identities=str(identity)),
            Unlock(identities=str(other)),
        ),
    ):
        path = await taken(house, tmp_path / name, lock)
        assert path.read_bytes().startswith(b"age-encryption.org/v1")
        assert path.stat().st_mode & 0o077 == 0
        check(path, right)
        with pytest.raises(StorageError):
            check(path, wrong)


async def test_a_backup_alone_opens_no_card(house: House, tmp_path: Path, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    path = await taken(house, tmp_path / "backups", Lock(passphrase=PASSPHRASE))
    plain = gzip.decompress(pyrage.passphrase.decrypt(path.read_bytes(), PASSPHRASE))
    assert b"wrapped_key" not in plain.splitlines()[1]
    for secret in (YUAN, "Panda Gift Card", "Alice"):
        assert secret.encode() not in plain
    url, key = f"sqlite:///{tmp_path}/other.db", MasterKey.generate()
    with pytest.raises(WrongKeyError):
        await restore(opened(path, Unlock(passphrase=PASSPHRASE)), url, key)
    path.with_name(KEYS).unlink()
    with pytest.raises((StorageError, OSError)):
        await restore(opened(path, Unlock(passphrase=PASSPHRASE)), url, house.settings.master_key)
    assert not (tmp_path / "other.db").exists()


async def test_a_backup_changed_by_one_byte_is_refused_before_anything_is_written(
    house: House, tmp_path: Path, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    identity = pyrage.x25519.Identity.generate()
    lock, unlock = Lock(recipients=(str(identity.to_public()),)), Unlock(identities=str(identity))
    path = await taken(house, tmp_path / "backups", lock)
    whole = path.read_bytes()
    url = f"sqlite:///{tmp_path}/other.db"
    places = random.Random(4).sample(range(len(whole)), 60)  # noqa: S311 - which byte, not which key
    for place in [0, len(whole) - 1, *places]:
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(StorageError):
            await restore(opened(path, unlock), url, house.settings.master_key)
        assert not (tmp_path / "other.db").exists()
    path.write_bytes(whole)
    restored = await restore(opened(path, unlock), url, house.settings.master_key)
    assert restored.report.fine


async def test_even_a_backup_from_before_opens_nothing_of_a_person_who_was_erased(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    async with House(
        tmp_path,
        backup_dir=str(folder),
        backup_passphrase=PASSPHRASE,
    ) as house:
        alice, bob = house.guest("Alice"), house.guest("Bob")
        await alice.binds(YUAN, PIN)
        await bob.binds(DOLLARS, PIN)
        await house.passes(hours=25)
        before = sorted(folder.glob("kabao-2*.age"))
        await alice.says("/forget")
        await alice.presses("Yes, erase everything")
        await house.passes(minutes=1)
        url = f"sqlite:///{tmp_path}/other.db"
        unlock = Unlock(passphrase=PASSPHRASE)
        restored = await restore(opened(before[-1], unlock), url, house.settings.master_key)
        assert (restored.erased_people, restored.erased_cards) == (1, 1)
        store = await open_store(url, house.settings.master_key)
        assert await store.people.get(alice.id) is None
        (card,) = await store.cards.list(bob.id)
        assert (await store.cards.secrets(bob.id, card.id))["number"] == DOLLARS
        await store.close()
    with closing(sqlite3.connect(tmp_path / "other.db")) as raw:
        assert raw.execute("SELECT count(*) FROM cards").fetchone() == (1,)


async def test_a_new_database_in_the_place_of_a_lost_one_does_not_take_the_keys_of_its_backups(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    settings = {"backup_dir": str(folder), "backup_passphrase": PASSPHRASE}
    async with House(tmp_path, admins=str(stable_id("Carol")), **settings) as house:
        carol, alice = house.guest("Carol"), house.guest("Alice")
        await carol.says("/start")
        await alice.binds(YUAN, PIN)
        await house.passes(hours=25)
        newest = max(folder.glob("kabao-2*.age"))
        keys = (folder / KEYS).read_bytes()
        await house.stop()
        for lost in tmp_path.glob("kabao.db*"):
            lost.unlink()
        await house.start()
        await house.passes(hours=25)
        assert (folder / KEYS).read_bytes() == keys
        assert any("backup" in text.lower() for text in carol.told)
        url = f"sqlite:///{tmp_path}/restored.db"
        unlock = Unlock(passphrase=PASSPHRASE)
        restored = await restore(opened(newest, unlock), url, house.settings.master_key)
        assert restored.rows["cards"] == 1
        assert restored.report.fine
