"""A card that is used often stands first in every list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import OutdatedButton
from bot.card_view import open_card
from bot.declared import CardAction
from bot.languages import mark

if TYPE_CHECKING:
    from bot.context import Context
    from bot.parts import Parts
    from storage import Card


async def star(context: Context, card_id: str) -> None:
    """Let a card stand first."""
    await _set(context, card_id, starred=True)


async def unstar(context: Context, card_id: str) -> None:
    """Let a card stand among the others again."""
    await _set(context, card_id, starred=False)


async def _set(context: Context, card_id: str, *, starred: bool) -> None:
    card = await context.card(card_id, "own")
    changed = await context.parts.store.cards.change(card.owner_id, card.id, starred=starred)
    if changed is None:
        raise OutdatedButton
    await open_card(context, changed)


def _starred(parts: Parts, card: Card) -> bool:
    del parts
    return card.starred


def _plain(parts: Parts, card: Card) -> bool:
    return not _starred(parts, card)


BUTTONS = {"star": star, "unstar": unstar}
CARD_ACTIONS = (
    CardAction("star", mark("⭐ Put first"), order=20, right="own", wanted=_plain),
    CardAction("unstar", mark("☆ No longer first"), order=20, right="own", wanted=_starred),
)
