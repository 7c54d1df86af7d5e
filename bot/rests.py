"""Entries that make a card's balance add up: what they are, and how they give way again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from storage import NewEntry

if TYPE_CHECKING:
    from datetime import datetime

    from bot.money import Money
    from storage import Card, Entry, Store

Source = Literal["holder", "message"]

JUST_BEFORE: Final = timedelta.resolution
"""How much earlier than what it leads up to an adjustment is dated, so that it is shown before."""


def opening(new: NewEntry, minor: int, oldest: datetime | None) -> NewEntry:
    """Make the entry for what was on the card before the oldest thing known of it."""
    first = min(new.at, oldest) if oldest else new.at
    alone = oldest is None and not new.amount_minor
    at = first if alone else first - JUST_BEFORE
    return replace(
        new, at=at, amount_minor=minor, kind="opening", text="", since=None, external_id=None
    )


def adjustment(new: NewEntry, minor: int) -> NewEntry:
    """Make the entry for what must have happened before a message for its balance to be right."""
    at = new.at - JUST_BEFORE
    return replace(new, at=at, amount_minor=minor, kind="adjustment", text="", external_id=None)


def made_up_for(entry: Entry, minor: int) -> NewEntry:
    """Make the entry that stands, by the issuer's word, for one whose holder withdraws theirs."""
    return NewEntry(
        at=entry.at,
        amount_minor=minor,
        currency=entry.currency,
        kind="adjustment",
        text="",
        source="issuer",
    )


async def stored(tx: Store, card: Card, new: NewEntry) -> tuple[Entry, ...]:
    """Keep an entry of a card that is locked."""
    entry = await tx.ledger.book(card.owner_id, card.id, new)
    assert entry is not None, "the card is locked, and no such booking is there"
    return (entry,)


async def take_up(tx: Store, card: Card, taker: Entry, minor: int, at: datetime) -> None:
    """Let an entry make up for so much more; an opening stays the oldest of all."""
    if taker.kind == "opening":
        taker = replace(taker, at=min(taker.at, at - JUST_BEFORE))
    taker = replace(taker, amount_minor=taker.amount_minor + minor, balance_after_minor=None)
    await tx.ledger.rewrite(card.owner_id, taker)


async def with_it(tx: Store, card: Card, entry: Entry) -> tuple[tuple[Entry, ...], Entry | None]:
    """Find what goes when an entry goes, and which entry stays and takes up their amount."""
    gone = [entry]
    taker = None
    while (beside := gone[-1].beside) is not None:
        taker = await tx.ledger.entry(card.owner_id, card.id, beside)
        # What came with an entry is younger than it and not the issuer's.
        if taker is None or taker.source not in {"holder", "message"} or taker.id < gone[-1].id:
            break
        gone.append(taker)
        taker = None
    return tuple(gone), taker


async def later(tx: Store, card: Card, new: NewEntry) -> Entry | None:
    """Find a later word on the balance than what is to be booked."""
    return await tx.ledger.next_said(card.owner_id, card.id, new.currency, new.at)


async def with_peak(tx: Store, card: Card, after: Money | None) -> Card:
    """Forget a highest balance that there never was, because what led to it was a mistake."""
    if after is None or card.peak_minor is None or card.balance_source == "issuer":
        return card
    sums = await tx.ledger.sums(card.owner_id, card.id, after.currency, card.created_at)
    highest = await tx.ledger.highest(card.owner_id, card.id, after.currency)
    return replace(card, peak_minor=min(card.peak_minor, highest + after.minor - sums.total))


def check_currency(card: Card, money: Money | None) -> None:
    """Refuse, with a `ValueError`, to book in another currency than the card's."""
    if money and card.currency is not None and money.currency != card.currency:
        raise ValueError(f"{money.currency} cannot be booked on a card in {card.currency}")


def source_of(new: NewEntry) -> Source:
    """Say whether a message says it, or a person."""
    return "message" if new.source == "message" else "holder"
