"""A card's number and PIN, for a minute, to its holder alone: /show."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import TelegramError

from bot import panel
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton, number
from bot.languages import mark
from bot.parts import Command
from bot.search import matching, say_none, words_of
from bot.vanishing import reveal, vanish
from storage import Owed

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Card

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Secret:
    """One of a card's secrets: the field's name and what it is called, and what it says."""

    name: str
    label: str
    value: str = field(repr=False)


async def show(context: Context) -> None:
    """Show the number of the card that is named, or offer those it may be."""
    voice = context.voice
    mine = await context.parts.store.cards.list(context.person.id)
    found = matching(context, mine, words_of(context.args))
    if not mine:
        bind = Button(voice.plain("Bind a card"), "bind")
        await context.reply(voice.say("You have no card yet."), [[bind]])
    elif not found:
        await say_none(context)
    elif len(found) == 1:
        await _reveal(context, found[0], 0)
    else:
        rows = [[Button(panel.masked(card), f"reveal:{card.id}")] for card in found[:MOST_LISTED]]
        await context.reply(voice.say("Which card's number shall I show?"), rows)


async def reveal_number(context: Context, card_id: str) -> None:
    """Show a card's number."""
    await _reveal(context, await context.card(card_id), 0)


async def reveal_other(context: Context, card_id: str, at: str) -> None:
    """Show what else belongs to a card: its PIN."""
    await _reveal(context, await context.card(card_id), number(at))


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
    parts, voice, owner = context.parts, context.voice, context.person.id
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
        [Button(voice.plain("👁 Show {what}", what=other.label), f"unveil:{card.id}:{place}")]
        for place, other in enumerate(kept)
        if place != at
    ]
    shown = partial(
        note, action=Action.SHOWN, subject=owner, actor=owner, card=card, what=secret.name
    )
    try:
        await reveal(parts, context.chat_id, voice, text, others if at == 0 else (), note=shown)
    except TelegramError:
        await context.reply(voice.say("I could not show it just now. Try again in a moment."))


async def _secrets(context: Context, card: Card) -> list[Secret]:
    """List what is kept of a card: its number first, which alone ends in its last digits."""
    parts, code = context.parts, context.voice.language.code
    values = await parts.store.cards.secrets(context.person.id, card.id)
    issuer = parts.issuers.get(card.issuer)
    fields = issuer.fields if issuer is not None else ()
    labels = {one.name: one.label.get(code, one.label["en"]) for one in fields}
    # Of an issuer whose file is gone, or was written anew, nothing of a card is withheld.
    names = [name for name in (*labels, *values) if name in values]
    kept = [Secret(name, labels.get(name, name), values[name]) for name in dict.fromkeys(names)]
    return sorted(kept, key=lambda secret: not secret.value.endswith(card.tail))


GUARDED = frozenset({"show", "reveal", "unveil"})
COMMANDS = (Command("show", mark("Show a card's number"), show, order=31),)
BUTTONS = {"reveal": reveal_number, "unveil": reveal_other, "hide": hide}
