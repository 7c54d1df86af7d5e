"""Questions about the calendar: cards that expire, and when money was last spent from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select

from storage.due import claimed, claiming
from storage.questions import Questions
from storage.schema import cards, ledger

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import Card

_CLAIM: Final = claiming(cards.c.next_expiry_at)
_SPENT: Final = (
    select(ledger.c.card_id, func.max(ledger.c.at, type_=ledger.c.at.type))
    .where(ledger.c.owner_id == bindparam("owner"), ledger.c.amount_minor < 0)
    .group_by(ledger.c.card_id)
)


class Expiries(Questions):
    """Cards by when something is to be done about their expiry, and by when they were used."""

    async def claim_due(self, now: datetime, lease_until: datetime, limit: int) -> list[Card]:
        """Take up to `limit` cards whose expiry is to be looked at, the longest waiting first.

        None that are archived, and none of people who are shut out. A claimed card is due again
        at `lease_until` unless `cards.change` says when; one that does not open is left out.
        """
        rows = await self._runner.fetch(_CLAIM, now=now, lease_until=lease_until, limit=limit)
        return claimed(self._vault, rows)

    async def last_spent(self, owner_id: int) -> dict[str, datetime]:
        """Tell when money was last spent from each card of a person, by id; where it ever was."""
        rows = await self._runner.fetch(_SPENT, owner=owner_id)
        return {card_id: at for card_id, at in rows}  # noqa: C416 - its types can be told
