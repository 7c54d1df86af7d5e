"""Fill new tables with a backup's rows, but for those of people who were erased since."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, text

from storage.chain import HEAD, START, Anchor
from storage.dump import BackupError
from storage.snapshot import BATCH, counts_ever_on, kind_of, reflected, whose

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from storage.dump import Header
    from storage.keyfile import Keys

_FORGET_SEQUENCE: Final = text("DELETE FROM sqlite_sequence WHERE name = :name")
_SET_SEQUENCE: Final = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")


class Filling:
    """Takes rows of one table after another, and writes them some at a time.

    A person whose key is not in the keys' file is left out, and with them all that is theirs.
    """

    def __init__(self, connection: AsyncConnection, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._tables: dict[str, Table] = {}
        self._columns: dict[str, list[str]] = {}
        self._of: dict[str, str | None] = {}
        self._gone: set[int] = set()
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._last: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.erased_people = 0
        self.erased_cards = 0
        self.keyed = 0
        """How many of the keys are of people in the backup."""
        self.log_end = START
        """Of the backup's audit log."""
        self.stopped = False

    async def begin(self, header: Header, make: Callable[[Connection], None]) -> None:
        """Make the tables and see that they are those of the backup."""
        await self._connection.run_sync(make)
        tables = await self._connection.run_sync(reflected)
        made = {t.name: ({c.name: kind_of(c) for c in t.columns}, whose(t)) for t in tables}
        if made != {name: (dict(t.columns), t.of) for name, t in header.tables.items()}:
            raise BackupError("The backup is damaged: its tables are not those of its version.")
        self._tables = {table.name: table for table in tables}
        self._columns = {name: list(table.columns) for name, table in header.tables.items()}
        self._of = {name: table.of for name, table in header.tables.items()}
        self._last = {name: table.last for name, table in header.tables.items() if table.last}
        self.rows = dict.fromkeys(header.tables, 0)
        keys = [{"name": name, "value": value} for name, value in self._keys.meta.items()]
        await self._connection.execute(insert(self._tables["meta"]), keys)
        self.rows["meta"] += len(keys)

    def take(self, table: str, values: list[Any]) -> bool:
        """Take a row. True: it is time to `write` before the next one."""
        if self.stopped:
            raise BackupError("The restoring was stopped.")
        row = dict(zip(self._columns[table], values, strict=True))
        if table == "people" and not self._keyed(row):
            self._gone.add(row["id"])
            self.erased_people += 1
            return False
        if table == "meta" and row["name"] == HEAD:
            self.log_end = Anchor.of_head(row["value"])
        of = self._of[table]
        if of is not None and row[of] in self._gone:
            self.erased_cards += table == "cards"
            return False
        self._waiting.append((table, row))
        self.rows[table] += 1
        return len(self._waiting) >= BATCH

    async def write(self) -> None:
        """Write what was taken."""
        taken, self._waiting = self._waiting, []
        for table, rows in groupby(taken, key=itemgetter(0)):
            await self._connection.execute(insert(self._tables[table]), [row for _, row in rows])

    async def end(self) -> None:
        """Write the rest, and let new rows be counted on from where they were."""
        await self.write()
        for name, table in self._tables.items():
            column = table.autoincrement_column
            if column is not None:
                highest = await self._connection.scalar(select(func.max(column))) or 0
                await self._count_on(name, column.name, max(highest, self._last.get(name, 0)))

    async def _count_on(self, table: str, column: str, last: int) -> None:
        if not last:
            return
        if self._connection.dialect.name != "sqlite":
            sequence = func.pg_get_serial_sequence(table, column)
            await self._connection.execute(select(func.setval(sequence, last)))
        elif await self._connection.run_sync(counts_ever_on, table):
            this = {"name": table, "last": last}
            await self._connection.execute(_FORGET_SEQUENCE, this)
            await self._connection.execute(_SET_SEQUENCE, this)

    def _keyed(self, row: dict[str, Any]) -> bool:
        if not self._keys.has(row["id"], row["key_id"]):
            return False
        _, row["wrapped_key"], row["master_id"] = self._keys.people[row["id"]]
        self.keyed += 1
        return True
