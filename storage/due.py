"""Questions about cards that are due: to be read, or to be asked about."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import BigInteger, bindparam, exists, func, select, tuple_, type_coerce, update

from storage.card_rows import PRESENT, RETURNED, opened
from storage.errors import SealError
from storage.questions import KEY_COLUMNS, Questions
from storage.schema import cards, people

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Column, ColumnElement
    from sqlalchemy.sql.dml import ReturningUpdate

    from storage.database import Row
    from storage.records import Card
    from storage.vault import Vault

log = logging.getLogger(__name__)

CardList: TypeAlias = "list[Card]"  # inside `Cards`, `list` is a question


def claiming(when: Column[datetime], *conditions: ColumnElement[bool]) -> ReturningUpdate[Any]:
    """Take cards in use whose `when` has come until `lease_until`, the longest waiting first.

    None of people who are shut out. Bound are `now`, `lease_until` and `limit`.
    """
    due = (
        select(cards.c.owner_id, cards.c.id)
        .where(
            *conditions,
            when <= bindparam("now"),
            PRESENT,
            cards.c.archived_at.is_(None),
            ~exists().where(people.c.id == cards.c.owner_id, people.c.barred_at.is_not(None)),
        )
        .order_by(when)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(cards)
        .where(tuple_(cards.c.owner_id, cards.c.id).in_(select(due.c.owner_id, due.c.id)))
        .values({when: bindparam("lease_until")})
        .returning(*RETURNED)
    )


def claimed(vault: Vault, rows: Sequence[Row]) -> CardList:
    """Open cards that were claimed; one that does not open keeps none of the others from it."""
    cards_due = []
    for row in rows:
        try:
            cards_due.append(opened(vault, row)[0])
        except SealError:
            log.exception("card %s does not open and is left out", row[len(KEY_COLUMNS)])
    return cards_due


_CLAIM: Final = claiming(cards.c.next_refresh_at, cards.c.issuer == bindparam("issuer"))

_known_at: Final = type_coerce(func.coalesce(cards.c.balance_at, cards.c.created_at), BigInteger)
_PLAN: Final = (
    update(cards)
    .where(cards.c.issuer == bindparam("issuer"), cards.c.next_refresh_at.is_(None), PRESENT)
    .values(next_refresh_at=_known_at + bindparam("microseconds", type_=BigInteger))
)


class DueCards(Questions):
    """The cards of an issuer, whoever's they are, by when something is to be done about them."""

    async def claim_due(
        self, issuer: str, now: datetime, lease_until: datetime, limit: int
    ) -> CardList:
        """Take up to `limit` of an issuer's cards that are due, the longest waiting first.

        None of people who are shut out: their cards stay due until they are let back in.
        A claimed card is due again at `lease_until` unless `change` says when it is. One that
        does not open is left out, so that it cannot keep the others from being read.
        """
        rows = await self._runner.fetch(
            _CLAIM, issuer=issuer, now=now, lease_until=lease_until, limit=limit
        )
        return claimed(self._vault, rows)

    async def plan(self, issuer: str, after: timedelta) -> int:
        """Make an issuer's cards that are never due fall due so long after they were last known.

        That is, since their balance became known, or else since they were bound. How many were.
        """
        microseconds = after // after.resolution
        return await self._runner.execute(_PLAN, issuer=issuer, microseconds=microseconds)

    def _opened(self, rows: Sequence[Row]) -> CardList:
        return [opened(self._vault, row)[0] for row in rows]
