"""A card shown at the till, for a minute: its barcode with the number below, or its number."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import TelegramError

from bot import barcodes, panel
from bot.activity import Action, note
from bot.buttons import LONGEST_COPY, Button, OutdatedButton
from bot.numbers import number_of
from bot.vanishing import reveal, reveal_photo
from bot.voice import within

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.context import Context
    from storage import Barcode, Card


@dataclass(frozen=True, slots=True)
class Secret:
    """One of a card's secrets: the field's name and what it is called, and what it says."""

    name: str
    label: str
    value: str = field(repr=False)


async def show_card(
    context: Context, card: Card, at: int = 0, *, head: Markup | None = None, on: Buttons = ()
) -> None:
    """Show one of a card's secrets for a minute, and offer the others; each is for itself.

    `at` counts what is kept of it, its number first. `head` is said above it; `on` are the
    buttons by which the person goes on from here.
    """
    parts, voice, me = context.parts, context.voice, context.person.id
    kept = await _secrets(context, card)
    if at >= len(kept):
        raise OutdatedButton
    secret = kept[at]
    text = Markup("\n").join(
        [
            *([head] if head else []),
            Markup("<b>{}</b>").format(panel.masked(card)),
            voice.say("{what}: <code>{secret}</code>", what=secret.label, secret=secret.value),
            voice.say("Tap it to copy it."),
        ]
    )
    others = [
        [
            Button(
                voice.plain("👁 Show {what}", what=within(other.label)), f"unveil:{card.id}:{place}"
            )
        ]
        for place, other in enumerate(kept)
        if place != at and at == 0
    ]
    code = await parts.store.cards.barcode(card.owner_id, card.id) if at == 0 else None
    if at == 0 and code is None and card.owner_id == me:
        others.append([Button(voice.plain("▮▯ As a barcode"), f"code:{card.id}")])
    if len(secret.value) <= LONGEST_COPY:
        copying = voice.plain("📋 Copy {what}", what=within(secret.label))
        others.insert(0, [Button(copying, copy=secret.value)])
    shown = partial(
        note, action=Action.SHOWN, subject=card.owner_id, actor=me, card=card, what=secret.name
    )
    drawn = None
    if code is not None:
        drawn = await _drawn(code)
        if drawn is None:
            text += Markup("\n") + voice.say("The barcode kept for it cannot be drawn.")
            others.append([Button(voice.plain("▮▯ As a barcode"), f"code:{card.id}")])
    others = [*([*row] for row in on), *others]
    try:
        if drawn is None:
            await reveal(parts, context.chat_id, voice, text, others, note=shown)
        else:
            await reveal_photo(parts, context.chat_id, voice, drawn, text, others, note=shown)
    except TelegramError:
        await context.reply(voice.say("I could not show it just now. Try again in a moment."))


async def _drawn(code: Barcode) -> bytes | None:
    """Draw what the till scans, with its own value below, which may differ from the number."""
    try:
        return await asyncio.to_thread(barcodes.draw, code, code.value)
    except barcodes.Unfit:
        return None


async def _secrets(context: Context, card: Card) -> list[Secret]:
    """List what is kept of a card, its number first."""
    parts, code = context.parts, context.voice.language.code
    values = await parts.store.cards.secrets(card.owner_id, card.id)
    issuer = parts.issuers.get(card.issuer)
    fields = issuer.fields if issuer is not None else ()
    labels = {one.name: one.label.get(code, one.label["en"]) for one in fields}
    # Of an issuer whose file is gone, or was written anew, nothing of a card is withheld.
    names = [name for name in (*labels, *values) if name in values]
    kept = [Secret(name, labels.get(name, name), values[name]) for name in dict.fromkeys(names)]
    first = number_of(parts.issuers, card, values)
    return sorted(kept, key=lambda secret: secret.value != first)
