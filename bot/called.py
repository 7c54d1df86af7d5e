"""Which card somebody names among other words: by its label, its issuer or its last digits."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot import panel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.issuers import Issuers
    from bot.said import Said
    from bot.voice import Voice
    from storage import Card

SHORTEST_TAIL: Final = 3


def called(
    voice: Voice, issuers: Issuers, cards: Iterable[Card], texts: Sequence[str]
) -> list[Card]:
    """Pick the cards that one of the texts begins or ends with the name of."""
    return [card for card in cards if any(_cut(voice, issuers, card, t) is not None for t in texts)]


def without_name(voice: Voice, issuers: Issuers, card: Card, text: str) -> str:
    """Leave of a note what is not the card's own name."""
    rest = _cut(voice, issuers, card, text)
    return text if rest is None else rest


def nameless(
    voice: Voice, issuers: Issuers, card: Card, readings: Iterable[Said]
) -> tuple[Said, ...]:
    """Take the card's name out of each way to read a text."""
    cut = (replace(one, words=without_name(voice, issuers, card, one.words)) for one in readings)
    return tuple(dict.fromkeys(cut))


def _cut(voice: Voice, issuers: Issuers, card: Card, text: str) -> str | None:
    tokens, names = text.split(), _names(voice, issuers, card)
    for n in range(len(tokens), 0, -1):
        if _folded(" ".join(tokens[-n:])) in names:
            return " ".join(tokens[:-n])
        if _folded(" ".join(tokens[:n])) in names:
            return " ".join(tokens[n:])
    return None


def _names(voice: Voice, issuers: Issuers, card: Card) -> set[str]:
    names = {card.label, panel.masked(card)}
    if card.issuer != panel.NAMELESS:
        names.add(panel.issuer_name(voice, issuers, card.issuer))
    if len(card.tail) >= SHORTEST_TAIL:
        names |= {card.tail, f"·{card.tail}"}
    names |= {f"{card.label}卡", f"{card.label} card"}
    return {_folded(name) for name in names}


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
