"""Requests for help on their way between their holder and the operator's people."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup
from telegram.error import BadRequest

from bot import calls, diagnosis
from bot.languages import mark
from bot.opening_hours import hours, opens
from bot.pace import ALERT
from bot.panel import issuer_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Store, Ticket

FEEDBACK: Final = "feedback"
OTHER: Final = "other"
TOPICS: Final = {
    **{str(trouble): name for trouble, name in diagnosis.NAMES.items()},
    FEEDBACK: mark("What somebody thinks of the bot"),
    OTHER: mark("Something else"),
}
STATES: Final = {
    "open": mark("waiting for an answer"),
    "answered": mark("answered"),
    "closed": mark("closed"),
}
MOST_OPEN: Final = 3
"""Requests of one person that are not closed."""

MOST_A_DAY: Final = 5
MOST_WRITTEN: Final = 20
"""Messages of its holder into one request in a day."""

LONGEST: Final = 3000
"""Characters of one message, so that it fits into one with its frame."""

CUT: Final = mark("It is too long: only its first {n} characters go.")

LONGEST_CAPTION: Final = 1024
PICTURE_GONE: Final = mark("🖼 A picture came with it, which Telegram gives to nobody any more.")
SHOWN: Final = 8
"""Of what was written in a request, the latest; of each so many characters."""

SHOWN_OF_EACH: Final = 400


async def may_add(parts: Parts, ticket: Ticket) -> bool:
    """Say whether its holder may write into a request now."""
    latest = await parts.store.tickets.messages(ticket.person_id, ticket.id, limit=2 * MOST_WRITTEN)
    day = parts.clock() - timedelta(days=1)
    return sum(one.by == "holder" and one.at > day for one in latest) < MOST_WRITTEN


async def may_open(parts: Parts, person_id: int) -> bool:
    """Say whether somebody may begin another request now."""
    latest = await parts.store.tickets.of(person_id, limit=MOST_A_DAY)
    day = parts.clock() - timedelta(days=1)
    of_today = [one for one in latest if one.created_at > day]
    unclosed = [one for one in latest if one.state != "closed"]
    return len(of_today) < MOST_A_DAY and len(unclosed) < MOST_OPEN


async def send(
    tx: Store, parts: Parts, ticket: Ticket, text: str, photo: str | None = None
) -> None:
    """Keep what the holder wrote, and owe it to the operator's people."""
    message_id = await tx.tickets.add(ticket.person_id, ticket.id, "holder", text, photo)
    if message_id is not None:
        said = {"message": message_id, "again": ticket.state == "closed"}
        await tell_people(tx, parts, ticket, said, str(message_id))


async def tell_people(
    tx: Store, parts: Parts, ticket: Ticket, payload: Mapping[str, object], key: str
) -> None:
    """Owe something about a request to the support chat, else to each admin and helper.

    Where nobody is there yet to be told, it waits for the first who comes.
    """
    said = {"ticket": ticket.id, **payload}
    now, owner, key = parts.clock(), ticket.person_id, f"ticket:{ticket.id}:{key}"
    if parts.settings.support_chat is None and await tell_staff(tx, parts, ticket, said, key):
        return
    await tx.outbox.put(owner, None, "ticket", said, key=key, not_before=now)


async def tell_staff(
    tx: Store, parts: Parts, ticket: Ticket, said: Mapping[str, object], key: str
) -> bool:
    """Owe something to each admin and helper in private; False if none has started the bot."""
    there = [one for one in await staff(tx, parts) if await tx.people.get(one) is not None]
    for person_id in there:
        await tx.outbox.put(
            ticket.person_id,
            None,
            "ticketinprivate",
            said,
            key=f"{key}:{person_id}",
            not_before=parts.clock(),
            recipient_id=person_id,
        )
    return bool(there)


async def staff(store: Store, parts: Parts) -> list[int]:
    """List who answers where there is no support chat: the admins and the helpers."""
    return sorted({*parts.settings.admins, *await store.people.helpers()})


async def answer(
    tx: Store, parts: Parts, ticket: Ticket, text: str, photo: str | None = None
) -> bool:
    """Keep what the operator's people answered, and owe it to the holder."""
    owner = ticket.person_id
    message_id = await tx.tickets.add(owner, ticket.id, "operator", text, photo)
    if message_id is None:
        return False
    said = {"ticket": ticket.id, "message": message_id}
    key = f"answer:{ticket.id}:{message_id}"
    return await tx.outbox.put(owner, None, "answer", said, key=key, not_before=parts.clock())


async def close(tx: Store, parts: Parts, ticket: Ticket, *, by_holder: bool) -> bool:
    """Close a request; the other side is told. False if it is closed already."""
    if not await tx.tickets.close(ticket.person_id, ticket.id):
        return False
    now = parts.clock()
    if by_holder:
        await tell_people(tx, parts, ticket, {"closed": True}, f"closed:{now.isoformat()}")
    else:
        key = f"ticketclosed:{ticket.id}:{now.isoformat()}"
        said = {"ticket": ticket.id}
        await tx.outbox.put(ticket.person_id, None, "ticketclosed", said, key=key, not_before=now)
    return True


def when_answered(parts: Parts, voice: Voice) -> Markup:
    """Say when somebody will answer."""
    settings = parts.settings
    opening = opens(hours(settings.support_hours), parts.clock(), ZoneInfo(settings.timezone))
    if opening is None:
        return voice.say("A person will answer here as soon as they can.")
    return voice.say(
        "Nobody is there just now; a person will answer here from {when} on.",
        when=voice.moment(opening),
    )


async def talk(parts: Parts, voice: Voice, ticket: Ticket, holder: Markup) -> list[Markup]:
    """Write the latest of what was said in a request, a paragraph each; `holder` is who asked."""
    paragraphs = []
    for one in await parts.store.tickets.messages(ticket.person_id, ticket.id, limit=SHOWN):
        who = holder if one.by == "holder" else voice.say("Support")
        text = f"🖼 {one.text}" if one.photo else one.text
        if len(text) > SHOWN_OF_EACH:
            text = f"{text[: SHOWN_OF_EACH - 1]}…"
        paragraphs.append(Markup("<b>{}</b> · {}\n{}").format(who, voice.moment(one.at), text))
    return paragraphs


def cut(voice: Voice, text: str) -> list[Markup]:
    """Say that not all of a text is passed on, where that is so."""
    if len(text) <= LONGEST:
        return []
    return [voice.say(CUT, n=voice.language.number(LONGEST))]


async def pass_on(
    parts: Parts,
    chat_id: int,
    text: Markup,
    buttons: Buttons,
    photo: str | None,
    *,
    thread: int | None = None,
    reply_to: int | None = None,
) -> int:
    """Send what somebody wrote to where it is read, with its picture; the message's id."""
    write = partial(calls.send, parts.bot, chat_id, thread=thread, reply_to=reply_to, pace=ALERT)
    show = partial(
        calls.send_known_photo, parts.bot, chat_id, thread=thread, reply_to=reply_to, pace=ALERT
    )
    if photo is None:
        return await write(str(text), buttons)
    try:
        if len(text) <= LONGEST_CAPTION:
            return await show(photo, str(text), buttons)
        await show(photo)
    except BadRequest as refused:
        if "file" not in refused.message.lower():
            raise
        voice = parts.voice(await parts.store.people.get(chat_id))  # nobody's, in a group
        text = Markup("{}\n\n{}").format(text, voice.say(PICTURE_GONE))
    return await write(str(text), buttons)


async def named(parts: Parts, voice: Voice, ticket: Ticket) -> Markup | None:
    """Name the card a request is about, by issuer and label, where its holder allowed that."""
    if ticket.card_id is None:
        return None
    held = await parts.store.shares.held(ticket.person_id, ticket.card_id, "see")
    if held is None:
        return None
    issuer = issuer_name(voice, parts.issuers, held.card.issuer)
    return voice.say("Card: {issuer}, “{label}”", issuer=issuer, label=held.card.label)
