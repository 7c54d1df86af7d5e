"""The first words, the list of commands, and the way out of anything: /start, /help, /cancel."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot.buttons import Button
from bot.languages import mark
from bot.menu import register_for
from bot.parts import Command
from bot.roles import is_staff, may_use
from bot.spoken import is_thanks

if TYPE_CHECKING:
    from bot.context import Context

HEADINGS: Final = (
    (0, mark("<b>Paying and keeping account</b>")),
    (15, mark("<b>Your cards</b>")),
    (40, mark("<b>Reminders</b>")),
    (50, mark("<b>Settings and safety</b>")),
    (62, mark("<b>Help</b>")),
    (70, mark("<b>Moving in and out</b>")),
    (80, mark("<b>Running this bot</b>")),
    (90, mark("<b>Also</b>")),
)
"""What commands are listed under, with the lowest `order` each holds."""


async def start(context: Context) -> None:
    """Say what this is, with one way to begin."""
    voice, person, parts = context.voice, context.person, context.parts
    if is_staff(parts.settings, person):
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
            "the messages you send them in are deleted: /privacy\n\n/help says everything I can do."
        ),
        [[Button(label, "bind")]],
    )


async def give_help(context: Context) -> None:
    """List the commands a person has, in the order of the menu and under what they are for."""
    voice = context.voice
    theirs = [
        command
        for command in context.parts.menu
        if may_use(context.parts.settings, context.person, command)
    ]
    blocks = []
    for heading, group in groupby(theirs, key=_heading):
        lines = [voice.say(heading)]
        lines += [Markup("/{} — {}").format(one.name, voice.say(one.summary)) for one in group]
        blocks.append(Markup("\n").join(lines))
    blocks.append(voice.say("You can also simply paste a card number here, or send its picture."))
    await context.reply(Markup("\n\n").join(blocks))


def _heading(command: Command) -> str:
    """Find what a command is listed under: the last heading that begins at or before its order."""
    return next(heading for begins, heading in reversed(HEADINGS) if begins <= command.order)


async def cancel(context: Context) -> None:
    """End whatever the bot was waiting for; in place, if a button of it was pressed."""
    dialogues = context.parts.dialogues
    if await dialogues.current(context.person.id) is None:
        await context.show(context.voice.say("There is nothing to cancel."))
        return
    await dialogues.end(context.person.id)
    await context.conclude(context.voice.say("Cancelled. Nothing was saved."))


async def on_text(context: Context, text: str) -> bool:
    """Take thanks."""
    if not is_thanks(text):
        return False
    await context.reply(context.voice.say("You are welcome."))
    return True


COMMANDS = (
    Command("help", mark("Everything I can do"), give_help, order=90),
    Command("cancel", mark("Stop what we were doing"), cancel, order=91),
    Command("start", mark("What this is"), start, order=92),
)
BUTTONS = {"cancel": cancel}
