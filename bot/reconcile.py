"""Where a card has both bookings and an issuer's reading: the issuer's word wins.

With a history, an issuer's entry that is a booking takes its place and keeps the holder's words.
What then does not add up becomes one adjustment entry, and the person is told of it. A card
nobody booked anything on is none of this module's business.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from bot import rests
from storage import NewEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.money import Money
    from storage import Card, Entry, Store

SAME: Final = timedelta(days=3)
"""How far apart a booking and the issuer's entry for it may be dated.

A purchase on a Friday evening is posted by Monday; people date by the day, issuers by their own
clock. Any longer, and next week's coffee of the same price would be taken for this week's.
"""


class Mismatch(TypedDict):
    """What the person is told: minor units, what was expected, what the issuer says."""

    expected: int
    balance: int
    currency: str
    at: str


async def with_history(
    tx: Store, card: Card, read: Sequence[NewEntry], balance: Money, now: datetime
) -> None:
    """Keep an issuer's entries of a card that is locked, each booking of them only once."""
    owner, currency = card.owner_id, balance.currency
    since = min((entry.at for entry in read), default=now) - SAME
    booked = await tx.ledger.bookings(owner, card.id, since)
    if not booked and not await tx.ledger.outstanding(owner, card.id):
        await tx.ledger.add(owner, card.id, read)
        return
    before = (await tx.ledger.sums(owner, card.id, currency, now)).total
    await tx.ledger.add(owner, card.id, read)
    pairs = _pairs(booked, await tx.ledger.unclaimed(owner, card.id, since - SAME))
    for booking, entry in sorted(pairs, key=lambda pair: _settled(pair[0])):
        if _settled(booking) and _known(card, currency):
            # Two bookings that made up for each other were settled too. What is then listed is
            # one of them only if that adds up; else it just looks the same.
            now_listed = (await tx.ledger.sums(owner, card.id, currency, now)).total - before
            missing = balance.minor - (card.balance_minor or 0) - now_listed
            if abs(missing + booking.amount_minor) >= abs(missing):
                continue
        await _claim(tx, card, booking, entry, now)
    left = await tx.ledger.outstanding(owner, card.id)
    if not left or card.balance_minor is None or card.currency != currency:
        return
    if card.history_stale:
        # Which of the entries the last balance knew of already nobody can say.
        missing = -sum(entry.amount_minor for entry in left if entry.currency == currency)
    else:
        now_listed = (await tx.ledger.sums(owner, card.id, currency, now)).total - before
        missing = balance.minor - card.balance_minor - now_listed
    await _settle(tx, card, left, balance, missing, now)


async def without_history(tx: Store, card: Card, balance: Money, now: datetime) -> bool:
    """Settle what was booked since the last reading; False if the reading is still unexplained."""
    by_issuer = card.balance_source == "issuer"
    left = [] if by_issuer else await tx.ledger.outstanding(card.owner_id, card.id)
    if not left:
        return await _posted_late(tx, card, balance, now)
    if card.balance_minor is None or card.currency != balance.currency:
        sums = await tx.ledger.sums(card.owner_id, card.id, balance.currency, now)
        rest = _adjustment(balance.minor - sums.total, balance.currency, now)
        await rests.stored(tx, card, rests.opening(rest, rest.amount_minor, sums.oldest))
        await tx.ledger.reconciled(card.owner_id, card.id, now)
    else:
        await _settle(tx, card, left, balance, balance.minor - card.balance_minor, now)
    return True


async def _posted_late(tx: Store, card: Card, balance: Money, now: datetime) -> bool:
    """Recognise a booking that the issuer did not know of at the last reading, and does now."""
    if card.balance_minor is None or card.currency != balance.currency:
        return False
    change = balance.minor - card.balance_minor
    if change == 0:
        return False
    for booking in await tx.ledger.bookings(card.owner_id, card.id, now - SAME):
        if (booking.amount_minor, booking.currency) == (change, balance.currency):
            _, taker = await rests.with_it(tx, card, booking)
            if taker is not None and taker.source == "issuer":
                await rests.take_up(tx, card, taker, change, taker.at)
                await tx.ledger.rewrite(card.owner_id, replace(booking, beside=None))
                return True
    return False


def _pairs(booked: Sequence[Entry], unclaimed: Sequence[Entry]) -> list[tuple[Entry, Entry]]:
    """Pair bookings with the issuer's entries that they are, the nearest in time first."""
    close = sorted(
        (
            (abs(entry.at - booking.at), booking.id, booking, entry)
            for booking in booked
            for entry in unclaimed
            if (entry.amount_minor, entry.currency) == (booking.amount_minor, booking.currency)
            and abs(entry.at - booking.at) <= SAME
        ),
        key=lambda pair: pair[:2],
    )
    paired: dict[int, tuple[Entry, Entry]] = {}
    taken: set[int] = set()
    for _, _, booking, entry in close:
        if booking.id not in paired and entry.id not in taken:
            paired[booking.id] = (booking, entry)
            taken.add(entry.id)
    return list(paired.values())


def _settled(booking: Entry) -> bool:
    """Say whether an issuer's balance agreed with a booking, with nothing made up beside it."""
    return booking.reconciled_at is not None and booking.beside is None


def _known(card: Card, currency: str) -> bool:
    """Say whether it is known which of the issuer's entries the last balance took account of."""
    return card.balance_minor is not None and card.currency == currency and not card.history_stale


async def _claim(tx: Store, card: Card, booking: Entry, entry: Entry, now: datetime) -> None:
    """Let the issuer's entry take the booking's place, and end what had made up for it."""
    gone, taker = await rests.with_it(tx, card, booking)
    for rest in gone[1:]:
        await tx.ledger.remove(card.owner_id, card.id, rest.id)
    if taker:
        amount = sum(one.amount_minor for one in gone)
        await rests.take_up(tx, card, taker, amount, taker.at)
    by = replace(
        entry,
        text=booking.text or entry.text,
        reconciled_at=now,
        booked_by=booking.booked_by,
        booked_name=booking.booked_name,
    )
    await tx.ledger.replace(card.owner_id, booking, by)


async def _settle(
    tx: Store, card: Card, left: Sequence[Entry], balance: Money, missing: int, now: datetime
) -> None:
    """Make one entry of what is missing, tell of it, and close what was outstanding."""
    if missing:
        (rest,) = await rests.stored(tx, card, _adjustment(missing, balance.currency, now))
        for entry in left:
            if entry.beside is None and entry.currency == balance.currency:
                await tx.ledger.rewrite(card.owner_id, replace(entry, beside=rest.id))
        # What ends at the balance that was known anyway is nobody's worry, unless that came alone.
        if card.balance_minor != balance.minor or card.history_stale:
            said: Mismatch = {
                "expected": balance.minor - missing,
                "balance": balance.minor,
                "currency": balance.currency,
                "at": now.isoformat(),
            }
            key = f"{card.id}:mismatch:{rest.id}"
            await tx.outbox.put(card.owner_id, card.id, "mismatch", said, key=key, not_before=now)
    await tx.ledger.reconciled(card.owner_id, card.id, now)


def _adjustment(minor: int, currency: str, now: datetime) -> NewEntry:
    return NewEntry(
        at=now,
        amount_minor=minor,
        currency=currency,
        kind="adjustment",
        text="",
        source="issuer",
    )
