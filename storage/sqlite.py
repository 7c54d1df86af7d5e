"""SQLite through aiosqlite: one reader that is held open, and one writer.

Every unit of work is one visit to a connection's own thread, where visits are served in the
order they came; so a cancelled visit is simply followed by its rollback.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import aiosqlite
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from storage.database import Database, Prepared, Row, Transaction, Values
from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from sqlalchemy import URL
    from sqlalchemy.sql import Executable

T = TypeVar("T")
Answer: TypeAlias = "list[Any] | sqlite3.Error"
Ready: TypeAlias = "tuple[Prepared, list[object]]"

_BUSY_SECONDS: Final = 10
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)


class _Connection(aiosqlite.Connection):
    """A connection whose thread can be visited with more than one statement at a time."""

    def __init__(self, path: Path) -> None:
        connect = partial(sqlite3.connect, path, timeout=_BUSY_SECONDS, isolation_level=None)
        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True  # a crash ends the process, whoever forgot to close

    async def visit(self, work: Callable[..., T], *arguments: object) -> T:
        """Run `work(raw connection, *arguments)` in the thread of the connection."""
        try:
            return await self._execute(work, self._conn, *arguments)  # type: ignore[no-any-return,no-untyped-call]
        except sqlite3.Error as error:
            raise StorageError(f"SQLite: {error}.") from error
        except ValueError as error:
            if self._connection is None:
                raise StorageError("The database is closed.") from error
            raise


class _Reader:
    """A connection that reads for everybody who asks meanwhile in one visit to its thread.

    Each visit hands the interpreter from one thread to another and back, which under load costs
    far more than the reading; so the more people ask, the less each of them costs.
    """

    def __init__(self, path: Path) -> None:
        self.connection = _Connection(path)
        self._asked: list[tuple[str, list[object], asyncio.Future[Answer]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def fetch(self, sql: str, arguments: list[object]) -> list[Any]:
        """Run one query, together with those of others."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.append((sql, arguments, answer))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        found = await answer
        if isinstance(found, sqlite3.Error):
            raise StorageError(f"SQLite: {found}.") from found
        return found

    async def _read(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                await self._answer(asked)
        finally:
            self._reading = None

    async def _answer(self, asked: list[tuple[str, list[object], asyncio.Future[Answer]]]) -> None:
        try:
            found = await self.connection.visit(_read_all, [one[:2] for one in asked])
        except BaseException as error:
            for *_, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            if not isinstance(error, StorageError):
                raise
            return
        for (*_, answer), rows in zip(asked, found, strict=True):
            if not answer.done():
                answer.set_result(rows)


def _read_all(raw: sqlite3.Connection, asked: Sequence[tuple[str, list[object]]]) -> list[Answer]:
    found: list[Answer] = []
    for sql, arguments in asked:
        try:
            found.append(raw.execute(sql, arguments).fetchall())
        except sqlite3.Error as error:
            found.append(error)
    return found


def _run(raw: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> tuple[list[Any], int]:
    cursor = raw.execute(sql, arguments)
    return cursor.fetchall(), cursor.rowcount


def _step(
    raw: sqlite3.Connection, begin: bool, sql: str, arguments: Sequence[Any], many: bool
) -> tuple[list[Any], int]:
    if begin:
        raw.execute("BEGIN IMMEDIATE")
    elif not raw.in_transaction:
        raise sqlite3.OperationalError("the transaction was rolled back")
    if many:
        return [], raw.executemany(sql, arguments).rowcount
    return _run(raw, sql, arguments)


def _commit(raw: sqlite3.Connection, added: Ready | None) -> None:
    try:
        if not raw.in_transaction:
            raise sqlite3.OperationalError("the transaction was rolled back")
        if added:
            raw.execute(added[0].sql, added[1])
        raw.execute("COMMIT")
    except sqlite3.Error:
        _rollback(raw)
        raise


def _rollback(raw: sqlite3.Connection) -> None:
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def _write(
    raw: sqlite3.Connection,
    sql: str,
    arguments: Sequence[Any],
    many: bool,
    added: Ready | None,
) -> tuple[list[Any], int]:
    try:
        result = _step(raw, True, sql, arguments, many)
    except BaseException:
        _rollback(raw)
        raise
    _commit(raw, added)
    return result


def _tune(raw: sqlite3.Connection, *pragmas: str) -> None:
    for pragma in pragmas:
        raw.execute(pragma)


class _SqliteTransaction(Transaction):
    def __init__(self, database: SqliteDatabase, writer: _Connection) -> None:
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
        return await self._writer.visit(_step, begin, ready[0].sql, ready[1], many)

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
            await self._writer.visit(_rollback)
            return
        await self._writer.visit(_commit, self._database.added() if self._wrote else None)
        if self._scrub:
            # secure_delete has zeroed the pages; the log still holds them as they were.
            await self._writer.visit(_tune, "PRAGMA wal_checkpoint(TRUNCATE)")


class SqliteDatabase(Database):
    """One file. Reads see what is committed, and never wait for the writer."""

    dialect = sqlite_dialect()

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path: Final = path
        self._writer = _Connection(path)
        self._reader = _Reader(path)
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> SqliteDatabase:
        """Open a file that exists with its tables in it."""
        database = cls(path)
        try:
            for connection in (database._writer, database._reader.connection):
                await connection
                await connection.visit(_tune, *_PRAGMAS)
            await database._reader.connection.visit(_tune, "PRAGMA query_only = ON")
        except BaseException:
            await database.close()
            raise
        return database

    async def fetch(self, statement: Executable, /, **values: object) -> list[Row]:
        """Run on the reader, or on the writer."""
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
            return await self._writer.visit(_write, prepared.sql, arguments, many, self.added())

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
