"""A card's own affairs: open, refresh, rename, remove and undo: /cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.card_view import open_card
from bot.context import Button, Command
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.typed import money_typed

if TYPE_CHECKING:
    from bot.context import Context

LABEL_LONGEST = 32


async def cards(context: Context) -> None:
    """List the cards, each with its ways to be renamed and removed."""
    voice = context.voice
    mine = await context.parts.store.cards.list(context.person.id)
    if not mine:
        bind = Button(voice.plain("Bind a card"), "bind")
        await context.reply(voice.say("You have no card yet."), [[bind]])
        return
    rows = [
        [
            Button(panel.masked(card), f"card:{card.id}"),
            Button("🏷", f"rename:{card.id}"),
            Button("🗑", f"remove:{card.id}"),
        ]
        for card in mine[:MOST_LISTED]
    ]
    rows.append([Button(voice.plain("➕ Bind a card"), "bind")])
    text = [voice.plural("<b>You have {n} card</b>", "<b>You have {n} cards</b>", len(mine))]
    text.append(voice.say("Open one, rename it (🏷) or remove it (🗑)."))
    if len(mine) > MOST_LISTED:
        text.append(voice.say("These are the first. Find others with /balance and a name."))
    await context.present("cards", Markup("\n").join(text), rows)


async def opened(context: Context, card_id: str) -> None:
    """Open a card on the panel."""
    await open_card(context, await context.card(card_id))


async def refresh(context: Context, card_id: str) -> None:
    """Ask the card's issuer now."""
    card = await context.card(card_id)
    await context.notice(context.voice.plain("Asking the issuer…"))
    await open_card(context, card, insist=True)


async def rename(context: Context, card_id: str) -> None:
    """Ask for a new name."""
    card, voice = await context.card(card_id), context.voice
    dialogue = Dialogue("rename", data={"card": card.id})
    await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.reply(
        voice.say(
            "What shall “{label}” be called? Up to {n} characters.",
            label=card.label,
            n=LABEL_LONGEST,
        ),
        [[Button(voice.plain("Cancel"), "cancel")]],
    )


async def on_label(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the new name."""
    voice, owner = context.voice, context.person.id
    label = " ".join(text.split())
    if not 1 <= len(label) <= LABEL_LONGEST:
        await context.reply(
            voice.say(
                "A name has up to {n} characters. Try a shorter one, or /cancel.", n=LABEL_LONGEST
            )
        )
        return
    card_id = dialogue.data["card"]
    await context.parts.dialogues.end(owner)
    if await context.parts.store.cards.change(owner, card_id, label=label):
        await open_card(context, await context.card(card_id))


async def set_balance(context: Context, card_id: str) -> None:
    """Ask what is on a card that has no issuer to ask."""
    card, voice = await context.card(card_id), context.voice
    dialogue = Dialogue("set", data={"card": card.id})
    await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.reply(
        voice.say("How much is on “{label}” now? For example 161.50", label=card.label),
        [[Button(voice.plain("Cancel"), "cancel")]],
    )


async def on_balance(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the holder's word for a balance."""
    owner, card_id = context.person.id, dialogue.data["card"]
    card = await context.card(card_id)
    currency = card.currency or context.parts.settings.currency
    money = await money_typed(context, text, currency)
    if money is None:
        return
    await context.parts.dialogues.end(owner)
    changed = await context.parts.wallet.set_balance(owner, card_id, money)
    if changed:
        await open_card(context, changed)


async def remove(context: Context, card_id: str) -> None:
    """Ask before removing."""
    card, voice = await context.card(card_id), context.voice
    await context.present(
        f"remove:{card.id}",
        voice.say(
            "Remove “{card}”? Its history goes too. You can undo it for a minute.",
            card=panel.masked(card),
        ),
        [
            [
                Button(voice.plain("Yes, remove"), f"removed:{card.id}"),
                Button(voice.plain("No, keep it"), f"card:{card.id}"),
            ]
        ],
    )


async def removed(context: Context, card_id: str) -> None:
    """Remove a card, so that it can still be brought back for a minute."""
    card, voice, parts = await context.card(card_id), context.voice, context.parts
    await parts.store.cards.remove(context.person.id, card.id, parts.clock())
    await context.present(
        f"removed:{card.id}",
        voice.say("“{card}” is removed.", card=panel.masked(card)),
        [
            [
                Button(voice.plain("↩️ Undo"), f"restore:{card.id}"),
                Button(voice.plain("‹ All cards"), "panel:0:"),
            ]
        ],
    )


async def restore(context: Context, card_id: str) -> None:
    """Bring a removed card back, if its minute is not over."""
    parts = context.parts
    if not await parts.store.cards.restore(context.person.id, card_id):
        await context.notice(
            context.voice.plain("Too late: the card is gone. Bind it again with /bind.")
        )
        return
    await open_card(context, await context.card(card_id))


MOST_LISTED = 30

COMMANDS = (Command("cards", mark("Rename, remove or add cards"), cards, order=30),)
BUTTONS = {
    "card": opened,
    "refresh": refresh,
    "rename": rename,
    "set": set_balance,
    "remove": remove,
    "removed": removed,
    "restore": restore,
}
DIALOGUES = {"rename": on_label, "set": on_balance}
