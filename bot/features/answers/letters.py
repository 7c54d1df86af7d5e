"""How requests for help read where the operator's people are, and how they get there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import BadRequest, TelegramError

from bot import calls
from bot import tickets as requests
from bot.buttons import Button
from bot.declared import Letter
from bot.languages import mark

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, OutboxItem, Person, Ticket

HEAD = mark("🎫 <b>#{n}</b> · {topic} · {name} ({language})")
HOW_IN_TOPIC = mark(
    "What is written in this topic goes to them; what begins with # stays here. /close ends it."
)
HOW_BY_REPLY = mark("Reply to this message to answer; /close as a reply ends it.")


async def head(parts: Parts, voice: Voice, ticket: Ticket) -> Markup:
    """Say which request it is, whose, and what it is about."""
    person = await parts.store.people.get(ticket.person_id)
    topic = requests.TOPICS.get(ticket.topic, requests.TOPICS[requests.OTHER])
    head = voice.say(
        HEAD,
        n=ticket.id,
        topic=voice.say(topic),
        name=person.name if person else "—",
        language=parts.voice(person).language.code,
    )
    card = await requests.named(parts, voice, ticket)
    return Markup("\n").join([head, card]) if card else head


def ways(voice: Voice, ticket: Ticket) -> list[list[Button]]:
    """Offer to answer and to close a request, in private."""
    return [
        [
            Button(voice.plain("✍️ Answer"), f"reply:{ticket.id}"),
            Button(voice.plain("✅ Close"), f"deskclose:{ticket.id}"),
        ]
    ]


async def _write(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Write what the holder wrote or did, in the language of whoever reads it."""
    del card
    payload, private = item.payload, item.recipient_id is not None
    voice = parts.voice(person if private else None)
    ticket = await parts.store.tickets.find(int(str(payload["ticket"])))
    assert ticket is not None
    if "stars" in payload:
        stars = int(str(payload["stars"]))
        return voice.say("#{n} · {stars} of 5 stars", n=ticket.id, stars=stars), []
    if payload.get("closed"):
        return voice.say("#{n} · closed by who asked", n=ticket.id), []
    owner = ticket.person_id
    message = await parts.store.tickets.message(owner, int(str(payload["message"])))
    assert message is not None
    forum = not private and ticket.thread_id is not None
    lines = [await head(parts, voice, ticket), Markup("{}").format(message.text)]
    first = (await parts.store.tickets.messages(owner, ticket.id, limit=2))[0].id == message.id
    if first or not forum:
        lines.append(Markup("<i>{}</i>").format(voice.say(HOW_IN_TOPIC if forum else HOW_BY_REPLY)))
    close_it = Button(voice.plain("✅ Close"), f"deskclose:{ticket.id}")
    buttons = ways(voice, ticket) if private else [[close_it]]
    return Markup("\n\n").join(lines), buttons


async def _send(parts: Parts, item: OutboxItem, text: Markup, buttons: Buttons) -> int:
    """Bring it to the support chat: into the request's topic, or below what began it."""
    chat_id, store, owner = parts.settings.support_chat, parts.store.tickets, item.owner_id
    message_id = item.payload.get("message")
    message = await store.message(owner, int(str(message_id))) if message_id else None
    photo = message.photo if message else None
    private = item.recipient_id is not None
    if private or chat_id is None:
        return await requests.pass_on(parts, item.person_id, text, buttons, photo)
    ticket = await store.get(owner, int(str(item.payload["ticket"])))
    assert ticket is not None
    thread, new = ticket.thread_id, False
    if thread is None:
        thread = await _topic(parts, chat_id, ticket)
        new = thread is not None
        if new:
            await store.talk_in(owner, ticket.id, thread)
            text = Markup("{}\n<i>{}</i>").format(text, parts.voice(None).say(HOW_IN_TOPIC))
    first = await store.messages(owner, ticket.id, limit=50)
    reply_to = first[0].support_message_id if first and thread is None else None
    try:
        sent = await requests.pass_on(
            parts, chat_id, text, buttons, photo, thread=thread, reply_to=reply_to
        )
    except BadRequest as refused:
        if thread is None or "thread" not in refused.message.lower():
            raise
        await store.talk_in(owner, ticket.id, None)  # somebody deleted the topic: a new one then
        raise
    if message is not None:
        await store.arrived(owner, message.id, sent)
    if item.payload.get("stars") and thread is not None:
        with suppress(TelegramError):
            await calls.close_topic(parts.bot, chat_id, thread)
    return sent


async def _topic(parts: Parts, chat_id: int, ticket: Ticket) -> int | None:
    """Open a topic for a request; None where the chat has none, or the bot may not."""
    topic = requests.TOPICS.get(ticket.topic, requests.TOPICS[requests.OTHER])
    name = f"#{ticket.id} {parts.voice(None).plain(topic)}"
    try:
        return await calls.create_topic(parts.bot, chat_id, name)
    except BadRequest:
        return None


async def _gone(parts: Parts, person: Person, card: Card | None, item: OutboxItem) -> str | None:
    del person, card
    ticket = await parts.store.tickets.get(item.owner_id, int(str(item.payload["ticket"])))
    return None if ticket else "the request is gone"


async def _not_theirs(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> str | None:
    """Let who is no helper any more read nothing that was owed to them as one."""
    if person.id not in parts.settings.admins and person.role != "helper":
        return "they answer no requests any more"
    return await _gone(parts, person, card, item)


LETTERS = {
    "ticket": Letter(_write, pointless=_gone, send=_send, elsewhere=True),
    "ticketinprivate": Letter(_write, pointless=_not_theirs, send=_send),
}
