"""What a message books on its card, and what of it cannot be booked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.bookings import Booked, NotEnough
from bot.features.forwarded.choice import currency_of
from bot.readings import money_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from bot.features.forwarded.notice import Notice
    from bot.money import Money
    from storage import Card, EntryKind, Store

KINDS: dict[str, EntryKind] = {"spent": "purchase", "added": "top-up", "refunded": "refund"}
LOOKED_BACK = 50
"""Through so many readings of a card it is looked for one that came after a message."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message on a card.

    Without `booked` nothing was: the issuer's own reading came after it, or there is less on the
    card than it would take, which is then `lacking`.
    """

    card: Card
    booked: Booked | None = None
    change: Money | None = None
    balance: Money | None = None
    lacking: Money | None = None


async def booked_before(context: Context, cards: Sequence[Card], notice: Notice) -> Outcome | None:
    """Find on which card the same message was booked already."""
    for card in cards:
        entry = await context.parts.store.ledger.booked(card.owner_id, card.id, notice.mark)
        if entry is not None:
            known = money_of(card)
            return Outcome(card, Booked(card, (entry,), known, known, already=True))
    return None


async def book(context: Context, tx: Store, card: Card, notice: Notice) -> Outcome | None:
    """Book a message on this card; None if the card is gone or it cannot be about this card.

    What it says was left is taken from those alone who may set the card's balance.
    """
    bookings, owner, said = context.parts.bookings, card.owner_id, notice.said
    currency = currency_of(context, card, notice)
    if not notice.fits(currency):
        return None
    change, balance = notice.change(currency), notice.balance(currency)
    if not context.may(card, "manage"):
        balance = None
    if await _is_included(context, tx, card, notice):
        return Outcome(card, change=change, balance=balance)
    try:
        if change is not None and said.kind is not None:
            booked = await bookings.book(
                owner,
                card.id,
                kind=KINDS[said.kind],
                change=change,
                text=said.place,
                at=said.at,
                balance=balance,
                source="message",
                external_id=notice.mark,
                by=context.person.id,
                store=tx,
            )
        elif balance is not None:
            booked = await bookings.set(
                owner,
                card.id,
                balance,
                at=said.at,
                source="message",
                external_id=notice.mark,
                by=context.person.id,
                store=tx,
            )
        else:
            return None
    except NotEnough as less:
        return Outcome(card, change=change, balance=balance, lacking=less.balance)
    return Outcome(booked.card, booked, change, balance) if booked else None


async def _is_included(context: Context, tx: Store, card: Card, notice: Notice) -> bool:
    """Say whether the issuer itself was read after the message, and so has told of it already.

    The balance in the message is then of the past, and the entry is in the issuer's own history.
    Where the issuer keeps none, it is a part of the change that was seen between two readings.
    """
    at, owner, issuer = notice.said.at, card.owner_id, context.parts.issuers.get(card.issuer)
    if at is None or card.currency is None:
        return False
    read_at = card.balance_at if card.balance_source == "issuer" else None
    found = await tx.ledger.readings(owner, card.id, limit=LOOKED_BACK)
    times = [read_at, *(one.at for one in found if one.source == "issuer")]
    if not any(time >= at for time in times if time):
        return False
    if issuer is None or issuer.has_history:
        return True
    return await tx.ledger.next_said(owner, card.id, card.currency, at) is None
