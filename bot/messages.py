"""Messages that stand in a chat already: changed in place, or taken away."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from telegram.error import BadRequest, NetworkError, TelegramError

from bot import calls
from bot.panel import shown as balances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.sealed import SealedBot
    from storage import Card

log = logging.getLogger(__name__)

MOVED = "⤵️"
ALREADY_GONE = "message to delete not found"


async def discard(parts: Parts, chat_id: int, message_id: int) -> None:
    """Delete what has been replaced. After two days Telegram lets it only be emptied."""
    with suppress(TelegramError):
        try:
            await calls.delete(parts.bot, chat_id, message_id)
        except BadRequest:
            await edit(parts, chat_id, message_id, MOVED)


async def erase(bot: SealedBot, chat_id: int, message_id: int) -> bool:
    """Delete what a person wrote, because it holds a secret. False if Telegram refuses.

    A call whose answer was lost may have been done, so it is made once more.
    """
    for _ in range(2):
        try:
            return await calls.delete(bot, chat_id, message_id)
        except BadRequest as refused:
            return ALREADY_GONE in refused.message.lower()
        except NetworkError as lost:
            log.warning("a deletion may not have been done: %s", lost)
        except TelegramError:
            return False
    return False


async def repaint(
    parts: Parts,
    chat_id: int,
    message_id: int,
    view: str,
    text: Markup,
    buttons: Buttons,
    *,
    shown: Iterable[Card] = (),
) -> None:
    """Bring a panel up to date by itself, unless the person has moved on to another view.

    `shown` are the cards whose balances can be read on it.
    """
    async with parts.turns.turn(chat_id):
        if parts.views.shows(chat_id, message_id, view):
            await edit(parts, chat_id, message_id, text, buttons)
            parts.journal.panel_shown(chat_id, message_id, balances(shown))


async def edit(
    parts: Parts,
    chat_id: int,
    message_id: int,
    text: Markup | str,
    buttons: Buttons | None = None,
) -> bool:
    """Put a new text in an earlier message. False if that cannot be done, now or ever."""
    try:
        await calls.edit(parts.bot, chat_id, message_id, str(text), buttons)
    except BadRequest as error:
        return "not modified" in error.message
    except TelegramError as error:
        log.warning("a message could not be edited: %s", error)
        return False
    offer(parts, chat_id, message_id, buttons)
    return True


def offer(parts: Parts, chat_id: int, message_id: int, buttons: Buttons | None) -> None:
    """Note what can be pressed, because it can be typed as well."""
    parts.views.offer(chat_id, message_id, said_by(buttons))


def said_by(buttons: Buttons | None) -> list[tuple[str, str]]:
    """Pair what each button says with its data."""
    return [(button.text, button.data) for row in buttons or () for button in row]
