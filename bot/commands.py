"""A command somebody wrote: what it is called, and what follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.constants import MessageEntityType

if TYPE_CHECKING:
    from telegram import Message


def command_in(message: Message, mine: str = "") -> tuple[str, str]:
    """Split "/balance@kabao_bot 1234" into the command's name and what follows it.

    Both are empty where there is no command; and, if `mine` is the bot's own name, where it is
    for another bot.
    """
    first = message.entities[0] if message.entities else None
    if not message.text or not first or first.type != MessageEntityType.BOT_COMMAND or first.offset:
        return "", ""
    name, _, addressed = message.text[1 : first.length].lower().partition("@")
    if mine and addressed and addressed != mine.lower():
        return "", ""
    return name, message.text[first.length :].strip()
