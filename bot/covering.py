"""Balances on screen are put away when the lock that covers them closes by itself.

What is due is a query, so a restart forgets none: a lock whose time is over and that still says
until when it was open has its panel covered, and then says so no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from telegram.error import BadRequest, Forbidden, TelegramError

from bot import calls
from bot.languages import mark
from bot.messages import offer
from bot.ways import to_all_cards

if TYPE_CHECKING:
    from bot.parts import Parts

COVERED: Final = mark("🔒 Your lock has closed, so I have put away what stood here.")
VIEW: Final = "covered"


async def cover_due(parts: Parts) -> None:
    """Cover the panels of all whose lock has closed since; one that fails is tried again."""
    for person_id in await parts.store.locks.to_cover(parts.clock()):
        async with parts.turns.turn(person_id):
            await _cover(parts, person_id)


async def _cover(parts: Parts, person_id: int) -> None:
    now = parts.clock()
    if person_id not in await parts.store.locks.to_cover(now):
        return  # it was opened again meanwhile
    person = await parts.store.people.get(person_id)
    panel = parts.journal.panel_of(person_id) or (person and person.panel_message_id)
    if panel and not parts.views.shows(person_id, panel, "lock"):
        voice = parts.voice(person)
        rows = [[to_all_cards(voice)]]
        try:
            await calls.edit(parts.bot, person_id, panel, str(voice.say(COVERED)), rows)
        except (BadRequest, Forbidden):
            pass  # it is there no more, or out of reach for good
        except TelegramError:
            return
        parts.views.show(person_id, panel, VIEW)
        offer(parts, person_id, panel, rows)
    await parts.store.locks.covered(person_id, now)
