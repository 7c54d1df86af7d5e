"""The last resort: somebody is told that it was not their fault, and the log says what happened.

The log never has what the person wrote; it may be a card number.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from telegram import Update
from telegram.error import Conflict, NetworkError, TelegramError

from bot import calls
from bot.languages import mark
from storage import StorageError, WriteError

if TYPE_CHECKING:
    from telegram import User
    from telegram.ext import CallbackContext

    from bot.parts import Parts
    from bot.voice import Voice

log = logging.getLogger(__name__)

SORRY = mark(
    "Sorry, something went wrong on my side, and what you asked may not have been done. Look with "
    "/balance before you try again."
)
FULL = mark(
    "Sorry, I cannot write to my database just now, so this could not be saved. The operator can "
    "see why in the log. Try again later."
)


class LastResort:
    """What the application does with an error that nobody caught."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, update: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
        """Apologise to whoever waits for an answer, and log."""
        error = context.error
        if isinstance(error, Conflict):
            log.error("another process polls for this bot's updates; only one can: %s", error)
            return
        if isinstance(error, NetworkError) and not isinstance(update, Update):
            log.warning("Telegram could not be reached: %s", error)
            return
        if not isinstance(update, Update):
            log.error("something that happens by itself failed", exc_info=error)
            return
        log.error("an update could not be handled", exc_info=error)
        if update.effective_chat and update.effective_user:
            voice = await self._voice(update.effective_user)
            sentence = FULL if isinstance(error, WriteError) else SORRY
            try:
                said = str(voice.say(sentence))
                await calls.send(self._parts.bot, update.effective_chat.id, said)
            except TelegramError as unreachable:
                log.warning("and nobody could be told: %s", unreachable)

    async def _voice(self, user: User) -> Voice:
        """Find the language they chose, or that Telegram reports if the store does not answer."""
        person = None
        with suppress(StorageError):
            person = await self._parts.store.people.get(user.id)
        return self._parts.voice(person, user.language_code)
