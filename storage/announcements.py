"""Questions about notices to all: they are messages owed, one a person, all under one key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, case, exists, func, select, update

from storage.outbox import STOPPED, UNSURE
from storage.questions import KEY_COLUMNS, Questions
from storage.schema import outbox, people

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from storage.database import Row

_theirs: Final[ColumnElement[bool]] = (outbox.c.owner_id == people.c.id) & (
    outbox.c.key == bindparam("key")
)
_blocked: Final = people.c.blocked_at.is_not(None) | people.c.barred_at.is_not(None)
# Person by person, each by the index of what is owed to them.
_what: Final = case(
    (outbox.c.error == STOPPED, STOPPED),
    (outbox.c.outcome.is_not(None), outbox.c.outcome),
    (outbox.c.error == UNSURE, UNSURE),
    (_blocked, "blocked"),
    else_="waiting",
).label("what")
_OUTCOMES: Final = (
    select(_what, func.count()).select_from(people.join(outbox, _theirs)).group_by(_what)
)
_OWED: Final = select(people.c.id).where(exists().where(_theirs))
_named: Final = (
    select(people.c.id, *KEY_COLUMNS, people.c.name)
    .select_from(people.join(outbox, _theirs))
    .order_by(people.c.id)
    .limit(bindparam("limit"))
)
_error: Final = func.coalesce(outbox.c.error, "")
_UNREACHED: Final = _named.where(
    ((outbox.c.outcome == "given up") & (_error != STOPPED))
    | (outbox.c.done_at.is_(None) & _blocked & (_error != UNSURE))
)
_unsure: Final = outbox.c.done_at.is_(None) & (outbox.c.error == UNSURE)
_UNSURE: Final = _named.where(_unsure)
_AGAIN: Final = (
    update(outbox)
    .where(outbox.c.owner_id.in_(select(people.c.id)), outbox.c.key == bindparam("key"), _unsure)
    .values(not_before=bindparam("now"), error=None)
)
_STOP: Final = (
    update(outbox)
    .where(
        outbox.c.owner_id.in_(select(people.c.id)),
        outbox.c.key == bindparam("key"),
        outbox.c.done_at.is_(None),
    )
    .values(done_at=bindparam("now"), outcome="given up", error=STOPPED, payload=None)
)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many people got a notice, are to get it, cannot be reached, and are not to any more.

    Of `unsure` nobody knows whether they got it: the bot died while it was on its way.
    """

    sent: int = 0
    waiting: int = 0
    unreached: int = 0
    stopped: int = 0
    unsure: int = 0


class Announcements(Questions):
    """What became of a notice to all, by the key under which it is owed to each."""

    async def outcomes(self, key: str) -> Outcomes:
        """Count what became of it."""
        rows = await self._runner.fetch(_OUTCOMES, key=key)
        counted: dict[str, int] = {row[0]: row[1] for row in rows}
        return Outcomes(
            sent=counted.get("sent", 0),
            waiting=counted.get("waiting", 0),
            unreached=counted.get("given up", 0) + counted.get("blocked", 0),
            stopped=counted.get(STOPPED, 0),
            unsure=counted.get(UNSURE, 0),
        )

    async def owed(self, key: str) -> set[int]:
        """List everybody who was ever owed it."""
        return {row[0] for row in await self._runner.fetch(_OWED, key=key)}

    async def unreached(self, key: str, *, limit: int) -> list[str]:
        """Name those who could not be reached."""
        return self._names(await self._runner.fetch(_UNREACHED, key=key, limit=limit))

    async def unsure(self, key: str, *, limit: int) -> list[str]:
        """Name those of whom nobody knows whether they got it."""
        return self._names(await self._runner.fetch(_UNSURE, key=key, limit=limit))

    async def again(self, key: str) -> int:
        """Owe it once more to those of whom nobody knows; how many they are."""
        return await self._runner.execute(_AGAIN, key=key, now=self._clock())

    def _names(self, rows: list[Row]) -> list[str]:
        return [
            self._vault.open_key(person, key_id, wrapped).open_text(("person", "name"), name)
            for person, key_id, wrapped, name in rows
        ]

    async def stop(self, key: str) -> int:
        """Let nobody else get it; how many will not."""
        return await self._runner.execute(_STOP, key=key, now=self._clock())
