"""How requests for help read where the operator's people are, and how they get there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot import calls, support_chat
from bot import tickets as requests
from bot.buttons import Button
from bot.declared import Letter
from bot.languages import mark
from bot.roles import is_staff

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, OutboxItem, Person, Ticket, TicketMessage

HEAD = mark("🎫 <b>#{n}</b> · {topic} · {name} ({language})")
UNHEARD = "nobody who answers requests has started the bot"
MOVED = mark(
    "The support chat has become a supergroup, with the id <code>{chat}</code>. Requests go there "
    "already; please set KABAO_SUPPORT_CHAT to it."
)
LOST = mark(
    "⚠️ Requests for help do not reach the support chat: <code>{why}</code>. They are kept, and I "
    "keep trying. Meanwhile they can be answered here."
)
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
    lines = [await head(parts, voice, ticket), Markup("{}").format(message.text)]
    if payload.get("again"):
        lines.insert(1, voice.say("It was closed, and is open again."))
    if private:
        lines.append(Markup("<i>{}</i>").format(voice.say(HOW_BY_REPLY)))
    close_it = Button(voice.plain("✅ Close"), f"deskclose:{ticket.id}")
    buttons = ways(voice, ticket) if private else [[close_it]]
    return Markup("\n\n").join(lines), buttons


async def _send(parts: Parts, item: OutboxItem, text: Markup, buttons: Buttons) -> int:
    """Bring it to the support chat, which may have become another meanwhile."""
    chat_id = await support_chat.chat_of(parts)
    if chat_id is None:
        return await _hand_out(parts, item)
    try:
        return await _bring(parts, item, text, buttons, chat_id)
    except ChatMigrated as other:
        await support_chat.moved(parts, chat_id, other.new_chat_id)
        return await _bring(parts, item, text, buttons, other.new_chat_id)
    except (Forbidden, BadRequest) as refused:
        await support_chat.lost(parts, refused.message)
        raise


async def _hand_out(parts: Parts, item: OutboxItem) -> int:
    """Owe it to each who answers instead, now that there is no support chat."""
    ticket = await parts.store.tickets.get(item.owner_id, int(str(item.payload["ticket"])))
    assert ticket is not None
    async with parts.store.transaction() as tx:
        if not await requests.tell_staff(tx, parts, ticket, item.payload, f"handed:{item.id}"):
            raise Forbidden(UNHEARD)
    return 0


async def _send_in_private(parts: Parts, item: OutboxItem, text: Markup, buttons: Buttons) -> int:
    message = await _message(parts, item)
    photo = message.photo if message else None
    return await requests.pass_on(parts, item.person_id, text, buttons, photo)


async def _message(parts: Parts, item: OutboxItem) -> TicketMessage | None:
    message_id = item.payload.get("message")
    if not message_id:
        return None
    return await parts.store.tickets.message(item.owner_id, int(str(message_id)))


async def _bring(
    parts: Parts, item: OutboxItem, text: Markup, buttons: Buttons, chat_id: int
) -> int:
    """Bring it into the request's topic, or below what began it."""
    store, owner, message = parts.store.tickets, item.owner_id, await _message(parts, item)
    ticket = await store.get(owner, int(str(item.payload["ticket"])))
    assert ticket is not None
    thread = ticket.thread_id if ticket.chat_id == chat_id else None
    if thread is None:
        thread = await _topic(parts, chat_id, ticket)
        await store.talk_in(owner, ticket.id, chat_id, thread)
        if buttons:  # which only what can be answered has
            how = HOW_BY_REPLY if thread is None else HOW_IN_TOPIC
            text = Markup("{}\n\n<i>{}</i>").format(text, parts.voice(None).say(how))
    elif item.payload.get("again"):
        with suppress(TelegramError):
            await calls.reopen_topic(parts.bot, chat_id, thread)
    reply_to = None
    if thread is None:
        before = await store.messages(owner, ticket.id, limit=50)
        there = [one.support_message_id for one in before if one.support_chat_id == chat_id]
        reply_to = next(iter(there), None)
    try:
        sent = await requests.pass_on(
            parts,
            chat_id,
            text,
            buttons,
            message.photo if message else None,
            thread=thread,
            reply_to=reply_to,
        )
    except BadRequest as refused:
        if thread is not None and _says_of_topic(refused):
            # Somebody deleted it, or closed it to the bot: a new one then.
            await store.talk_in(owner, ticket.id, chat_id, None)
        raise
    if message is not None:
        await store.arrived(owner, message.id, chat_id, sent)
    if item.payload.get("closed") and thread is not None:
        with suppress(TelegramError):
            await calls.close_topic(parts.bot, chat_id, thread)
    return sent


def _says_of_topic(refused: BadRequest) -> bool:
    return any(word in refused.message.lower() for word in ("thread", "topic"))


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
    if not is_staff(parts.settings, person):
        return "they answer no requests any more"
    return await _gone(parts, person, card, item)


async def _moved(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    del card
    return parts.voice(person).say(MOVED, chat=item.payload["chat"]), []


async def _lost(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    del card
    voice = parts.voice(person)
    waiting = [[Button(voice.plain("🎫 Requests"), "queue:0")]]
    return voice.say(LOST, why=item.payload["why"]), waiting


LETTERS = {
    "ticket": Letter(_write, pointless=_gone, send=_send, elsewhere=True),
    "ticketinprivate": Letter(_write, pointless=_not_theirs, send=_send_in_private),
    support_chat.MOVED: Letter(_moved),
    support_chat.LOST: Letter(_lost),
}
