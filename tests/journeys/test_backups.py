"""Backups by themselves, as who runs the bot finds them in the folder and in their chat."""

from __future__ import annotations

import asyncio
import resource
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.backup_folder import LastBackup, kept, last_backup
from bot.backups import LARGEST
from bot.playground.world import stable_id
from storage.backup import KEYS, open_keys
from storage.restore import Backup, check, restore
from storage.verify import verify_database
from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.storage.backups import RECIPIENT, UNLOCK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

ADMIN = stable_id("Ada")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backups"
    made.mkdir()
    return made


@pytest.fixture
async def house(tmp_path: Path, folder: Path) -> AsyncIterator[House]:
    """A house that is backed up every day; three backups are kept."""
    given = {"backup_dir": str(folder), "backup_recipient": RECIPIENT, "backup_keep": "3"}
    async with House(tmp_path, admins=str(ADMIN), **given) as house:
        yield house


async def operator(house: House) -> Guest:
    """Whoever runs the bot, who has started it."""
    ada = house.guest("Ada")
    assert ada.id == ADMIN
    await ada.says("/start")
    return ada


def names(folder: Path) -> list[str]:
    return [path.name for _, path in kept(folder)]


async def test_a_backup_is_made_each_day_once_and_the_newest_are_kept(
    house: House, folder: Path
) -> None:
    (folder / "letters.txt").write_text("mine")
    assert names(folder) == ["kabao-20261124T040000Z.age"]
    await house.passes(hours=23)
    await house.restart()
    assert len(names(folder)) == 1, "a restart makes none twice"
    await house.stop()
    house.clock.advance(3 * 3600)
    await house.start()
    assert names(folder)[1:] == ["kabao-20261125T060000Z.age"], "nor skips one"
    for _ in range(4):
        await house.passes(hours=24)
    assert names(folder) == [f"kabao-202611{day}T060000Z.age" for day in (27, 28, 29)]
    assert (folder / "letters.txt").exists()
    last = last_backup(house.settings)
    assert last == LastBackup(kept(folder)[-1][1], house.clock(), last.size if last else 0)
    page = await house.kabao.parts.store.audit.recent(limit=50)
    assert sum(row.action == "backup made" for row in page) == 6


async def test_a_clock_that_is_put_back_makes_neither_none_nor_many(
    house: House, folder: Path
) -> None:
    await house.passes(hours=24)
    house.clock._ahead -= timedelta(hours=1)
    for _ in range(3):
        await house.passes(minutes=1)
    assert len(names(folder)) == 2
    await house.passes(hours=25)
    assert len(names(folder)) == 3


async def test_anns_cards_are_all_there_in_a_bot_started_from_a_backup(
    house: House, folder: Path, tmp_path: Path
) -> None:
    ann = house.guest("Ann")
    await ann.binds(YUAN, PIN)
    await ann.binds(KIOSK)
    await ann.says("/bind", "AB-778899001", "Corner shop", "20")
    await ann.presses("Set balance")
    await ann.says("15.5")
    await house.passes(hours=24)
    before = (await ann.says("/balance")).text
    await house.stop()
    elsewhere = tmp_path / "another machine"
    url = f"sqlite:///{elsewhere}/kabao.db"
    given = Backup(kept(folder)[-1][1], folder / KEYS, UNLOCK)
    restored = await restore(given, url, house.settings.master_key)
    assert restored.report.fine, restored.report.faults
    assert restored.rows["cards"] == 3
    house.database.unlink()
    house._database_url = url
    await house.start()
    assert (await ann.says("/balance")).text == before
    report = await verify_database(url, house.settings.master_key)
    assert report.fine, report.faults


async def test_whoever_erases_themselves_is_out_of_every_backup_at_once(
    house: House, folder: Path, tmp_path: Path
) -> None:
    ann, ben = house.guest("Ann"), house.guest("Ben")
    await ann.binds(KIOSK)
    await ben.binds(YUAN, PIN)
    await house.passes(hours=24)
    assert {ann.id, ben.id} <= open_keys(folder / KEYS, UNLOCK).people.keys()
    await ann.says("/forget")
    await ann.presses("Yes, erase everything")
    await house.settled()
    keys = await asyncio.to_thread(open_keys, folder / KEYS, UNLOCK)
    assert ann.id not in keys.people
    assert ben.id in keys.people
    given = Backup(kept(folder)[-1][1], folder / KEYS, UNLOCK)
    assert check(given.path, UNLOCK)[1]["cards"] == 2
    target = f"sqlite:///{tmp_path}/restored.db"
    restored = await restore(given, target, house.settings.master_key)
    assert (restored.erased_people, restored.erased_cards) == (1, 1)
    assert restored.rows["cards"] == 1


async def test_an_erasing_just_before_a_power_cut_reaches_the_keys_at_the_next_start(
    house: House, folder: Path
) -> None:
    ann = house.guest("Ann")
    await ann.binds(KIOSK)
    await house.passes(hours=24)
    await house.kabao.parts.store.people.forget(ann.id)
    assert ann.id in open_keys(folder / KEYS, UNLOCK).people
    await house.restart()
    assert ann.id not in open_keys(folder / KEYS, UNLOCK).people


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond what a backup needs."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_folder_that_is_gone_is_told_once_and_backups_go_on_when_it_is_back(
    house: House, folder: Path
) -> None:
    ada, bob = await operator(house), house.guest("Bob")
    away = folder.rename(folder.with_name("away"))
    await house.passes(hours=24)
    assert ada.sees("No backup could be made")
    await bob.binds(KIOSK)
    assert bob.sees("CN¥161.50"), "the bot goes on"
    told = len(ada.told)
    await house.passes(minutes=1)
    await house.passes(minutes=20)
    assert len(ada.told) == told
    away.rename(folder)
    await house.passes(minutes=11)
    assert ada.sees("Backups are made again.")
    assert len(names(folder)) == 2


async def test_a_full_disk_leaves_the_old_backups_and_is_told_to_the_admins(
    house: House, folder: Path
) -> None:
    ada = await operator(house)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    await house.kabao.parts.journal.write()
    house.clock.advance(24 * 3600)
    with full_disk():
        await house.kabao._jobs._backups.run_due()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    await house.settled()
    assert ada.sees("No backup could be made")
    await house.passes(minutes=11)
    assert ada.sees("Backups are made again.")
    assert len(names(folder)) == 2


@pytest.fixture
async def sending(tmp_path: Path, folder: Path) -> AsyncIterator[House]:
    """A house whose backups are sent to its admin."""
    given = {"backup_dir": str(folder), "backup_recipient": RECIPIENT, "backup_send": "yes"}
    async with House(tmp_path, admins=str(ADMIN), **given) as house:
        yield house


async def test_a_backup_comes_as_a_file_and_says_what_else_is_needed(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    await sending.passes(hours=24)
    assert ada.sees("Backup of")
    assert ada.sees("kabao-keys.age")
    sent = [message for message in ada.person.chat if message.raw.get("document")]
    assert [one.raw["document"]["file_name"] for one in sent] == names(folder)[-1:]


async def test_one_that_is_too_large_is_not_sent_and_the_admin_is_told(
    sending: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST == 50_000_000
    monkeypatch.setattr("bot.backups.LARGEST", 100)
    ada = await operator(sending)
    await sending.passes(hours=24)
    assert ada.sees("too large for Telegram")
    assert not [message for message in ada.person.chat if message.raw.get("document")]


async def test_an_admin_whom_telegram_does_not_reach_is_sent_it_later(sending: House) -> None:
    ada = await operator(sending)
    sending.telegram.fail("sendDocument", status=500)
    await sending.passes(hours=24)
    await sending.passes(minutes=1)
    sent = [message for message in ada.person.chat if message.raw.get("document")]
    assert len(sent) == 1
