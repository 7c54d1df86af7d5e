"""Questions about all of a person's cards at once: what was spent, and how their money moved.

Each adds up in the database, because years of entries of hundreds of cards are too many to be
opened one by one; no words of an entry are asked for. The cards are a person's own, archived ones
too, and those in use that others share with them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
    union_all,
)

from storage.card_rows import PRESENT
from storage.questions import Questions
from storage.schema import cards, ledger, people, shares
from storage.schema.columns import UtcTime, moment
from storage.shares import I_MAY_COME, WELCOME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from storage.database import Row

MOST_SPANS: Final = 12
_SECOND: Final = 1_000_000

_of_cards: Final = (
    cards.c.owner_id,
    cards.c.id.label("card_id"),
    cards.c.currency,
    cards.c.balance_minor,
    cards.c.archived_at,
)
_mine: Final = union_all(
    select(*_of_cards)
    .select_from(cards.join(people, people.c.id == cards.c.owner_id))
    .where(cards.c.owner_id == bindparam("person"), PRESENT, WELCOME),
    select(*_of_cards)
    .select_from(shares.join(cards).join(people, people.c.id == cards.c.owner_id))
    .where(
        shares.c.person_id == bindparam("person"),
        cards.c.archived_at.is_(None),
        PRESENT,
        WELCOME,
        I_MAY_COME,
    ),
).subquery("mine")
_entries: Final = _mine.join(
    ledger, and_(ledger.c.owner_id == _mine.c.owner_id, ledger.c.card_id == _mine.c.card_id)
)
_is_spent: Final = and_(
    or_(ledger.c.kind == "purchase", ledger.c.kind == "observed"), ledger.c.amount_minor < 0
)
_spent: Final = case((or_(_is_spent, ledger.c.kind == "refund"), -ledger.c.amount_minor), else_=0)


def _time(name: str) -> object:
    return bindparam(name, type_=UtcTime())


def _within(place: int) -> object:
    there = and_(ledger.c.at >= _time(f"from_{place}"), ledger.c.at < _time(f"from_{place + 1}"))
    return cast(func.sum(case((there, _spent), else_=0)), BigInteger)


_SUMS: Final = (
    select(
        ledger.c.card_id,
        ledger.c.currency,
        func.min(ledger.c.at, type_=UtcTime()),
        func.max(case((ledger.c.amount_minor < 0, ledger.c.at)), type_=UtcTime()),
        *(_within(place) for place in range(MOST_SPANS)),
    )
    .select_from(_entries)
    .group_by(ledger.c.card_id, ledger.c.currency)
)
_moved: Final = (
    select(
        (type_coerce(ledger.c.at, BigInteger) // bindparam("width", type_=BigInteger())).label(
            "span"
        ),
        ledger.c.amount_minor,
    )
    .select_from(_entries)
    .where(
        _mine.c.currency == bindparam("currency"),
        _mine.c.balance_minor.is_not(None),
        ledger.c.currency == _mine.c.currency,
        ledger.c.at >= _time("since"),
    )
    .subquery("moved")
)
_MOVES: Final = (
    select(_moved.c.span, cast(func.sum(_moved.c.amount_minor), BigInteger))
    .group_by(_moved.c.span)
    .order_by(_moved.c.span)
)
_at: Final = type_coerce(ledger.c.at, BigInteger)
_since: Final = type_coerce(ledger.c.since, BigInteger)
_SPENDS: Final = (
    select(
        ledger.c.card_id,
        # What was seen between two readings is put in the middle between them.
        case((_since.is_(None), _at), else_=_since + (_at - _since) // 2),
        -ledger.c.amount_minor,
    )
    .select_from(_entries)
    .where(
        _mine.c.archived_at.is_(None),
        _mine.c.balance_minor > 0,
        ledger.c.currency == _mine.c.currency,
        ledger.c.at >= _time("since"),
        or_(_is_spent, ledger.c.kind == "refund"),
    )
)


class Spent(NamedTuple):
    """What became of one card in one currency: minor units spent, less refunds, in each span.

    `first` is the first that is known of it, `last` when money last left it.
    """

    card_id: str
    currency: str
    first: datetime
    last: datetime | None
    sums: Sequence[int]


class Spending(Questions):
    """What was spent from all cards of a person, and of those others share with them."""

    async def sums(self, person_id: int, bounds: Sequence[datetime]) -> list[Spent]:
        """Add up what was spent between each bound and the next; at most `MOST_SPANS` spans."""
        spans = len(bounds) - 1
        padded = [*bounds, *[bounds[-1]] * (MOST_SPANS - spans)]
        given = {f"from_{place}": at for place, at in enumerate(padded)}
        rows = await self._runner.fetch(_SUMS, person=person_id, **given)
        return [
            Spent(card_id, currency, first, last, sums[:spans])
            for card_id, currency, first, last, *sums in rows
        ]

    async def moves(
        self, person_id: int, currency: str, since: datetime, width: timedelta
    ) -> list[tuple[datetime, int]]:
        """Add up all that came and went since then, by spans of `width`: when each ends, how much.

        Only cards in that currency count, and those whose balance is known.
        """
        micros = int(width.total_seconds() * _SECOND)
        rows = await self._runner.fetch(
            _MOVES, person=person_id, currency=currency, since=since, width=micros
        )
        return [(moment((span + 1) * micros), minor) for span, minor in rows]

    async def spends(
        self, person_id: int, since: datetime
    ) -> dict[str, list[tuple[datetime, int]]]:
        """List what was spent since then from cards in use with money: when, and minor units.

        In the currency of each card's balance, in any order; refunds are below zero.
        """
        rows = await self._runner.fetch(_SPENDS, person=person_id, since=since)
        return await asyncio.to_thread(_by_card, rows)  # tens of thousands hold others up


def _by_card(rows: Sequence[Row]) -> dict[str, list[tuple[datetime, int]]]:
    found: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for card_id, micros, minor in rows:
        found[card_id].append((moment(micros), minor))
    return dict(found)
