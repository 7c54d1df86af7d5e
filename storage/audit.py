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
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.errors import StorageError
from storage.questions import Questions
from storage.schema import UtcTime, audit, meta

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storage.database import Row, Runner
    from storage.vault import InstallationKey

_HEAD: Final = "audit head"
_START: Final = (0).to_bytes(8) + bytes(32)
_LOCK: Final = (
    update(meta).where(meta.c.name == _HEAD).values(value=meta.c.value).returning(meta.c.value)
)
_BEGIN: Final = upsert(meta).values(name=_HEAD, value=_START).on_conflict_do_nothing()
_MOVE: Final = update(meta).where(meta.c.name == _HEAD).values(value=bindparam("head"))
_ADD: Final = insert(audit).values({c.name: bindparam(c.name) for c in audit.c})
_OF: Final = (
    select(*audit.c)
    .where(audit.c.subject == bindparam("subject"), audit.c.seq < bindparam("before"))
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
            head = await self._head(tx)
            seq = int.from_bytes(head[:8]) + 1
            sealed = None
            if detail:
                if subject is None:
                    raise StorageError("Only what is about somebody has a detail.")
                key = await self._key(tx, subject)
                sealed = key.seal(_place(seq), orjson.dumps(detail))
            row = {
                "seq": seq,
                "at": self._clock(),
                "action": action,
                "actor": self._mark(actor),
                "subject": self._mark(subject),
                "sealed": sealed,
            }
            mac = chained(self._vault.installation, head[8:], row)
            await tx.execute(_ADD, **row, mac=mac)
            await tx.execute(_MOVE, head=seq.to_bytes(8) + mac)
        return seq

    async def of(self, person_id: int, *, limit: int, before: int = _LAST) -> list[AuditRow]:
        """List what happened about a person, the latest first, from below a number."""
        subject = self._mark(person_id)
        rows = await self._runner.fetch(_OF, subject=subject, before=before, limit=limit)
        if not rows:
            return []
        key = await self._key(self._runner, person_id)
        return [
            AuditRow(
                seq,
                at,
                action,
                actor == subject,
                orjson.loads(key.open(_place(seq), sealed)) if sealed else {},
            )
            for seq, at, action, actor, _, sealed, _ in rows
        ]

    async def _head(self, tx: Runner) -> bytes:
        """Hold the end of the chain, so that rows are added one after another."""
        found: list[Row] = await tx.fetch(_LOCK)
        if not found:
            await tx.execute(_BEGIN)
            found = await tx.fetch(_LOCK)
        head: bytes = found[0][0]
        return head

    def _mark(self, person_id: int | None) -> bytes | None:
        return None if person_id is None else person_mark(self._vault.installation, person_id)


def person_mark(key: InstallationKey, person_id: int) -> bytes:
    """Give what a person is called where rows outlive them."""
    return key.mark("person", str(person_id))


def chained(key: InstallationKey, before: bytes, row: Mapping[str, Any]) -> bytes:
    """Hash a row together with the hash of the row before it (32 zero bytes for the first)."""
    at = UtcTime().process_bind_param(row["at"], None)  # type: ignore[arg-type]
    return key.mark(
        "audit chain",
        before,
        str(row["seq"]),
        str(at),
        row["action"],
        *(b"-" if row[name] is None else b"+" + row[name] for name in ("actor", "subject")),
        b"-" if row["sealed"] is None else b"+" + row["sealed"],
    )


def _place(seq: int) -> tuple[str, ...]:
    return ("audit", str(seq))
