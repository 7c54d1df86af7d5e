"""The audit log: who did what to whom, in rows that only ever come to more.

Each row carries a keyed hash over itself and the row before it, so that whoever can write to the
database but has no master key can change, remove or reorder none unnoticed. People stand in it as
marks, and what is personal is sealed under the key of the one it is about: once they are erased
it is closed for good, and the chain still holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage import chain
from storage.chain import HEAD, START, Anchor, LogRow, chained
from storage.errors import SealError, StorageError
from storage.questions import Questions
from storage.schema import UtcTime, audit, meta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from storage.database import Row, Runner
    from storage.vault import InstallationKey, PersonKey

ERASED: Final = "erased"
"""The action by which a person's rows are over: whoever comes back begins anew."""

_LOCK: Final = (
    update(meta).where(meta.c.name == HEAD).values(value=meta.c.value).returning(meta.c.value)
)
_BEGIN: Final = upsert(meta).values(name=HEAD, value=START.head()).on_conflict_do_nothing()
_MOVE: Final = update(meta).where(meta.c.name == HEAD).values(value=bindparam("head"))
_ADD: Final = insert(audit).values({c.name: bindparam(c.name) for c in audit.c})
_about: Final = audit.c.subject == bindparam("subject")
_erased: Final = (
    select(func.coalesce(func.max(audit.c.seq), 0))
    .where(_about, audit.c.action == ERASED)
    .scalar_subquery()
)
_mine: Final = (_about, audit.c.seq > _erased, audit.c.seq < bindparam("before"))
_OF: Final = (
    select(*audit.c)
    .where(*_mine)
    .order_by(audit.c.seq.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_COUNT: Final = select(func.count()).select_from(audit).where(_about, audit.c.seq > _erased)
_RECENT: Final = (
    select(*chain.COLUMNS)
    .where(audit.c.seq < bindparam("before"))
    .order_by(audit.c.seq.desc())
    .limit(bindparam("limit"))
)
_LAST: Final = 2**62


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing that happened, as the person it is about may read it."""

    seq: int
    at: datetime
    action: str
    by_subject: bool
    """Whether they did it themselves; else somebody else did, or the bot by itself."""
    detail: dict[str, Any] = field(repr=False)
    opens: bool = True
    """False where there is a detail and it does not open: the row was tampered with."""


class Audit(Questions):
    """The log. `append` belongs into the transaction of what it tells about, as its last step."""

    async def append(
        self,
        action: str,
        *,
        subject: int | None = None,
        actor: int | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> int:
        """Add a row, and give its number, from 1 up without a gap.

        `subject` is whom it is about and `actor` who did it, both by Telegram's id; no actor: the
        bot or the operator at the keyboard. `detail` is anything JSON holds, sealed for the
        subject; never a number, PIN or passcode. Nothing may come after it in its transaction
        that waits for another row: of two such, on PostgreSQL, one would fail.
        """
        async with self._runner.transaction() as tx:
            last = await self._hold_end(tx)
            seq = last.seq + 1
            sealed = None
            if detail:
                if subject is None:
                    raise StorageError("Only what is about somebody has a detail.")
                key = await self._key(tx, subject)
                sealed = key.seal(_place(seq), orjson.dumps(detail))
            now = self._clock()
            row = (action, self._mark(actor), self._mark(subject), sealed)
            mac = chained(self._vault.installation, last.mac, seq, _micros(now), *row)
            values = dict(zip(audit.c.keys(), (seq, now, *row, mac), strict=True))
            await tx.execute(_ADD, **values)
            await tx.execute(_MOVE, head=Anchor(seq, mac).head())
        return seq

    async def of(
        self, person_id: int, *, limit: int, before: int = _LAST, offset: int = 0
    ) -> list[AuditRow]:
        """List what happened about a person since they last came, the latest first.

        What was before they were erased is closed for good, and nobody's any more.
        """
        subject = self._mark(person_id)
        asked = {"before": before, "limit": limit, "offset": offset}
        rows = await self._runner.fetch(_OF, subject=subject, **asked)
        if not rows:
            return []
        key = await self._key(self._runner, person_id)
        return [_opened(row, key) for row in rows]

    async def count(self, person_id: int) -> int:
        """Count what `of` lists."""
        count: int = (await self._runner.fetch(_COUNT, subject=self._mark(person_id)))[0][0]
        return count

    async def recent(self, *, limit: int, before: int = _LAST) -> list[LogRow]:
        """List what happened about anybody, the latest first; people are marks in it."""
        rows = await self._runner.fetch(_RECENT, limit=limit, before=before)
        return [LogRow(*row) for row in rows]

    def walk(self) -> AsyncIterator[LogRow]:
        """Give each row from the first, as long as they fit; `BrokenChainError` where not."""
        return chain.walk(self._runner, self._vault.installation)

    async def verify(self, since: Anchor | None = None) -> Anchor:
        """Go along the whole log and give its end; `BrokenChainError` says what does not fit.

        With an anchor that was kept elsewhere, a log put back to an earlier state is found too.
        """
        return await chain.verify(self._runner, self._vault.installation, since)

    async def end(self) -> Anchor:
        """Give the log's end as it is noted, to be kept elsewhere."""
        return await chain.noted(self._runner) or START

    async def _hold_end(self, tx: Runner) -> Anchor:
        """Hold the end of the chain, so that rows are added one after another."""
        found: list[Row] = await tx.fetch(_LOCK)
        if not found:
            await tx.execute(_BEGIN)
            found = await tx.fetch(_LOCK)
        return Anchor.of_head(found[0][0])

    def _mark(self, person_id: int | None) -> bytes | None:
        return None if person_id is None else person_mark(self._vault.installation, person_id)


def person_mark(key: InstallationKey, person_id: int) -> bytes:
    """Give what a person is called where rows outlive them."""
    return key.stamp("person", str(person_id))


def _opened(row: Row, key: PersonKey) -> AuditRow:
    seq, at, action, actor, subject, sealed, _ = row
    detail: dict[str, Any] = {}
    opens = True
    try:
        detail = orjson.loads(key.open(_place(seq), sealed)) if sealed else {}
    except SealError:
        opens = False
    return AuditRow(seq, at, action, actor == subject, detail, opens)


def _micros(moment: datetime) -> int:
    """Give a time as it is kept."""
    kept = UtcTime().process_bind_param(moment, None)  # type: ignore[arg-type]
    assert kept is not None
    return kept


def _place(seq: int) -> tuple[str, ...]:
    return ("audit", str(seq))
