"""Backups by themselves: when one is due, which are kept, and what the admins are told.

What is due is decided by the files in the folder, so a restart neither skips a backup nor makes
one twice. The keys' file beside them follows every erasing and every new master key at once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from telegram.error import BadRequest, Forbidden, TelegramError

from bot import calls
from bot.activity import Action, note
from bot.backup_folder import folder_of, kept, named, retire
from bot.languages import mark
from storage import StorageError
from storage.backup import back_up, write_keys

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.operator_notices import OperatorNotices
    from bot.parts import Parts
    from storage.agefile import Lock
    from storage.backup import Made

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = timedelta(minutes=10)
"""How long after a failure the next try is made."""

LARGEST: Final = 50_000_000
"""How long a file a bot may send (https://core.telegram.org/bots/api#senddocument)."""

CAPTION = mark(
    "Backup of {when}. To restore it you also need the newest <code>kabao-keys.age</code> from the "
    "backup folder: keep a copy of that in another place, and always replace the older one."
)
TOO_LARGE = mark("A backup of {when} is in the folder, but too large for Telegram: {size} MB.")


class Backups:
    """Makes backups as they fall due, one at a time."""

    def __init__(self, parts: Parts, notices: OperatorNotices) -> None:
        self._parts = parts
        self._notices = notices
        self._busy = asyncio.Lock()
        self._not_before: datetime | None = None
        self._keys = ""
        self._owed: dict[int, Made] = {}

    async def run_due(self) -> None:
        """Do what is due; whatever fails is told to the admins and tried again later."""
        settings, lock = self._parts.settings, self._parts.settings.backup_lock()
        if not settings.backup_dir or lock is None or self._busy.locked():
            return
        folder = folder_of(settings)
        async with self._busy:
            try:
                found = await asyncio.to_thread(kept, folder)
                if found:
                    await self._renew_keys(folder, lock)
                if self._is_due(found):
                    await self._make(folder, lock)
            except (StorageError, OSError) as error:
                self._failed(error)
            await self._deliver()

    def _is_due(self, found: list[tuple[datetime, Path]]) -> bool:
        now = self._parts.clock()
        if self._not_before is not None and now < self._not_before <= now + AGAIN_AFTER:
            return False
        # A clock that was ahead has left files of times to come: they say nothing.
        past = [at for at, _ in found if at <= now]
        return not past or now - past[-1] >= timedelta(hours=self._parts.settings.backup_hours)

    async def _make(self, folder: Path, lock: Lock) -> None:
        parts, now = self._parts, self._parts.clock()
        made = await back_up(parts.settings.database_url, folder / named(now), lock, now)
        self._not_before, self._keys = None, made.state
        await note(parts.store, Action.BACKUP_MADE)
        log.info("a backup of %d bytes is made", made.size)
        await asyncio.to_thread(retire, folder, parts.settings.backup_keep)
        self._notices.backups_work()
        if parts.settings.backup_send == "yes":
            self._owed = dict.fromkeys(sorted(parts.settings.admins), made)

    async def _renew_keys(self, folder: Path, lock: Lock) -> None:
        """Write the keys' file anew if somebody was erased, or the master key is another one."""
        if await self._parts.store.keys_state() != self._keys:
            url = self._parts.settings.database_url
            self._keys = (await write_keys(url, folder, lock, self._parts.clock())).state
            log.info("the keys' file of the backups is written anew")

    def _failed(self, error: StorageError | OSError) -> None:
        now = self._parts.clock()
        if self._not_before is None or now >= self._not_before:
            self._not_before = now + AGAIN_AFTER
            log.error("the backup failed: %s", error)
        said = error.strerror if isinstance(error, OSError) else str(error)
        self._notices.backup_failed(said or type(error).__name__)

    async def _deliver(self) -> None:
        for admin, made in list(self._owed.items()):
            try:
                await self._send(admin, made)
            except (Forbidden, BadRequest):
                log.info("an admin cannot be sent the backup: they have not started the bot")
            except (TelegramError, StorageError, OSError) as error:
                log.warning("an admin could not be sent the backup yet: %s", error)
                continue
            self._owed.pop(admin, None)

    async def _send(self, admin: int, made: Made) -> None:
        parts = self._parts
        voice = parts.voice(await parts.store.people.get(admin))
        when = voice.moment(made.at)
        if made.size > LARGEST:
            text = voice.say(TOO_LARGE, when=when, size=made.size // 1_000_000)
            await calls.send(parts.bot, admin, str(text))
            return
        content = await asyncio.to_thread(made.path.read_bytes)
        caption = str(voice.say(CAPTION, when=when))
        await calls.send_document(parts.bot, admin, made.path.name, content, caption)
