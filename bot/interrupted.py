"""What a killed bot was answering: handled when it is back, or its sender told that it was done."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import orjson
from telegram import Update
from telegram.constants import ChatType
from telegram.error import BadRequest, Forbidden, TelegramError

from bot import calls
from bot.errors import SORRY
from bot.languages import mark
from bot.pace import ALERT
from bot.roles import may_enter

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Sequence

    from bot.inbox import Inbox
    from bot.parts import Parts
    from storage.inbox import Kept

log = logging.getLogger(__name__)

KEPT: Final = timedelta(days=1)
"""As long as Telegram itself keeps an update."""

STARTS: Final = 3
"""At how many starts an update is tried. One that ends the process must not do so for ever."""

DONE: Final = mark(
    "I was interrupted while answering you. What you sent should be done: /balance shows how "
    "things stand."
)
HALF: Final = mark(
    "I was interrupted while answering you, and you may have missed a question of mine. Send "
    "/cancel to begin again; /balance shows how things stand."
)


class Interrupted:
    """What was being answered when this bot, or the one before it, ended without a word."""

    def __init__(self, parts: Parts, inbox: Inbox) -> None:
        self._parts = parts
        self._inbox = inbox
        self._untold: dict[int, Update] = {}
        self._given_up: set[int] = set()

    async def take_up(self, queue: asyncio.Queue[object]) -> None:
        """Queue what had no effect, in order; tell in the background of what had."""
        store = self._parts.store
        await store.inbox.purge(self._parts.clock() - KEPT)
        empty = []
        for kept in await store.inbox.take_up():
            again, left = await self._sort(kept)
            if not left:
                empty.append(kept.id)
                continue
            self._inbox.watch(kept.id, left)
            for update in again:
                await queue.put(update)
        await store.inbox.remove(empty)
        self._parts.background.start(self._tell(), "telling whom a kill interrupted")

    async def _sort(self, kept: Kept) -> tuple[list[Update], set[int]]:
        """Find what is to be handled again, and the ids of all for which something is left."""
        again, left = [], set()
        for update in self._read(kept):
            answered = await self._parts.store.receipts.answered(update.update_id)
            if answered:
                continue
            left.add(update.update_id)
            if answered is None and kept.attempts <= STARTS:
                again.append(update)
                continue
            self._untold[update.update_id] = update
            if answered is None:
                log.error("update %d is given up after %d starts", update.update_id, STARTS)
                self._given_up.add(update.update_id)
                self._parts.turns.remember((update.update_id,))
        return again, left

    def _read(self, kept: Kept) -> Iterator[Update]:
        try:
            raws = orjson.loads(kept.updates or b"")["result"]
        except (ValueError, LookupError, TypeError):  # or another installation sealed them
            log.error("row %d of what was kept cannot be opened", kept.id)  # noqa: TRY400 - as below
            return
        for raw in raws:
            try:
                yield Update.de_json(raw, self._parts.bot)
            except Exception as fault:  # noqa: BLE001 - see `SealedBot`, which passes it over too
                kind = type(fault).__name__
                log.error("an update that was kept cannot be read (%s)", kind)  # noqa: TRY400 - the trace could show what it says

    async def _tell(self) -> None:
        """Tell each chat once. Whom Telegram cannot reach just now is told at the next start."""
        chats: dict[int | None, list[Update]] = {}
        for update in self._untold.values():
            given_up = update.update_id in self._given_up
            chats.setdefault(_told_in(update, given_up=given_up), []).append(update)
        for chat_id, updates in chats.items():
            if chat_id is None or await self._told(chat_id, updates):
                for update in updates:
                    self._parts.journal.handled(update.update_id)

    async def _told(self, chat_id: int, updates: Sequence[Update]) -> bool:
        parts, user = self._parts, updates[-1].effective_user
        person = await parts.store.people.get(chat_id)
        if person is not None and not may_enter(parts.settings, person):
            return True
        voice = parts.voice(person, user.language_code if user else None)
        half = person is not None and await parts.dialogues.current(chat_id) is not None
        sentence = HALF if half else DONE
        if any(update.update_id in self._given_up for update in updates):
            sentence = SORRY
        try:
            await calls.send(parts.bot, chat_id, str(voice.say(sentence)), pace=ALERT)
        except (BadRequest, Forbidden) as error:
            log.warning("somebody interrupted could not be told: %s", error.message)
        except TelegramError as error:
            log.warning("somebody interrupted is told at the next start: %s", error.message)
            return False
        return True


def _told_in(update: Update, *, given_up: bool) -> int | None:
    """Name the private chat of whoever waits for an answer.

    What was done in a group is told to who wanted it alone; what was not done there, to nobody.
    """
    chat, user = update.effective_chat, update.effective_user
    if chat is None or user is None or not (update.message or update.callback_query):
        return None
    if chat.type == ChatType.PRIVATE:
        return chat.id
    return None if given_up else user.id
