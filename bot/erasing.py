"""How a person is erased: their rows and key, and what stands in their chat or is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import support_chat
from bot.menu import unregister_for
from bot.messages import discard

if TYPE_CHECKING:
    from bot.parts import Parts
    from storage import Person


async def erase(
    parts: Parts, person: Person, *, by: int | None = None, kept: int | None = None
) -> bool:
    """Erase a person, with their panel and what they wrote to the operator; False for nobody.

    `by` is the admin who wants it, if not they themselves. `kept` is a message that stays.
    """
    chat_id = person.id
    panel = parts.journal.panel_of(person.id) or person.panel_message_id
    left = {panel, parts.views.question(chat_id)} - {kept, None}
    topics = await support_chat.owe_discarding(parts, person.id)
    if not await parts.store.people.forget(person.id, by=by):
        return False
    parts.journal.forget(person.id)
    parts.views.forget(chat_id)
    for message_id in left:
        if message_id:
            parts.background.start(discard(parts, chat_id, message_id), "discarding a panel")
    parts.background.start(support_chat.discard(parts, topics), "deleting the topics of requests")
    parts.background.start(unregister_for(parts, person.id), "taking back a person's menu")
    return True
