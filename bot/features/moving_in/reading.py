"""How a file or links are taken in: out of the chat first, then read, never onto the disk."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from telegram.error import TelegramError

from bot import imports
from bot.attached import Attached, TooLarge
from bot.buttons import Button
from bot.dialogue import Dialogue
from bot.features.moving_in import columns, preview
from bot.imports import kept
from bot.imports.catima import read_links
from bot.imports.table import Table
from bot.languages import mark
from bot.ways import to_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.imports import Found

log = logging.getLogger(__name__)

KIND: Final = "import"
LONGEST_PASSPHRASE: Final = 256

TOO_LARGE = mark("That file is too large for me: Telegram gives me up to 20 MB.")
NOT_FETCHED = mark("I could not fetch that file just now. Please send it once more.")
LOCKED = mark("🔒 This file has a passphrase. Send it to me; I delete your message at once.")
WRONG = mark("That passphrase does not open it. Send it once more, or /cancel.")
STANDS = mark("I could not delete it from the chat. Please delete it yourself: it holds numbers.")


async def take_file(context: Context, attached: Attached) -> None:
    """Fetch a file, delete its message, and read it; a passphrase may stand below it."""
    said = (context.message.caption or "").strip()[:LONGEST_PASSPHRASE] or None
    content, failed = await _fetched(context, attached)
    gone = await context.take_secret()
    if content is not None:
        file = {one: getattr(attached, one) for one in ("file_id", "name", "mime", "size")}
        await _read(context, content, said, {"file": file, "gone": gone})
    else:
        await _say(context, failed, gone=gone)


async def passphrase_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Try a passphrase on the file, which is fetched once more: it was not kept."""
    gone = await context.take_secret()
    data = {**dialogue.data, "gone": dialogue.data["gone"] and gone}
    content, failed = await _fetched(context, Attached(**data["file"]))
    if content is not None:
        await _read(context, content, text[:LONGEST_PASSPHRASE], data)
    else:
        await _say(context, failed, gone=data["gone"])


async def take_links(context: Context, links: Sequence[str]) -> None:
    """Read links to shared cards; the message that had them is deleted, as it has the numbers."""
    gone = await context.take_secret()
    today = context.voice.now.astimezone(context.voice.zone).date()
    found = await asyncio.to_thread(read_links, links, today)
    await _show(context, found, {"gone": gone})


async def _fetched(context: Context, attached: Attached) -> tuple[bytes | None, str]:
    """Fetch a file; where that cannot be done, give what to say of it."""
    try:
        return await attached.read(context.parts.bot), ""
    except TooLarge:
        return None, TOO_LARGE
    except TelegramError as error:
        log.warning("a file could not be fetched: %s", error.message)
        return None, NOT_FETCHED


async def _read(context: Context, content: bytes, said: str | None, data: dict[str, Any]) -> None:
    voice = context.voice
    today = voice.now.astimezone(voice.zone).date()
    try:
        found = await asyncio.to_thread(imports.read, content, said, today)
    except imports.Locked as locked:
        dialogue = Dialogue(KIND, "passphrase", data, secret=True)
        await context.parts.dialogues.keep(context.person.id, dialogue)
        text = voice.say(WRONG if locked.wrong else LOCKED)
        if not data["gone"]:
            text += "\n" + voice.say(STANDS)
        await context.ask(text, [[to_cancel(voice)]])
    except imports.Unreadable as error:
        rows = [[Button(voice.plain("What I can read"), "import")]]
        await _say(context, str(error), rows, gone=data["gone"])
    else:
        await _show(context, found, {"gone": data["gone"]})


async def _say(context: Context, why: str, buttons: Buttons | None = None, *, gone: bool) -> None:
    """Say why; what is being asked for is asked for still."""
    text = context.voice.say(why)
    if not gone:
        text += "\n" + context.voice.say(STANDS)
    await context.reply(text, buttons)


async def _show(context: Context, found: Found | Table, data: dict[str, Any]) -> None:
    if isinstance(found, Table):
        await columns.begin(context, found, data)
        return
    dialogue = Dialogue(KIND, "preview", {**data, "found": kept.as_json(found)})
    await preview.begin(context, dialogue)
