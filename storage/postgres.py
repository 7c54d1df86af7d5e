"""PostgreSQL through an asyncpg pool."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from storage.database import Database, Prepared, Row, Transaction, Values
from storage.errors import StorageError, WriteError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from sqlalchemy import URL
    from sqlalchemy.sql import Executable

_CONNECTIONS: Final = 10
_PATIENCE_SECONDS: Final = 30
_BROKEN: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@contextmanager
def _spoken(refused: type[StorageError] = StorageError) -> Iterator[None]:
    """Say what PostgreSQL refused without the values it refused.

    Where it did not answer at all, nobody knows whether it wrote.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        said = getattr(error, "message", None) or type(error).__name__
        raise refused(f"PostgreSQL: {said} ({error.sqlstate}).") from None
    except (*_BROKEN, TimeoutError) as error:
        raise StorageError(f"PostgreSQL did not answer: {type(error).__name__}.") from None


def _touched(status: str) -> int:
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


class _PostgresTransaction(Transaction):
    def __init__(self, database: PostgresDatabase, connection: Any) -> None:
        self._database = database
        self._connection = connection
        self._turn = asyncio.Lock()
        self._wrote = False
        self._over = False

    @asynccontextmanager
    async def _prepare(self, statement: Executable) -> AsyncIterator[Prepared]:
        prepared = self._database.prepare(statement)
        async with self._turn:
            if self._over:
                raise StorageError("This transaction is over.")
            self._wrote = self._wrote or prepared.writes
            with _spoken(WriteError):
                yield prepared

    async def fetch(self, statement: Executable, /, **values: object) -> list[Row]:
        async with self._prepare(statement) as prepared:
            arguments = prepared.arguments(values)
            return prepared.rows(await self._connection.fetch(prepared.sql, *arguments))

    async def execute(self, statement: Executable, /, **values: object) -> int:
        async with self._prepare(statement) as prepared:
            arguments = prepared.arguments(values)
            return _touched(await self._connection.execute(prepared.sql, *arguments))

    async def execute_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        async with self._prepare(statement) as prepared:
            arguments = [prepared.arguments(row) for row in rows]
            await self._connection.executemany(prepared.sql, arguments)

    def scrub(self) -> None:
        """Nothing to do: the rows go with the server's own vacuum, their key is gone at once."""

    async def end(self, *, commit: bool) -> None:
        """Add what joins the commit; from here on nobody else runs anything."""
        async with self._turn:
            self._over = True
            added = self._database.added() if commit and self._wrote else None
            if added:
                await self._connection.execute(added[0].sql, *added[1])


class PostgresDatabase(Database):
    """A pool of connections to one database."""

    dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]

    def __init__(self, pool: Any) -> None:
        super().__init__()
        self._pool = pool

    @classmethod
    async def open(cls, url: URL) -> PostgresDatabase:
        """Connect to a database that has its tables."""
        with _spoken():
            pool = await asyncpg.create_pool(
                url.render_as_string(hide_password=False),
                min_size=1,
                max_size=_CONNECTIONS,
                command_timeout=_PATIENCE_SECONDS,
            )
        return cls(pool)

    async def fetch(self, statement: Executable, /, **values: object) -> list[Row]:
        """Run on any connection of the pool."""
        self.forbid_nesting()
        prepared = self.prepare(statement)
        if prepared.writes and self.addition() is not None:
            async with self.transaction() as transaction:
                return await transaction.fetch(statement, **values)
        arguments = prepared.arguments(values)
        with _spoken(WriteError if prepared.writes else StorageError):
            return prepared.rows(await self._pool.fetch(prepared.sql, *arguments))

    async def execute(self, statement: Executable, /, **values: object) -> int:
        """Run on any connection of the pool."""
        self.forbid_nesting()
        if self.addition() is not None:
            async with self.transaction() as transaction:
                return await transaction.execute(statement, **values)
        prepared = self.prepare(statement)
        arguments = prepared.arguments(values)
        with _spoken(WriteError):
            return _touched(await self._pool.execute(prepared.sql, *arguments))

    async def execute_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Run as one transaction."""
        async with self.transaction() as transaction:
            await transaction.execute_many(statement, rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Hold one connection of the pool for one transaction."""
        self.forbid_nesting()
        task = asyncio.current_task()
        with _spoken():
            connection = await self._pool.acquire()
        try:
            self._writing.add(task)
            async with self._begun(connection) as transaction:
                yield transaction
        finally:
            self._writing.discard(task)
            await self._pool.release(connection)

    @asynccontextmanager
    async def _begun(self, connection: Any) -> AsyncIterator[Transaction]:
        outer = connection.transaction()
        with _spoken():
            await outer.start()
        transaction = _PostgresTransaction(self, connection)
        try:
            yield transaction
            with _spoken(WriteError):
                await transaction.end(commit=True)
        except BaseException:
            await transaction.end(commit=False)
            # A connection that cannot even roll back is reset, or closed, on its release.
            with suppress(asyncpg.PostgresError, *_BROKEN):
                await outer.rollback()
            raise
        with _spoken(WriteError):
            await outer.commit()

    async def close(self) -> None:
        """Close every connection, after what they are busy with."""
        await self._pool.close()
