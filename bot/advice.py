"""Advice about cards that says why: use this first, top up in time, this one lies idle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Final

from bot import expiry, expiry_view, panel
from bot.forecast import Spend, forecast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from markupsafe import Markup

    from bot.forecast import Dry
    from bot.issuers import Issuers
    from bot.voice import Voice
    from storage import Card, Entry

MOST: Final = 3
EXPIRES_WITHIN: Final = timedelta(days=60)
DRY_WITHIN: Final = timedelta(days=14)
SPENDING: Final = frozenset({"purchase", "observed"})


@dataclass(frozen=True, slots=True)
class Advice:
    """One line, and how much it matters: smaller comes first."""

    weight: float
    text: Markup


@dataclass(frozen=True, slots=True)
class Past:
    """What advice goes by, by card id: what was spent lately, and when money last left a card."""

    spends: Mapping[str, Sequence[Spend]]
    last: Mapping[str, datetime]

    @classmethod
    def of(cls, cards: Iterable[Card], entries: Mapping[str, Sequence[Entry]]) -> Past:
        """Pick it out of all entries of some cards."""
        left = {
            card: max((e.at for e in of_card if e.amount_minor < 0), default=None)
            for card, of_card in entries.items()
        }
        return cls(
            {card.id: spends_of(entries.get(card.id, ()), card) for card in cards},
            {card: at for card, at in left.items() if at is not None},
        )


def spends_of(entries: Iterable[Entry], card: Card) -> list[Spend]:
    """Pick what was spent of a card, and refunded, in the currency of its balance.

    What was seen between two readings is put in the middle between them.
    """
    return [
        Spend(e.at if e.since is None else e.since + (e.at - e.since) / 2, -e.amount_minor)
        for e in entries
        if e.card_id == card.id
        and e.currency == card.currency
        and ((e.kind in SPENDING and e.amount_minor < 0) or e.kind == "refund")
    ]


def dry(voice: Voice, card: Card, past: Past) -> Dry | None:
    """Foresee when a card is empty; None where its balance or its pace is not known."""
    if card.balance_minor is None or not panel.is_usable(voice, card):
        return None
    now = voice.now.astimezone(voice.zone)
    return forecast(past.spends.get(card.id, ()), card.balance_minor, now)


def advise(voice: Voice, issuers: Issuers, cards: Sequence[Card], past: Past) -> list[Markup]:
    """Give the best advice there is, at most `MOST` lines, each with its reason."""
    usable = [card for card in cards if (card.balance_minor or 0) > 0 and card.currency]
    usable = [card for card in usable if panel.is_usable(voice, card)]
    found: list[Advice | None] = []
    for card in usable:
        found.append(_first(voice, card))
        found.append(_top_up(voice, card, past))
        found.append(_idle(voice, card, past.last.get(card.id)))
    found += [_same_shop(voice, issuers, *pair) for pair in combinations(usable[:50], 2)]
    best = sorted((one for one in found if one is not None), key=lambda one: one.weight)
    return [one.text for one in best[:MOST]]


def _first(voice: Voice, card: Card) -> Advice | None:
    if card.expires_at is None or card.expires_at - voice.now > EXPIRES_WITHIN:
        return None
    text = voice.say(
        "⏳ Use {card} first: {amount} on it expires on {date}.",
        card=panel.masked(card),
        amount=panel.balance(voice, card),
        date=expiry_view.date_of(voice, card),
    )
    return Advice((card.expires_at - voice.now) / timedelta(days=1), text)


def _top_up(voice: Voice, card: Card, past: Past) -> Advice | None:
    when = dry(voice, card, past)
    if when is None or when.about - voice.now > DRY_WITHIN:
        return None
    text = voice.say(
        "🔋 Top up {card} before {date}: at the present pace it is empty around then.",
        card=panel.masked(card),
        date=voice.date(max(when.earliest, voice.now)),
    )
    return Advice((when.about - voice.now) / timedelta(days=1) + 5, text)


def _idle(voice: Voice, card: Card, last: datetime | None) -> Advice | None:
    since = last or card.created_at
    if voice.now - since < expiry.IDLE:
        return None
    text = voice.say(
        "💤 {card} lies idle with {amount}: nothing was spent with it since {date}.",
        card=panel.masked(card),
        amount=panel.balance(voice, card),
        date=voice.date(since),
    )
    return Advice(100, text)


def _same_shop(voice: Voice, issuers: Issuers, one: Card, other: Card) -> Advice | None:
    if one.issuer == panel.NAMELESS or (one.issuer, one.currency) != (other.issuer, other.currency):
        return None
    small, large = sorted((one, other), key=lambda card: card.balance_minor or 0)
    text = voice.say(
        "🔗 {card} and {other} are both for {issuer}: spend {amount} on the first one, and you "
        "carry one card less.",
        card=panel.masked(small),
        other=panel.masked(large),
        issuer=panel.issuer_name(voice, issuers, one.issuer),
        amount=panel.balance(voice, small),
    )
    return Advice(200, text)
