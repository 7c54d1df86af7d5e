"""The end of a bind: the card is read live, and only then saved."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bot import panel, refusals, tips
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton
from bot.card_view import open_card, view_of
from bot.errors import FULL
from bot.expiry import bring_back
from bot.features.bind import intake, scanned
from bot.issuers import ASK_HOLDER, FaultKind, IssuerFault
from bot.languages import mark
from bot.limits import After, Refusal
from bot.messages import edit
from bot.ways import to_cancel
from storage import Barcode, StorageError

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.dialogue import Dialogue
    from bot.issuers import Issuer, Reading
    from bot.limits import Ticket
    from bot.parts import Parts
    from bot.voice import Voice

log = logging.getLogger(__name__)

WHY = {
    FaultKind.NETWORK: mark("I could not reach {issuer}."),
    FaultKind.ISSUER_DOWN: mark("{issuer} is down just now."),
    FaultKind.RATE_LIMITED: mark("{issuer} is getting too many requests."),
    FaultKind.BAD_ANSWER: mark("{issuer} gave an answer I cannot read."),
    FaultKind.REFUSED: mark("{issuer} refused this bot; only the operator can fix that."),
    FaultKind.BLOCKED: mark("{issuer} says that this card is blocked."),
    FaultKind.EXPIRED: mark("{issuer} says that this card has expired."),
    FaultKind.NOT_FOUND: mark("{issuer} has no card with this number. Check it and send it again."),
    FaultKind.WRONG_PIN: mark("{issuer} does not accept this PIN. Check it and send it again."),
}


NEITHER = mark(
    "{issuer} does not accept this number with this PIN. Check both and send the number again."
)

SILENT = "silent"
"""Marks a dialogue whose issuer said nothing of the number, so that it may be saved unverified."""


def _number(issuer: Issuer, values: dict[str, str]) -> str:
    return values[issuer.fields[0].name]


async def is_known(context: Context, dialogue: Dialogue, issuer: Issuer) -> bool:
    """Answer with the card if the person has it already, unless its old values stopped working."""
    parts, owner = context.parts, context.person.id
    number = dialogue.data["values"][issuer.fields[0].name]
    card = await parts.store.cards.find(owner, issuer.slug, number)
    if card is None or card.failure in ASK_HOLDER:
        return False
    if code := dialogue.data.get("barcode"):
        kept = await parts.store.cards.barcode(owner, card.id)
        if kept != Barcode(**code):
            await scanned.offer_to_known(context, dialogue, card)
            return True
    await parts.dialogues.end(owner)
    if card.archived_at is not None:
        async with parts.store.transaction() as tx:
            card = await bring_back(parts, tx, card) or card
        said = context.voice.say("It was archived, and is back with its history:")
    else:
        said = context.voice.say("You have this card already. Here it is:")
    await open_card(context, card, above=said)
    return True


async def verify(context: Context, dialogue: Dialogue) -> None:
    """Ask the issuer for the balance. Meanwhile the chat stays free, for /cancel above all."""
    parts, values = context.parts, dialogue.data["values"]
    issuer = parts.issuers.get(dialogue.data["issuer"])
    if issuer is None:
        await intake.gone(context)
        return
    if any(field.name not in values for field in issuer.fields):
        raise OutdatedButton  # it is of a try that was refused: the number is asked for anew
    dialogue.wait_at("verify", secret=True)
    dialogue.data.pop(SILENT, None)
    ticket = await parts.limits.begin(context.person.id, issuer.slug, _number(issuer, values))
    if isinstance(ticket, Refusal):
        await _not_now(context, dialogue, ticket)
        return
    await parts.dialogues.keep(context.person.id, dialogue)
    name = panel.issuer_name(context.voice, parts.issuers, issuer.slug)
    message_id = await context.ask_here(
        context.voice.say("Asking {issuer} for the balance…", issuer=name), _again(context)
    )
    asking = _verify(context, dialogue, issuer, ticket, message_id)
    parts.background.start(asking, "verifying a card")


async def _not_now(context: Context, dialogue: Dialogue, refusal: Refusal) -> None:
    """Say from when on the number can be tried; a wait of minutes keeps what was typed."""
    voice, owner = context.voice, context.person.id
    text = voice.say(refusals.sentence(refusal), when=refusals.when(voice, refusal))
    if refusal.reason in refusals.SOON:
        await context.parts.dialogues.keep(owner, dialogue)
        await context.ask_here(text, _once_more(voice))
    else:
        await context.parts.dialogues.end(owner)
        await context.conclude(text)


async def _verify(
    context: Context, asked: Dialogue, issuer: Issuer, ticket: Ticket, message_id: int
) -> None:
    parts = context.parts
    answer: Reading | IssuerFault
    try:
        answer = await issuer.read(asked.data["values"], history=issuer.has_history)
    except IssuerFault as fault:
        answer = fault
        parts.wallet.noted(issuer.slug, fault)
    after = await _noted(parts, ticket, answer)
    async with parts.turns.turn(context.chat_id):
        current = await parts.dialogues.current(context.person.id)
        if current is None or (current.step, current.data) != ("verify", asked.data):
            return  # the person cancelled, or began something else
        context.voice = parts.voice(context.person)  # it has become later
        if isinstance(answer, IssuerFault):
            await _not_verified(context, current, issuer, answer, after, message_id)
            return
        try:
            await save(context, current, answer, message_id)
        except StorageError:
            log.exception("a verified card could not be saved")
            await _put(context, message_id, context.voice.say(FULL), _again(context))


async def _noted(parts: Parts, ticket: Ticket, answer: Reading | IssuerFault) -> After:
    """Note what came of the try; one that cannot be noted still counts, and says little."""
    try:
        return await parts.limits.end(ticket, answer if isinstance(answer, IssuerFault) else None)
    except StorageError:
        log.exception("what came of a try could not be noted")
        return After(alike=True)


async def save(
    context: Context, dialogue: Dialogue, reading: Reading | None, message_id: int | None = None
) -> None:
    """Save the card and end the dialogue in one transaction, and show the card."""
    parts, owner, values = context.parts, context.person.id, dialogue.data["values"]
    issuer = parts.issuers.get(dialogue.data["issuer"])
    if issuer is None:
        await intake.gone(context)
        return
    if reading is None and not dialogue.data.get(SILENT):
        raise OutdatedButton  # an issuer that answers is not gone round
    number = _number(issuer, values)
    label = panel.issuer_name(context.voice, parts.issuers, issuer.slug)
    async with parts.store.transaction() as tx:
        old = await tx.cards.find(owner, issuer.slug, number)
        if old is not None:
            card = await parts.wallet.renew(owner, old, issuer, values, reading, store=tx)
            if old.archived_at is not None:
                card = await bring_back(parts, tx, card) or card
        else:
            card = await parts.wallet.bind(owner, issuer, values, reading, label=label, store=tx)
        await scanned.keep_barcode(tx, card, dialogue)
        await tx.dialogues.drop(owner)
        what = Action.BOUND_AGAIN if old else Action.BOUND
        await note(tx, what, subject=owner, actor=owner, card=card)
    done = (
        context.voice.say("✅ Bound.")
        if reading
        else context.voice.say("✅ Saved, not verified yet.")
    )
    text, buttons = view_of(parts, context.voice, card)
    text = done + Markup("\n\n") + text
    if tip := await tips.once(parts, context.person, "first_bind"):
        text += Markup("\n\n") + tip
    await context.present(f"card:{card.id}", text, buttons, into=message_id, shown=[card])
    await scanned.next_waiting(context, dialogue)


async def _not_verified(
    context: Context,
    dialogue: Dialogue,
    issuer: Issuer,
    fault: IssuerFault,
    after: After,
    message_id: int,
) -> None:
    voice, parts = context.voice, context.parts
    if fault.ask_holder:
        await _refused(context, dialogue, issuer, fault, after, message_id)
        return
    name = panel.issuer_name(voice, parts.issuers, issuer.slug)
    text = voice.say(WHY[fault.kind], issuer=name)
    text += Markup("\n") + voice.say("Nothing is saved yet.")
    unverified = Button(voice.plain("Save unverified"), "unverified")
    again, cancel = _once_more(voice)[0]
    dialogue.data[SILENT] = True
    await parts.dialogues.keep(context.person.id, dialogue)
    await _put(context, message_id, text, [[again, unverified], [cancel]])


async def _refused(
    context: Context,
    dialogue: Dialogue,
    issuer: Issuer,
    fault: IssuerFault,
    after: After,
    message_id: int,
) -> None:
    """Ask for what was not accepted again, or say that it is enough for now.

    Once refusals pile up, it is not told which of both was wrong: whoever tries numbers of others
    would learn from it which numbers there are.
    """
    voice, parts, owner = context.voice, context.parts, context.person.id
    name = panel.issuer_name(voice, parts.issuers, issuer.slug)
    has_pin = any(field.secret for field in issuer.fields[1:])
    alike = NEITHER if has_pin else WHY[FaultKind.NOT_FOUND]
    text = voice.say(alike if after.alike else WHY[fault.kind], issuer=name)
    cancel = to_cancel(voice)
    if then := after.then:
        wait = voice.say(refusals.sentence(then), when=refusals.when(voice, then))
        text += Markup("\n") + wait
        if then.reason not in refusals.SOON:
            await parts.dialogues.end(owner)
            await _put(context, message_id, text, [])
            parts.views.answered(context.chat_id)
            return
    _ask_again(dialogue.data, issuer, FaultKind.NOT_FOUND if after.alike else fault.kind)
    if after.alike:
        dialogue.data["values"].clear()
    step = next(f.name for f in issuer.fields if f.name not in dialogue.data["values"])
    dialogue.wait_at(step, secret=True)
    await parts.dialogues.keep(owner, dialogue)
    another = Button(voice.plain("Another issuer"), "another")
    await _put(context, message_id, text, [[another, cancel]])


async def _put(context: Context, message_id: int, text: Markup, buttons: Buttons) -> None:
    """Put the outcome in the place of the asking; if that fails it makes room for the outcome."""
    if not await edit(context.parts, context.chat_id, message_id, text, buttons):
        await context.ask(text, buttons)


def _again(context: Context) -> Buttons:
    voice = context.voice
    return [[Button(voice.plain("Ask again"), "again"), to_cancel(voice)]]


def _once_more(voice: Voice) -> list[list[Button]]:
    again = Button(voice.plain("Try again"), "again")
    return [[again, to_cancel(voice)]]


def _ask_again(data: dict[str, Any], issuer: Issuer, kind: FaultKind) -> None:
    """Drop the value that was not accepted: the PIN, or else the number."""
    others = [field.name for field in issuer.fields[1:] if field.secret]
    if kind is FaultKind.WRONG_PIN and others:
        data["values"].pop(others[-1], None)
    else:
        data["values"].pop(issuer.fields[0].name, None)
        data.pop("pasted", None)


async def interrupted(context: Context, text: str) -> None:
    """Answer somebody who writes while the issuer is asked, or after a restart cut that short."""
    voice = context.voice
    told = voice.say("I have no answer from the issuer yet. You can ask again.")
    if any(character.isdigit() for character in text):
        if not await intake.took_secret(context):
            return
        deleted = voice.say("I deleted what you typed, and kept nothing of it.")
        told = Markup("\n").join([deleted, told])
    await context.reply(told, _again(context))
