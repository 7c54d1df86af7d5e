"""Read a database as it was at one moment, while others go on writing to it.

SQLite: a connection of its own with one deferred read transaction, which in WAL mode keeps nobody
from writing. PostgreSQL: one REPEATABLE READ, READ ONLY transaction.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, Integer, LargeBinary, MetaData, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import Runner, parse_url
from storage.errors import StorageError
from storage.migrations import HEAD, current
from storage.schema import metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import URL, Column, Connection, Table
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlalchemy.sql import Executable

    from storage.database import Row, Transaction, Values

BATCH: Final = 500
"""How many rows are held in memory at a time."""

_FIRST: Final = "0003"
"""Before it there was no installation key, and nobody's key was named."""

_ONLY_READ: Final = "A snapshot is only read."
_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def engine_for(url: str) -> AsyncEngine:
    """Make an engine that keeps no connection of its own."""
    parsed = parse_url(url)
    return create_async_engine(
        parsed.set(drivername=_DRIVERS[parsed.drivername]), poolclass=NullPool
    )


@contextmanager
def spoken() -> Iterator[None]:
    """Say what the database refused, without the values it refused."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        said = getattr(cause, "sqlstate", None) or cause or type(error).__name__
        raise StorageError(f"The database refused: {said}.") from None
    except OSError as error:
        raise StorageError(f"The database does not answer: {error.strerror or error}.") from None


def file_of(url: URL) -> Path:
    """Name a SQLite database's file."""
    return Path(str(url.database)).expanduser()


def lasting(url: str) -> None:
    """See to it that a power cut takes nothing away that a snapshot has seen.

    SQLite, as it is set up, leaves the last commits to the system to write. It holds no lock on
    its log, so to open and close that is harmless.
    """
    parsed = parse_url(url)
    if parsed.drivername != "sqlite":
        return
    path = file_of(parsed)
    with suppress(FileNotFoundError):
        log = os.open(path.with_name(f"{path.name}-wal"), os.O_RDONLY)
        try:
            os.fsync(log)
        finally:
            os.close(log)


class Snapshot(Runner):
    """One transaction of a connection, asked as a database is; nothing is written this way."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def fetch(self, statement: Executable, /, **values: object) -> list[Row]:
        """Run a statement and return its rows in the order of its columns."""
        return [tuple(row) for row in await self.connection.execute(statement, values)]

    async def rows(self, statement: Executable) -> AsyncIterator[list[Row]]:
        """Give the rows of a statement some at a time."""
        async with self.connection.stream(statement) as found:
            async for batch in found.partitions(BATCH):
                yield [tuple(row) for row in batch]

    async def execute(self, statement: Executable, /, **values: object) -> int:
        """Refuse."""
        del statement, values
        raise StorageError(_ONLY_READ)

    async def execute_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Refuse."""
        del statement, rows
        raise StorageError(_ONLY_READ)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Refuse: it is in one."""
        raise StorageError(_ONLY_READ)


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[Snapshot]:
    """Open a database that is there for reading only, as it is now, for as long as the block."""
    parsed = parse_url(url)
    sqlite = parsed.drivername == "sqlite"
    if sqlite and not await asyncio.to_thread(file_of(parsed).is_file):
        raise StorageError("There is no database yet.")
    engine = engine_for(url)
    try:
        with spoken():
            async with engine.connect() as connection:
                if sqlite:
                    await connection.exec_driver_sql("PRAGMA query_only = ON")
                    await connection.exec_driver_sql("BEGIN")
                else:
                    await connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                # The moment is that of the first question.
                revision = await connection.run_sync(current)
                if revision is None:
                    raise StorageError("There is no database yet.")
                if not _FIRST <= revision <= HEAD:
                    raise StorageError(
                        f"The database is of version {revision}, and this Kabao is of {HEAD}: use "
                        "the one that the bot runs with, or start the bot with this one first."
                    )
                yield Snapshot(connection)
    finally:
        await engine.dispose()


def reflected(connection: Connection) -> list[Table]:
    """Find our tables as this database has them, each after those its foreign keys name."""
    found = MetaData()
    there = set(connection.dialect.get_table_names(connection))
    found.reflect(connection, only=sorted(there & metadata.tables.keys()))
    return found.sorted_tables


def kind_of(column: Column[Any]) -> str:
    """Name what a column holds: bool, bytes, int or text."""
    if isinstance(column.type, Boolean):
        return "bool"
    if isinstance(column.type, LargeBinary):
        return "bytes"
    return "int" if isinstance(column.type, Integer) else "text"


def whose(table: Table) -> str | None:
    """Name the column that says whose a row is, if the table's rows go with their person."""
    if table.name == "people":
        return "id"
    for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
        for mine, theirs in zip(key.column_keys, key.elements, strict=True):
            if whose(theirs.column.table) == theirs.column.name:
                return str(mine)
    return None


async def rows_of(taken: Snapshot, table: Table) -> AsyncIterator[list[Row]]:
    """Give a table's rows as the driver gives them, in the order of its key, some at a time."""
    quote = taken.connection.dialect.identifier_preparer.quote
    columns, keys = (
        ", ".join(quote(column.name) for column in chosen)
        for chosen in (table.columns, table.primary_key.columns)
    )
    query = " ".join(("SELECT", columns, "FROM", quote(table.name), "ORDER BY", keys))
    async for batch in taken.rows(text(query)):
        yield batch


def counts_ever_on(connection: Connection, table: str) -> bool:
    """Say whether SQLite never gives a number of this table's rows twice (AUTOINCREMENT)."""
    made = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    return "AUTOINCREMENT" in str(connection.scalar(made, {"name": table}))


def last_number(connection: Connection, table: Table) -> int | None:
    """Say which number a row of this table was given last, where the database remembers it."""
    column = table.autoincrement_column
    if column is None:
        return None
    if connection.dialect.name != "sqlite":
        names = {"table": table.name, "column": column.name}
        asked = text("SELECT pg_sequence_last_value(pg_get_serial_sequence(:table, :column))")
        last: int | None = connection.scalar(asked, names)
        return last
    if not counts_ever_on(connection, table.name):
        return None
    kept = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    number: int | None = connection.scalar(kept, {"name": table.name})
    return number
