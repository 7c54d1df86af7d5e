"""Whose turn it is: updates of one chat one after another, those of different chats at once.

python-telegram-bot's default is one update at a time for the whole bot, and then one slow
person holds up everybody.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import OrderedDict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

import storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Collection

    from bot.journal import Journal

AT_ONCE = 1024
"""How many updates may be under way over all chats."""

REMEMBERED = 20_000
"""Telegram keeps an undelivered update for a day; older ids cannot come back."""


class Turns(BaseUpdateProcessor):
    """Gives each chat its turn, and drops an update that was handled before."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(max_concurrent_updates=AT_ONCE)
        self._journal = journal
        self._turns: dict[int, asyncio.Lock] = {}
        self._waiting: dict[int, int] = {}
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._open: set[int] = set()
        self._watched: dict[int, asyncio.Event] = {}

    def remember(self, update_ids: Collection[int]) -> None:
        """Take over the ids that an earlier run of the bot has handled."""
        self._seen.update(dict.fromkeys(sorted(update_ids)))

    async def initialize(self) -> None:
        """Nothing is held open."""

    async def shutdown(self) -> None:
        """Nothing is held open."""

    @asynccontextmanager
    async def turn(self, chat_id: int) -> AsyncIterator[None]:
        """Hold the chat's turn: nothing else is said or saved in this chat meanwhile."""
        lock = self._turns.setdefault(chat_id, asyncio.Lock())
        self._waiting[chat_id] = self._waiting.get(chat_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[chat_id] -= 1
            if not self._waiting[chat_id]:
                del self._waiting[chat_id], self._turns[chat_id]

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Handle one update in its chat's turn, once."""
        assert isinstance(update, Update)
        if update.update_id in self._seen:
            if inspect.iscoroutine(coroutine):
                coroutine.close()
            if update.update_id not in self._open:
                self._journal.handled(update.update_id)  # it was kept anew when it came again
            return
        self._seen[update.update_id] = None
        self._open.add(update.update_id)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        storage.receipt.set(update.update_id)
        chat = update.effective_chat
        try:
            async with self.turn(chat.id if chat else 0):
                await coroutine
        finally:
            self._journal.handled(update.update_id)
            self._open.discard(update.update_id)
            if watched := self._watched.pop(update.update_id, None):
                watched.set()

    async def handled(self, update_id: int) -> None:
        """Wait until this update has been handled."""
        if update_id not in self._seen or update_id in self._open:
            await self._watched.setdefault(update_id, asyncio.Event()).wait()
