"""Questions about the past: what a card's balance was found to be, and what moved it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, and_, bindparam, cast, func, not_, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert

from storage.entries import KEYED, PRESENT, Entries
from storage.entry_rows import ENTRY_COLUMNS, booker_place
from storage.questions import KEY_COLUMNS
from storage.records import Entry, Reading
from storage.schema import cards, ledger, people, readings, shares
from storage.shares import I_MAY_COME, WELCOME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, FromClause, Select

    from storage.database import Row

AT_ONCE: Final = 50
"""Entries opened before others have their turn."""

_of_it: Final = and_(ledger.c.owner_id == cards.c.owner_id, ledger.c.card_id == cards.c.id)
# Of an adjustment that turned out to be explained nothing is left to show.
_worth_showing: Final = not_(
    and_(
        ledger.c.amount_minor == 0,
        or_(ledger.c.kind == "adjustment", ledger.c.kind == "observed"),
        ledger.c.external.is_(None),
    )
)


_seen: Final = union_all(
    select(cards.c.owner_id, cards.c.id)
    .select_from(cards.join(people, people.c.id == cards.c.owner_id))
    .where(cards.c.owner_id == bindparam("person"), WELCOME),
    select(shares.c.owner_id, shares.c.card_id)
    .select_from(shares.join(people, people.c.id == shares.c.owner_id))
    .where(shares.c.person_id == bindparam("person"), WELCOME, I_MAY_COME),
).subquery("seen")
"""A person's own cards, and those that others share with them; archived ones too."""

_of_seen: Final = and_(ledger.c.owner_id == _seen.c.owner_id, ledger.c.card_id == _seen.c.id)
_seen_entries: Final = _seen.join(ledger, _of_seen).join(cards, _of_it)
_of_card: Final = (cards.c.owner_id == bindparam("owner")) & (cards.c.id == bindparam("card"))


def _counted(source: FromClause, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(source).where(PRESENT, _worth_showing, *conditions)


def _paged(source: FromClause, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Newest first, each with the sum of what came after it on its card in its currency."""
    newer = func.sum(ledger.c.amount_minor).over(
        partition_by=(ledger.c.card_id, ledger.c.currency),
        order_by=(ledger.c.at.desc(), ledger.c.id.desc()),
        rows=(None, -1),
    )
    return (
        select(
            cards.c.owner_id,
            *KEY_COLUMNS,
            *ENTRY_COLUMNS,
            cards.c.currency.label("card_currency"),
            cards.c.balance_minor,
            cast(newer, BigInteger).label("newer"),
        )
        .select_from(source)
        .where(PRESENT, _worth_showing, *conditions)
        .order_by(ledger.c.at.desc(), ledger.c.id.desc())
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )


_entries: Final = cards.join(ledger, _of_it)
_keyed: Final = KEYED.join(ledger, _of_it)
_owned: Final = cards.c.owner_id == bindparam("owner")
_COUNT: Final = _counted(_entries, _owned)
_COUNT_ONE: Final = _counted(_entries, _of_card)
_COUNT_SEEN: Final = _counted(_seen_entries)
_PAGE: Final = _paged(_keyed, _owned)
_PAGE_ONE: Final = _paged(_keyed, _of_card)
_PAGE_SEEN: Final = _paged(_seen_entries.join(people, people.c.id == cards.c.owner_id))

_CALLED: Final = (
    select(*KEY_COLUMNS, ledger.c.booked_name)
    .select_from(KEYED.join(ledger))
    .where(
        PRESENT,
        _of_card,
        ledger.c.booked_by == bindparam("who"),
        ledger.c.booked_name.is_not(None),
    )
    .order_by(ledger.c.id.desc())
    .limit(1)
)

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
        return await self._opened_all(rows)

    async def seen(self, person_id: int, *, limit: int, offset: int = 0) -> list[Entry]:
        """Entries of all cards a person may see, as for `page`: their own and shared ones."""
        rows = await self._runner.fetch(_PAGE_SEEN, person=person_id, limit=limit, offset=offset)
        return await self._opened_all(rows)

    async def count_seen(self, person_id: int) -> int:
        """How many entries `seen` has to show."""
        return int((await self._runner.fetch(_COUNT_SEEN, person=person_id))[0][0])

    async def count(self, owner_id: int, card_id: str | None) -> int:
        """How many entries `page` has to show."""
        rows = await (
            self._runner.fetch(_COUNT, owner=owner_id)
            if card_id is None
            else self._runner.fetch(_COUNT_ONE, owner=owner_id, card=card_id)
        )
        return int(rows[0][0])

    async def called(self, owner_id: int, card_id: str, who: int) -> str | None:
        """Give what somebody was called last who booked on a card; None where it is not kept."""
        rows = await self._runner.fetch(_CALLED, owner=owner_id, card=card_id, who=who)
        if not rows:
            return None
        key_id, wrapped, name = rows[0]
        key = self._vault.open_key(owner_id, key_id, wrapped)
        return key.open_text(booker_place(card_id, who), name)

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

    async def _opened_all(self, rows: Sequence[Row]) -> list[Entry]:
        opened = []
        for first in range(0, len(rows), AT_ONCE):
            opened += [self._entry(row) for row in rows[first : first + AT_ONCE]]
            await asyncio.sleep(0)
        return opened

    def _entry(self, row: Row) -> Entry:
        owner_id, *columns, card_currency, balance, newer = row
        entry = self._opened(owner_id, tuple(columns))
        if entry.balance_after_minor is None and balance is not None:
            after = balance - (newer or 0)
            return (
                replace(entry, balance_after_minor=after)
                if entry.currency == card_currency
                else entry
            )
        return entry
