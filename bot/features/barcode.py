"""Which barcode a card shows at the till, and with what in it: chosen, typed, or none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import barcodes, panel
from bot.buttons import Button, OutdatedButton, in_rows
from bot.context import UNDELETED
from bot.declared import CardAction
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.numbers import number_of
from bot.ways import to_cancel, to_card
from storage import Barcode

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Card

KIND: Final = "barcode"
OFFERED: Final = ("QRCode", "Code128", "EAN13", "Code39", "ITF", "PDF417", "Aztec", "DataMatrix")
"""What can be pressed; every other kind can be typed."""

NONE: Final = "none"


async def ask(context: Context, card_id: str) -> None:
    """Ask which kind of barcode the till scans; a value of its own can be typed."""
    card, voice = await context.card(card_id), context.voice
    await context.parts.dialogues.keep(
        context.person.id, Dialogue(KIND, data={"card": card.id}, secret=True)
    )
    kept = await context.parts.store.cards.barcode(card.owner_id, card.id)
    lines = [voice.say("<b>{card}</b>: which barcode does the till scan?", card=panel.masked(card))]
    if kept is not None:
        lines.append(voice.say("Now: {kind}", kind=_name(kept.format)))
    lines.append(
        voice.say(
            "Press one to put the card’s number into it. If the barcode holds something else, "
            "send me that, with the kind in front if you know it, for example: QR 12345678"
        )
    )
    value = await _number(context, card)
    kinds = [one for one in OFFERED if await asyncio.to_thread(_fits, one, value)]
    if kinds:
        likely = await asyncio.to_thread(barcodes.guess, value)
        kinds.sort(key=lambda one: one != likely)
    buttons = [Button(_name(one), f"coded:{card.id}:{one}") for one in kinds]
    rows = in_rows(buttons, 3)
    if kept is not None:
        rows.append([Button(voice.plain("No barcode"), f"coded:{card.id}:{NONE}")])
    rows.append([to_cancel(voice)])
    await context.ask(Markup("\n").join(lines), rows)


async def choose(context: Context, card_id: str, kind: str) -> None:
    """Take the kind that was pressed, with the card's number in it, or none."""
    card = await context.card(card_id)
    if kind == NONE:
        await _keep(context, card, None)
        return
    code = Barcode(kind, await _number(context, card))
    if not await asyncio.to_thread(_fits, kind, code.value):
        raise OutdatedButton
    await _keep(context, card, code)


async def typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take a value that was typed, which is deleted from the chat first."""
    voice = context.voice
    if not await context.take_secret():
        await context.parts.dialogues.end(context.person.id)
        await context.conclude(voice.say(UNDELETED))
        return
    card = await context.card(dialogue.data["card"])
    kind, value = await _read(context, card, text.strip())
    code = Barcode(kind, value, None if value.isascii() else "UTF-8")
    try:
        await asyncio.to_thread(barcodes.check, code)
    except barcodes.Unfit as unfit:
        await context.parts.dialogues.keep(context.person.id, dialogue)
        said = voice.say("{kind} cannot hold that.", kind=_name(kind))
        again = voice.say("Send it again, or /cancel.")
        await context.ask(Markup(" ").join([said, voice.say(unfit.reason), again]))
        return
    await _keep(context, card, code)


async def _read(context: Context, card: Card, text: str) -> tuple[str, str]:
    """Part a kind in front from the value; without one it is the kept kind, or the likeliest."""
    words = text.split(maxsplit=1)
    for n in (1, 2):  # "QR 123", "Code 128 123"
        words = text.split(maxsplit=n)
        named = barcodes.format_named("".join(words[:n]))
        if named and len(words) == n:
            return named, await _number(context, card)
        if named:
            return named, words[n]
    kept = await context.parts.store.cards.barcode(card.owner_id, card.id)
    if kept is not None and await asyncio.to_thread(_fits, kept.format, text):
        return kept.format, text
    return await asyncio.to_thread(barcodes.guess, text), text


async def _keep(context: Context, card: Card, code: Barcode | None) -> None:
    parts, voice = context.parts, context.voice
    if not await parts.store.cards.set_barcode(card.owner_id, card.id, code):
        raise OutdatedButton
    await parts.dialogues.end(context.person.id)
    if code is None:
        text = voice.say("<b>{card}</b> shows its number only.", card=panel.masked(card))
    else:
        text = voice.say(
            "<b>{card}</b> shows this at the till: {kind}",
            card=panel.masked(card),
            kind=_name(code.format),
        )
    show = Button(voice.plain("👁 Show it"), f"reveal:{card.id}")
    await context.conclude(text, [[show, to_card(voice, card)]])


async def _number(context: Context, card: Card) -> str:
    secrets = await context.parts.store.cards.secrets(card.owner_id, card.id)
    return number_of(context.parts.issuers, card, secrets)


def _fits(kind: str, value: str) -> bool:
    try:
        barcodes.check(Barcode(kind, value))
    except barcodes.Unfit:
        return False
    return True


def _name(kind: str) -> str:
    return barcodes.FORMATS[kind].name if kind in barcodes.FORMATS else kind


GUARDED = frozenset({"code", "coded"})
BUTTONS = {"code": ask, "coded": choose}
DIALOGUES = {KIND: typed}
CARD_ACTIONS = (CardAction("code", mark("▮▯ Barcode"), order=20, right="own"),)
