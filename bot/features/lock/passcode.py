"""Setting, changing and removing the passcode."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot import gate
from bot import lock as locks
from bot.activity import Action, note
from bot.dialogue import Dialogue
from bot.features.lock import panel
from bot.languages import mark
from bot.passcodes import OWN_NUMBER, normal, weakness
from storage.locks import MINUTES

if TYPE_CHECKING:
    from bot.context import Context

KIND = "lock"
NEW = mark(
    "Send the passcode you want: 4 to 64 characters, digits or anything. I delete it from the "
    "chat at once."
)
AGAIN = mark("Now send it once more, so that no slip of the finger locks you out.")
DIFFERENT = mark("The two were not the same. Send the passcode you want once more.")


async def set_passcode(context: Context) -> None:
    """Ask for a new passcode, after the old one if there is one."""
    mine = await context.parts.store.locks.get(context.person.id)
    if mine is not None and mine.passcode is not None:
        await gate.demand(context, {"proven": "lockset"})
    else:
        await ask_new(context)


async def ask_new(context: Context) -> None:
    """Ask for the passcode that is wanted."""
    if await gate.is_binding(context):
        return
    await _wait(context, Dialogue(KIND), "new", NEW)


async def _wait(context: Context, dialogue: Dialogue, step: str, text: str) -> None:
    voice = context.voice
    dialogue.wait_at(step, secret=True)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.ask(voice.say(text), gate.cancelling(voice))


async def new_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the passcode that is wanted, if it is not too easy; only its hash is remembered."""
    passcode = normal(text)
    parts = context.parts
    weak = weakness(passcode, await _own_numbers(context))
    if weak is None and parts.issuers.looks_like_a_number(text):
        weak = OWN_NUMBER
    if weak is not None:
        await _wait(context, dialogue, "new", weak)
        return
    dialogue.data["hash"] = await parts.passcodes.hashed(passcode)
    await _wait(context, dialogue, "again", AGAIN)


async def again_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take it the second time, and keep it."""
    parts, owner, phc = context.parts, context.person.id, dialogue.data["hash"]
    if not await parts.passcodes.matches(normal(text), phc):
        await _wait(context, Dialogue(KIND), "new", DIFFERENT)
        return
    async with parts.store.transaction() as tx:
        before = await tx.locks.get(owner)
        minutes = before.minutes if before else MINUTES
        await tx.locks.change(
            owner,
            passcode=phc,
            failures=0,
            closed_until=None,
            unlocked_until=parts.clock() + timedelta(minutes=minutes),
            reset_at=None,
            reset_warned_at=None,
        )
        await tx.dialogues.drop(owner)
        had = before is not None and before.passcode is not None
        action = Action.PASSCODE_CHANGED if had else Action.PASSCODE_SET
        await note(tx, action, subject=owner, actor=owner)
    await panel.show(context, context.voice.say("✅ Your passcode is set."))


async def _own_numbers(context: Context) -> list[str]:
    """Open the numbers that others may know: of the person's cards, and of their phone."""
    store, owner = context.parts.store, context.person.id
    secrets = [await store.cards.secrets(owner, c.id) for c in await store.cards.list(owner)]
    mine = await store.locks.get(owner)
    return [
        *(value for of_card in secrets for value in of_card.values()),
        *([mine.phone] if mine is not None and mine.phone else []),
    ]


async def remove(context: Context) -> None:
    """Ask for the passcode, however open the lock is, before it is taken away."""
    await panel.mine_with_passcode(context)
    await gate.demand(context, {"proven": "lockremove"})


async def removed(context: Context) -> None:
    """Take the passcode away."""
    owner = context.person.id
    async with context.parts.store.transaction() as tx:
        await tx.dialogues.drop(owner)
        await locks.take_off(tx, owner)
        await note(tx, Action.PASSCODE_LIFTED, subject=owner, actor=owner)
    await panel.show(context, context.voice.say("Your passcode is removed."))
