"""Updates that are being answered, from before Telegram is told that they arrived.

Telegram delivers what was not confirmed; whoever confirms before an answer is given has to keep
what is to be answered. What is kept may hold card numbers, of people who are not in the store too:
it is sealed under the installation's key, of which every day has one of its own, so that none
seals more than random nonces bear (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.errors import SealError
from storage.questions import Questions
from storage.schema import inbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_KEEP: Final = (
    insert(inbox)
    .values(at=bindparam("at"), attempts=0, sealed=bindparam("sealed"))
    .returning(inbox.c.id)
)
_COUNT: Final = update(inbox).values(attempts=inbox.c.attempts + 1)
_ALL: Final = select(*inbox.c).order_by(inbox.c.id)
_REMOVE: Final = delete(inbox).where(inbox.c.id == bindparam("row"))
_PURGE: Final = delete(inbox).where(inbox.c.at < bindparam("before"))


class Kept(NamedTuple):
    """Updates as they came, in JSON; none if another installation sealed them.

    `attempts` says at how many starts they were taken up, this one included.
    """

    id: int
    attempts: int
    updates: bytes | None


class Inbox(Questions):
    """What is being answered. A row goes once all its updates were."""

    async def keep(self, updates: bytes) -> int:
        """Keep updates in a transaction of their own; give the row's number."""
        now = self._clock()
        sealed = self._vault.installation.seal(_purpose(now), updates)
        return int((await self._runner.fetch(_KEEP, at=now, sealed=sealed))[0][0])

    async def take_up(self) -> list[Kept]:
        """List what was not answered, oldest first, and count that it is tried once more."""
        async with self._runner.transaction() as tx:
            await tx.execute(_COUNT)
            rows = await tx.fetch(_ALL)
        return [Kept(row, attempts, self._opened(at, sealed)) for row, at, attempts, sealed in rows]

    async def remove(self, rows: Iterable[int]) -> None:
        """Erase what was answered."""
        await self._runner.execute_many(_REMOVE, [{"row": row} for row in sorted(rows)])

    async def purge(self, before: datetime) -> int:
        """Erase what is so old that Telegram would not deliver it any more either."""
        return await self._runner.execute(_PURGE, before=before)

    def _opened(self, at: datetime, sealed: bytes) -> bytes | None:
        try:
            return self._vault.installation.open(_purpose(at), sealed)
        except SealError:
            return None


def _purpose(at: datetime) -> str:
    return f"updates of {at:%Y-%m-%d}"
