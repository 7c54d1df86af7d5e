"""Questions about how things go over all: counts by issuer and cause, nothing of any one card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, or_, select

from storage.questions import Questions
from storage.schema import cards, outbox, people

if TYPE_CHECKING:
    from datetime import datetime

_CARDS: Final = (
    select(cards.c.issuer, cards.c.failure, func.count())
    .where(cards.c.removed_at.is_(None))
    .group_by(cards.c.issuer, cards.c.failure)
    .order_by(cards.c.issuer)
)
_OWED: Final = (
    select(
        people.c.blocked_at.is_not(None),
        people.c.barred_at.is_not(None),
        outbox.c.error,
        func.count(),
        func.min(outbox.c.created_at, type_=outbox.c.created_at.type),
    )
    .select_from(
        outbox.join(people, people.c.id == func.coalesce(outbox.c.recipient_id, outbox.c.owner_id))
    )
    .where(
        outbox.c.done_at.is_(None),
        or_(outbox.c.not_before <= bindparam("now"), outbox.c.attempts > 0),
    )
    .group_by(people.c.blocked_at.is_not(None), people.c.barred_at.is_not(None), outbox.c.error)
)


@dataclass(frozen=True, slots=True)
class Failing:
    """How many cards of an issuer fail in one way; `failure` is None for those that do not."""

    issuer: str
    failure: str | None
    cards: int


@dataclass(frozen=True, slots=True)
class Outstanding:
    """How many alerts are due for one cause. `error` is what their last try met, if any."""

    blocked: bool
    """Their people stopped the bot."""
    barred: bool
    error: str | None
    alerts: int
    oldest: datetime


class Health(Questions):
    """How many cards fail and why, and how many alerts wait and why."""

    async def cards(self) -> list[Failing]:
        """Count the cards by issuer and failure."""
        return [Failing(*row) for row in await self._runner.fetch(_CARDS)]

    async def owed(self, now: datetime) -> list[Outstanding]:
        """Count the alerts that are due or were tried already, the largest group first."""
        rows = await self._runner.fetch(_OWED, now=now)
        found = [Outstanding(bool(row[0]), bool(row[1]), *row[2:]) for row in rows]
        return sorted(found, key=lambda owed: (-owed.alerts, owed.error or ""))
