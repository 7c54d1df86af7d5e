"""Put a backup into an empty place: another machine's new database, of either kind.

Everything is read through and found to be whole before anything is written. Then the tables are
made as they were when the backup was, filled, and brought up to date; all of it comes to be at
once, by the renaming of a file or the commit of one transaction, or not at all.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, text

from storage import agefile, backup, dump, keyring
from storage.database import parse_url
from storage.errors import StorageError, WrongKeyError
from storage.filling import Filling
from storage.migrations import configuration, current
from storage.questions import utc_now
from storage.schema import audit, people, processes
from storage.snapshot import Snapshot, engine_for, file_of, reflected, spoken
from storage.vault import Vault
from storage.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from storage.agefile import Unlock
    from storage.dump import Header
    from storage.keyfile import Keys
    from storage.vault import MasterKey
    from storage.verify import Report

_LATELY: Final = timedelta(minutes=1)
_FULL: Final = "in this database, and nothing is written over: restore into an empty one."
_USED: Final = {
    people: (f"There are people {_FULL}", select(people.c.id)),
    audit: (
        f"There is an audit log {_FULL}",
        select(audit.c.seq).where(audit.c.action != "started"),
    ),
    processes: (
        "A bot runs on this database: stop it, and wait a minute if it was killed.",
        select(processes.c.id).where(processes.c.seen_at > bindparam("since")),
    ),
}
"""What tells a database from one that a bot was only started on, and what is said then."""

_SIDES: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: rows by table, and who was left out because they were erased since."""

    created_at: str
    rows: dict[str, int]
    erased_people: int
    erased_cards: int
    others: int
    """How many keys are of people who were not yet in the backup: newer ones need them."""
    report: Report = field(repr=False)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup's file with its keys, to be opened."""

    path: Path
    keys: Path
    unlock: Unlock


def check(path: Path, unlock: Unlock) -> tuple[Header, dict[str, int]]:
    """Read a backup through, in the calling thread, and say what is in it: rows by table.

    `StorageError` if it does not open, is damaged, cut off, or of another version.
    """
    found: list[Header] = []
    reader = dump.Reader(found.append, lambda _table, _row: None)
    agefile.read(path, unlock, reader)
    header = reader.close()
    _known(header)
    return header, reader.counts


def _known(header: Header) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (a backup alone needs none)

    known = {one.revision for one in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if header.schema not in known:
        raise dump.BackupError(
            "The backup was made by a newer version of Kabao: restore it with that version."
        )


async def restore(given: Backup, url: str, master: MasterKey) -> Restored:
    """Restore into an empty place. `StorageError` says what is in the way, or wrong.

    `WrongKeyError` names the master key that is needed.
    """
    await asyncio.to_thread(check, given.path, given.unlock)
    keys = await asyncio.to_thread(backup.open_keys, given.keys, given.unlock)
    parsed = parse_url(url)
    if parsed.drivername != "sqlite":
        return await _into(given, keys, url, master)
    path = file_of(parsed)
    await asyncio.to_thread(_make_way, path)
    part = path.with_name(f".{path.name}.restoring")
    try:
        await asyncio.to_thread(_remove, part, create=True)
        restored = await _into(given, keys, f"sqlite:///{part}", master)
        await asyncio.to_thread(_move, part, path)
    finally:
        await asyncio.to_thread(_remove, part)
    return restored


def _make_way(path: Path) -> None:
    """See that a SQLite file can be made. One without anything in it is no hindrance."""
    sides = [path.with_name(path.name + side) for side in _SIDES]
    for one in (path, *sides):
        if one.exists() and one.stat().st_size:
            raise StorageError(
                f"{one} is there already, and nothing is written over: move it away, or restore "
                "into another place."
            )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path.parent} cannot be made: {error.strerror}.") from None


def _remove(part: Path, *, create: bool = False) -> None:
    for one in (part, *(part.with_name(part.name + side) for side in _SIDES)):
        with suppress(FileNotFoundError):
            one.unlink()
    if create:
        try:
            part.touch(0o600)
        except OSError as error:
            raise StorageError(f"{part} cannot be written: {error.strerror}.") from None


def _move(part: Path, path: Path) -> None:
    _make_way(path)  # a bot may have been started there meanwhile
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
        agefile.settle(path.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from None


async def _into(given: Backup, keys: Keys, url: str, master: MasterKey) -> Restored:
    """Make and fill the tables in one transaction."""
    engine = engine_for(url)
    try:
        with spoken():
            async with engine.begin() as connection:
                if engine.dialect.name == "sqlite":
                    await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                    await connection.exec_driver_sql("PRAGMA secure_delete = ON")
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    await _clear(connection)
                return await _fill(given, keys, connection, master)
    finally:
        await engine.dispose()


async def _clear(connection: AsyncConnection) -> None:
    """Take away tables that a start of the bot has made; `StorageError` if they were used."""
    if await connection.run_sync(current) is None:
        return
    tables = await connection.run_sync(reflected)
    there = {table.name for table in tables}
    asked = {"since": utc_now() - _LATELY}
    for table, (said, used) in _USED.items():
        if table.name in there and (await connection.execute(used, asked)).first():
            raise StorageError(said)
    for one in reversed(tables):
        await connection.run_sync(one.drop)
    await connection.execute(text("DROP TABLE alembic_version"))


async def _fill(
    given: Backup, keys: Keys, connection: AsyncConnection, master: MasterKey
) -> Restored:
    filling = Filling(connection, keys)
    loop = asyncio.get_running_loop()

    def wait_for(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result()

    async def begin(header: Header) -> None:
        await filling.begin(header, lambda sync: _upgrade(sync, header.schema))
        try:
            await keyring.learn(Snapshot(connection), Vault(master))
        except WrongKeyError:
            needed = ", ".join(sorted(keys.master_ids)) or "another"
            raise WrongKeyError(
                f"The backup's keys are wrapped by the master key {needed}, and the one given is "
                f"{master.id}: give that one."
            ) from None

    def on_row(table: str, row: list[Any]) -> None:
        if filling.take(table, row):
            wait_for(filling.write())

    def read() -> str:
        reader = dump.Reader(on_header, on_row)
        agefile.read(given.path, given.unlock, reader)
        return reader.close().created_at

    def on_header(header: Header) -> None:
        wait_for(begin(header))

    reading = asyncio.ensure_future(asyncio.to_thread(read))
    try:
        created_at = await asyncio.shield(reading)
    except asyncio.CancelledError:
        filling.stopped = True
        await asyncio.wait({reading})
        raise
    await filling.end()
    if filling.erased_people and keys.end.seq < filling.log_end.seq:
        raise StorageError(
            f"{given.keys} is older than the backup, and lacks the keys of "
            f"{filling.erased_people} people in it: take the newest one, or an older backup."
        )
    await connection.run_sync(_upgrade, "head")
    report = await verify(Snapshot(connection), master)
    erased = filling.erased_people, filling.erased_cards
    return Restored(created_at, filling.rows, *erased, len(keys.people) - filling.keyed, report)


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 (see `_known`)

    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
