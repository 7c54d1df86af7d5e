"""Backups by themselves, as who runs the bot finds them in the folder and in their chat."""

from __future__ import annotations

import asyncio
import resource
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.backup_folder import LastBackup, free_name, kept, last_backup
from bot.backup_sending import LARGEST
from bot.playground.world import stable_id
from storage import StorageError
from storage.backup import KEYS, back_up, open_keys
from storage.deliveries import KeysMessage
from storage.restore import Backup, check, restore
from storage.verify import verify_database
from tests.house import KIOSK, PIN, YUAN, Guest, House, refusing
from tests.storage.backups import RECIPIENT, UNLOCK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bot.playground import Seen
    from storage.keyfile import Keys

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


async def test_backups_of_one_second_are_as_many_files_and_none_is_written_over(
    house: House, folder: Path
) -> None:
    now = house.clock()
    lock, url = house.settings.backup_lock(), house.settings.database_url
    assert lock is not None
    (first,) = (path for _, path in kept(folder))
    content = first.read_bytes()
    made = [await back_up(url, free_name(folder, now), lock, now) for _ in range(2)]
    assert [one.path.name for one in made] == [f"{first.stem}-2.age", f"{first.stem}-3.age"]
    assert names(folder) == [first.name, *(one.path.name for one in made)]
    assert first.read_bytes() == content
    # Whoever comes to be there after the name was chosen keeps it too.
    with pytest.raises(StorageError, match="is there already"):
        await back_up(url, first, lock, now)
    assert first.read_bytes() == content
    assert len(list(folder.glob("*.part"))) == 0


async def test_a_backup_of_a_time_to_come_pushes_no_newer_one_out(
    house: House, folder: Path
) -> None:
    for day in (1, 2, 3):
        (folder / f"kabao-2099010{day}T000000Z.age").write_bytes(b"")
    await house.passes(hours=24)
    assert names(folder)[:2] == ["kabao-20261124T040000Z.age", "kabao-20261125T040000Z.age"]
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


def files(admin: Guest) -> list[str]:
    """Name the files that stand in the chat with an admin."""
    return [message.file for message in admin.person.chat if message.file]


def with_keys(admin: Guest) -> Seen:
    """Find the one message with a keys' file."""
    (found,) = [message for message in admin.person.chat if message.file == KEYS]
    return found


async def keys_in(admin: Guest, folder: Path) -> Keys:
    """Open the keys' file as it stands in the chat."""
    taken = folder / "taken.age"
    taken.write_bytes(admin.person.opens(with_keys(admin)))
    return await asyncio.to_thread(open_keys, taken, UNLOCK)


async def test_a_backup_comes_as_a_file_and_says_what_else_is_needed(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    await sending.passes(hours=24)
    assert ada.sees("Backup of")
    assert ada.sees("kabao-keys.age")
    assert files(ada) == [KEYS, *names(folder)[-1:]]
    await sending.passes(hours=24)
    assert files(ada) == [KEYS, *names(folder)[-2:]], "the keys are in one message"
    assert ada.person.opens(with_keys(ada)) == (folder / KEYS).read_bytes()


async def test_one_that_is_too_large_is_not_sent_and_the_admin_is_told(
    sending: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST == 50_000_000
    monkeypatch.setattr("bot.backup_sending.LARGEST", 100)
    ada = await operator(sending)
    await sending.passes(hours=24)
    assert ada.sees("too large for Telegram")
    assert files(ada) == [KEYS]


async def test_an_admin_whom_telegram_does_not_reach_is_sent_it_later_also_after_a_restart(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    sending.telegram.fail("sendDocument", status=500)
    await sending.passes(hours=24)
    assert files(ada) == [KEYS]
    await sending.restart()
    assert files(ada) == [KEYS, *names(folder)[-1:]]
    await sending.restart()
    assert len(files(ada)) == 2, "nor is it sent twice"


async def test_an_admin_who_starts_the_bot_later_has_backup_and_keys_within_an_hour(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    assert files(ada) == []
    await sending.passes(minutes=61)
    assert files(ada) == [KEYS, *names(folder)]


async def rescued(ada: Guest, folder: Path) -> Backup:
    """Take the last backup and the keys' file out of the chat, as they stand in it."""
    folder.mkdir()
    last = [message for message in ada.person.chat if message.file != KEYS and message.file][-1]
    backup, keys = folder / str(last.file), folder / KEYS
    backup.write_bytes(ada.person.opens(last))
    keys.write_bytes(ada.person.opens(with_keys(ada)))
    return Backup(backup, keys, UNLOCK)


async def loses_disk(house: House, folder: Path) -> None:
    """Stop the bot for good; nothing of its machine is left but an empty folder."""
    await house.stop()
    for path in [*folder.iterdir(), *house.folder.glob("kabao.db*")]:
        path.unlink()


async def test_after_the_loss_of_the_disk_the_chat_alone_restores_everything(
    sending: House, folder: Path, tmp_path: Path
) -> None:
    ada, ann = await operator(sending), sending.guest("Ann")
    await ann.binds(YUAN, PIN)
    await ann.binds(KIOSK)
    await sending.passes(hours=24)
    before, message = (await ann.says("/balance")).text, with_keys(ada).id
    await loses_disk(sending, folder)
    given = await rescued(ada, tmp_path / "rescued")
    url = f"sqlite:///{sending.database}"
    restored = await restore(given, url, sending.settings.master_key)
    assert restored.report.fine, restored.report.faults
    assert restored.rows["cards"] == 2
    await sending.start()
    assert (await ann.says("/balance")).text == before
    assert with_keys(ada).id == message, "the restored bot goes on in the same message"
    assert ada.person.opens(with_keys(ada)) == (folder / KEYS).read_bytes()


async def test_the_very_first_backup_knows_already_where_the_keys_stand(
    sending: House, folder: Path, tmp_path: Path
) -> None:
    ada = await operator(sending)
    for path in folder.iterdir():
        path.unlink()
    await sending.passes(minutes=61)
    message = with_keys(ada).id
    await loses_disk(sending, folder)
    given = await rescued(ada, tmp_path / "rescued")
    await restore(given, f"sqlite:///{sending.database}", sending.settings.master_key)
    await sending.start()
    assert with_keys(ada).id == message


async def test_whoever_is_erased_is_in_no_keys_file_of_the_chat_also_after_a_restart(
    sending: House, folder: Path, tmp_path: Path
) -> None:
    ada, ann, ben = await operator(sending), sending.guest("Ann"), sending.guest("Ben")
    await ann.binds(KIOSK)
    await ben.binds(YUAN, PIN)
    await sending.passes(hours=24)
    assert ann.id in (await keys_in(ada, tmp_path)).people
    message = with_keys(ada).id
    await sending.restart()
    await ann.says("/forget")
    await ann.presses("Yes, erase everything")
    await sending.settled()
    keys = await keys_in(ada, tmp_path)
    assert ann.id not in keys.people
    assert ben.id in keys.people
    assert with_keys(ada).id == message
    await loses_disk(sending, folder)
    given = await rescued(ada, tmp_path / "rescued")
    target = f"sqlite:///{tmp_path}/restored.db"
    restored = await restore(given, target, sending.settings.master_key)
    assert (restored.erased_people, restored.rows["cards"]) == (1, 1)


async def test_an_erasing_while_telegram_is_away_reaches_the_chat_when_it_is_back(
    sending: House, tmp_path: Path
) -> None:
    ada, ann = await operator(sending), sending.guest("Ann")
    await ann.binds(KIOSK)
    await sending.passes(hours=24)
    away = sending.telegram.fail("editMessageMedia", status=500, times=None)
    await ann.says("/forget")
    await ann.presses("Yes, erase everything")
    await sending.restart()
    assert away.hits
    assert ann.id in (await keys_in(ada, tmp_path)).people
    away.end()
    await sending.passes(minutes=1)
    assert ann.id not in (await keys_in(ada, tmp_path)).people


async def test_an_answer_that_is_lost_leaves_no_second_keys_file(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    sending.telegram.lose("sendMessage")
    sending.telegram.lose("editMessageMedia")
    await sending.passes(hours=24)
    await sending.passes(minutes=1)
    assert ada.person.opens(with_keys(ada)) == (folder / KEYS).read_bytes()


async def test_an_admin_who_deleted_the_keys_message_is_sent_a_new_one(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    await sending.passes(hours=24)
    deleted = with_keys(ada).id
    ada.person.where.delete(deleted)
    await sending.passes(hours=24)
    again = with_keys(ada)
    assert again.id != deleted
    assert ada.person.opens(again) == (folder / KEYS).read_bytes()
    await sending.restart()
    await sending.passes(hours=24)
    assert with_keys(ada).id == again.id


async def test_a_database_that_takes_no_notes_makes_nobody_a_second_message(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    told = len(ada.told)
    with refusing(sending, "INSERT ON meta"):
        await sending.passes(minutes=61)
        await sending.passes(minutes=1)
        assert files(ada) == [], "no keys come into a message that is not noted"
        assert len(ada.told) == told + 1
    await sending.passes(minutes=1)
    assert files(ada) == [KEYS, *names(folder)]


@pytest.mark.parametrize("change", [{"backup_send": "no"}, {"backup_dir": ""}, {"admins": "1"}])
async def test_whoever_is_sent_backups_no_more_keeps_no_keys_that_grow_old(
    sending: House, change: dict[str, str]
) -> None:
    ada = await operator(sending)
    await sending.passes(hours=24)
    message = with_keys(ada).id
    await sending.stop()
    sending._settings.update(change)
    await sending.start()
    assert KEYS not in files(ada)
    assert "The keys' file was here." in next(m.text for m in ada.person.chat if m.id == message)
    sending._settings.update(backup_send="yes", backup_dir=str(sending.folder / "backups"))
    sending._settings.update(admins=str(ADMIN))
    await sending.restart()
    assert with_keys(ada).id != message


async def test_the_keys_message_of_another_bot_is_not_this_ones_to_change(
    sending: House, folder: Path
) -> None:
    ada = await operator(sending)
    other = ada.newest
    theirs = KeysMessage(bot=1, message=other.id)
    await sending.kabao.parts.store.deliveries.keep_keys_message(ADMIN, theirs)
    await sending.passes(hours=24)
    assert next(m.text for m in ada.person.chat if m.id == other.id) == other.text
    assert ada.person.opens(with_keys(ada)) == (folder / KEYS).read_bytes()
