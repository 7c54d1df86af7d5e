"""Backups by themselves: when one is due, which are kept, and what the admins are told.

What is due is decided by the files in the folder, so a restart neither skips a backup nor makes
one twice. The keys' file beside them follows every erasing and every new master key at once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.activity import Action, note
from bot.backup_folder import folder_of, free_name, kept, newest, retire
from bot.backup_sending import Sending
from storage import StorageError
from storage.backup import back_up, write_keys

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.operator_notices import OperatorNotices
    from bot.parts import Parts
    from storage.agefile import Lock

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = timedelta(minutes=10)
"""How long after a failure the next try is made."""


class Backups:
    """Makes backups as they fall due, one at a time."""

    def __init__(self, parts: Parts, notices: OperatorNotices) -> None:
        self._parts = parts
        self._notices = notices
        self._busy = asyncio.Lock()
        self._not_before: datetime | None = None
        self._keys = ""
        self._sending = Sending(parts)

    async def run_due(self) -> None:
        """Do what is due; whatever fails is told to the admins and tried again later."""
        settings, lock = self._parts.settings, self._parts.settings.backup_lock()
        if self._busy.locked():
            return
        folder = folder_of(settings)
        async with self._busy:
            if settings.backup_dir and lock is not None:
                try:
                    await self._see_to(folder, lock)
                except (StorageError, OSError) as error:
                    self._failed(error)
            try:
                await self._sending.run(folder)
            except (StorageError, OSError) as error:
                log.warning("backups could not be sent yet: %s", error)

    async def _see_to(self, folder: Path, lock: Lock) -> None:
        if await asyncio.to_thread(kept, folder):
            await self._renew_keys(folder, lock)
        if self._is_due(await asyncio.to_thread(newest, folder, self._parts.clock())):
            await self._sending.prepare()
            await self._make(folder, lock)

    def _is_due(self, last: tuple[datetime, Path] | None) -> bool:
        now = self._parts.clock()
        if self._not_before is not None and now < self._not_before <= now + AGAIN_AFTER:
            return False
        return last is None or now - last[0] >= timedelta(hours=self._parts.settings.backup_hours)

    async def _make(self, folder: Path, lock: Lock) -> None:
        parts, now = self._parts, self._parts.clock()
        path = await asyncio.to_thread(free_name, folder, now)
        made = await back_up(parts.settings.database_url, path, lock, now)
        self._not_before, self._keys = None, made.state
        await note(parts.store, Action.BACKUP_MADE)
        log.info("a backup of %d bytes is made", made.size)
        await asyncio.to_thread(retire, folder, parts.settings.backup_keep, now)
        self._notices.backups_work()

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
