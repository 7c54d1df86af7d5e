"""A card's own affairs: open, refresh, rename, remove and undo: /cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel, refusals
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton, number
from bot.card_view import open_card
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.money import exponent
from bot.pages import Page
from bot.parts import Command
from bot.search import matching, no_own_cards, words_of
from bot.typed import LABEL_LONGEST, label_typed, money_typed
from bot.wallet import UNDO
from bot.ways import to_all_cards, to_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from storage import Card

PER_PAGE = 10


async def cards(context: Context) -> None:
    """List the cards, each with its ways to be renamed and removed; or open the one named."""
    mine = await context.cards("own")
    found = []
    if context.args:
        found = matching(context, await context.cards(), words_of(context.args))
    if len(found) == 1:
        await open_card(context, found[0])
    else:
        await _list(context, mine, 0)


async def turned(context: Context, at: str) -> None:
    """Turn to a page of the list."""
    await _list(context, await context.cards("own"), number(at))


async def _list(context: Context, mine: Sequence[Card], at: int) -> None:
    voice = context.voice
    if not mine:
        await context.show(*await no_own_cards(context))
        return
    page = Page.of(len(mine), PER_PAGE, at)
    rows = [
        [
            Button(panel.masked(card), f"card:{card.id}"),
            Button("🏷", f"rename:{card.id}"),
            Button("🗑", f"remove:{card.id}"),
        ]
        for card in page.cut(mine)
    ]
    rows += page.turns(voice, lambda to: f"cards:{to}")
    rows.append([Button(voice.plain("➕ Bind a card"), "bind")])
    text = [voice.plural("<b>You have {n} card</b>", "<b>You have {n} cards</b>", len(mine))]
    text.append(voice.say("Open one, rename it (🏷) or remove it (🗑)."))
    await context.present(f"cards:{page.at}", Markup("\n").join(text), rows)


async def opened(context: Context, card_id: str) -> None:
    """Open a card on the panel."""
    await open_card(context, await context.card(card_id, "see"))


async def refresh(context: Context, card_id: str) -> None:
    """Ask the card's issuer now."""
    card, voice = await context.card(card_id, "see"), context.voice
    parts = context.parts
    refusal = await parts.wallet.live.not_now(parts.issuers.get(card.issuer), card)
    if refusal is not None:
        said = voice.plain(refusals.sentence(refusal), when=refusals.when(voice, refusal))
        await context.notice(said)
        return
    if context.query:
        await context.notice(voice.plain("Asking the issuer…"))
    await open_card(context, card, insist=True)


async def rename(context: Context, card_id: str) -> None:
    """Ask for a new name."""
    card, voice = await context.card(card_id, "manage"), context.voice
    dialogue = Dialogue("rename", data={"card": card.id})
    await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.ask(
        voice.say(
            "What shall “{card}” be called? Up to {n} characters.",
            card=panel.masked(card),
            n=LABEL_LONGEST,
        ),
        [[to_cancel(voice)]],
    )


async def on_label(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the new name."""
    card = await context.card(dialogue.data["card"], "manage")
    label = await label_typed(context, text)
    if label is None:
        return
    async with context.parts.store.transaction() as tx:
        renamed = await tx.cards.change(card.owner_id, card.id, label=label)
        if renamed is None:
            raise OutdatedButton
        await tx.dialogues.drop(context.person.id)
    await open_card(context, renamed)


async def set_balance(context: Context, card_id: str) -> None:
    """Ask what is on a card that has no issuer to ask."""
    card, voice = await context.card(card_id, "manage"), context.voice
    dialogue = Dialogue("set", data={"card": card.id})
    await context.parts.dialogues.keep(context.person.id, dialogue)
    currency = card.currency or context.parts.settings.currency
    await context.ask(
        voice.say(
            "How much is on “{card}” now? For example {example}",
            card=panel.masked(card),
            example="161.50" if exponent(currency) else "161",
        ),
        [[to_cancel(voice)]],
    )


async def on_balance(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the holder's word for a balance."""
    me, card = context.person.id, await context.card(dialogue.data["card"], "manage")
    currency = card.currency or context.parts.settings.currency
    money = await money_typed(context, text, currency)
    if money is None:
        return
    async with context.parts.store.transaction() as tx:
        booked = await context.parts.bookings.set(card.owner_id, card.id, money, by=me, store=tx)
        if booked is None:
            raise OutdatedButton
        await tx.dialogues.drop(me)
    await open_card(context, booked.card)


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
    async with parts.store.transaction() as tx:
        if not await tx.cards.remove(card.owner_id, card.id, parts.clock()):
            raise OutdatedButton
        await note(tx, Action.REMOVED, subject=card.owner_id, actor=card.owner_id, card=card)
    await context.present(
        f"removed:{card.id}",
        voice.say("“{card}” is removed.", card=panel.masked(card)),
        [
            [
                Button(voice.plain("↩️ Undo"), f"restore:{card.id}"),
                to_all_cards(voice),
            ]
        ],
    )


async def restore(context: Context, card_id: str) -> None:
    """Bring a removed card back, if its minute is not over."""
    parts, owner = context.parts, context.person.id
    await parts.store.cards.purge_removed(parts.clock() - UNDO)
    async with parts.store.transaction() as tx:
        restored = await tx.cards.restore(owner, card_id)
        card = await tx.cards.get(owner, card_id) if restored else None
        if card is not None:
            await note(tx, Action.RESTORED, subject=owner, actor=owner, card=card)
    if card is None:
        await context.notice(
            context.voice.plain("Too late: the card is gone. Bind it again with /bind.")
        )
        return
    await open_card(context, card)


COMMANDS = (Command("cards", mark("Rename, remove or add cards"), cards, order=30),)
BUTTONS = {
    "cards": turned,
    "card": opened,
    "refresh": refresh,
    "rename": rename,
    "set": set_balance,
    "remove": remove,
    "removed": removed,
    "restore": restore,
}
GUARDED = frozenset({"removed"})
DIALOGUES = {"rename": on_label, "set": on_balance}
