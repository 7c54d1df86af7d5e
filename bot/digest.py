"""One message instead of several, daily or weekly, for those who asked for it.

What may wait is held back in the outbox; when the digest is due it is taken from there, in one
transaction with the message that tells it. That a card is empty never waits.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot import alert_view, expiry, expiry_view, ledger_view, panel
from bot.buttons import Button, in_rows
from bot.pages import PARAGRAPH, fitted
from bot.shared import said_by
from storage import OutboxItem

if TYPE_CHECKING:
    from datetime import tzinfo

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Digest, Person, Store

log = logging.getLogger(__name__)

WAIT = frozenset({"low", "reminder", "check", "mismatch", *expiry_view.KINDS})
"""Kinds of messages that a digest tells."""

HELD = "waits for the digest"
MARGIN = timedelta(minutes=10)
"""What is held back goes by itself so long after the digest's hour, if there was none."""

IN_TIME = timedelta(days=1)
"""A card that ends so soon after the digest can hardly be used any more when it is read."""

HOUR = expiry.DECENT
EVERY = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
AT_ONCE = 100
MOST_CARDS = 8


def next_digest(digest: Digest, zone: tzinfo, after: datetime) -> datetime:
    """Give the next nine o'clock in that time zone: any day's, or Monday's."""
    day = after.astimezone(zone).date()
    while True:
        at = datetime.combine(day, HOUR, zone).astimezone(UTC)
        if at > after and (digest == "daily" or day.weekday() == 0):
            return at
        day += timedelta(days=1)


def held_until(person: Person, item: OutboxItem, now: datetime) -> datetime | None:
    """Say until when a message is held back for a person's digest; None if it is not.

    That a card is about to end does not wait for a digest that would come too late to use it.
    """
    if person.digest is None or person.next_digest_at is None or item.kind not in WAIT:
        return None
    if item.kind in {"expiry", expiry.AGAIN}:
        expires = datetime.fromisoformat(str(item.payload["expires"]))
        if expires <= person.next_digest_at + IN_TIME:
            return None
    return max(person.next_digest_at, now) + MARGIN


async def choose(parts: Parts, tx: Store, person: Person, digest: Digest | None) -> None:
    """Change how often a person gets a digest; without one, what was held back goes now."""
    zone, now = parts.voice(person).zone, parts.clock()
    at = next_digest(digest, zone, now) if digest else None
    await tx.people.change(person.id, digest=digest, next_digest_at=at)
    # Anew with the next digest, or by itself.
    await tx.digests.release(person.id, HELD, now)


async def look_after(parts: Parts) -> None:
    """Owe the digests that are due, with what is to be said about expiries at this hour."""
    await expiry.look_after(parts)
    for person_id, was in await parts.store.digests.due(parts.clock(), AT_ONCE):
        try:
            await _collect(parts, person_id, was)
        except Exception:
            log.exception("a digest could not be put together; the others are")


async def _collect(parts: Parts, person_id: int, was: datetime) -> None:
    """Take what waits and owe the digest that tells it, or do neither."""
    async with parts.store.transaction() as tx:
        person, now = await tx.people.get(person_id), parts.clock()
        if person is None or person.digest is None:
            return
        at = next_digest(person.digest, parts.voice(person).zone, now)
        if not await tx.digests.turn(person_id, was, at):
            return
        taken = await tx.digests.take(person_id, WAIT, now + MARGIN, now)
        idle = await _newly_idle(tx, person, was - EVERY[person.digest], was)
        if not taken and not idle:
            return
        items = [
            {
                "kind": item.kind,
                "owner": item.owner_id,
                "card": item.card_id,
                "said": item.payload,
                "at": item.created_at.isoformat(),
            }
            for item in taken
        ]
        said: dict[str, object] = {"items": items, "idle": idle}
        key = f"digest:{was.isoformat()}"
        await tx.outbox.put(person_id, None, "digest", said, key=key, not_before=now)


async def _newly_idle(tx: Store, person: Person, since: datetime, until: datetime) -> list[str]:
    """Find the cards with money that came to lie idle in this span: each is told of once."""
    spent = await tx.expiries.last_spent(person.id)
    return [
        card.id
        for card in await tx.cards.list(person.id)
        if card.balance_minor and since < spent.get(card.id, card.created_at) + expiry.IDLE <= until
    ]


async def _told(
    parts: Parts, person: Person, item: OutboxItem, *, covered: bool
) -> tuple[list[Markup], dict[str, Card]]:
    """Write what is still worth telling, a paragraph each, with the cards it is about."""
    voice = parts.voice(person)
    lines: list[Markup] = []
    cards: dict[str, Card] = {}
    payload: Any = item.payload
    for each in payload["items"]:
        card = await _warned_of(parts, person, each["owner"], each["card"])
        at = datetime.fromisoformat(each["at"])
        one = OutboxItem(
            0,
            each["owner"],
            each["card"],
            None,
            each["kind"],
            each["said"],
            at,
            0,
            None,
            item.lease,
        )
        if card is None or await _pointless(parts, person, card, one):
            continue
        if card.id not in cards or one.kind in {"mismatch", *expiry_view.KINDS}:
            by = await said_by(parts, voice, person.id, card)
            lines.append(_paragraph(parts, voice, card, one, by, covered=covered))
        cards[card.id] = card
    for card_id in payload["idle"]:
        card = await parts.store.cards.get(person.id, card_id)
        if card is not None and card.archived_at is None and card.balance_minor:
            cards[card.id] = card
            lines.append(_idle(voice, card, covered=covered))
    return lines, cards


async def _warned_of(parts: Parts, person: Person, owner_id: int, card_id: str) -> Card | None:
    """Find a card if it is theirs, or is shared with them still and they want to be warned."""
    held = await parts.store.shares.held(person.id, card_id, "see")
    if held is None or held.card.owner_id != owner_id:
        return None
    if owner_id != person.id and not held.card.alerts_on:
        return None
    return held.card


async def _pointless(parts: Parts, person: Person, card: Card, item: OutboxItem) -> str | None:
    if item.kind in expiry_view.KINDS:
        return await expiry_view.pointless(parts, person, card, item)
    return alert_view.pointless(card, item, parts.clock())


def _paragraph(
    parts: Parts, voice: Voice, card: Card, item: OutboxItem, by: str | None, *, covered: bool
) -> Markup:
    if item.kind in expiry_view.KINDS:
        return expiry_view.line(voice, card, item.kind, covered=covered)
    if covered:
        return alert_view.covered(voice, card, item)[0]
    if item.kind in ledger_view.KINDS:
        return ledger_view.text_of(voice, parts.issuers, card, item, by)
    return panel.lines(voice, parts.issuers, card, by)


def _idle(voice: Voice, card: Card, *, covered: bool) -> Markup:
    if covered:
        return voice.say("💤 {card} was not used for long.", card=panel.masked(card))
    return voice.say(
        "💤 {card} was not used for long: {balance}",
        card=panel.masked(card),
        balance=panel.balance(voice, card),
    )


async def write(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Write a digest."""
    assert card is None
    return await _written(parts, person, item, covered=False)


async def covered(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Write a digest without any amount."""
    assert card is None
    return await _written(parts, person, item, covered=True)


async def _written(
    parts: Parts, person: Person, item: OutboxItem, *, covered: bool
) -> tuple[Markup, Buttons]:
    voice = parts.voice(person)
    lines, cards = await _told(parts, person, item, covered=covered)
    weekly = person.digest == "weekly"
    head = voice.say("<b>This week</b>") if weekly else voice.say("<b>Today</b>")
    buttons = [
        Button(panel.masked(card), f"card:{card.id}") for card in [*cards.values()][:MOST_CARDS]
    ]
    rows = in_rows(buttons)
    rows.append([Button(voice.plain("📬 Digest"), "digest")])
    return fitted(voice, [head, *lines], PARAGRAPH), rows


async def pointless(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> str | None:
    """Say that nothing of it is worth telling any more, where that is so."""
    assert card is None
    lines, _ = await _told(parts, person, item, covered=True)
    return None if lines else "nothing to tell any more"
