"""A card's barcode, number and PIN, for a minute, to its holder alone: /show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import number
from bot.languages import mark
from bot.parts import Command
from bot.search import matching, none_for_that, say_none, which, words_of
from bot.showing import show_card
from bot.vanishing import vanish
from storage import Owed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from storage import Card


async def show(context: Context) -> None:
    """Show the number of the card that is named, or offer those it may be."""
    mine, words = await context.cards("spend"), words_of(context.args)
    found = matching(context, mine, words)
    if not mine:
        await context.reply(*await none_for_that(context))
    elif not found:
        await say_none(context)
    elif len(found) == 1:
        await show_card(context, found[0], 0)
    else:
        await _which(context, found, words, 0)


async def turned(context: Context, at: str, words: str) -> None:
    """Turn to a page of the cards to choose from."""
    found = matching(context, await context.cards("spend"), words)
    await _which(context, found, words, number(at))


async def _which(context: Context, found: Sequence[Card], words: str, at: int) -> None:
    rows = which(
        context, found, at, lambda card: f"reveal:{card.id}", lambda to: f"shows:{to}:{words}"
    )
    await context.show(context.voice.say("Which card's number shall I show?"), rows)


async def reveal_number(context: Context, card_id: str) -> None:
    """Show a card's number."""
    await show_card(context, await context.card(card_id, "spend"), 0)


async def reveal_other(context: Context, card_id: str, at: str) -> None:
    """Show what else belongs to a card: its PIN."""
    await show_card(context, await context.card(card_id, "spend"), number(at))


async def hide(context: Context) -> None:
    """Take away at once the message whose button was pressed."""
    parts, message_id = context.parts, context.message.message_id
    owed = await parts.store.vanishing.get(context.chat_id, message_id)
    if not await vanish(parts, owed or Owed(context.chat_id, message_id)):
        await context.notice(
            context.voice.plain("I could not delete it just now. I keep trying by myself.")
        )


GUARDED = frozenset({"show", "reveal", "unveil"})
COMMANDS = (Command("show", mark("Show a card's barcode or number"), show, order=9),)
BUTTONS = {"reveal": reveal_number, "unveil": reveal_other, "hide": hide, "shows": turned}
