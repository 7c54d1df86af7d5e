"""Safety in a few lines: /tips, and a word about a link that is not what it looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import calls, link_words
from bot import tips as lines_of
from bot.buttons import Button
from bot.languages import mark
from bot.links import Why
from bot.parts import Command
from bot.ways import to_all_cards

if TYPE_CHECKING:
    from telegram import Message, User

    from bot.context import Context
    from bot.parts import Parts


async def tips(context: Context) -> None:
    """Show all advice."""
    voice = context.voice
    lines = [voice.say("<b>To keep what is on your cards</b>")]
    lines += [Markup("💡 {}").format(voice.say(tip)) for tip in lines_of.TIPS.values()]
    rows = [[Button(voice.plain("🔐 Passcode"), "lock"), to_all_cards(voice)]]
    await context.reply(Markup("\n").join(lines), rows)


async def on_text(context: Context, text: str) -> bool:
    """Warn of a link that pretends to be another's, before anything else is read of its text."""
    found = link_words.suspicion(context.parts, context.message, text)
    if found is None or found.why is Why.SHORT:
        return False
    await context.reply(await link_words.warning(context.parts, context.person, found))
    return True


async def on_group(parts: Parts, message: Message, user: User) -> bool:
    """Warn of such a link where cards are shared: others read it too."""
    found = link_words.suspicion(parts, message, message.text or message.caption or "")
    if found is None or found.why is Why.SHORT:
        return False
    if not await parts.store.groups.cards(message.chat_id):
        return False
    person = await parts.store.people.get(user.id)
    said = link_words.said(parts.voice(person, user.language_code), found)
    await calls.send(parts.bot, message.chat_id, str(said), reply_to=message.message_id)
    return True


COMMANDS = (Command("tips", mark("How to keep what is on your cards"), tips, order=62),)
