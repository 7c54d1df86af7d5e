"""A card's number: which of its secrets it is, and what of it may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.issuers import Issuers
    from storage import Card


def tail_of(number: str) -> str:
    """Give the last four characters, by which a card is called; fewer of a short number."""
    return number[len(number) - min(4, len(number) // 2) :]


def number_of(issuers: Issuers, card: Card, secrets: Mapping[str, str]) -> str:
    """Find a card's number among its secrets, by field: it is its issuer's first one.

    Of an issuer that is gone, or asks for something else now, it is the one that ends in the
    digits by which the card is called. Empty where nothing is kept.
    """
    issuer = issuers.get(card.issuer)
    if issuer is not None and (number := secrets.get(issuer.fields[0].name)):
        return number
    likely = sorted(secrets.values(), key=lambda text: not text.endswith(card.tail))
    return next(iter(likely), "")
