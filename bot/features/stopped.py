"""Binding that was stopped, allowed again by an admin; the notice comes of `operator_notices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import activity
from bot.buttons import OutdatedButton, number
from bot.languages import mark
from bot.roles import admin_only

if TYPE_CHECKING:
    from bot.context import Context

ALLOWED = mark("You can bind cards again. Sorry for the wait.")


async def allow(context: Context, person_id: str) -> None:
    """Let somebody bind cards again, or all where the id is 0."""
    parts, voice = context.parts, context.voice
    admin_only(context)
    whom = number(person_id) or None
    if not await parts.limits.allow(whom, by=context.person.id):
        raise OutdatedButton
    if whom is None:
        await context.show(voice.say("New cards are taken from everybody again."))
        return
    person = await parts.store.people.get(whom)
    name = person.name if person else whom
    await context.show(voice.say("{name} can bind cards again.", name=name))
    if person is not None:
        await activity.tell(parts, whom, parts.voice(person).say(ALLOWED))


BUTTONS = {"allow": allow}
