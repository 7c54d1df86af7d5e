"""Adding a card by talking: pick the issuer or paste the number, answer what it asks: /bind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import OutdatedButton
from bot.dialogue import Dialogue
from bot.features.bind import manual, steps, verify
from bot.languages import mark
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
        case "label" | "balance" if await context.took_misplaced(text):
            pass
        case "label":
            await manual.name_typed(context, dialogue, text)
        case "balance":
            await manual.balance_typed(context, dialogue, text)
        case _:
            await steps.field_typed(context, dialogue, text)


async def issuer_chosen(context: Context, slug: str) -> None:
    """Go on with the issuer whose button was pressed."""
    issuer = context.parts.issuers.get(slug)
    if issuer is None:
        raise OutdatedButton
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != "bind":
        dialogue = Dialogue("bind")
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
}
DIALOGUES = {"bind": on_answer}
