"""Which card a message is about. Where more than one can be meant, or none, the person says."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from bot.features.forwarded.notice import Notice
    from storage import Card

SHORTEST_TAIL = 3
SHORTEST_NAME = 2
MOST_OFFERED = 20


@dataclass(frozen=True, slots=True)
class Offered:
    """Cards to choose from. `fitting` says that each fits as well as the others, else none does."""

    cards: Sequence[Card]
    fitting: bool


def currency_of(context: Context, card: Card, notice: Notice) -> str:
    """Give the currency a message is meant in on this card."""
    likely = notice.said.currencies
    return card.currency or (likely[0] if likely else context.parts.settings.currency)


def fitting(context: Context, cards: Sequence[Card], notice: Notice) -> list[Card]:
    """Pick the cards a message may be about, by its issuer, its last digits and its names."""
    pool = _possible(context, cards, notice)
    named = [card for card in pool if _is_named(context, card, notice)]
    if not notice.said.tails:
        return named or (pool if notice.issuer else [])
    ending = [card for card in pool if _ends_so(card, notice)]
    both = [card for card in ending if card in named]
    if both:
        return both
    # It names one card and has the digits of another: either may be meant.
    return [*ending, *named] if ending else []


def offered(
    context: Context, cards: Sequence[Card], fits: Sequence[Card], notice: Notice
) -> Offered:
    """Pick the cards to ask about: those that fit, else all that can be meant."""
    return Offered((fits or _possible(context, cards, notice))[:MOST_OFFERED], bool(fits))


def _possible(context: Context, cards: Sequence[Card], notice: Notice) -> list[Card]:
    return [
        card
        for card in cards
        if notice.issuer in (None, card.issuer) and notice.fits(currency_of(context, card, notice))
    ]


def _ends_so(card: Card, notice: Notice) -> bool:
    """Compare last digits; an issuer may give more or fewer of them than are kept here."""
    mine = card.tail.casefold()
    for tail in notice.said.tails:
        theirs = tail.casefold()
        shared = min(len(mine), len(theirs))
        if shared >= SHORTEST_TAIL and mine[-shared:] == theirs[-shared:]:
            return True
    return False


def _is_named(context: Context, card: Card, notice: Notice) -> bool:
    issuer = context.parts.issuers.get(card.issuer)
    names = [card.label]
    if issuer is not None and issuer.slug != panel.NAMELESS:
        names += issuer.name.values()
    text = _folded(notice.words)
    return any(len(name) >= SHORTEST_NAME and _folded(name) in text for name in names)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
