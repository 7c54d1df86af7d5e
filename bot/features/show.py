"""A card's barcode, number and PIN, for a minute, to its holder alone: /show."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import TelegramError

from bot import barcodes, panel
from bot.activity import Action, note
from bot.buttons import LONGEST_COPY, Button, OutdatedButton, number
from bot.languages import mark
from bot.numbers import number_of
from bot.parts import Command
from bot.search import matching, no_cards, say_none, which, words_of
from bot.vanishing import reveal, reveal_photo, vanish
from bot.voice import within
from storage import Owed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from storage import Barcode, Card


@dataclass(frozen=True, slots=True)
class Secret:
    """One of a card's secrets: the field's name and what it is called, and what it says."""

    name: str
    label: str
    value: str = field(repr=False)


async def show(context: Context) -> None:
    """Show the number of the card that is named, or offer those it may be."""
    mine, words = await context.cards("spend"), words_of(context.args)
    found = matching(context, mine, words)
    if not mine:
        await context.reply(*no_cards(context.voice))
    elif not found:
        await say_none(context)
    elif len(found) == 1:
        await _reveal(context, found[0], 0)
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
    await _reveal(context, await context.card(card_id, "spend"), 0)


async def reveal_other(context: Context, card_id: str, at: str) -> None:
    """Show what else belongs to a card: its PIN."""
    await _reveal(context, await context.card(card_id, "spend"), number(at))


async def hide(context: Context) -> None:
    """Take away at once the message whose button was pressed."""
    parts, message_id = context.parts, context.message.message_id
    owed = await parts.store.vanishing.get(context.chat_id, message_id)
    if not await vanish(parts, owed or Owed(context.chat_id, message_id)):
        await context.notice(
            context.voice.plain("I could not delete it just now. I keep trying by myself.")
        )


async def _reveal(context: Context, card: Card, at: int) -> None:
    """Show one of a card's secrets, and offer the others; each is shown for itself."""
    parts, voice, me = context.parts, context.voice, context.person.id
    kept = await _secrets(context, card)
    if at >= len(kept):
        raise OutdatedButton
    secret = kept[at]
    text = Markup("\n").join(
        [
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


GUARDED = frozenset({"show", "reveal", "unveil"})
COMMANDS = (Command("show", mark("Show a card's barcode or number"), show, order=9),)
BUTTONS = {"reveal": reveal_number, "unveil": reveal_other, "hide": hide, "shows": turned}
