"""Pictures sent together, such as the front and the back of a card: judged once all were looked at.

Telegram brings each in a message of its own and does not say how many there are.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from bot import printed
from bot.dialogue import Dialogue
from bot.features.bind import intake, read_off
from bot.languages import mark
from bot.messages import erase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from bot.optical import Line

STEP: Final = "album"
"""Where somebody is who has sent nothing but pictures without a code so far."""

_WAITING: Final = "album_waits"

QUIET_SECONDS = 1.5
"""How long after a picture of an album no other comes, once all are there."""

NO_CODE: Final = mark(
    "I found no barcode or QR code in these pictures. Send the side with the code once more, "
    "closer and sharper, with the whole code in it and no glare, or type the card number."
)
LEFT: Final = mark("I left the pictures in the chat; delete them if they show a card.")


def is_waiting(dialogue: Dialogue | None) -> bool:
    """Tell whether pictures of this conversation wait for the others of their album."""
    return dialogue is not None and _WAITING in dialogue.data


def can_wait(context: Context, dialogue: Dialogue | None) -> bool:
    """Tell whether a picture without a code may have its code on another of its album."""
    together = context.message.media_group_id is not None
    return together and (dialogue is None or not read_off.has_card(dialogue))


async def wait(context: Context, dialogue: Dialogue | None, lines: Sequence[Line]) -> None:
    """Keep what a picture without a code says until the others of its album were looked at."""
    if dialogue is None:
        dialogue = Dialogue("bind")
        dialogue.wait_at(STEP, secret=True)
    waiting = dialogue.data.get(_WAITING)
    if waiting is None or waiting["album"] != context.message.media_group_id:
        waiting = {"album": context.message.media_group_id, "left": [], "n": 0}
        waiting |= {"printed": [], "pins": []}
    if dialogue.step == STEP:
        waiting["left"].append(context.message.message_id)
    elif not await intake.took_secret(context):
        return
    waiting["n"] += 1
    waiting["printed"] += printed.numbers(lines, context.parts.issuers)
    waiting["pins"] += printed.pins(lines)
    dialogue.data[_WAITING] = waiting
    await context.parts.dialogues.keep(context.person.id, dialogue)
    context.parts.background.start(_later(context, dict(waiting)), "waiting for an album")


async def took_others(context: Context, dialogue: Dialogue) -> list[str] | None:
    """Take away what waited for the picture that has the code; give what may be PINs on it.

    None if a picture could not be deleted: then nothing is kept, and the person was told.
    """
    waiting = dialogue.data.pop(_WAITING)
    if not await _took(context, waiting):
        return None
    return list(waiting["pins"])


async def _took(context: Context, waiting: dict[str, Any]) -> bool:
    chat_id, bot = context.chat_id, context.parts.bot
    gone = [await erase(bot, chat_id, message_id) for message_id in waiting["left"]]
    if not all(gone):
        await intake.kept_nothing(context)
    return all(gone)


async def _later(context: Context, seen: dict[str, Any]) -> None:
    await asyncio.sleep(QUIET_SECONDS)
    parts = context.parts
    async with parts.turns.turn(context.chat_id):
        dialogue = await parts.dialogues.current(context.person.id)
        if dialogue is not None and dialogue.data.get(_WAITING) == seen:
            context.voice = parts.voice(context.person)
            await judge(context, dialogue)


async def judge(context: Context, dialogue: Dialogue) -> None:
    """Offer a number that was read on one of the pictures, or say that no code was found."""
    waiting, voice = dialogue.data.pop(_WAITING), context.voice
    if waiting["printed"]:
        if await _took(context, waiting):
            data = {name: list(dict.fromkeys(waiting[name])) for name in ("printed", "pins")}
            data["printed"] = data["printed"][: printed.MOST]
            await read_off.offer_number(context, Dialogue("bind", data=data))
    elif dialogue.step == STEP:
        await context.parts.dialogues.end(context.person.id)
        await context.reply(voice.say(NO_CODE) + "\n" + voice.say(LEFT))
    else:
        await context.parts.dialogues.keep(context.person.id, dialogue)
        await context.reply(voice.say(NO_CODE))
