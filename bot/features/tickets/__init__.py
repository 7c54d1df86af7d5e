"""Requests for help to a person, as their holder has them: /feedback, /tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import tickets as requests
from bot import tips
from bot.buttons import Button, OutdatedButton, number
from bot.context import UNDELETED
from bot.dialogue import Dialogue
from bot.features.tickets.letters import LETTERS, STARS, how_was_it, ways
from bot.features.tickets.pictured import pictured
from bot.languages import mark
from bot.messages import erase
from bot.panel import issuer_name
from bot.parts import Command
from bot.struck_words import struck
from bot.ways import to_cancel

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Card, Ticket

KIND = "ticket"
LISTED = 10

WRITE = mark(
    "Write what it is about, in one message; a picture can come with it. Who answers sees your "
    "name and what you write. Card numbers and PINs I take out."
)
OPINION = mark("What do you think of me? What is missing, what is in the way? Write it here.")
ENOUGH = mark(
    "You have several requests already. Please wait for an answer, or write more to one of them: "
    "/tickets"
)
MUCH = mark(
    "You have written a lot into this request today. Please wait for an answer; tomorrow you can "
    "write more."
)
PICTURE_STANDS = mark("I could not delete your picture. Please delete it yourself.")
STRUCK = mark(
    "What looked like a card number or PIN I took out, and deleted your message. This is what went:"
)


async def human(context: Context, card_id: str, kind: str) -> None:
    """Ask what to tell a person."""
    if kind not in requests.TOPICS:
        raise OutdatedButton
    card = await context.card(card_id, "see") if card_id else None
    await _begin(context, kind, card)


async def feedback(context: Context) -> None:
    """Take what somebody thinks of the bot."""
    if not context.args:
        await _begin(context, requests.FEEDBACK, None)
    elif not await requests.may_open(context.parts, context.person.id):
        await _enough(context)
    else:
        data = {"topic": requests.FEEDBACK, "card": "", "named": False}
        await _send(context, Dialogue(KIND, data=data), context.args, None)


async def _enough(context: Context) -> None:
    rows = [[Button(context.voice.plain("🎫 My requests"), "tickets")]]
    await context.show(context.voice.say(ENOUGH), rows)


async def _begin(context: Context, topic: str, card: Card | None) -> None:
    if not await requests.may_open(context.parts, context.person.id):
        await _enough(context)
        return
    data = {"topic": topic, "card": card.id if card else "", "named": False}
    await _ask(context, Dialogue(KIND, data=data))


async def _ask(context: Context, dialogue: Dialogue) -> None:
    """Ask for the words; whether they may know which card it is, a button says."""
    voice, data, parts = context.voice, dialogue.data, context.parts
    await parts.dialogues.keep(context.person.id, dialogue)
    rows = [[to_cancel(voice)]]
    if data.get("card"):
        card = await context.card(data["card"], "see")
        issuer = issuer_name(voice, parts.issuers, card.issuer)
        name = issuer if card.label == issuer else f"{issuer}, {card.label}"
        said = (
            voice.plain("☑ They see which card: {name}", name=name)
            if data["named"]
            else voice.plain("☐ Tell them which card: {name}", name=name)
        )
        rows.insert(0, [Button(said, "nameit")])
    ask = OPINION if data.get("topic") == requests.FEEDBACK else WRITE
    await context.ask_here(voice.say(ask), rows)


async def name_it(context: Context) -> None:
    """Let them know which card it is, or not after all."""
    dialogue = await _under_way(context)
    dialogue.data["named"] = not dialogue.data["named"]
    await _ask(context, dialogue)


async def _under_way(context: Context) -> Dialogue:
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != KIND:
        raise OutdatedButton
    return dialogue


async def written(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the words."""
    await _send(context, dialogue, text, None)


async def picture_confirmed(context: Context, yes: str) -> None:
    """Send the picture, or delete it and go on waiting for words."""
    dialogue = await _under_way(context)
    photo = dialogue.data.pop("photo", None)
    if photo is None:
        raise OutdatedButton
    caption, message_id = dialogue.data.pop("caption"), dialogue.data.pop("picture")
    if yes == "1":
        await _send(context, dialogue, caption, photo, message_id)
        return
    gone = await erase(context.parts.bot, context.chat_id, message_id)
    await _ask(context, dialogue)
    if not gone:
        await context.reply(context.voice.say(PICTURE_STANDS))


async def _send(
    context: Context,
    dialogue: Dialogue,
    text: str,
    photo: str | None,
    written_in: int | None = None,
) -> None:
    """Keep it without its secrets, owe it to those who answer, and say what becomes of it."""
    parts, person, voice, data = context.parts, context.person, context.voice, dialogue.data
    # Struck out before it is cut: of half a number nobody would know that it is one.
    clean = await struck(parts, person.id, text)
    short = clean[: requests.LONGEST]
    async with parts.store.transaction() as tx:
        if "ticket" in data:
            ticket = await tx.tickets.get(person.id, data["ticket"])
        else:
            card_id = data["card"] if data["named"] else None
            ticket = await tx.tickets.open(person.id, data["topic"], card_id)
        if ticket is None:
            raise OutdatedButton
        await requests.send(tx, parts, ticket, short, photo)
        await tx.dialogues.drop(person.id)
    lines = [
        voice.say("🎫 Request #{n} is on its way.", n=ticket.id),
        *requests.cut(voice, clean),
        requests.when_answered(parts, voice),
    ]
    if clean != text:
        holding = written_in or context.message.message_id
        gone = await erase(parts.bot, context.chat_id, holding)
        lines += [
            voice.say(STRUCK if gone else UNDELETED),
            Markup("“{}”").format(short),
        ]
    if tip := await tips.once(parts, person, "caller"):
        lines.append(tip)
    rows = [[Button(voice.plain("🎫 My requests"), "tickets")]]
    await context.reply(Markup("\n").join(lines), rows)


async def listed(context: Context) -> None:
    """List a person's own requests."""
    voice = context.voice
    mine = await context.parts.store.tickets.of(context.person.id, limit=LISTED)
    lines = [voice.say("<b>Your requests</b>")]
    lines += [_line(context, ticket) for ticket in mine]
    if not mine:
        lines.append(voice.say("You have asked nothing yet. /support helps at any hour."))
    rows = [[Button(f"#{ticket.id}", f"ticket:{ticket.id}") for ticket in mine[:5]]]
    rows.append([Button(voice.plain("🩺 Find out what is wrong"), "support")])
    rows.append([Button(voice.plain("🙋 Write to a person"), "human::other")])
    await context.present("tickets", Markup("\n").join(lines), [row for row in rows if row])


def _line(context: Context, ticket: Ticket) -> Markup:
    voice = context.voice
    return voice.say(
        "#{n} · {topic} · {state}, {ago}",
        n=ticket.id,
        topic=voice.say(requests.TOPICS.get(ticket.topic, requests.TOPICS[requests.OTHER])),
        state=voice.say(requests.STATES[ticket.state]),
        ago=voice.ago(ticket.updated_at),
    )


async def _mine(context: Context, ticket_id: str) -> Ticket:
    ticket = await context.parts.store.tickets.get(context.person.id, number(ticket_id))
    if ticket is None:
        raise OutdatedButton
    return ticket


async def opened(context: Context, ticket_id: str) -> None:
    """Show what was written in one request."""
    ticket, voice = await _mine(context, ticket_id), context.voice
    lines = [_line(context, ticket)]
    lines += await requests.talk(context.parts, voice, ticket, voice.say("You"))
    rows = [*ways(voice, ticket)]
    rows.append([Button(voice.plain("‹ Back"), "tickets")])
    await context.present(f"ticket:{ticket.id}", Markup("\n\n").join(lines), rows)


async def add_to(context: Context, ticket_id: str) -> None:
    """Ask for more words to a request."""
    ticket = await _mine(context, ticket_id)
    if not await requests.may_add(context.parts, ticket):
        await context.reply(context.voice.say(MUCH))
        return
    data = {"ticket": ticket.id, "topic": ticket.topic}
    await context.parts.dialogues.keep(context.person.id, Dialogue(KIND, data=data))
    rows = [[to_cancel(context.voice)]]
    await context.ask(context.voice.say(WRITE), rows)


async def close_it(context: Context, ticket_id: str) -> None:
    """Close a request, and ask how it went."""
    ticket, parts = await _mine(context, ticket_id), context.parts
    async with parts.store.transaction() as tx:
        if not await requests.close(tx, parts, ticket, by_holder=True):
            raise OutdatedButton
    text, rows = how_was_it(context.voice, ticket)
    await context.show(text, rows)


async def rated(context: Context, ticket_id: str, stars: str) -> None:
    """Keep how it was."""
    ticket, parts, given = await _mine(context, ticket_id), context.parts, number(stars)
    if not 1 <= given <= STARS:
        raise OutdatedButton
    async with parts.store.transaction() as tx:
        if not await tx.tickets.rate(context.person.id, ticket.id, given):
            raise OutdatedButton
        key = f"rated:{given}:{parts.clock().isoformat()}"
        await requests.tell_people(tx, parts, ticket, {"stars": given}, key)
    await context.show(context.voice.say("Thank you: {stars}", stars="⭐" * given))


COMMANDS = (
    Command("feedback", mark("Tell what you think"), feedback, order=64),
    Command("tickets", mark("What I asked a person"), listed, order=65),
)
BUTTONS = {
    "human": human,
    "nameit": name_it,
    "sendpicture": picture_confirmed,
    "tickets": listed,
    "ticket": opened,
    "addto": add_to,
    "closeit": close_it,
    "rate": rated,
}
DIALOGUES = {KIND: written}
DIALOGUE_FILES = {KIND: pictured}

__all__ = ["BUTTONS", "COMMANDS", "DIALOGUES", "DIALOGUE_FILES", "LETTERS"]
