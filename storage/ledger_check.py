"""Hold every card against what is written of it: which facts always agree, and how to ask for it.

These hold whatever people, messages and issuers do, in any order and on a clock that jumps:

1. A balance that is known has a currency, a time and a source.
2. A balance that is known is one that a reading found: the newest one, or one like it.
3. The entries of a card in its currency add up to its balance, if nobody but its holder and their
   messages ever said one; and so do those of a card whose issuer keeps no history, from its first
   reading on. What the issuer says beside a history of its own need not: it may list only some of
   it. Left out are cards with entries in several currencies, and those of whose history a part is
   still to be read.

The balance after an entry is not held against the one before: an issuer's is its own word, and
between other entries of a later date it is not what is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, or_, select

from storage.schema import cards, ledger, readings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from storage.snapshot import Snapshot

_ours: Final = (ledger.c.owner_id == cards.c.owner_id) & (ledger.c.card_id == cards.c.id)
_read: Final = (readings.c.owner_id == cards.c.owner_id) & (readings.c.card_id == cards.c.id)
# How a first reading of an issuer that keeps no history is written down.
_first_reading: Final = (
    (ledger.c.kind == "opening")
    & (ledger.c.source == "issuer")
    & (ledger.c.balance_after_minor == ledger.c.amount_minor)
)


def _one(value: Any) -> Any:
    return select(value).where(_ours).correlate(cards).scalar_subquery()


def _readings(*which: Any) -> Any:
    return select(func.count()).where(_read, *which).correlate(cards).scalar_subquery()


_CARDS: Final = select(
    cards.c.id,
    cards.c.balance_minor,
    or_(
        cards.c.currency.is_(None),
        cards.c.balance_at.is_(None),
        cards.c.balance_source.is_(None),
    ).label("unsaid"),
    _readings(
        readings.c.balance_minor == cards.c.balance_minor,
        readings.c.currency == cards.c.currency,
        readings.c.source == cards.c.balance_source,
    ).label("found"),
    _readings(readings.c.source == "issuer").label("by_issuer"),
    cards.c.history_stale,
    _one(func.coalesce(func.sum(ledger.c.amount_minor), 0)).label("total"),
    _one(func.count(ledger.c.currency.distinct())).label("currencies"),
    _one(
        func.coalesce(func.sum(case((ledger.c.currency == cards.c.currency, 0), else_=1)), 0)
    ).label("foreign"),
    _one(func.count(ledger.c.external)).label("listed"),
    _one(func.coalesce(func.sum(case((_first_reading, 1), else_=0)), 0)).label("openings"),
).order_by(cards.c.owner_id, cards.c.id)


async def look(taken: Snapshot) -> AsyncIterator[tuple[str, bool, list[str]]]:
    """Give each card's id, whether its entries were added up, and what does not agree."""
    async for batch in taken.rows(_CARDS):
        for row in batch:
            yield _seen(*row)


def _seen(
    card_id: str,
    balance: int | None,
    unsaid: bool,
    found: int,
    by_issuer: int,
    stale: bool,
    total: int,
    currencies: int,
    foreign: int,
    listed: int,
    openings: int,
) -> tuple[str, bool, list[str]]:
    if balance is None:
        return card_id, False, []
    wrong = []
    if unsaid:
        wrong.append("a balance without its currency, time or source")
    if not found:
        wrong.append("a balance that no reading found")
    known = not by_issuer or (openings == 1 and not listed)
    adds_up = known and not stale and currencies <= 1 and not foreign
    if adds_up and int(total) != balance:
        wrong.append("entries that do not add up to the balance")
    return card_id, adds_up, wrong
