"""Requests for help as the operator's people have them: in their chat, or in private.

Only the chat that the settings name counts, and in private only admins and helpers.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import TelegramError

from bot import calls, support_chat
from bot import tickets as requests
from bot.buttons import Button, OutdatedButton, number
from bot.commands import command_in
from bot.dialogue import Dialogue
from bot.features.answers.letters import LETTERS, head, ways
from bot.languages import mark
from bot.pages import Page
from bot.parts import Command
from bot.roles import is_staff, staff_only
from bot.ways import to_cancel

if TYPE_CHECKING:
    from telegram import CallbackQuery, Message, User

    from bot.attached import Attached
    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Ticket

KIND = "answer"
PER_PAGE = 8
NOTE = "#"
"""What begins so stays among the operator's people."""

DONE = mark("✅ Request #{n} is closed.")
CLOSED_ALREADY = mark("Request #{n} is closed already.")


async def queue(context: Context, at: str) -> None:
    """List the requests that are not closed."""
    staff_only(context)
    parts, voice = context.parts, context.voice
    store = parts.store.tickets
    count = await store.count("open") + await store.count("answered")
    page = Page.of(count, PER_PAGE, number(at))
    here = await store.unclosed(limit=PER_PAGE, offset=page.first)
    lines = [voice.say("<b>Requests</b>")]
    for ticket in here:
        state, ago = voice.say(requests.STATES[ticket.state]), voice.ago(ticket.updated_at)
        lines.append(Markup("{}\n{} · {}").format(await head(parts, voice, ticket), state, ago))
    if not here:
        lines.append(voice.say("None is waiting."))
    rows = [[Button(f"#{ticket.id}", f"desk:{ticket.id}") for ticket in here]] if here else []
    rows += page.turns(voice, lambda to: f"queue:{to}")
    is_admin = context.person.id in parts.settings.admins
    rows.append([Button(voice.plain("‹ Back"), "admin" if is_admin else "health")])
    await context.present(f"queue:{page.at}", Markup("\n\n").join(lines), rows)


async def desk(context: Context, ticket_id: str) -> None:
    """Show what was written in one request, with the ways to answer."""
    staff_only(context)
    parts, voice, ticket = context.parts, context.voice, await _found(context, ticket_id)
    lines = [await head(parts, voice, ticket)]
    lines += await requests.talk(parts, voice, ticket, voice.say("They"))
    rows = [*ways(voice, ticket), [Button(voice.plain("‹ Back"), "queue:0")]]
    await context.present(f"desk:{ticket.id}", Markup("\n\n").join(lines), rows)


async def _found(context: Context, ticket_id: str) -> Ticket:
    ticket = await context.parts.store.tickets.find(number(ticket_id))
    if ticket is None:
        raise OutdatedButton
    return ticket


async def reply(context: Context, ticket_id: str) -> None:
    """Ask for the answer."""
    staff_only(context)
    ticket = await _found(context, ticket_id)
    await context.parts.dialogues.keep(
        context.person.id, Dialogue(KIND, data={"ticket": ticket.id})
    )
    await context.ask(
        context.voice.say("Write the answer to #{n}; it can be a picture.", n=ticket.id),
        [[to_cancel(context.voice)]],
    )


async def answered(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the answer."""
    await _answer(context, int(dialogue.data["ticket"]), text, None)


async def answered_by_picture(context: Context, dialogue: Dialogue, attached: Attached) -> bool:
    """Take a picture as the answer."""
    await _picture(context, int(dialogue.data["ticket"]), attached)
    return True


async def _picture(context: Context, ticket_id: int, attached: Attached) -> None:
    del attached
    message = context.message
    if not message.photo:
        await context.reply(context.voice.say("Send it as a picture, please."))
        return
    await _answer(context, ticket_id, message.caption or "", message.photo[-1].file_id)


async def _answer(context: Context, ticket_id: int, text: str, photo: str | None) -> None:
    """Keep the answer and owe it to the holder; who is no helper any more answers nothing."""
    staff_only(context)
    parts, voice = context.parts, context.voice
    ticket = await _found(context, str(ticket_id))
    async with parts.store.transaction() as tx:
        await requests.answer(tx, parts, ticket, text[: requests.LONGEST], photo)
        await tx.dialogues.drop(context.person.id)
    said = voice.say("The answer to #{n} is on its way.", n=ticket.id)
    await context.reply(Markup("\n").join([said, *requests.cut(voice, text)]))


async def close_one(context: Context, ticket_id: str) -> None:
    """Close a request from here."""
    staff_only(context)
    await context.reply(
        await _close(context.parts, context.voice, await _found(context, ticket_id))
    )


async def _close(parts: Parts, voice: Voice, ticket: Ticket) -> Markup:
    async with parts.store.transaction() as tx:
        closed = await requests.close(tx, parts, ticket, by_holder=False)
    if closed and ticket.chat_id is not None and ticket.thread_id is not None:
        with suppress(TelegramError):
            await calls.close_topic(parts.bot, ticket.chat_id, ticket.thread_id)
    return voice.say(DONE if closed else CLOSED_ALREADY, n=ticket.id)


def _replied(parts: Parts, message: Message) -> int | None:
    """Find the request whose message is replied to, by the button sealed for this very chat."""
    before = message.reply_to_message
    if before is None or before.reply_markup is None:
        return None
    for row in before.reply_markup.inline_keyboard:
        for button in row:
            try:
                data = parts.bot.seal.open(message.chat_id, str(button.callback_data or ""))
            except OutdatedButton:
                continue
            if data.startswith("deskclose:"):
                return number(data.partition(":")[2])
    return None


def _replied_by_staff(context: Context) -> int | None:
    staff = is_staff(context.parts.settings, context.person)
    return _replied(context.parts, context.message) if staff else None


async def on_text(context: Context, text: str) -> bool:
    """Take a reply to a request, of an admin or helper in private."""
    ticket_id = _replied_by_staff(context)
    if ticket_id is None:
        return False
    await _answer(context, ticket_id, text, None)
    return True


async def on_file(context: Context, attached: Attached) -> bool:
    """Take a picture sent as a reply to a request."""
    ticket_id = _replied_by_staff(context)
    if ticket_id is None:
        return False
    await _picture(context, ticket_id, attached)
    return True


async def close(context: Context) -> None:
    """Close the request whose number is given, or whose message is replied to."""
    given = context.args.strip().removeprefix("#")
    ticket_id = int(given) if given.isdecimal() else _replied(context.parts, context.message)
    if ticket_id is None:
        await context.reply(context.voice.say("Say which request, such as /close 12."))
        return
    ticket = await context.parts.store.tickets.find(ticket_id)
    if ticket is None:
        await context.reply(context.voice.say("There is no such request."))
        return
    await context.reply(await _close(context.parts, context.voice, ticket))


async def on_group(  # noqa: PLR0911 - one return for each thing written there
    parts: Parts, message: Message, user: User
) -> bool:
    """Take what is written in the support chat; every other group is passed over."""
    command, _ = command_in(message, parts.bot.username)
    if command == "chatid" and user.id in parts.settings.admins:
        await calls.send(parts.bot, message.chat_id, f"<code>{message.chat_id}</code>")
        return True
    if message.chat_id != await support_chat.chat_of(parts):
        return False
    ticket_id = _replied(parts, message)
    store = parts.store.tickets
    ticket = await store.find(ticket_id) if ticket_id is not None else None
    if ticket is None and message.is_topic_message and message.message_thread_id:
        ticket = await store.of_thread(message.chat_id, message.message_thread_id)
    if ticket is None:
        return user.is_bot  # an admin in the group's name is nobody to the other features
    voice = parts.voice(None)
    if command == "close":
        said = str(await _close(parts, voice, ticket))
        await calls.send(parts.bot, message.chat_id, said, thread=message.message_thread_id)
        return True
    text = message.text or message.caption or ""
    if text.startswith((NOTE, "/")) or _among_themselves(parts, message):
        return True
    photo = message.photo[-1].file_id if message.photo else None
    if not text and photo is None:
        await calls.send(
            parts.bot,
            message.chat_id,
            str(voice.say("I pass on texts and pictures only.")),
            thread=message.message_thread_id,
        )
        return True
    async with parts.store.transaction() as tx:
        await requests.answer(tx, parts, ticket, text[: requests.LONGEST], photo)
    for said in requests.cut(voice, text):
        thread = message.message_thread_id
        await calls.send(parts.bot, message.chat_id, str(said), thread=thread)
    return True


def _among_themselves(parts: Parts, message: Message) -> bool:
    """Say whether somebody replies to a colleague, and not to what the bot brought."""
    before = message.reply_to_message
    sender = before.from_user if before else None
    return sender is not None and sender.id != parts.bot.id


async def on_group_press(parts: Parts, query: CallbackQuery) -> bool:
    """Close a request by its button in the support chat."""
    message = query.message
    if message is None or message.chat.id != await support_chat.chat_of(parts):
        return False
    try:
        data = parts.bot.seal.open(message.chat.id, query.data or "")
        word, _, ticket_id = data.partition(":")
        ticket = await parts.store.tickets.find(number(ticket_id))
    except OutdatedButton:
        return False
    if word != "deskclose" or ticket is None:
        return False
    said = await _close(parts, parts.voice(None), ticket)
    with suppress(TelegramError):
        await query.answer(said.unescape())
    return True


COMMANDS = (
    Command("close", mark("Close a request"), close, 86, admins_only=True, helpers_too=True),
)
BUTTONS = {"queue": queue, "desk": desk, "reply": reply, "deskclose": close_one}
DIALOGUES = {KIND: answered}
DIALOGUE_FILES = {KIND: answered_by_picture}

__all__ = ["BUTTONS", "COMMANDS", "DIALOGUES", "DIALOGUE_FILES", "LETTERS"]
