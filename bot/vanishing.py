"""Secrets on screen for a minute: shown in a message that is owed its deletion already.

A protected message without the secret is sent, its deletion is written down, and only then is the
secret put in. So whatever dies in between, no secret stands in a chat that nobody takes away.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import zlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot import calls
from bot.buttons import Button
from bot.languages import mark
from bot.messages import MOVED, offer
from storage import Owed, StorageError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Store

log = logging.getLogger(__name__)

SECONDS: Final = 60
"""How long a secret is shown."""

FIRST_RETRY: Final = timedelta(seconds=2)
LAST_RETRY: Final = timedelta(hours=1)
MOST_TRIES: Final = 750
"""About a month of trying: as long, a chat may be out of reach and come back."""

AT_ONCE: Final = 30

PLACEHOLDER: Final = mark("🔒 One moment…")
GOES_AT: Final = mark("This message goes away at {time}.")
HIDE: Final = mark("Hide now")

GONE: Final = ("message to delete not found", "message to edit not found", "chat not found")
EMPTIED: Final = "not modified"
"""What Telegram says of a message that shows nothing any more already."""

Noting = Callable[["Store"], Awaitable[object]]
Filling = Callable[[int, Markup, "Buttons"], Awaitable[None]]


class Vanishings:
    """What is being taken away just now, and how the process is told when to."""

    def __init__(self) -> None:
        self.under_way: set[tuple[int, int]] = set()
        self.wake: Callable[[Owed, timedelta], None] = lambda _owed, _wait: None
        """Has `vanish` called for a message after a wait, whatever the clock says then."""


async def reveal(
    parts: Parts,
    chat_id: int,
    voice: Voice,
    text: Markup,
    buttons: Buttons = (),
    *,
    seconds: int = SECONDS,
    note: Noting | None = None,
) -> int:
    """Show a secret in a private chat for a while; give the message's id.

    `note` writes down that it is shown, in the transaction that owes the deletion, as its last
    statement. `TelegramError` and `StorageError` if it is not shown; nothing stays then.
    """

    async def fill(message_id: int, ending: Markup, below: Buttons) -> None:
        whole = Markup("\n\n").join([text, ending])
        await calls.edit(parts.bot, chat_id, message_id, str(whole), below)

    return await _reveal(parts, chat_id, voice, fill, buttons, seconds, note)


async def reveal_photo(
    parts: Parts,
    chat_id: int,
    voice: Voice,
    png: bytes,
    caption: Markup,
    buttons: Buttons = (),
    *,
    seconds: int = SECONDS,
    note: Noting | None = None,
) -> int:
    """`reveal` for a picture, with a caption."""

    async def fill(message_id: int, ending: Markup, below: Buttons) -> None:
        whole = Markup("\n\n").join([caption, ending])
        await calls.edit_photo(parts.bot, chat_id, message_id, png, str(whole), below)

    return await _reveal(parts, chat_id, voice, fill, buttons, seconds, note)


async def reveal_document(
    parts: Parts,
    chat_id: int,
    voice: Voice,
    file: tuple[str, bytes],
    caption: Markup,
    *,
    seconds: int,
    note: Noting | None = None,
) -> int:
    """`reveal` for a file, by its name and content, with a caption. It can be saved."""

    async def fill(message_id: int, ending: Markup, _below: Buttons) -> None:
        whole = Markup("\n\n").join([caption, ending])
        await calls.edit_document(parts.bot, chat_id, message_id, *file, str(whole))

    return await _reveal(parts, chat_id, voice, fill, (), seconds, note, protect=False)


async def _reveal(
    parts: Parts,
    chat_id: int,
    voice: Voice,
    fill: Filling,
    buttons: Buttons,
    seconds: int,
    note: Noting | None,
    *,
    protect: bool = True,
) -> int:
    if chat_id <= 0:
        raise ValueError("secrets are shown in private chats only")
    message_id = await calls.send(parts.bot, chat_id, str(voice.say(PLACEHOLDER)), protect=protect)
    wait = timedelta(seconds=seconds)
    due = parts.clock() + wait
    below = [*buttons, [Button(voice.plain(HIDE), "hide")]]
    try:
        async with parts.store.transaction() as tx:
            await tx.vanishing.owe(chat_id, message_id, due)
            if note is not None:
                await note(tx)
        parts.vanishings.wake(Owed(chat_id, message_id), wait)
        await fill(message_id, voice.say(GOES_AT, time=voice.moment(due)), below)
    except (TelegramError, StorageError):
        # Not shown, or shown without our knowing.
        await vanish(parts, Owed(chat_id, message_id))
        raise
    offer(parts, chat_id, message_id, below)
    return message_id


async def vanish_due(parts: Parts) -> None:
    """Take away everything whose time is over, also what an earlier run of the bot has shown."""
    under_way = parts.vanishings.under_way
    while True:
        due = await parts.store.vanishing.due(parts.clock(), AT_ONCE + len(under_way))
        free = [owed for owed in due if (owed.chat_id, owed.message_id) not in under_way]
        if not free:
            return
        await asyncio.gather(*(vanish(parts, owed) for owed in free))


async def vanish(parts: Parts, owed: Owed) -> bool:
    """Take one message away, or write down when that is tried again. False if it still stands."""
    this, under_way = (owed.chat_id, owed.message_id), parts.vanishings.under_way
    if this in under_way:
        return False
    under_way.add(this)
    try:
        await _take_away(parts, *this)
        await parts.store.vanishing.gone(*this)
    except TelegramError as error:
        await _later(parts, owed, error)
        return False
    except StorageError as error:  # it is gone, and the next try finds that out
        log.warning("that a message was taken away could not be noted: %s", error)
    finally:
        under_way.discard(this)
    return True


async def _take_away(parts: Parts, chat_id: int, message_id: int) -> None:
    """Delete a message; after two days Telegram lets it only be emptied."""
    try:
        await calls.delete(parts.bot, chat_id, message_id)
    except BadRequest as refused:
        if not _says(refused, *GONE):
            await _empty(parts, chat_id, message_id)


async def _empty(parts: Parts, chat_id: int, message_id: int) -> None:
    try:
        try:
            await calls.edit(parts.bot, chat_id, message_id, MOVED)
        except BadRequest as refused:
            if not _says(refused, "no text in the message"):
                raise
            await calls.edit_photo(parts.bot, chat_id, message_id, _blank())
    except BadRequest as refused:
        if not _says(refused, *GONE, EMPTIED):
            raise


def _says(refused: BadRequest, *words: str) -> bool:
    return any(word in refused.message.lower() for word in words)


async def _later(parts: Parts, owed: Owed, error: TelegramError) -> None:
    attempts = owed.attempts + 1
    if attempts >= MOST_TRIES:
        log.error("a message that shows a secret could not be deleted: %s", error.message)
        await parts.store.vanishing.gone(owed.chat_id, owed.message_id)
        return
    wait = min(FIRST_RETRY * (1 << min(owed.attempts, 16)), LAST_RETRY)
    if isinstance(error, RetryAfter):
        asked = error.retry_after
        wait = max(wait, asked if isinstance(asked, timedelta) else timedelta(seconds=asked))
    log.warning("a message that shows a secret is deleted later: %s", error.message)
    due: datetime = parts.clock() + wait
    await parts.store.vanishing.later(owed.chat_id, owed.message_id, due)
    parts.vanishings.wake(owed._replace(attempts=attempts), wait)


def _blank() -> bytes:
    """Make a grey picture (PNG, ISO/IEC 15948) to put in the place of one that shows a secret."""
    side = 64

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x80" * side) * side)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts
