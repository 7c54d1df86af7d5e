"""SQLite through aiosqlite: one reader that is held open, and one writer.

Every unit of work is one visit to a connection's own thread, where visits are served in the
order they came; so a cancelled visit is simply followed by its rollback.
"""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from storage import visits
from storage.database import Database, Row, Transaction, Values
from storage.errors import StorageError
from storage.visits import Connection, Reader, Ready

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import URL
    from sqlalchemy.sql import Executable


_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)


_SCRUB_SECONDS: Final = 1
"""Whoever asks something is done by then; a backup may not be, and nobody waits for it."""


class _SqliteTransaction(Transaction):
    def __init__(self, database: SqliteDatabase, writer: Connection) -> None:
        self._database = database
        self._writer = writer
        self._wrote = False
        self._scrub = False
        self._begun = False
        self._over = False

    async def _run(self, ready: Ready, many: bool = False) -> tuple[list[Any], int]:
        if self._over:
            raise StorageError("This transaction is over.")
        begin, self._begun = not self._begun, True
        self._wrote = self._wrote or ready[0].writes
        return await self._writer.visit(visits.step, begin, ready[0].sql, ready[1], many)

    async def fetch(self, statement: Executable, /, **values: object) -> list[Row]:
        prepared = self._database.prepare(statement)
        return prepared.rows((await self._run((prepared, prepared.arguments(values))))[0])

    async def execute(self, statement: Executable, /, **values: object) -> int:
        prepared = self._database.prepare(statement)
        return (await self._run((prepared, prepared.arguments(values))))[1]

    async def execute_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        prepared = self._database.prepare(statement)
        await self._run((prepared, [prepared.arguments(row) for row in rows]), many=True)

    def scrub(self) -> None:
        self._scrub = True

    async def end(self, *, commit: bool) -> None:
        """Commit or roll back; both are carried out even if the waiting is cancelled."""
        self._over = True
        if not self._begun:
            return
        if not commit:
            await self._writer.visit(visits.rollback)
            return
        # secure_delete zeroes the pages; the log still holds them as they were, whoever waits.
        self._database.scrubbing |= self._scrub
        await self._writer.visit(visits.commit, self._database.added() if self._wrote else None)
        await self._database.scrub(_SCRUB_SECONDS if self._scrub else 0)


class SqliteDatabase(Database):
    """One file. Reads see what is committed, and never wait for the writer."""

    dialect = sqlite_dialect()

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path: Final = path
        self._writer = Connection(path)
        self._reader = Reader(path)
        self._lock = asyncio.Lock()
        self.scrubbing = False

    @classmethod
    async def open(cls, path: Path) -> SqliteDatabase:
        """Open a file that exists with its tables in it."""
        database = cls(path)
        try:
            for connection in (database._writer, database._reader.connection):
                await connection
                await connection.visit(visits.tune, *_PRAGMAS)
            # Whoever was killed may have left something there that was to go.
            database.scrubbing = True
            await database.scrub(_SCRUB_SECONDS)
            await database._reader.connection.visit(visits.tune, "PRAGMA query_only = ON")
        except BaseException:
            await database.close()
            raise
        return database

    async def fetch(self, statement: Executable, /, **values: object) -> list[Row]:
        """Run on the reader, or on the writer."""
        self.forbid_nesting()
        prepared = self.prepare(statement)
        arguments = prepared.arguments(values)
        if prepared.writes:
            return prepared.rows((await self._write((prepared, arguments)))[0])
        return prepared.rows(await self._reader.fetch(prepared.sql, arguments))

    async def execute(self, statement: Executable, /, **values: object) -> int:
        """Run and commit in one visit to the writer."""
        prepared = self.prepare(statement)
        return (await self._write((prepared, prepared.arguments(values))))[1]

    async def execute_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Run and commit in one visit to the writer."""
        prepared = self.prepare(statement)
        await self._write((prepared, [prepared.arguments(row) for row in rows]), many=True)

    async def _write(self, ready: Ready, many: bool = False) -> tuple[list[Any], int]:
        self.forbid_nesting()
        prepared, arguments = ready
        async with self._lock:
            done = await self._writer.visit(
                visits.write, prepared.sql, arguments, many, self.added()
            )
            await self.scrub()
            return done

    async def scrub(self, wait: float = 0) -> None:
        """Empty the write-ahead log if that is owed; while a backup reads it, it stays owed."""
        if self.scrubbing:
            self.scrubbing = not await self._writer.visit(visits.empty_log, wait)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Hold the writer for one transaction."""
        self.forbid_nesting()
        async with self._lock:
            task = asyncio.current_task()
            self._writing.add(task)
            transaction = _SqliteTransaction(self, self._writer)
            try:
                yield transaction
            except BaseException:
                await transaction.end(commit=False)
                raise
            else:
                await transaction.end(commit=True)
            finally:
                self._writing.discard(task)

    async def close(self) -> None:
        """Close every connection, after what they are busy with."""
        for connection in (self._reader.connection, self._writer):
            await connection.close()


def sqlite_file(url: URL) -> Path:
    """Make sure the URL's file exists and is nobody else's to read (mode 0600).

    SQLite gives its log and shared memory the mode of the file.
    """
    if not url.database or url.database == ":memory:":
        raise StorageError("SQLite needs a file here: sqlite:///kabao.db")
    path = Path(url.database).expanduser()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            if name.exists() and stat.S_IMODE(name.stat().st_mode) & 0o077:
                name.chmod(0o600)
    except OSError as error:
        raise StorageError(f"The database file {path}: {error.strerror}.") from error
    return path
