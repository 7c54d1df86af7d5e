"""Work done in the thread of a SQLite connection: one visit, one unit of it.

Visits are served in the order they came, so a cancelled one is simply followed by its rollback.
"""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import aiosqlite

from storage.errors import StorageError, WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from storage.database import Prepared

T = TypeVar("T")
Ready: TypeAlias = "tuple[Prepared, list[object]]"
Answer: TypeAlias = "list[Any] | sqlite3.Error"

_BUSY_SECONDS: Final = 10


class Connection(aiosqlite.Connection):
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
            refused = WriteError if work in _WRITING else StorageError
            raise refused(f"SQLite: {error}.") from error
        except ValueError as error:
            if self._connection is None:
                raise StorageError("The database is closed.") from error
            raise


class Reader:
    """A connection that reads for everybody who asks meanwhile in one visit to its thread.

    Each visit hands the interpreter from one thread to another and back, which under load costs
    far more than the reading; so the more people ask, the less each of them costs.
    """

    def __init__(self, path: Path) -> None:
        self.connection = Connection(path)
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


def run(raw: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> tuple[list[Any], int]:
    """Run one statement: its rows, and how many it touched."""
    cursor = raw.execute(sql, arguments)
    return cursor.fetchall(), cursor.rowcount


def step(
    raw: sqlite3.Connection, begin: bool, sql: str, arguments: Sequence[Any], many: bool
) -> tuple[list[Any], int]:
    """Run one statement of a transaction, which its first one begins."""
    if begin:
        raw.execute("BEGIN IMMEDIATE")
    elif not raw.in_transaction:
        raise sqlite3.OperationalError("the transaction was rolled back")
    if many:
        return [], raw.executemany(sql, arguments).rowcount
    return run(raw, sql, arguments)


def commit(raw: sqlite3.Connection, added: Ready | None) -> None:
    """Commit, with what joins every writing transaction; on a failure roll back."""
    try:
        if not raw.in_transaction:
            raise sqlite3.OperationalError("the transaction was rolled back")
        if added:
            raw.execute(added[0].sql, added[1])
        raw.execute("COMMIT")
    except sqlite3.Error:
        rollback(raw)
        raise


def rollback(raw: sqlite3.Connection) -> None:
    """Roll back, if there is a transaction."""
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def write(
    raw: sqlite3.Connection,
    sql: str,
    arguments: Sequence[Any],
    many: bool,
    added: Ready | None,
) -> tuple[list[Any], int]:
    """Run one statement and commit it."""
    try:
        result = step(raw, True, sql, arguments, many)
    except BaseException:
        rollback(raw)
        raise
    commit(raw, added)
    return result


def empty_log(raw: sqlite3.Connection, wait: float) -> bool:
    """Write all of the log into the file and empty it, which waits `wait` seconds for readers.

    False if somebody, such as a backup, still reads what is in it: it is as it was.
    """
    raw.execute(f"PRAGMA busy_timeout = {int(wait * 1000)}")
    try:
        return bool(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.OperationalError:
        return False
    finally:
        raw.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")


_WRITING: Final = (step, commit, write)


def tune(raw: sqlite3.Connection, *pragmas: str) -> None:
    """Set pragmas."""
    for pragma in pragmas:
        raw.execute(pragma)
