"""Which of Telegram's updates have had their effect, so that none has it twice."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select, true
from sqlalchemy.dialects.postgresql import insert

from storage.database import Addition
from storage.questions import Questions
from storage.schema import receipts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

receipt: ContextVar[int | None] = ContextVar("receipt", default=None)
"""The update being handled. While set, whatever is written is committed with its receipt."""

_NOTE: Final = (
    insert(receipts)
    .values(update_id=bindparam("update_id"), at=bindparam("at"))
    .on_conflict_do_nothing()
)
_ANSWERED: Final = (
    insert(receipts)
    .values(update_id=bindparam("update_id"), at=bindparam("at"), answered=true())
    .on_conflict_do_update(index_elements=["update_id"], set_={"answered": true()})
)
_STATE: Final = select(receipts.c.answered).where(receipts.c.update_id == bindparam("update_id"))
_RECENT: Final = (
    select(receipts.c.update_id).order_by(receipts.c.at.desc()).limit(bindparam("limit"))
)
_PURGE: Final = delete(receipts).where(receipts.c.at < bindparam("before"))


def receipts_of(clock: Callable[[], datetime]) -> Callable[[], Addition | None]:
    """Make what a database adds to its writing transactions."""

    def addition() -> Addition | None:
        update_id = receipt.get()
        if update_id is None:
            return None
        return Addition(_NOTE, {"update_id": update_id, "at": clock()})

    return addition


class Receipts(Questions):
    """Receipts of handled updates."""

    async def recent(self, limit: int) -> set[int]:
        """Get the latest receipts, to know a redelivered update by."""
        return {row[0] for row in await self._runner.fetch(_RECENT, limit=limit)}

    async def note(self, ids: Collection[int]) -> None:
        """Note updates that were handled to the end: what they wrote, if anything, had theirs."""
        if ids:
            now = self._clock()
            rows = [{"update_id": i, "at": now} for i in sorted(ids)]
            await self._runner.execute_many(_ANSWERED, rows)

    async def answered(self, update_id: int) -> bool | None:
        """Say whether an update was answered, or (False) only done; None if it was neither."""
        found = await self._runner.fetch(_STATE, update_id=update_id)
        return found[0][0] if found else None

    async def purge(self, before: datetime) -> int:
        """Erase receipts so old that Telegram (which keeps updates for a day) has none of them."""
        return await self._runner.execute(_PURGE, before=before)
