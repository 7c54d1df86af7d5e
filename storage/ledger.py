"""Questions about the past: what a card's balance was found to be, and what moved it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, and_, bindparam, cast, func, not_, or_, select
from sqlalchemy.dialects.postgresql import insert

from storage.entries import KEYED, PRESENT, Entries
from storage.entry_rows import ENTRY_COLUMNS
from storage.questions import KEY_COLUMNS
from storage.records import Entry, Reading
from storage.schema import cards, ledger, readings

if TYPE_CHECKING:
    from sqlalchemy import Select

    from storage.database import Row

AT_ONCE: Final = 50
"""Entries opened before others have their turn."""

# Of an adjustment that turned out to be explained nothing is left to show.
_worth_showing: Final = not_(
    and_(
        ledger.c.amount_minor == 0,
        or_(ledger.c.kind == "adjustment", ledger.c.kind == "observed"),
        ledger.c.external.is_(None),
    )
)


def _counted(*, one_card: bool) -> Select[Any]:
    query = (
        select(func.count())
        .select_from(ledger.join(cards))
        .where(ledger.c.owner_id == bindparam("owner"), PRESENT, _worth_showing)
    )
    return query.where(ledger.c.card_id == bindparam("card")) if one_card else query


def _paged(*, one_card: bool) -> Select[Any]:
    """Newest first, each with the sum of what came after it on its card in its currency."""
    newer = func.sum(ledger.c.amount_minor).over(
        partition_by=(ledger.c.card_id, ledger.c.currency),
        order_by=(ledger.c.at.desc(), ledger.c.id.desc()),
        rows=(None, -1),
    )
    query = (
        select(
            *KEY_COLUMNS,
            *ENTRY_COLUMNS,
            cards.c.currency.label("card_currency"),
            cards.c.balance_minor,
            cast(newer, BigInteger).label("newer"),
        )
        .select_from(KEYED.join(ledger))
        .where(ledger.c.owner_id == bindparam("owner"), PRESENT, _worth_showing)
        .order_by(ledger.c.at.desc(), ledger.c.id.desc())
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )
    return query.where(ledger.c.card_id == bindparam("card")) if one_card else query


_COUNT: Final = _counted(one_card=False)
_COUNT_ONE: Final = _counted(one_card=True)
_PAGE: Final = _paged(one_card=False)
_PAGE_ONE: Final = _paged(one_card=True)

_READING: Final = tuple(readings.c[name] for name in Reading.__dataclass_fields__)
_READINGS: Final = (
    select(*_READING)
    .where(readings.c.owner_id == bindparam("owner"), readings.c.card_id == bindparam("card"))
    .order_by(readings.c.at.desc(), readings.c.id.desc())
    .limit(bindparam("limit"))
)
_NOTE: Final = insert(readings).from_select(
    ["owner_id", "card_id", *Reading.__dataclass_fields__],
    select(
        cards.c.owner_id,
        cards.c.id,
        *(bindparam(column.name, type_=column.type) for column in _READING),
    ).where(cards.c.owner_id == bindparam("owner"), cards.c.id == bindparam("card")),
)


class Ledger(Entries):
    """Entries and readings of cards. Those of a removed card are not shown."""

    async def page(
        self, owner_id: int, card_id: str | None, *, limit: int, offset: int = 0
    ) -> list[Entry]:
        """Entries of one card, or of all (`None`), newest first, each with its running balance.

        The running balance is the issuer's own where it gave one, else the card's present
        balance without the amounts that came later; None where there is no balance.
        """
        rows = await (
            self._runner.fetch(_PAGE, owner=owner_id, limit=limit, offset=offset)
            if card_id is None
            else self._runner.fetch(
                _PAGE_ONE, owner=owner_id, card=card_id, limit=limit, offset=offset
            )
        )
        opened = []
        for first in range(0, len(rows), AT_ONCE):
            opened += [self._entry(owner_id, row) for row in rows[first : first + AT_ONCE]]
            await asyncio.sleep(0)
        return opened

    async def count(self, owner_id: int, card_id: str | None) -> int:
        """How many entries `page` has to show."""
        rows = await (
            self._runner.fetch(_COUNT, owner=owner_id)
            if card_id is None
            else self._runner.fetch(_COUNT_ONE, owner=owner_id, card=card_id)
        )
        return int(rows[0][0])

    async def note_reading(self, owner_id: int, card_id: str, found: Reading) -> bool:
        """Keep a reading if it says something new; True if it was kept."""
        last = await self.last_reading(owner_id, card_id)
        if last is not None and replace(last, at=found.at) == found:
            return False
        return bool(
            await self._runner.execute(_NOTE, owner=owner_id, card=card_id, **asdict(found))
        )

    async def last_reading(self, owner_id: int, card_id: str) -> Reading | None:
        """Get the latest reading that said something new."""
        found = await self.readings(owner_id, card_id, limit=1)
        return found[0] if found else None

    async def readings(self, owner_id: int, card_id: str, *, limit: int) -> list[Reading]:
        """Get the readings of a card, newest first."""
        rows = await self._runner.fetch(_READINGS, owner=owner_id, card=card_id, limit=limit)
        return [Reading(*row) for row in rows]

    def _entry(self, owner_id: int, row: Row) -> Entry:
        *columns, card_currency, balance, newer = row
        entry = self._opened(owner_id, tuple(columns))
        if entry.balance_after_minor is None and balance is not None:
            after = balance - (newer or 0)
            return (
                replace(entry, balance_after_minor=after)
                if entry.currency == card_currency
                else entry
            )
        return entry
