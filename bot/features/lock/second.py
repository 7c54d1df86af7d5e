"""The second step, and the recovery codes for when its app or the passcode is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import gate
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton
from bot.dialogue import Dialogue
from bot.features.lock import panel
from bot.features.lock.passcode import KIND
from bot.languages import mark
from bot.second_step import (
    digits_of,
    new_codes,
    new_key,
    picture,
    spelled,
    step_of,
    written,
)
from bot.vanishing import reveal, reveal_photo

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Store

CODES_SECONDS = 120
"""Long enough to write down ten codes."""

SCAN = mark(
    "Scan this with an authenticator app, such as Aegis, 2FAS or Google Authenticator, or type "
    "the key into it:\n<code>{key}</code>"
)
THEN = mark("Then send the 6 digits the app shows. Until then two-step is not on.")
NOT_RIGHT = mark(
    "That is not what the app should show. Check that your phone's clock is right, and send the 6 "
    "digits it shows now."
)
CODES = mark(
    "<b>Recovery codes</b>\n\nEach works once: instead of the 6 digits, or if you forget your "
    "passcode. Write them down on paper and keep them away from this phone. Older codes no longer "
    "work.\n\n<code>{codes}</code>"
)


async def turned(context: Context) -> None:
    """Ask for the passcode before two-step is turned on or off, or begin once more."""
    await panel.mine_with_passcode(context)
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is not None and (dialogue.kind, dialogue.step) == (KIND, "app"):
        await _begin(context)
    else:
        await gate.demand(context, {"proven": "locktwostep"})


async def turn(context: Context) -> None:
    """Begin turning two-step on, or turn it off."""
    mine = await panel.mine_with_passcode(context)
    if mine.totp is None:
        await _begin(context)
        return
    owner = context.person.id
    async with context.parts.store.transaction() as tx:
        await tx.locks.change(owner, totp=None, totp_step=None)
        await note(tx, Action.TWO_STEP_OFF, subject=owner, actor=owner)
    await panel.show(context, context.voice.say("Two-step is off."))


async def _begin(context: Context) -> None:
    """Show a new key, which counts only once a code of it was sent."""
    parts, voice, owner = context.parts, context.voice, context.person.id
    if await gate.is_binding(context):
        return
    key = new_key()
    dialogue = Dialogue(KIND, "app", {"key": key.hex()}, secret=True)
    await parts.dialogues.keep(owner, dialogue)
    caption = voice.say(SCAN, key=spelled(key))
    png = picture(key, f"@{parts.bot.username}")
    await reveal_photo(parts, context.chat_id, voice, png, caption)
    await context.ask(
        voice.say(THEN),
        [[Button(voice.plain("Show another picture"), "locktwostep")], *gate.cancelling(voice)],
    )


async def app_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Turn two-step on, if the app shows what it should."""
    parts, owner = context.parts, context.person.id
    key = bytes.fromhex(dialogue.data["key"])
    digits = digits_of(text)
    step = step_of(key, digits, parts.clock()) if digits else None
    if step is None:
        await parts.dialogues.keep(owner, dialogue)
        await context.ask(context.voice.say(NOT_RIGHT), gate.cancelling(context.voice))
        return
    async with parts.store.transaction() as tx:
        mine = await tx.locks.get(owner)
        if mine is None or mine.passcode is None:
            raise OutdatedButton
        await tx.locks.change(owner, totp=key, totp_step=step)
        await tx.dialogues.drop(owner)
        await note(tx, Action.TWO_STEP_ON, subject=owner, actor=owner)
    await panel.show(context, context.voice.say("✅ Two-step is on."))
    await _reveal_codes(context)


async def codes_asked(context: Context) -> None:
    """Ask for the passcode before new recovery codes are made."""
    await panel.mine_with_passcode(context)
    await gate.demand(context, {"proven": "lockcodes"})


async def codes_anew(context: Context) -> None:
    """Give ten new recovery codes in the place of those before."""
    await panel.mine_with_passcode(context)
    await _reveal_codes(context)


async def _reveal_codes(context: Context) -> None:
    codes, owner = new_codes(), context.person.id

    async def keep(tx: Store) -> None:
        await tx.locks.replace_codes(owner, codes)
        await note(tx, Action.CODES_MADE, subject=owner, actor=owner)

    listed = Markup("\n").join(written(code) for code in codes)
    await reveal(
        context.parts,
        context.chat_id,
        context.voice,
        context.voice.say(CODES, codes=listed),
        seconds=CODES_SECONDS,
        note=keep,
    )
