"""Messages that stand in a chat already: changed in place, or taken away."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from telegram.error import BadRequest, TelegramError

from bot import calls
from bot.panel import shown as balances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.parts import Parts
    from storage import Card

MOVED = "⤵️"


async def discard(parts: Parts, chat_id: int, message_id: int) -> None:
    """Delete what has been replaced. After two days Telegram lets it only be emptied."""
    with suppress(TelegramError):
        try:
            await calls.delete(parts.bot, chat_id, message_id)
        except BadRequest:
            await edit(parts, chat_id, message_id, MOVED)


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
    """Put a new text in an earlier message. False if that message can no longer be edited."""
    try:
        await calls.edit(parts.bot, chat_id, message_id, str(text), buttons)
    except BadRequest as error:
        return "not modified" in error.message
    offer(parts, chat_id, message_id, buttons)
    return True


def offer(parts: Parts, chat_id: int, message_id: int, buttons: Buttons | None) -> None:
    """Note what can be pressed, because it can be typed as well."""
    labels = ((button.text, button.data) for row in buttons or () for button in row)
    parts.views.offer(chat_id, message_id, labels)
