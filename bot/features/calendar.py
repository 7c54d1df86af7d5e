"""When a person's cards expire, as a calendar without secrets: /calendar."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from telegram.error import TelegramError

from bot import calls, panel
from bot.expiry import last_day, leads_of
from bot.languages import mark
from bot.parts import Command
from bot.ways import to_all_cards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from bot.voice import Voice
    from storage import Card

AT_HOUR: Final = 9
"""Of the person's day, when the alarms of an entry of whole days go off."""

NONE = mark(
    "None of your cards has an expiry that is still to come. Set one under a card’s ⋯ More."
)
FAILED = mark("I could not send the calendar just now. Try again in a moment.")


async def calendar(context: Context) -> None:
    """Send what is still to expire; a name stands in it, never a number."""
    voice = context.voice
    cards = [
        card
        for card in await context.cards("see")
        if card.expires_at is not None and card.expires_at > voice.now
    ]
    if not cards:
        await context.reply(voice.say(NONE), [[to_all_cards(voice)]])
        return
    content = await asyncio.to_thread(written, cards, voice, leads_of(context.person))
    text = voice.plural(
        "📅 {n} expiry for your calendar. No numbers are in it.",
        "📅 {n} expiries for your calendar. No numbers are in it.",
        len(cards),
    )
    try:
        await calls.send_document(
            context.parts.bot, context.chat_id, "kabao.ics", content, str(text)
        )
    except TelegramError:
        await context.reply(voice.say(FAILED))


def written(cards: Sequence[Card], voice: Voice, leads: Sequence[int]) -> bytes:
    """Write a calendar (RFC 5545) of whole days; an entry is known again by its card.

    Of a card whose reminders are off no alarm goes off either.
    """
    from icalendar import Alarm, Calendar, Event  # noqa: PLC0415 - slow to import

    whole = Calendar()
    whole.add("prodid", "-//Kabao//expiries//")
    whole.add("version", "2.0")
    for card in cards:
        event = Event()
        event.add("uid", f"{card.id}@kabao")
        event.add("dtstamp", voice.now)
        day = last_day(card, voice.zone)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", voice.plain("{card} expires", card=panel.label(card)))
        event.add("transp", "TRANSPARENT")
        for days in leads if card.reminders_on else ():
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", voice.plain("{card} expires", card=panel.label(card)))
            alarm.add("trigger", timedelta(hours=AT_HOUR) - timedelta(days=days))
            event.add_component(alarm)
        whole.add_component(event)
    return bytes(whole.to_ical())


COMMANDS = (Command("calendar", mark("A calendar of when my cards expire"), calendar, order=72),)
