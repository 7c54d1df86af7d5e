"""The group in which the operator's people answer: which it is now, and what it no longer gets."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from telegram.error import TelegramError

from bot import calls

if TYPE_CHECKING:
    from bot.parts import Parts

log = logging.getLogger(__name__)

MOVED: Final = "supportmoved"
LOST: Final = "supportlost"
LONGEST: Final = 200


async def chat_of(parts: Parts) -> int | None:
    """Give the id of the operator's group as it is now; None where the settings name none."""
    named = parts.settings.support_chat
    return None if named is None else await parts.store.groups.now(named)


async def moved(parts: Parts, old: int, new: int) -> None:
    """Note that a group goes on as a supergroup, under another id; of theirs the admins are told.

    A setting that names the old id leads to the new one from now on.
    """
    theirs = old == await chat_of(parts)
    await parts.store.groups.move(old, new)
    if theirs and old == parts.settings.support_chat:
        await _tell(parts, MOVED, {"chat": new}, f"{MOVED}:{new}")


async def lost(parts: Parts, why: str) -> None:
    """Tell the admins, once a day at most, that their group cannot be written to."""
    today = parts.clock().date().isoformat()
    await _tell(parts, LOST, {"why": why[:LONGEST]}, f"{LOST}:{today}")


async def _tell(parts: Parts, kind: str, said: dict[str, object], key: str) -> None:
    for admin in sorted(parts.settings.admins):
        if await parts.store.people.get(admin) is not None:
            await parts.store.outbox.put(admin, None, kind, said, key=key, not_before=parts.clock())


async def owe_discarding(parts: Parts, person_id: int) -> list[tuple[int, int]]:
    """Owe what a person's requests brought to the operator's group its deletion; their topics.

    Each topic is a chat and an id; they go by `discard` once the person is erased.
    """
    for chat_id, message_id in await parts.store.tickets.brought(person_id):
        await parts.store.vanishing.owe(chat_id, message_id, parts.clock())
    return await parts.store.tickets.topics(person_id)


async def discard(parts: Parts, topics: list[tuple[int, int]]) -> None:
    """Delete topics with all that was written there; where that may not be, close them."""
    for chat_id, thread in topics:
        try:
            await calls.delete_topic(parts.bot, chat_id, thread)
        except TelegramError as refused:
            log.warning("the topic of somebody who was erased stays: %s", refused.message)
            with suppress(TelegramError):
                await calls.close_topic(parts.bot, chat_id, thread)
