"""A person's own lock: passcode, second step, recovery codes, phone number: /lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import gate
from bot.features.lock import forgotten, panel, passcode, phone, second
from bot.languages import mark
from bot.parts import Command

if TYPE_CHECKING:
    from bot.context import Context
    from bot.dialogue import Dialogue

TYPED = {
    "new": passcode.new_typed,
    "again": passcode.again_typed,
    "app": second.app_typed,
    "recovery": forgotten.code_typed,
}
"""What to do with a secret that was typed at a step."""


async def on_answer(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take what was asked for; what is typed at any other step is no answer."""
    take = TYPED.get(dialogue.step)
    if take is None:
        if not await context.took_stray(text):
            await context.reply(context.voice.say(PRESS))
        return
    if not await context.take_secret():
        await context.parts.dialogues.end(context.person.id)
        await context.conclude(context.voice.say(gate.UNDELETED))
        return
    await take(context, dialogue, text)


PRESS = mark("Press the button below the chat, or send /cancel.")

COMMANDS = (Command("lock", mark("Your passcode"), panel.lock, order=55),)
BUTTONS = {
    "lock": panel.lock,
    "locknow": panel.lock_now,
    "lockset": passcode.set_passcode,
    "lockremove": passcode.remove,
    "lockcovers": panel.covers,
    "lockminutes": panel.minutes,
    "lockfor": panel.stays_open,
    "locktwostep": second.turned,
    "lockcodes": second.codes_asked,
    "lockphone": phone.turned,
    "lockstay": panel.keep_passcode,
    "forgot": forgotten.how,
    "forgotcode": forgotten.by_code,
    "forgotphone": forgotten.by_phone,
    "forgotwait": forgotten.by_waiting,
}
GUARDED = frozenset({"lockfor"})
# Each of these gives whoever has it a way around the passcode later, so an open minute is not
# enough for it.
PROVEN = {
    "lockset": passcode.ask_new,
    "lockremove": passcode.removed,
    "lockcovers": panel.cover,
    "locktwostep": second.turn,
    "lockcodes": second.codes_anew,
    "lockphone": phone.turn,
}
DIALOGUES = {"lock": on_answer}
on_contact = phone.on_contact
