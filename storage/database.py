"""SQLAlchemy's statements run on the drivers themselves, behind one face for both databases.

SQLAlchemy compiles a statement once and converts its values; its asynchronous engine, which
costs more than the query of a chat bot does (300 to 700 us against 100), is used for
migrations only.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.compiler import SQLCompiler

from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import URL
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql import Executable

Row: TypeAlias = "tuple[Any, ...]"
Values: TypeAlias = "Mapping[str, object]"


class Addition(NamedTuple):
    """A statement that joins every writing transaction just before its commit."""

    statement: Executable
    values: Values


def nothing_to_add() -> Addition | None:
    """Add nothing: what a database does until told otherwise."""
    return None


class Prepared:
    """A statement compiled for one dialect: its SQL, and the way of values in and out."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        self.sql: Final = str(compiled)
        self.writes: Final = compiled.isinsert or compiled.isupdate or compiled.isdelete
        self._defaults: Final = {
            name: value
            for name, value in compiled.params.items()
            if not compiled.binds[name].required
        }
        self._binds: Final = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        columns = getattr(statement, "exported_columns", ())
        processors = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
        self._conversions: Final = [(i, p) for i, p in enumerate(processors) if p is not None]

    def arguments(self, values: Values) -> list[object]:
        """Put named values in the order and form in which the driver takes them."""
        if self._defaults:
            values = {**self._defaults, **values}
        return [
            values[name] if process is None else process(values[name])
            for name, process in self._binds
        ]

    def rows(self, raw: Iterable[Sequence[Any]]) -> list[Row]:
        """Turn the driver's rows into those the columns' types promise."""
        if not self._conversions:
            return [tuple(row) for row in raw]
        return [self._converted(list(row)) for row in raw]

    def _converted(self, row: list[Any]) -> Row:
        for position, process in self._conversions:
            if row[position] is not None:
                row[position] = process(row[position])
        return tuple(row)


class Runner(ABC):
    """Something that runs statements: a database, or one transaction of it.

    Whatever the driver refuses (locked, disk full, connection lost, constraint) is raised as
    `StorageError`, and the runner can be used again.
    """

    @abstractmethod
    async def fetch(self, statement: Executable, /, **values: object) -> list[Row]:
        """Run a statement and return its rows in the order of its columns."""

    @abstractmethod
    async def execute(self, statement: Executable, /, **values: object) -> int:
        """Run a statement and return how many rows it touched."""

    @abstractmethod
    async def execute_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Run a writing statement once per row, all or none."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction; inside one, this is the same one.

        It commits at the end of the block and rolls back on any exception, cancellation too.
        """


class Transaction(Runner):
    """One transaction. After its block it runs nothing any more."""

    @abstractmethod
    def scrub(self) -> None:
        """Leave no trace of what this transaction erases, as far as the database allows."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Join this transaction."""
        yield self


class Database(Runner):
    """An open database. `addition` is asked before every writing commit."""

    dialect: Dialect

    def __init__(self) -> None:
        self.addition: Callable[[], Addition | None] = nothing_to_add
        self._prepared: dict[Executable, Prepared] = {}
        self._writing: set[asyncio.Task[object] | None] = set()

    @abstractmethod
    async def close(self) -> None:
        """Let go of every connection."""

    def prepare(self, statement: Executable) -> Prepared:
        """Compile a statement, once: statements live as long as their module."""
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = Prepared(statement, self.dialect)
        return prepared

    def added(self) -> tuple[Prepared, list[object]] | None:
        """Say what joins the transaction about to be committed, ready for the driver."""
        addition = self.addition()
        if addition is None:
            return None
        prepared = self.prepare(addition.statement)
        return prepared, prepared.arguments(addition.values)

    def forbid_nesting(self) -> None:
        """Refuse what would wait for itself: a task has one transaction, and uses its store."""
        if asyncio.current_task() in self._writing:
            raise StorageError("This task has a transaction open: use the store it was given.")


def parse_url(text: str) -> URL:
    """Read a database URL, with or without a driver's name; its password is never repeated."""
    try:
        url = make_url(text.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise StorageError("The database's URL cannot be read.") from None
    backend, _, driver = url.drivername.partition("+")
    drivers = {"sqlite": {"", "aiosqlite"}, "postgresql": {"", "asyncpg"}}
    if driver not in drivers.get(backend, ()):
        raise StorageError(
            f"{url.drivername} is not supported: use sqlite:///file.db or postgresql://..."
        )
    return url.set(drivername=backend)
