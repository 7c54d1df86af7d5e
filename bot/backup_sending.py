"""Backups in the admins' chats: each one as a new message, their keys in a single one.

A backup is of use only with the keys' file as it is now, and an older keys' file is of use to
nobody: it would still open the cards of whoever was erased since. So that file is in one message,
edited in place (editMessageMedia; a bot may edit what it sent at any time). The message is
there, and noted in the database, before the keys come into it: a kill leaves none that is not
known. What is owed is found by comparing what is in the folder with what was noted as sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from telegram.error import BadRequest, Forbidden, TelegramError

from bot import calls
from bot.backup_folder import newest
from bot.languages import mark
from storage import StorageError
from storage.backup import KEYS, read_keys
from storage.deliveries import KeysMessage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from bot.parts import Parts
    from bot.voice import Voice

log = logging.getLogger(__name__)

SHUT_FOR: Final = timedelta(hours=1)
"""How long an admin is left alone to whom nothing can be sent: they have not started the bot."""

LARGEST: Final = 50_000_000
"""How long a file a bot may send (https://core.telegram.org/bots/api#senddocument)."""

GONE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid")
SAME: Final = "message is not modified"

CAPTION = mark(
    "Backup of {when}. To restore it you also need <code>kabao-keys.age</code>. It is in a message "
    "of its own in this chat, which I keep up to date."
)
TOO_LARGE = mark("A backup of {when} is in the folder, but too large for Telegram: {size} MB.")
COMING = mark("🔑 The keys' file of the backups is on its way.")
KEYS_CAPTION = mark(
    "🔑 The keys of all backups, as of {when}. No backup opens without this file. When it changes "
    "I replace it here, in this message. To restore, take it from here, and keep no older copy: it "
    "would still open the cards of people who were erased."
)
TAKEN = mark("🔑 The keys' file was here. Backups are no longer sent to this chat.")


class Sending:
    """Brings the admins' chats to what is in the folder of backups."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # What was done is known here also while the database takes no notes.
        self._messages: dict[int, KeysMessage] = {}
        self._sent: dict[int, str] = {}
        self._shut: dict[int, datetime] = {}

    @property
    def _admins(self) -> list[int]:
        settings = self._parts.settings
        wanted = settings.backup_send == "yes" and settings.backup_dir and settings.backup_lock()
        return sorted(settings.admins) if wanted else []

    async def prepare(self) -> None:
        """Place the keys' messages that are not there yet, for a backup to know of them."""
        known = await self._known()
        for admin in self._admins:
            if admin not in known:
                await self._try(admin, self._place)

    async def run(self, folder: Path) -> None:
        """Send what is owed. `StorageError` or `OSError` if the folder cannot be read."""
        known, admins = await self._known(), self._admins
        for admin in known.keys() - set(admins):
            await self._try(admin, self._take_back)
        if not admins:
            return
        keys = await read_keys(folder)
        last = await asyncio.to_thread(newest, folder, self._parts.clock())

        async def bring(admin: int) -> None:
            if keys is not None:
                await self._bring_keys(admin, keys)
            if last is not None:
                await self._bring_backup(admin, *last)

        for admin in admins:
            await self._try(admin, bring)

    async def _try(self, admin: int, bring: Callable[[int], Awaitable[object]]) -> None:
        now = self._parts.clock()
        if admin in self._shut and now < self._shut[admin] <= now + SHUT_FOR:
            return
        self._shut.pop(admin, None)
        try:
            await bring(admin)
        except (Forbidden, BadRequest) as refused:
            self._shut[admin] = now + SHUT_FOR
            log.info("an admin cannot be sent the backup: %s", refused)
        except (TelegramError, StorageError, OSError) as error:
            log.warning("an admin could not be sent the backup yet: %s", error)

    async def _known(self) -> dict[int, KeysMessage]:
        """List the messages of this bot. Those of another are none of its own."""
        noted = await self._parts.store.deliveries.keys_messages() | self._messages
        return {admin: one for admin, one in noted.items() if one.bot == self._parts.bot.id}

    async def _bring_keys(self, admin: int, keys: bytes) -> None:
        digest = hashlib.sha256(keys).hexdigest()
        message = (await self._known()).get(admin)
        if message is not None and message.digest == digest:
            return
        voice = await self._voice(admin)
        caption = str(voice.say(KEYS_CAPTION, when=voice.moment(self._parts.clock())))
        if message is None or not await self._fill(admin, message, KEYS, keys, caption):
            message = await self._place(admin)
            if not await self._fill(admin, message, KEYS, keys, caption):
                raise BadRequest("the message with the keys' file cannot be edited")
        await self._keep(admin, replace(message, digest=digest))

    async def _place(self, admin: int) -> KeysMessage:
        said = str((await self._voice(admin)).say(COMING))
        sent = await calls.send(self._parts.bot, admin, said)
        message = KeysMessage(self._parts.bot.id, sent)
        await self._keep(admin, message)
        return message

    async def _fill(
        self, admin: int, message: KeysMessage, name: str, content: bytes, caption: str
    ) -> bool:
        """Put a file into a message; False if that message is gone, and forgotten now.

        First it is noted that what is in it is not known: it may be done without an answer.
        """
        await self._keep(admin, replace(message, digest=""))
        bot = self._parts.bot
        try:
            await calls.edit_document(bot, admin, message.message, name, content, caption)
        except BadRequest as refused:
            said = refused.message.lower()
            if any(words in said for words in GONE):
                await self._parts.store.deliveries.drop_keys_message(admin)
                self._messages.pop(admin, None)
                return False
            if SAME not in said:
                raise
        return True

    async def _keep(self, admin: int, message: KeysMessage) -> None:
        self._messages[admin] = message
        await self._parts.store.deliveries.keep_keys_message(admin, message)

    async def _take_back(self, admin: int) -> None:
        """Put a note in the place of the keys' file where it is not kept up to date any more."""
        message, said = (await self._known())[admin], str((await self._voice(admin)).say(TAKEN))
        if await self._fill(admin, message, "kabao-keys.txt", said.encode(), said):
            await self._parts.store.deliveries.drop_keys_message(admin)
            self._messages.pop(admin, None)

    async def _bring_backup(self, admin: int, at: datetime, path: Path) -> None:
        parts = self._parts
        if admin not in self._sent:
            self._sent[admin] = await parts.store.deliveries.backup_sent(admin)
        if self._sent[admin] == path.name:
            return
        voice = await self._voice(admin)
        size, when = (await asyncio.to_thread(path.stat)).st_size, voice.moment(at)
        if size > LARGEST:
            said = str(voice.say(TOO_LARGE, when=when, size=size // 1_000_000))
            await calls.send(parts.bot, admin, said)
        else:
            content = await asyncio.to_thread(path.read_bytes)
            caption = str(voice.say(CAPTION, when=when))
            await calls.send_document(parts.bot, admin, path.name, content, caption)
        self._sent[admin] = path.name
        await parts.store.deliveries.note_backup(admin, path.name)

    async def _voice(self, admin: int) -> Voice:
        return self._parts.voice(await self._parts.store.people.get(admin))
