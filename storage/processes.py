"""Who has this database open, and which master keys each of them can open with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from storage import keyring
from storage.questions import Questions
from storage.schema import processes

if TYPE_CHECKING:
    from datetime import datetime

_BEAT: Final = (
    insert(processes)
    .values({column.name: bindparam(column.name) for column in processes.c})
    .on_conflict_do_update(
        index_elements=["id"],
        set_={"seen_at": bindparam("seen_at"), "master_ids": bindparam("master_ids")},
    )
)
_LEAVE: Final = delete(processes).where(processes.c.id == bindparam("process"))
_ALL: Final = select(*processes.c).order_by(processes.c.id)
_PURGE: Final = delete(processes).where(processes.c.seen_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class Process:
    """Somebody who has the database open, as they last said."""

    id: str
    seen_at: datetime
    master_ids: frozenset[str]


class Processes(Questions):
    """Heartbeats. A rotation of the master key waits for those whose heart beats."""

    async def beat(self, process_id: str) -> None:
        """Say that this process is there and what it can open, and learn of another master key.

        It is said before it is looked: whoever announces a key either finds the process, or is
        found by it. `WrongKeyError` if the database went over to a key this process never knew.
        """
        said = await self._say(process_id)
        exchange = await keyring.learn(self._runner, self._vault)
        if exchange is None and self._vault.part():
            # The rotation is done. What it scrubbed may have been read by a backup meanwhile.
            async with self._runner.transaction() as tx:
                await tx.execute(_BEAT, **self._said(process_id))
                tx.scrub()
        elif self._known() != said:
            await self._say(process_id)

    async def leave(self, process_id: str) -> None:
        """Say that this process is there no longer."""
        await self._runner.execute(_LEAVE, process=process_id)

    async def all(self) -> list[Process]:
        """List everybody who has not left, also who ended without a word."""
        return [
            Process(process_id, seen_at, frozenset(master_ids.split()))
            for process_id, seen_at, master_ids in await self._runner.fetch(_ALL)
        ]

    async def purge(self, before: datetime) -> None:
        """Strike out who was not seen since."""
        await self._runner.execute(_PURGE, before=before)

    async def _say(self, process_id: str) -> str:
        said = self._said(process_id)
        await self._runner.execute(_BEAT, **said)
        return str(said["master_ids"])

    def _said(self, process_id: str) -> dict[str, Any]:
        return {"id": process_id, "seen_at": self._clock(), "master_ids": self._known()}

    def _known(self) -> str:
        return " ".join(sorted(master.id for master in self._vault.masters()))
