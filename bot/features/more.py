"""What else can be done with a card: the actions the other features bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import panel
from bot.buttons import Button, in_rows
from bot.shared import said_by
from bot.ways import back_to_card

if TYPE_CHECKING:
    from bot.context import Context


async def more(context: Context, card_id: str) -> None:
    """List the actions that make sense for a card, two in a row."""
    card, voice = await context.card(card_id, "see"), context.voice
    buttons = [
        Button(voice.plain(action.label), f"{action.word}:{card.id}")
        for action in context.actions(card)
    ]
    rows = in_rows(buttons)
    rows.append([back_to_card(voice, card)])
    by = await said_by(context.parts, voice, context.person.id, card)
    text = panel.details(voice, context.parts.issuers, card, by)
    await context.present(f"more:{card.id}", text, rows, shown=[card])


BUTTONS = {"more": more}
