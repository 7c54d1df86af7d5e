"""Questions about notices to all: they are messages owed, one a person, all under one key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select, update

from storage.questions import KEY_COLUMNS, Questions
from storage.schema import outbox, people

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

_theirs: Final[ColumnElement[bool]] = (outbox.c.owner_id == people.c.id) & (
    outbox.c.key == bindparam("key")
)
_blocked: Final = people.c.blocked_at.is_not(None) | people.c.barred_at.is_not(None)
# Person by person, each by the index of what is owed to them.
_OUTCOMES: Final = (
    select(outbox.c.outcome, _blocked, func.count())
    .select_from(people.join(outbox, _theirs))
    .group_by(outbox.c.outcome, _blocked)
)
_UNREACHED: Final = (
    select(people.c.id, *KEY_COLUMNS, people.c.name)
    .select_from(people.join(outbox, _theirs))
    .where((outbox.c.outcome == "given up") | (outbox.c.done_at.is_(None) & _blocked))
    .order_by(people.c.id)
    .limit(bindparam("limit"))
)
_STOP: Final = (
    update(outbox)
    .where(
        outbox.c.owner_id.in_(select(people.c.id)),
        outbox.c.key == bindparam("key"),
        outbox.c.done_at.is_(None),
    )
    .values(done_at=bindparam("now"), outcome="given up", error="stopped", payload=None)
)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many people got a notice, are still to get it, and cannot be reached."""

    sent: int = 0
    waiting: int = 0
    unreached: int = 0


class Announcements(Questions):
    """What became of a notice to all, by the key under which it is owed to each."""

    async def outcomes(self, key: str) -> Outcomes:
        """Count what became of it."""
        sent = waiting = unreached = 0
        for outcome, blocked, count in await self._runner.fetch(_OUTCOMES, key=key):
            if outcome == "sent":
                sent += count
            elif outcome is None and not blocked:
                waiting += count
            else:
                unreached += count
        return Outcomes(sent, waiting, unreached)

    async def unreached(self, key: str, *, limit: int) -> list[str]:
        """Name those who could not be reached."""
        rows = await self._runner.fetch(_UNREACHED, key=key, limit=limit)
        return [
            self._vault.open_key(person, key_id, wrapped).open_text(("person", "name"), name)
            for person, key_id, wrapped, name in rows
        ]

    async def stop(self, key: str) -> int:
        """Let nobody else get it; how many will not."""
        return await self._runner.execute(_STOP, key=key, now=self._clock())
