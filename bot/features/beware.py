"""Safety in a few lines: /tips, and a word about a link that is not what it looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import tips as lines_of
from bot.languages import mark
from bot.links import suspicious
from bot.parts import Command

if TYPE_CHECKING:
    from bot.context import Context


async def tips(context: Context) -> None:
    """Show all advice."""
    voice = context.voice
    lines = [voice.say("<b>To keep what is on your cards</b>")]
    lines += [Markup("💡 {}").format(voice.say(tip)) for tip in lines_of.TIPS.values()]
    await context.reply(Markup("\n").join(lines))


async def on_text(context: Context, text: str) -> bool:
    """Warn of a link that pretends to be an issuer's."""
    parts = context.parts
    pages = [issuer.page for issuer in parts.issuers.all() if issuer.page]
    host = suspicious(text, pages)
    if host is None:
        return False
    said = [context.voice.say("⚠️ <code>{host}</code> is no page to type a card into.", host=host)]
    if tip := await lines_of.once(parts, context.person, "link"):
        said.append(tip)
    await context.reply(Markup("\n").join(said))
    return True


COMMANDS = (Command("tips", mark("How to keep what is on your cards"), tips, order=62),)
