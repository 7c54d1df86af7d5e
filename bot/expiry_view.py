"""How a card's expiry reads: in a line, in a reminder, and when the card has ended."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.buttons import Button
from bot.expiry import AGAIN, last_day, leads_of, steps
from bot.ways import to_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, OutboxItem, Person

KINDS = frozenset({"expiry", AGAIN, "expired"})
WEEK = 7


def days_left(voice: Voice, card: Card) -> int:
    """Count the days from the person's today to the card's last day; negative once it is over."""
    return (last_day(card, voice.zone) - voice.now.astimezone(voice.zone).date()).days


def when(voice: Voice, card: Card) -> Markup:
    """Say how far off the last day is."""
    left = days_left(voice, card)
    if card.expires_at is not None and card.expires_at <= voice.now:
        return voice.say("over")
    if left == 0:
        return voice.say("today is the last day")
    if left == 1:
        return voice.say("tomorrow is the last day")
    return voice.plural("in {n} day", "in {n} days", left)


def date_of(voice: Voice, card: Card) -> str:
    """Write a card's last day."""
    assert card.expires_at is not None
    return voice.last_day(card.expires_at)


def line(voice: Voice, card: Card, kind: str, *, covered: bool = False) -> Markup:
    """Say in a line that a card expires, or has, with what is on it unless that is covered."""
    if kind == "expired":
        text = voice.say("⚫ <b>{card}</b> has expired.", card=panel.masked(card))
    else:
        text = voice.say(
            "⏳ <b>{card}</b> can be used until {date}: {when}.",
            card=panel.masked(card),
            date=date_of(voice, card),
            when=when(voice, card),
        )
    if covered or card.balance_minor is None:
        return text
    left = voice.say("<b>{balance}</b> is on it.", balance=panel.balance(voice, card))
    return text + Markup("\n") + left


async def write(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Write a reminder, or that a card has ended."""
    return _written(parts.voice(person), card, item, covered=False)


async def covered(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Write the same without what is on the card."""
    return _written(parts.voice(person), card, item, covered=True)


def _written(
    voice: Voice, card: Card | None, item: OutboxItem, *, covered: bool
) -> tuple[Markup, Buttons]:
    assert card is not None
    text = line(voice, card, item.kind, covered=covered)
    open_it = to_card(voice, card)
    date = Button(voice.plain("📅 Change the date"), f"expiry:{card.id}")
    if item.kind == "expired":
        text += Markup("\n") + voice.say(
            "Archive it? Then it leaves your lists, and its history stays."
        )
        return text, [[Button(voice.plain("🗄 Archive"), f"archive:{card.id}"), open_it], [date]]
    later = [Button(voice.plain("💤 Tomorrow"), f"expirysnooze:{card.id}:1")]
    if days_left(voice, card) >= WEEK:
        later.append(Button(voice.plain("💤 In a week"), f"expirysnooze:{card.id}:7"))
    mute = Button(voice.plain("🔕 Not about this card"), f"expirymute:{card.id}")
    return text, [[open_it, date], later if days_left(voice, card) > 0 else [], [mute]]


async def pointless(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> str | None:
    """Say why there is nothing to remind of any more."""
    if card is None or card.archived_at is not None:
        return "the card is archived"
    if not card.reminders_on:
        return "reminders of this card are off"
    if card.expires_at is None or card.expires_at.isoformat() != item.payload["expires"]:
        return "the date was changed"
    if item.kind == "expired":
        return None
    owner = await parts.store.people.get(card.owner_id) or person  # by whose leads all are sent
    return _outdated(parts.voice(owner), leads_of(owner), card, item)


def _outdated(voice: Voice, leads: Sequence[int], card: Card, item: OutboxItem) -> str | None:
    if card.expires_at is not None and card.expires_at <= voice.now:
        return "it has expired meanwhile"
    if item.kind == AGAIN:
        return None  # until now they were told nothing
    said = datetime.fromisoformat(str(item.payload["at"]))
    later = any(said < at <= voice.now for at in steps(card, leads, voice.zone))
    return "a later reminder says it" if later else None
