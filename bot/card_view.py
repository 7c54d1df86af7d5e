"""One card opened on the panel, with everything that can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import panel
from bot.context import Button, repaint

if TYPE_CHECKING:
    from markupsafe import Markup

    from bot.context import Buttons, Context, Parts
    from bot.voice import Voice
    from storage import Card


async def open_card(context: Context, card: Card, *, insist: bool = False) -> None:
    """Show a card as the store has it, and then as its issuer says."""
    parts, view = context.parts, f"card:{card.id}"
    message_id = await context.present(view, *view_of(parts, context.voice, card))
    if insist or parts.wallet.is_stale(card):
        parts.background.start(_live(context, card, view, message_id, insist), "a live balance")


async def _live(context: Context, card: Card, view: str, message_id: int, insist: bool) -> None:
    parts, owner = context.parts, context.person
    read = await parts.wallet.refresh(owner.id, card.id, insist=insist)
    if read is not None:
        text, buttons = view_of(parts, parts.voice(owner), read)
        await repaint(parts, context.chat_id, message_id, view, text, buttons)
        parts.journal.panel_shown(owner.id, message_id)


def view_of(parts: Parts, voice: Voice, card: Card) -> tuple[Markup, Buttons]:
    """Write the card's details and its buttons."""
    issuer = parts.issuers.get(card.issuer)
    if issuer is not None and not issuer.asks_api:
        read = Button(voice.plain("✏️ Set balance"), f"set:{card.id}")
    else:
        read = Button(voice.plain("🔄 Refresh"), f"refresh:{card.id}")
    rows = [
        [read, Button(voice.plain("📜 History"), f"history:{card.id}:0")],
        [
            Button(voice.plain("🔔 Alert"), f"alert:{card.id}"),
            Button(voice.plain("🏷 Rename"), f"rename:{card.id}"),
        ],
        [
            Button(voice.plain("🗑 Remove"), f"remove:{card.id}"),
            Button(voice.plain("‹ All cards"), "panel:0:"),
        ],
    ]
    if card.failure in ("not_found", "wrong_pin"):
        rows.insert(0, [Button(voice.plain("Bind again"), f"issuer:{card.issuer}")])
    return panel.details(voice, parts.issuers, card), rows
