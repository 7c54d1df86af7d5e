"""The end of a bind for a card nobody can be asked about: its name and balance, from its holder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel, tips
from bot.activity import Action, note
from bot.amounts import unit_named
from bot.buttons import Button
from bot.card_view import view_of
from bot.features.bind import intake, scanned
from bot.money import is_currency
from bot.typed import label_typed, money_typed
from bot.ways import to_cancel

if TYPE_CHECKING:
    from bot.context import Context
    from bot.dialogue import Dialogue
    from bot.money import Money

_CODE = re.compile(r"(?:^|(?<=[\d\s.,]))([A-Za-z]{3})(?:$|(?=[\d\s]))")


async def ask_label(context: Context, dialogue: Dialogue) -> None:
    """Ask what the card is called, because its issuer's name says little."""
    voice, parts = context.voice, context.parts
    dialogue.wait_at("label")
    await parts.dialogues.keep(context.person.id, dialogue)
    await context.ask_here(
        voice.say("What shall the card be called? For example the shop's name."), _skip(context)
    )


async def name_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the name."""
    label = await label_typed(context, text)
    if label is None:
        return
    dialogue.data["label"] = label
    await ask_balance(context, dialogue)


async def ask_balance(context: Context, dialogue: Dialogue) -> None:
    """Ask how much is on the card."""
    parts, voice = context.parts, context.voice
    dialogue.wait_at("balance")
    await parts.dialogues.keep(context.person.id, dialogue)
    await context.ask_here(
        voice.say(
            "How much is on it? Send an amount in {currency}, or with another currency or unit, "
            "for example 200 USD, 30 points or 10 visits.",
            currency=voice.language.currency(_currency(context, dialogue)),
        ),
        _skip(context),
    )


async def balance_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the balance."""
    currency = _currency(context, dialogue)
    if unit := unit_named(text):
        currency = unit
    elif (found := _CODE.search(text)) and is_currency(found[1].upper()):
        currency = found[1].upper()
    money = await money_typed(context, text, currency)
    if money is not None:
        await save(context, dialogue, money)


async def save(context: Context, dialogue: Dialogue, balance: Money | None) -> None:
    """Save the card and what its holder says of it, and show it."""
    parts, owner, data = context.parts, context.person.id, dialogue.data
    issuer = parts.issuers.get(data["issuer"])
    if issuer is None:
        await intake.gone(context)
        return
    if "barcode" in data and "confirmed" not in data:
        data["balance"] = None if balance is None else [balance.minor, balance.currency]
        await scanned.confirm(context, dialogue, issuer)
        return
    label = data.get("label") or panel.issuer_name(context.voice, parts.issuers, issuer.slug)
    async with parts.store.transaction() as tx:
        card = await parts.wallet.bind(owner, issuer, data["values"], None, label=label, store=tx)
        if balance is not None:
            booked = await parts.bookings.set(owner, card.id, balance, store=tx)
            card = booked.card if booked else card
        await scanned.keep_barcode(tx, card, dialogue)
        await tx.dialogues.drop(owner)
        await note(tx, Action.BOUND, subject=owner, actor=owner, card=card)
    text, buttons = view_of(parts, context.voice, card)
    text = context.voice.say("✅ Bound.") + Markup("\n\n") + text
    if tip := await tips.once(parts, context.person, "first_bind"):
        text += Markup("\n\n") + tip
    await context.present(f"card:{card.id}", text, buttons, shown=[card])
    await scanned.next_waiting(context, dialogue)


def _currency(context: Context, dialogue: Dialogue) -> str:
    issuer = context.parts.issuers.get(dialogue.data["issuer"])
    return (issuer and issuer.currency) or context.parts.settings.currency


def _skip(context: Context) -> list[list[Button]]:
    voice = context.voice
    return [[Button(voice.plain("Skip"), "skip"), to_cancel(voice)]]
