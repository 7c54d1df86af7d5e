"""The person's own phone number: given by Telegram's contact button, shown masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import gate, phones
from bot.activity import Action, note
from bot.dialogue import Dialogue
from bot.features.lock import forgotten, panel
from bot.features.lock.passcode import KIND
from bot.languages import mark

if TYPE_CHECKING:
    from telegram import Contact

    from bot.context import Context

ASK = mark(
    "Press the button below the chat to give me your number. If you ever forget your passcode, "
    "it gets you back in after a day. It is stored encrypted and never shown in full. Or /cancel."
)
NOT_YOURS = mark(
    "That is not your own number. Press the button below the chat, or /cancel: I take no forwarded "
    "contact, and nobody else's."
)
NOT_ASKED = mark("I did not ask for a contact. To add your phone number, send /lock.")
UNDELETED = mark(
    "I could not delete your contact from the chat, so <b>I have not kept it</b>. Please delete it "
    "yourself, then begin again with /lock."
)


async def turned(context: Context) -> None:
    """Ask for the passcode before a number is added or removed."""
    await panel.mine_with_passcode(context)
    await gate.demand(context, {"proven": "lockphone"})


async def turn(context: Context) -> None:
    """Ask for the number, or forget it."""
    mine, owner = await panel.mine_with_passcode(context), context.person.id
    if mine.phone is None:
        if not await gate.is_binding(context):
            await context.parts.dialogues.keep(owner, Dialogue(KIND, "phone"))
            await context.ask_contact(
                context.voice.say(ASK), context.voice.plain("Give my phone number")
            )
        return
    async with context.parts.store.transaction() as tx:
        await tx.locks.change(owner, phone=None)
        await note(tx, Action.PHONE_UNBOUND, subject=owner, actor=owner)
    await panel.show(context, context.voice.say("Your phone number is removed."))


async def on_contact(context: Context, contact: Contact) -> None:
    """Take the person's own contact, where it was asked for."""
    parts, voice, owner = context.parts, context.voice, context.person.id
    dialogue = await parts.dialogues.current(owner)
    if dialogue is None or dialogue.kind != KIND or dialogue.step not in {"phone", "own phone"}:
        await context.reply(voice.say(NOT_ASKED))
        return
    # Telegram finds out whose a contact is by its number; a client cannot say so itself.
    if contact.user_id != owner or context.message.forward_origin is not None:
        await context.reply(voice.say(NOT_YOURS))
        return
    if not await context.take_secret():
        await parts.dialogues.end(owner)
        await context.conclude(voice.say(UNDELETED))
        return
    number = phones.normal(contact.phone_number)
    if dialogue.step == "own phone":
        await forgotten.phone_given(context, number)
        return
    async with parts.store.transaction() as tx:
        await tx.locks.change(owner, phone=number)
        await tx.dialogues.drop(owner)
        await note(tx, Action.PHONE_BOUND, subject=owner, actor=owner)
    said = voice.say("✅ Your number {number} is added.", number=phones.masked(number))
    await panel.show(context, said)
