"""`kabao backup`, `kabao restore` and `kabao verify`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.backup_folder import folder_of, free_name, has_newer
from bot.backup_settings import weak_passphrase
from bot.config import ConfigError, environment, read
from storage import StorageError, open_store, utc_now
from storage.agefile import Lock, Unlock, needs_passphrase
from storage.backup import KEYS, back_up, take_over
from storage.migrations import HEAD, current
from storage.restore import Backup, check
from storage.restore import restore as restore_into
from storage.snapshot import snapshot
from storage.verify import verify_database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.config import Settings
    from storage.restore import Restored
    from storage.verify import Report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEYS = click.option("--keys", type=_FILE, help=f"The keys' file, if it is not {KEYS} beside FILE.")
_IDENTITY = click.option(
    "--identity", type=_FILE, help="The identity file that `age-keygen` wrote, for a recipient."
)


@click.command()
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="A folder, or a file that is not there yet. Without it: KABAO_BACKUP_DIR.",
)
def backup(to: Path | None) -> None:
    """Write a backup, while the bot may go on running.

    It is an age file, for KABAO_BACKUP_RECIPIENT or a passphrase. Beside it lies kabao-keys.age,
    which every backup of its folder needs: whoever is erased from it is erased from all of them.
    The bot keeps that of KABAO_BACKUP_DIR up to date, this command that of any other folder when it
    is run. Copy both elsewhere, the keys always over the older ones. A folder is for one database.
    """
    _run(lambda settings: _backed_up(settings, to))


@click.command()
@click.argument("file", type=_FILE)
@_KEYS
@_IDENTITY
def restore(file: Path, keys: Path | None, identity: Path | None) -> None:
    """Restore a backup into the configured database, which must be empty.

    The file is read through and verified before anything is written; nothing is ever written over.
    """
    _run(lambda settings: _restored(settings, file, keys, identity))


@click.command()
@click.argument("file", type=_FILE, required=False)
@_KEYS
@_IDENTITY
def verify(file: Path | None, keys: Path | None, identity: Path | None) -> None:
    """Verify the database, or a backup FILE without restoring it: exit status 1 if it has faults.

    Every secret is opened, every ledger held against its entries, every reference and the chain of
    the audit log followed. The bot may go on running.
    """
    if file is None:
        _run(_verified)
    else:
        _run(lambda settings: _verified_file(settings, file, keys, identity))


async def _backed_up(settings: Settings, to: Path | None) -> bool:
    now = utc_now()
    place = to or (folder_of(settings) if settings.backup_dir else Path())
    path = free_name(place, now) if place.is_dir() else place
    if path.exists() or path.name == KEYS:
        raise StorageError(f"{path} is there already, and nothing is written over.")
    lock = settings.backup_lock() or Lock(passphrase=_new_passphrase())
    made = await back_up(settings.database_url, path, lock, now)
    if await _is_of_this_version(settings):
        await _note(settings, "backup made")
    click.echo(f"✓ {made.path}: {made.size} bytes")
    click.echo(f"✓ {made.path.with_name(KEYS)}: the keys, needed to restore any backup beside it")
    return True


async def _restored(
    settings: Settings, file: Path, keys: Path | None, identity: Path | None
) -> bool:
    unlock = _unlock(settings, file, identity)
    given = Backup(file, _keys_of(settings, file, keys), unlock)
    restored = await restore_into(given, settings.database_url, settings.master_key)
    goes_on = not await _is_older(given, restored)
    await _note(settings, "backup restored", new_messages=not goes_on)
    if goes_on:
        with suppress(StorageError):  # where they cannot be written, nobody writes over them
            await take_over(settings.database_url, given.keys.parent)
    rows = restored.rows
    click.echo(
        f"✓ restored as of {restored.created_at}: people {rows['people']}, cards {rows['cards']}, "
        f"entries {rows['ledger']}, {sum(rows.values())} rows in all"
    )
    if restored.erased_people:
        click.echo(
            f"! left out, because they were erased since: people {restored.erased_people}, "
            f"cards {restored.erased_cards}"
        )
    if not goes_on:
        click.echo(
            f"! {given.keys} stays as it is: newer backups beside it need it. Before the bot makes "
            "backups there again, move all of them to another folder"
        )
    return _say(restored.report)


async def _is_older(given: Backup, restored: Restored) -> bool:
    """Say whether newer backups beside the keys' file need keys that this one did not."""
    made = datetime.fromisoformat(restored.created_at)
    if not restored.others:
        return False
    try:
        return await asyncio.to_thread(has_newer, given.keys.parent, given.path, made)
    except OSError:
        return True


async def _verified(settings: Settings) -> bool:
    return _say(await verify_database(settings.database_url, settings.master_key))


async def _verified_file(
    settings: Settings, file: Path, keys: Path | None, identity: Path | None
) -> bool:
    unlock = _unlock(settings, file, identity)
    header, rows = await asyncio.to_thread(check, file, unlock)
    click.echo(f"✓ {file.name}: whole, as of {header.created_at}, {sum(rows.values())} rows")
    given = Backup(file, _keys_of(settings, file, keys), unlock)
    with tempfile.TemporaryDirectory(prefix="kabao-verify-") as folder:
        url = f"sqlite:///{folder}/kabao.db"
        return _say((await restore_into(given, url, settings.master_key)).report)


def _say(report: Report) -> bool:
    click.echo(
        f"{'✓' if report.fine else '✗'} opened: people {report.people}, values {report.values}; "
        f"held against their entries: {report.added_up} of {report.cards} cards; "
        f"audit log: {report.audited} rows"
    )
    if report.closed:
        click.echo(f"✓ closed for good, of people who were erased: {report.closed}")
    for fault in report.faults:
        click.echo(f"✗ {fault}")
    return report.fine


async def _is_of_this_version(settings: Settings) -> bool:
    """Say whether the database is as this Kabao makes it: a backup changes none that is older."""
    async with snapshot(settings.database_url) as taken:
        return await taken.connection.run_sync(current) == HEAD


async def _note(settings: Settings, action: str, *, new_messages: bool = False) -> None:
    """Note in the audit log what was done.

    `new_messages`: the keys in the admins' chats are of newer backups, and stay as they are.
    """
    store = await open_store(settings.database_url, settings.master_key)
    try:
        for admin in await store.deliveries.keys_messages() if new_messages else ():
            await store.deliveries.drop_keys_message(admin)
        await store.audit.append(action)
    finally:
        await store.close()


def _keys_of(settings: Settings, file: Path, keys: Path | None) -> Path:
    beside = [file.with_name(KEYS)]
    if settings.backup_dir:
        beside.append(folder_of(settings) / KEYS)
    found = keys or next((path for path in beside if path.is_file()), None)
    if found is None:
        raise StorageError(
            f"{KEYS} is missing: a backup opens only with the newest one of its folder. Put it "
            "beside the backup, or name it with --keys."
        )
    return found


def _unlock(settings: Settings, file: Path, identity: Path | None) -> Unlock:
    if not needs_passphrase(file):
        if identity is None:
            raise StorageError(f"{file.name} is opened by an identity file: name it, --identity.")
        try:
            return Unlock(identities=identity.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            raise StorageError(f"{identity} cannot be read, or is not text.") from None
    passphrase = settings.backup_passphrase.get_secret_value()
    return Unlock(passphrase=passphrase or _asked("Passphrase of the backup"))


def _new_passphrase() -> str:
    passphrase = _asked("Passphrase for the backup", again="The same once more")
    if said := weak_passphrase(passphrase):
        raise StorageError(f"This passphrase will not do: {said}.")
    return passphrase


def _asked(what: str, again: str | None = None) -> str:
    if not sys.stdin.isatty():
        raise StorageError(
            "There is nobody to ask for a passphrase: set KABAO_BACKUP_PASSPHRASE_FILE, or "
            "KABAO_BACKUP_RECIPIENT for a backup."
        )
    confirm: bool | str = again or False
    return str(click.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True))


def _run(work: Callable[[Settings], Awaitable[bool]]) -> None:
    """Run a command's work: exit status 1 where it found faults or could not be done."""

    async def go() -> bool:
        return await work(read(environment()))

    try:
        fine: Any = asyncio.run(go())
    except (ConfigError, StorageError) as error:
        raise click.ClickException(str(error)) from None
    sys.exit(not fine)
