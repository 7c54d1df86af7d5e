"""A backup's content: every row of every table, the same whichever database it comes from.

JSON lines in gzip. The first one says what follows, then there is one line a row, and the last
one has the counts and a SHA-256 over all lines before it:

    {"kabao backup": 1, "schema": "0003", "created_at": "...", "tables": {"people":
        {"columns": {"id": "int", "name": "bytes", ...}, "of": "id", "last": null}, ...}}
    ["people", 42, "<base64>", null, ...]
    {"rows": {"people": 1, ...}, "sha256": "..."}

What the master key wraps (people's keys, the installation's) is not in it, but in the keys'
file (`keyfile.py`): so that whoever is erased is erased from every backup there ever was. Nor is
what people are being answered at that moment, which no key of theirs seals (`inbox.py`).
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from storage.errors import StorageError
from storage.keyfile import is_key
from storage.migrations import current
from storage.snapshot import kind_of, last_number, reflected, rows_of, whose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from storage.snapshot import Snapshot

VERSION: Final = 1
MARK: Final = "kabao backup"
_TYPES: Final = {"bool": int, "bytes": bytes, "int": int, "text": str}
_LONGEST_LINE: Final = 64 * 1024 * 1024
_PIECE: Final = 256 * 1024


class BackupError(StorageError):
    """The backup cannot be used."""


@dataclass(frozen=True, slots=True)
class TableHeader:
    """What a backup says of a table: its columns with their kinds, and which says whose it is."""

    columns: Mapping[str, str]
    of: str | None
    last: int | None
    """The number given to a row last, where rows are never to be given it again."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself."""

    schema: str
    created_at: str
    tables: Mapping[str, TableHeader]


async def lines(taken: Snapshot, now: datetime) -> AsyncIterator[list[bytes]]:
    """Write a snapshot's lines, some at a time."""
    tables = await taken.connection.run_sync(reflected)
    header = Header(
        str(await taken.connection.run_sync(current)),
        now.isoformat(),
        {str(table.name): await taken.connection.run_sync(_described, table) for table in tables},
    )
    digest, counts = hashlib.sha256(), dict.fromkeys(header.tables, 0)
    first = orjson.dumps({MARK: VERSION, **asdict(header)}) + b"\n"
    digest.update(first)
    yield [first]
    for table in tables:
        name = str(table.name)
        columns = header.tables[name].columns
        async for batch in rows_of(taken, table):
            kept = [row for row in batch if not _left_out(name, row)]
            written = [orjson.dumps(_spelled(name, columns, row)) + b"\n" for row in kept]
            counts[name] += len(written)
            for line in written:
                digest.update(line)
            yield written
    yield [orjson.dumps({"rows": counts, "sha256": digest.hexdigest()}) + b"\n"]


def _left_out(table: str, row: Sequence[Any]) -> bool:
    return table == "inbox" or (table == "meta" and is_key(row[0]))


def _described(connection: Connection, table: Table) -> TableHeader:
    columns = {str(column.name): kind_of(column) for column in table.columns}
    return TableHeader(columns, whose(table), last_number(connection, table))


def _spelled(table: str, columns: Mapping[str, str], row: Sequence[Any]) -> list[Any]:
    spelled: list[Any] = [table]
    for (name, kind), value in zip(columns.items(), row, strict=True):
        if value is None or (table == "people" and name == "wrapped_key"):
            spelled.append(None)
        elif not isinstance(value, _TYPES[kind]):
            raise StorageError(f"A value of {table}.{name} is not {kind}: it was changed by hand.")
        elif isinstance(value, bytes):
            spelled.append(base64.b64encode(value).decode())
        else:
            spelled.append(bool(value) if kind == "bool" else value)
    return spelled


def plain(kinds: Sequence[str], spelled: Sequence[Any]) -> list[Any]:
    """Turn a row's values back into what a database takes."""
    return [
        base64.b64decode(value) if kind == "bytes" and value is not None else value
        for kind, value in zip(kinds, spelled, strict=True)
    ]


class Reader:
    """Reads a backup piece by piece and hands on each row. Anything unexpected: `BackupError`.

    `write` takes the gzip; `close` says that it is over, and finds out whether all of it came.
    """

    def __init__(
        self,
        on_header: Callable[[Header], None],
        on_row: Callable[[str, list[Any]], None],
    ) -> None:
        self._on_header, self._on_row = on_header, on_row
        self._gzip = zlib.decompressobj(wbits=31)
        self._digest = hashlib.sha256()
        self._held = b""
        self.header: Header | None = None
        self.counts: dict[str, int] = {}
        self.whole = False

    def write(self, piece: bytes) -> int:
        """Take the next bytes."""
        given = piece
        try:
            while given:
                self._take(self._gzip.decompress(given, _PIECE))
                given = self._gzip.unconsumed_tail
                if self._gzip.unused_data:
                    raise BackupError("The backup is damaged: something follows its end.")
        except zlib.error:
            raise BackupError("The backup is damaged: it cannot be unpacked.") from None
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back that could be handed on."""

    def close(self) -> Header:
        """Say that this was all."""
        self._take(self._gzip.flush())
        if self.header is None or not self.whole or not self._gzip.eof or self._held:
            raise BackupError("The backup is cut off: its end is missing.")
        return self.header

    def _take(self, text: bytes) -> None:
        *whole, self._held = (self._held + text).split(b"\n")
        if len(self._held) > _LONGEST_LINE:
            raise BackupError("The backup is damaged: a line of it has no end.")
        for line in whole:
            try:
                self._line(line)
            except (ValueError, KeyError, TypeError, AttributeError, IndexError):
                raise BackupError("The backup is damaged: a line of it cannot be read.") from None

    def _line(self, line: bytes) -> None:
        if self.whole:
            raise BackupError("The backup is damaged: something follows its end.")
        said = orjson.loads(line)
        if self.header is None:
            self.header = _header(said)
            self.counts = dict.fromkeys(self.header.tables, 0)
            self._on_header(self.header)
        elif isinstance(said, dict):
            if said != {"rows": self.counts, "sha256": self._digest.hexdigest()}:
                raise BackupError("The backup is damaged: its checksum differs.")
            self.whole = True
            return
        else:
            self.counts[said[0]] += 1
            columns = self.header.tables[said[0]].columns
            self._on_row(said[0], plain(list(columns.values()), said[1:]))
        self._digest.update(line + b"\n")


def _header(said: Any) -> Header:
    if not isinstance(said, dict) or MARK not in said:
        raise BackupError("This is not a backup of Kabao's.")
    if said[MARK] != VERSION:
        raise BackupError(
            "The backup was made by another version of Kabao: restore it with that version or a "
            "newer one."
        )
    tables = {
        name: TableHeader(dict(table["columns"]), table["of"], table["last"])
        for name, table in said["tables"].items()
    }
    return Header(str(said["schema"]), str(said["created_at"]), tables)
