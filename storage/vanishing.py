"""Questions about messages that show a secret: each is owed its deletion before it shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.questions import Questions
from storage.schema import vanishing

if TYPE_CHECKING:
    from datetime import datetime

_this: Final = (
    vanishing.c.chat_id == bindparam("chat"),
    vanishing.c.message_id == bindparam("message"),
)
_insert: Final = insert(vanishing).values(
    chat_id=bindparam("chat"), message_id=bindparam("message"), due_at=bindparam("due"), attempts=0
)
_OWE: Final = _insert.on_conflict_do_update(
    index_elements=["chat_id", "message_id"], set_={"due_at": _insert.excluded.due_at}
)
_COLUMNS: Final = (vanishing.c.chat_id, vanishing.c.message_id, vanishing.c.attempts)
_DUE: Final = (
    select(*_COLUMNS)
    .where(vanishing.c.due_at <= bindparam("now"))
    .order_by(vanishing.c.due_at, vanishing.c.chat_id, vanishing.c.message_id)
    .limit(bindparam("limit"))
)
_GET: Final = select(*_COLUMNS).where(*_this)
_IN_CHAT: Final = select(*_COLUMNS).where(vanishing.c.chat_id == bindparam("chat"))
_GONE: Final = delete(vanishing).where(*_this)
_LATER: Final = (
    update(vanishing)
    .where(*_this)
    .values(due_at=bindparam("due"), attempts=vanishing.c.attempts + 1)
)


class Owed(NamedTuple):
    """A message that has to go, and how often that was tried in vain."""

    chat_id: int
    message_id: int
    attempts: int = 0


class Vanishing(Questions):
    """Messages that have to go. Who reads them may be erased meanwhile: the row is not theirs."""

    async def owe(self, chat_id: int, message_id: int, due_at: datetime) -> None:
        """Owe a message its deletion at a moment; another moment takes the place of the former."""
        await self._runner.execute(_OWE, chat=chat_id, message=message_id, due=due_at)

    async def due(self, now: datetime, limit: int) -> list[Owed]:
        """List what has to go by now, the longest due first."""
        return [Owed(*row) for row in await self._runner.fetch(_DUE, now=now, limit=limit)]

    async def get(self, chat_id: int, message_id: int) -> Owed | None:
        """Find out whether a message is still owed its deletion."""
        found = await self._runner.fetch(_GET, chat=chat_id, message=message_id)
        return Owed(*found[0]) if found else None

    async def in_chat(self, chat_id: int) -> list[Owed]:
        """List what has to go from one chat, due or not."""
        return [Owed(*row) for row in await self._runner.fetch(_IN_CHAT, chat=chat_id)]

    async def gone(self, chat_id: int, message_id: int) -> None:
        """Note that a message is there no more."""
        await self._runner.execute(_GONE, chat=chat_id, message=message_id)

    async def later(self, chat_id: int, message_id: int, due_at: datetime) -> None:
        """Note that it could not be deleted, and when that is tried again."""
        await self._runner.execute(_LATER, chat=chat_id, message=message_id, due=due_at)
