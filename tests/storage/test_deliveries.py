"""What is kept of backups that were sent, and what that means for backups and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage import open_store
from storage.deliveries import KeysMessage
from storage.keyfile import is_key
from tests.storage.backups import Backups, everything

if TYPE_CHECKING:
    from pathlib import Path

    from storage import MasterKey, Store
    from tests.storage.conftest import Clock

ADA, BEN = 6_000_000_001, 60


async def test_each_admins_message_is_kept_until_another_takes_its_place(store: Store) -> None:
    first, second = KeysMessage(7, 10), KeysMessage(7, 12, "ab" * 32)
    assert await store.deliveries.keys_messages() == {}
    await store.deliveries.keep_keys_message(ADA, first)
    await store.deliveries.keep_keys_message(BEN, first)
    await store.deliveries.keep_keys_message(ADA, second)
    assert await store.deliveries.keys_messages() == {ADA: second, BEN: first}
    await store.deliveries.drop_keys_message(ADA)
    assert await store.deliveries.keys_messages() == {BEN: first}


async def test_the_backup_each_admin_was_sent_last_is_known_by_its_name(store: Store) -> None:
    assert await store.deliveries.backup_sent(ADA) == ""
    for name in ("kabao-1.age", "kabao-2.age"):
        await store.deliveries.note_backup(ADA, name)
    assert await store.deliveries.backup_sent(ADA) == "kabao-2.age"
    assert await store.deliveries.backup_sent(BEN) == ""


async def test_what_was_sent_is_no_key_and_makes_no_keys_file_old(store: Store) -> None:
    before = await store.keys_state()
    await store.deliveries.keep_keys_message(ADA, KeysMessage(7, 10))
    await store.deliveries.note_backup(ADA, "kabao-1.age")
    assert await store.keys_state() == before
    assert not is_key(f"keys message {ADA}")
    assert not is_key(f"backup sent {ADA}")


async def test_a_restored_store_knows_the_message_that_it_goes_on_in(
    store: Store, url: str, key: MasterKey, clock: Clock, tmp_path: Path
) -> None:
    message = KeysMessage(7, 10, "ab" * 32)
    await store.deliveries.keep_keys_message(ADA, message)
    backups = Backups(url, tmp_path / "backups", clock)
    await backups.make()
    target = f"sqlite:///{tmp_path}/restored.db"
    restored = await backups.restore(target, key)
    assert restored.report.fine, restored.report.faults
    assert f"keys message {ADA}" in [row["name"] for row in (await everything(target))["meta"]]
    again = await open_store(target, key, clock=clock)
    assert await again.deliveries.keys_messages() == {ADA: message}
    await again.close()
