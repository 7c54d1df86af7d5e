"""The way back in for whoever forgot the passcode.

A recovery code lifts it at once. Otherwise it takes time, because a stolen Telegram session has
the same chat and the same phone number: only waiting, with notices that the owner can answer by
one press, tells the two apart.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from bot import gate
from bot import lock as locks
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton
from bot.dialogue import Dialogue
from bot.features.lock import panel
from bot.features.lock.passcode import KIND
from bot.languages import mark
from bot.lock import Verdict

if TYPE_CHECKING:
    from bot.context import Context

BY_PHONE = timedelta(hours=24)
BY_WAITING = timedelta(days=7)

HOW = mark(
    "How do you want to get back in?\n\nWith a recovery code it is at once. With your phone number "
    "it takes 24 hours, with neither 7 days: somebody who has your Telegram could ask for it "
    "too, and you must have time to stop them."
)
SEND_CODE = mark("Send one of your recovery codes. I delete it from the chat at once.")
WRONG_CODE = mark("That is no recovery code of yours that is left. Try another, or /cancel.")
SHARE = mark(
    "Press the button below the chat to give me the phone number you have added here. Or /cancel."
)
OTHER_PHONE = mark("That is not the number you have added here.")
ASKED = mark(
    "⚠️ Your passcode will be removed: {when}. I will tell you once more an hour before. "
    "If you did not ask for this, keep the passcode, and end the sessions you do not know in "
    "Telegram: Settings › Devices."
)


async def how(context: Context) -> None:
    """Offer the ways there are."""
    mine, voice = await panel.mine_with_passcode(context), context.voice
    codes = await context.parts.store.locks.count_codes(context.person.id)
    rows = []
    if codes:
        rows.append([Button(voice.plain("I have a recovery code"), "forgotcode")])
    if mine.phone is not None:
        rows.append([Button(voice.plain("By my phone number: 24 hours"), "forgotphone")])
    rows.append([Button(voice.plain("By waiting: 7 days"), "forgotwait")])
    await context.ask_here(voice.say(HOW), [*rows, *gate.cancelling(voice)])


async def by_code(context: Context) -> None:
    """Ask for a recovery code."""
    await panel.mine_with_passcode(context)
    if await gate.is_binding(context):
        return
    voice = context.voice
    dialogue = Dialogue(KIND, "recovery", secret=True)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.ask(voice.say(SEND_CODE), gate.cancelling(voice))


async def code_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Lift the passcode for a recovery code."""
    parts, voice, owner = context.parts, context.voice, context.person.id
    outcome = await locks.try_recovery(parts, owner, text)
    if outcome.verdict is Verdict.RIGHT:
        await parts.dialogues.end(owner)
        said = voice.say("✅ Your passcode is removed. Set a new one now.")
        await panel.show(context, said)
    elif outcome.closed_until is not None:
        await gate.refuse(context, outcome)
    else:
        await parts.dialogues.keep(owner, dialogue)
        await context.ask(voice.say(WRONG_CODE), gate.cancelling(voice))


async def by_phone(context: Context) -> None:
    """Ask for the person's own contact once more."""
    mine = await panel.mine_with_passcode(context)
    if mine.phone is None:
        raise OutdatedButton
    if await gate.is_binding(context):
        return
    voice = context.voice
    await context.parts.dialogues.keep(context.person.id, Dialogue(KIND, "own phone"))
    await context.ask_contact(voice.say(SHARE), voice.plain("Give my phone number"))


async def phone_given(context: Context, number: str) -> None:
    """Begin the shorter wait, if it is the number that was added."""
    mine = await panel.mine_with_passcode(context)
    await context.parts.dialogues.end(context.person.id)
    if mine.phone is None or not hmac.compare_digest(mine.phone, number):
        await context.conclude(context.voice.say(OTHER_PHONE))
        return
    await _wait(context, BY_PHONE, "phone")


async def by_waiting(context: Context) -> None:
    """Begin the longer wait."""
    await panel.mine_with_passcode(context)
    await _wait(context, BY_WAITING, "waiting")


async def _wait(context: Context, wait: timedelta, by: str) -> None:
    """Have the passcode lifted after a while; a wait that ends sooner goes on."""
    parts, owner, voice = context.parts, context.person.id, context.voice
    async with parts.store.transaction() as tx:
        mine = await tx.locks.get(owner)
        if mine is None or mine.passcode is None:
            raise OutdatedButton
        at = parts.clock() + wait
        if mine.reset_at is not None and mine.reset_at <= at:
            at = mine.reset_at
        else:
            await tx.locks.change(owner, reset_at=at, reset_warned_at=None)
            await note(tx, Action.RECOVERY_ASKED, subject=owner, actor=owner, by=by)
    dialogue = await parts.dialogues.current(owner)
    if dialogue is not None and dialogue.kind == gate.KIND:
        await parts.dialogues.end(owner)
    when = voice.moment(locks.rounded(at))
    keep = Button(voice.plain("Keep the passcode"), "lockstay")
    # A new message, because Telegram tells of no edited one: every session hears of it.
    await context.ask(voice.say(ASKED, when=when), [[keep]])
    parts.views.answered(context.chat_id)
