"""How what became of a request for help reads to its holder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import tickets as requests
from bot.buttons import Button
from bot.declared import Letter

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, OutboxItem, Person, Ticket

STARS: Final = 5


def ways(voice: Voice, ticket: Ticket) -> list[list[Button]]:
    """Offer what a holder can do with a request."""
    row = [Button(voice.plain("✍️ Write more"), f"addto:{ticket.id}")]
    if ticket.state != "closed":
        row.append(Button(voice.plain("✅ Solved, close it"), f"closeit:{ticket.id}"))
    return [row]


def how_was_it(voice: Voice, ticket: Ticket) -> tuple[Markup, Buttons]:
    """Ask how a closed request went."""
    text = voice.say("Request #{n} is closed. How was it, from 1 to 5?", n=ticket.id)
    return text, [
        [Button(f"{stars} ⭐", f"rate:{ticket.id}:{stars}") for stars in range(1, STARS + 1)]
    ]


async def _answer(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Write what was answered, in the holder's own frame."""
    del card
    voice, payload = parts.voice(person), item.payload
    ticket = await parts.store.tickets.get(person.id, int(str(payload["ticket"])))
    message = await parts.store.tickets.message(person.id, int(str(payload["message"])))
    assert ticket is not None
    assert message is not None
    text = voice.say("💬 <b>Answer to your request #{n}</b>", n=ticket.id)
    return Markup("{}\n\n{}").format(text, message.text), ways(voice, ticket)


async def _send_answer(parts: Parts, item: OutboxItem, text: Markup, buttons: Buttons) -> int:
    message = await parts.store.tickets.message(item.owner_id, int(str(item.payload["message"])))
    photo = message.photo if message else None
    return await requests.pass_on(parts, item.owner_id, text, buttons, photo)


async def _gone(parts: Parts, person: Person, card: Card | None, item: OutboxItem) -> str | None:
    del card
    ticket = await parts.store.tickets.get(person.id, int(str(item.payload["ticket"])))
    return None if ticket else "the request is gone"


async def _closed(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    del card
    ticket = await parts.store.tickets.get(person.id, int(str(item.payload["ticket"])))
    assert ticket is not None
    return how_was_it(parts.voice(person), ticket)


LETTERS = {
    "answer": Letter(_answer, pointless=_gone, send=_send_answer),
    "ticketclosed": Letter(_closed, pointless=_gone),
}
