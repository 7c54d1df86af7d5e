"""Who may use the bot: people are let in by an admin or come with an invitation: /invite."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import TelegramError

from bot import calls
from bot.activity import Action, note, tell
from bot.buttons import Button, OutdatedButton, number
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.parts import Command
from bot.roles import admin_only

if TYPE_CHECKING:
    from bot.context import Context
    from bot.parts import Parts
    from storage import Person

INVITATION_LASTS = timedelta(days=1)
DECLINED = "declined"
"""The dialogue of somebody who was declined: for a day there is nothing to say to them."""

DECLINED_LASTS = timedelta(days=1)
SHUT_OUT = mark(
    "You cannot use this bot just now; its operator has closed it for you. Nothing of yours is "
    "deleted. If that is a mistake, please speak to them."
)
SHARED = mark(
    "Somebody wants to give you a card. First you have to be let in here; then open the link again."
)
BEGIN = mark("You are in. /start says what I can do, /bind adds your first card.")


async def on_stranger(context: Context) -> None:
    """Take an invitation, or say how to get one. A stranger who does not ask leaves no trace."""
    voice, person = context.voice, context.person
    if person.barred_at is not None:
        # The same whatever they send, an invitation too: only an admin lets them back in.
        await context.reply(voice.say(SHUT_OUT))
        return
    if context.query is None and context.args.startswith("in-"):
        token = context.args.removeprefix("in-")
        if await _redeemed(context, token):
            await context.reply(voice.say(BEGIN), [[Button(voice.plain("Bind a card"), "bind")]])
            return
        await context.reply(
            voice.say("This invitation was used already or is older than a day. Ask for a new one.")
        )
    if context.query is None and context.args.startswith("sh-"):
        await context.reply(voice.say(SHARED))
    if context.query is not None and context.args == "ask":
        await _asked(context)
        return
    if person.access == "asked":
        await context.reply(
            voice.say("You have already asked to be let in. I will tell you the answer.")
        )
        return
    await context.reply(
        voice.say(
            "This is a private card wallet. To use it, you need an invitation link from its "
            "operator, or be let in by them. Your Telegram id is {id}.",
            id=person.id,
        ),
        [[Button(voice.plain("Ask to be let in"), "ask")]]
        if context.parts.settings.admins
        else None,
    )


async def _redeemed(context: Context, token: str) -> bool:
    """Let the person in by their invitation; one that is not good leaves nothing of them."""
    parts, person = context.parts, context.person
    with suppress(_NotGood):
        async with parts.store.transaction() as tx:
            await tx.people.arrive(
                person.id, name=person.name, language=context.voice.language.code
            )
            inviter = await tx.invitations.redeem(token, person.id, parts.clock())
            if inviter is None:
                raise _NotGood
            await tx.dialogues.drop(person.id)
            await note(tx, Action.LET_IN, subject=person.id, actor=inviter)
        parts.background.start(_tell_inviter(parts, inviter, person), "telling who invited")
        return True
    return False


async def _tell_inviter(parts: Parts, inviter: int, person: Person) -> None:
    """Say who came in: a link that fell into other hands is noticed by that."""
    voice = parts.voice(await parts.store.people.get(inviter))
    text = voice.say(
        "{name} (Telegram id {id}) came in with your invitation.", name=person.name, id=person.id
    )
    await tell(parts, inviter, text)


class _NotGood(Exception):  # noqa: N818 - it only takes a transaction back
    """The invitation was used, is too old, or never was."""


async def _asked(context: Context) -> None:
    parts, voice, person = context.parts, context.voice, context.person
    dialogue = await parts.dialogues.current(person.id)
    if dialogue and dialogue.kind == DECLINED:
        await context.show(
            voice.say("The operator declined your request. You can ask again a day after that.")
        )
        return
    if person.access != "asked":
        async with parts.store.transaction() as tx:
            await tx.people.arrive(person.id, name=person.name, language=voice.language.code)
            await tx.people.change(person.id, access="asked")
            await note(tx, Action.ASKED, subject=person.id, actor=person.id)
        await _tell_admins(context, person)
    await context.show(voice.say("The operator has been asked. I will tell you the answer."))


async def _tell_admins(context: Context, person: Person) -> None:
    parts = context.parts
    for admin_id in parts.settings.admins:
        voice = parts.voice(await parts.store.people.get(admin_id))
        buttons = [
            [
                Button(voice.plain("Let in"), f"let:{person.id}"),
                Button(voice.plain("Decline"), f"decline:{person.id}"),
            ]
        ]
        text = voice.say(
            "{name} (Telegram id {id}) asks to use this bot.", name=person.name, id=person.id
        )
        try:
            await calls.send(parts.bot, admin_id, str(text), buttons)
        except TelegramError:
            continue  # this admin has not started the bot; /invite shows who asked


async def is_in(context: Context) -> None:
    """Tell somebody who was let in since they saw the button."""
    await context.show(context.voice.say(BEGIN))


async def invite(context: Context) -> None:
    """Make an invitation link, valid once and for a day, and show who asked."""
    parts, voice = context.parts, context.voice
    token = secrets.token_urlsafe(24)
    admin = context.person.id
    async with parts.store.transaction() as tx:
        await tx.invitations.create(token, admin, parts.clock() + INVITATION_LASTS)
        await note(tx, Action.INVITED, subject=admin, actor=admin)
    link = f"https://t.me/{parts.bot.username}?start=in-{token}"
    asked = await parts.store.people.asked()
    lines = [
        voice.say("Whoever opens this link first, within a day, may use this bot:"),
        Markup("<code>{}</code>").format(link),
    ]
    if asked:
        lines.append(voice.say("These people have asked to be let in:"))
    rows = [
        [
            Button(voice.plain("Let in {name}", name=person.name), f"let:{person.id}"),
            Button(voice.plain("Decline"), f"decline:{person.id}"),
        ]
        for person in asked
    ]
    await context.reply(Markup("\n\n").join(lines), rows)


async def invited(context: Context) -> None:
    """Make an invitation from the list of people."""
    admin_only(context)
    await invite(context)


async def let_in(context: Context, person_id: str) -> None:
    """Let in somebody who asked."""
    person = await _decide(context, person_id, "member")
    await context.show(context.voice.say("{name} may use the bot now.", name=person.name))
    voice = context.parts.voice(person)
    await _tell(context, person, voice.say(BEGIN))


async def decline(context: Context, person_id: str) -> None:
    """Do not let in somebody who asked."""
    person = await _decide(context, person_id, "none")
    await context.show(context.voice.say("{name} was not let in.", name=person.name))
    voice = context.parts.voice(person)
    await _tell(context, person, voice.say("The operator declined your request."))


async def _decide(context: Context, person_id: str, access: str) -> Person:
    parts = context.parts
    admin_only(context)
    person = await parts.store.people.get(number(person_id))
    if person is None or person.access != "asked":
        raise OutdatedButton
    admin = context.person.id
    async with parts.store.transaction() as tx:
        if access == "member":
            await tx.people.change(person.id, access="member")
            await note(tx, Action.LET_IN, subject=person.id, actor=admin)
        else:
            await tx.people.change(person.id, access="none")
            until = parts.clock() + DECLINED_LASTS
            await tx.dialogues.put(person.id, asdict(Dialogue(DECLINED)), until)
            await note(tx, Action.DECLINED, subject=person.id, actor=admin)
    return person


async def _tell(context: Context, person: Person, text: Markup) -> None:
    try:
        await calls.send(context.parts.bot, person.id, str(text))
    except TelegramError:
        await context.notice(context.voice.plain("They have stopped the bot and were not told."))


COMMANDS = (Command("invite", mark("Invite somebody"), invite, order=80, admins_only=True),)
BUTTONS = {"invite": invited, "ask": is_in, "let": let_in, "decline": decline}
