"""The first words, the list of commands, and the way out of anything: /start, /help, /cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.buttons import Button
from bot.languages import mark
from bot.menu import register_for
from bot.parts import Command
from bot.roles import may_use

if TYPE_CHECKING:
    from bot.context import Context


async def start(context: Context) -> None:
    """Say what this is, with one way to begin."""
    voice, person, parts = context.voice, context.person, context.parts
    if person.id in parts.settings.admins or person.role == "helper":
        parts.background.start(
            register_for(parts, person.id, voice.language), "registering a menu of a role"
        )
    first = not await parts.store.cards.list(person.id)
    label = voice.plain("Bind the first card") if first else voice.plain("Bind a card")
    await context.reply(
        voice.say(
            "<b>Kabao 卡包</b> keeps your gift cards, shopping cards and stored-value cards in "
            "this chat.\n\nBind a card once. After that /balance shows what is on each, and I "
            "warn you before one runs dry.\n\nCard numbers and PINs are stored encrypted, and "
            "the messages you send them in are deleted. More: /privacy"
        ),
        [[Button(label, "bind")]],
    )


async def give_help(context: Context) -> None:
    """List the commands."""
    voice = context.voice
    lines = [voice.say("<b>What I can do</b>"), Markup("")]
    lines += [
        Markup("/{} — {}").format(command.name, voice.say(command.summary))
        for command in context.parts.menu
        if may_use(context.parts.settings, context.person, command)
    ]
    lines += [Markup(""), voice.say("You can also simply paste a card number here.")]
    await context.reply(Markup("\n").join(lines))


async def cancel(context: Context) -> None:
    """End whatever the bot was waiting for; in place, if a button of it was pressed."""
    dialogues = context.parts.dialogues
    if await dialogues.current(context.person.id) is None:
        await context.show(context.voice.say("There is nothing to cancel."))
        return
    await dialogues.end(context.person.id)
    await context.conclude(context.voice.say("Cancelled. Nothing was saved."))


COMMANDS = (
    Command("help", mark("Everything I can do"), give_help, order=90),
    Command("cancel", mark("Stop what we were doing"), cancel, order=91),
    Command("start", mark("What this is"), start, order=92),
)
BUTTONS = {"cancel": cancel}
