"""Adding a card by talking: pick the issuer or paste the number, answer what it asks: /bind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import OutdatedButton
from bot.dialogue import Dialogue
from bot.features.bind import album, intake, manual, picture, read_off, scanned, steps, verify
from bot.languages import mark
from bot.money import Money
from bot.parts import Command

if TYPE_CHECKING:
    from bot.context import Context


async def bind(context: Context) -> None:
    """Begin, with the number if it was sent along."""
    dialogue = Dialogue("bind")
    if context.args:
        await steps.take_pasted(context, dialogue, context.args)
    else:
        await steps.choose_issuer(context, dialogue)


async def on_text(context: Context, text: str) -> bool:
    """Take a card number that was pasted without any command."""
    if not context.parts.issuers.looks_like_a_number(text):
        return False
    await steps.take_pasted(context, Dialogue("bind"), text)
    return True


async def on_answer(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take what was asked for."""
    match dialogue.step:
        case "issuer":
            await steps.issuer_typed(context, dialogue, text)
        case "verify":
            await verify.interrupted(context, text)
        case scanned.CHOOSE | scanned.CONFIRM | album.STEP | read_off.STEP:
            await _beside_picture(context, dialogue, text)
        case "label" | "balance" if await context.took_misplaced(text):
            pass
        case "label":
            await manual.name_typed(context, dialogue, text)
        case "balance":
            await manual.balance_typed(context, dialogue, text)
        case _:
            await steps.field_typed(context, dialogue, text)


async def _beside_picture(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take a number that was typed instead of what a picture said, or ask once more."""
    if dialogue.step == read_off.STEP or context.parts.issuers.looks_like_a_number(text):
        await steps.take_pasted(context, dialogue, text)
    elif dialogue.step == album.STEP:
        await album.judge(context, dialogue)
    elif dialogue.step == scanned.CHOOSE:
        await scanned.choose(context, dialogue)
    else:
        await _confirm_again(context, dialogue)


async def issuer_chosen(context: Context, slug: str) -> None:
    """Go on with the issuer whose button was pressed."""
    issuer = context.parts.issuers.get(slug)
    if issuer is None:
        raise OutdatedButton
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != "bind":
        dialogue = Dialogue("bind")
    dialogue.data.pop("known", None)
    await steps.use_issuer(context, dialogue, issuer)


async def another_issuer(context: Context) -> None:
    """Let the person choose the issuer after all; the pasted number is kept."""
    await steps.choose_issuer(context, await _open(context))


async def try_again(context: Context) -> None:
    """Ask the issuer once more."""
    await verify.verify(context, await _answered(context))


async def save_unverified(context: Context) -> None:
    """Save the card although its issuer gave no balance."""
    await verify.save(context, await _answered(context), None)


async def skip(context: Context) -> None:
    """Leave out what is asked for just now."""
    dialogue = await _open(context)
    if dialogue.step == "label":
        await manual.ask_balance(context, dialogue)
    elif dialogue.step == "balance":
        await manual.save(context, dialogue, None)
    else:
        raise OutdatedButton


async def confirmed(context: Context) -> None:
    """Save what a picture said, now that the person has looked at all of it."""
    dialogue = await _answered(context)
    if dialogue.step != scanned.CONFIRM:
        raise OutdatedButton
    issuer = context.parts.issuers.get(dialogue.data["issuer"])
    if issuer is None:
        await intake.gone(context)
    elif "known" in dialogue.data:
        await scanned.save_to_known(context, dialogue)
    elif issuer.asks_api:
        dialogue.data["confirmed"] = True
        await verify.verify(context, dialogue)
    else:
        balance = dialogue.data.get("balance")
        dialogue.data["confirmed"] = True
        await manual.save(context, dialogue, Money(*balance) if balance else None)


async def _confirm_again(context: Context, dialogue: Dialogue) -> None:
    issuer = context.parts.issuers.get(dialogue.data["issuer"])
    if issuer is None:
        await intake.gone(context)
    elif "known" in dialogue.data:
        card = await context.card(dialogue.data["known"])
        await scanned.offer_to_known(context, dialogue, card)
    else:
        await scanned.confirm(context, dialogue, issuer)


async def _open(context: Context) -> Dialogue:
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != "bind":
        raise OutdatedButton
    return dialogue


async def _answered(context: Context) -> Dialogue:
    """Find the dialogue that has its answers; an older one's buttons may be pressed before that."""
    dialogue = await _open(context)
    if "values" not in dialogue.data:
        raise OutdatedButton
    return dialogue


COMMANDS = (Command("bind", mark("Add a card"), bind, order=15),)
BUTTONS = {
    "bind": bind,
    "issuer": issuer_chosen,
    "another": another_issuer,
    "again": try_again,
    "unverified": save_unverified,
    "skip": skip,
    "scanned": picture.chosen,
    "confirmed": confirmed,
    "printed": read_off.right,
}
DIALOGUES = {"bind": on_answer}
DIALOGUE_FILES = {"bind": picture.on_dialogue_file}
on_file = picture.on_file
