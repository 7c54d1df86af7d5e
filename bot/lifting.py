"""Passcodes that were forgotten are lifted when their time has come, and never without a word.

What is due is a query, so a restart forgets nothing. Nothing is lifted before its owner was told
an hour ahead; where Telegram does not take that notice, the wait goes on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.activity import Action, note, tell
from bot.buttons import Button
from bot.languages import mark
from bot.lock import rounded, take_off

if TYPE_CHECKING:
    from bot.parts import Parts

AHEAD: Final = timedelta(hours=1)

SOON = mark("⚠️ Your passcode will be removed: {when}. If you do not want that, keep it.")
LIFTED = mark("🔓 Your passcode is removed. Set a new one with /lock.")


async def lift_due(parts: Parts) -> None:
    """Tell whose passcode is lifted within the hour, and lift those whose time has come."""
    now = parts.clock()
    for person_id in await parts.store.locks.to_warn(now + AHEAD):
        await _warn(parts, person_id)
    for person_id in await parts.store.locks.to_lift(now, now - AHEAD):
        await _lift(parts, person_id)


async def _warn(parts: Parts, person_id: int) -> None:
    now = parts.clock()
    person = await parts.store.people.get(person_id)
    lock = await parts.store.locks.get(person_id)
    if person is None or lock is None or lock.reset_at is None:
        return
    voice = parts.voice(person)
    when = voice.moment(rounded(max(lock.reset_at, now + AHEAD)))
    keep = Button(voice.plain("Keep the passcode"), "lockstay")
    if await tell(parts, person_id, voice.say(SOON, when=when), [[keep]]):
        await parts.store.locks.change(person_id, reset_warned_at=now)


async def _lift(parts: Parts, person_id: int) -> None:
    now = parts.clock()
    async with parts.store.transaction() as tx:
        if not await tx.locks.end_wait(person_id, now, now - AHEAD):
            return
        await take_off(tx, person_id)
        await note(tx, Action.PASSCODE_LIFTED, subject=person_id)
    voice = parts.voice(await parts.store.people.get(person_id))
    await tell(parts, person_id, voice.say(LIFTED))
