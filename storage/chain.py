"""The chain that the audit log's rows make, and the walk along it that finds what does not fit.

Whoever can write to the database but has no master key can make no row that fits. They could put
the whole log, with its noted end, back to an earlier state of it: that is found only against an
`Anchor` that is kept elsewhere.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from sqlalchemy import BigInteger, bindparam, select, type_coerce

from storage.errors import BrokenChainError, StorageError
from storage.schema import audit, meta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from storage.database import Runner
    from storage.vault import InstallationKey

HEAD: Final = "audit head"
_BATCH: Final = 1000
_SEQ_BYTES: Final = 8
_MAC_BYTES: Final = 32
_SPELLED: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_READ: Final = str.maketrans("abcdefghijklmnop", "0123456789abcdef")
_ANCHOR: Final = re.compile(r"(0|[1-9][0-9]{0,17}):([a-p]{64})")
_BEFORE_ALL: Final = -(2**63)

_NOTED: Final = select(meta.c.value).where(meta.c.name == HEAD)
# Times as the numbers that were hashed: one that is no time at all can then still be read.
COLUMNS: Final = tuple(type_coerce(c, BigInteger) if c.name == "at" else c for c in audit.c)
_AFTER: Final = (
    select(*COLUMNS)
    .where(audit.c.seq > bindparam("after"))
    .order_by(audit.c.seq)
    .limit(bindparam("limit"))
)


def spell(raw: bytes) -> str:
    """Write bytes as letters from a to p, two a byte: no PIN or number can seem to stand there."""
    return raw.hex().translate(_SPELLED)


class Anchor(NamedTuple):
    """A place in the log, by its row's number and hash; number 0 is before the first."""

    seq: int
    mac: bytes

    def text(self) -> str:
        """Spell it: `312:` and 64 letters."""
        return f"{self.seq}:{spell(self.mac)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote; `StorageError` for anything else."""
        found = _ANCHOR.fullmatch(text.strip())
        if found is None:
            raise StorageError("That is no anchor: copy it whole, a number, a colon, 64 letters.")
        return cls(int(found[1]), bytes.fromhex(found[2].translate(_READ)))

    @classmethod
    def of_head(cls, value: bytes) -> Self:
        """Read the log's end as it is noted in the database."""
        if not isinstance(value, bytes) or len(value) != _SEQ_BYTES + _MAC_BYTES:
            raise BrokenChainError(None, "the end that is noted was changed")
        return cls(int.from_bytes(value[:_SEQ_BYTES]), value[_SEQ_BYTES:])

    def head(self) -> bytes:
        """Write it as it is noted in the database."""
        return self.seq.to_bytes(_SEQ_BYTES) + self.mac


START: Final = Anchor(0, bytes(_MAC_BYTES))


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row as it is kept: nobody's name in it, its detail sealed. `at` is in microseconds."""

    seq: int
    at: int
    action: str
    actor: bytes | None
    subject: bytes | None
    sealed: bytes | None
    mac: bytes

    @property
    def anchor(self) -> Anchor:
        """The place of this row."""
        return Anchor(self.seq, self.mac)

    def well_formed(self) -> bool:
        """Say whether each value is of its column's kind: SQLite would keep any."""
        blobs = (self.actor, self.subject, self.sealed)
        return (
            isinstance(self.at, int)
            and isinstance(self.action, str)
            and isinstance(self.mac, bytes)
            and all(blob is None or isinstance(blob, bytes) for blob in blobs)
        )

    def belongs(self, key: InstallationKey, seq: int, before: bytes) -> bool:
        """Say whether this row was written under that number, after the one with that hash."""
        fields = (self.at, self.action, self.actor, self.subject, self.sealed)
        return hmac.compare_digest(chained(key, before, seq, *fields), self.mac)


def chained(
    key: InstallationKey,
    before: bytes,
    seq: int,
    at: int,
    action: str,
    actor: bytes | None,
    subject: bytes | None,
    sealed: bytes | None,
) -> bytes:
    """Hash a row together with the hash of the row before it (32 zero bytes for the first)."""
    blobs = (b"-" if blob is None else b"+" + blob for blob in (actor, subject, sealed))
    return key.stamp("audit chain", before, str(seq), str(at), action, *blobs)


async def noted(runner: Runner) -> Anchor | None:
    """Read where the log ends by the note of it; None where there is no note."""
    found = await runner.fetch(_NOTED)
    return Anchor.of_head(found[0][0]) if found else None


async def walk(runner: Runner, key: InstallationKey) -> AsyncIterator[LogRow]:
    """Go along the whole log, and give each row that fits; others may write to it meanwhile.

    `BrokenChainError` says the first that does not: which row, and what is wrong with it.
    """
    last = START
    end = await noted(runner)
    while batch := await _batch(runner, last):
        for row in batch:
            await _check(runner, key, last, row)
            if end is None or row.seq > end.seq:
                end = await noted(runner)  # it may have been written just now
            if end is None or row.seq > end.seq:
                raise BrokenChainError(row.seq, "stands behind the end that is noted")
            last = row.anchor
            yield row
    if end is not None and end.seq > last.seq:
        raise BrokenChainError(last.seq + 1, f"is missing: the log was cut off before {end.seq}")
    if last != (end or START):
        raise BrokenChainError(last.seq, "is not the end that is noted")


async def _batch(runner: Runner, last: Anchor) -> list[LogRow]:
    """Read some rows; where there is one that the driver cannot read, those before it."""
    after = last.seq or _BEFORE_ALL
    for limit in (_BATCH, 1):
        try:
            return [LogRow(*row) for row in await runner.fetch(_AFTER, after=after, limit=limit)]
        except StorageError:
            await noted(runner)  # fails too where the database does not answer at all
    raise BrokenChainError(last.seq + 1, "was changed")


async def _check(runner: Runner, key: InstallationKey, last: Anchor, row: LogRow) -> None:
    due = last.seq + 1
    if not isinstance(row.seq, int) or row.seq < due:
        raise BrokenChainError(row.seq, "was put in")
    if row.seq > due:
        raise BrokenChainError(due, "is missing")
    if not row.well_formed():
        raise BrokenChainError(due, "was changed")
    if not row.belongs(key, due, last.mac):
        where = await _written_as(runner, key, row)
        raise BrokenChainError(
            due, f"holds what was written as row {where}" if where else "was changed"
        )


async def _written_as(runner: Runner, key: InstallationKey, row: LogRow) -> int | None:
    """Find the number under which a row was written, if it was moved or copied.

    Its hash was made from that of the row before, which still stands there, unless the two
    changed places.
    """
    last = START
    while batch := await _batch(runner, last):
        for other in batch:
            if not isinstance(other.seq, int) or not other.well_formed():
                return None
            for seq, before in ((other.seq, last.mac), (other.seq, other.mac)):
                if seq != row.seq and row.belongs(key, seq, before):
                    return seq
            last = other.anchor
    return None


async def verify(runner: Runner, key: InstallationKey, since: Anchor | None = None) -> Anchor:
    """Go along the whole log; give its end. `BrokenChainError` if a row does not fit.

    So it does if the log holds `since` no more: it was put back to an earlier state.
    """
    last = START
    met = since in {None, START}
    async for row in walk(runner, key):
        last = row.anchor
        if since is not None and last.seq == since.seq:
            if last != since:
                raise BrokenChainError(last.seq, "is another than the anchor says")
            met = True
    if since is not None and not met:
        why = f"is missing: the log ends before its anchor, row {since.seq}"
        raise BrokenChainError(last.seq + 1, why)
    return last
