"""What is said about a link that is not what it looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import tips
from bot.languages import mark
from bot.links import Suspicion, Why, impostor, suspicious

if TYPE_CHECKING:
    from telegram import Message

    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Person

NO_PAGE: Final = mark("⚠️ <code>{host}</code> is no page to type a card into.")
BECAUSE: Final = {
    Why.ALIKE: mark("It only looks like a name you know."),
    Why.OPEN: mark("It is not https, so others can read along."),
    Why.NUMBER: mark("Its address is a mere number; issuers have names."),
    Why.LETTERS: mark("Some of its letters only look like others."),
    Why.ELSEWHERE: mark("The link says another address than it leads to."),
    Why.SHORT: mark("It hides where it leads. If in doubt, type the issuer's address yourself."),
}


def suspicion(parts: Parts, message: Message, text: str) -> Suspicion | None:
    """Look for such a link in a message, also behind its words."""
    pages = [issuer.page for issuer in parts.issuers.all() if issuer.page]
    behind = message.parse_entities(["text_link"]) | message.parse_caption_entities(["text_link"])
    leads = [(shown, entity.url or "") for entity, shown in behind.items()]
    return suspicious(text, pages, leads) or impostor(text, parts.bot.username)


def said(voice: Voice, found: Suspicion) -> Markup:
    """Say which it is, and why."""
    lines = [voice.say(NO_PAGE, host=found.host), voice.say(BECAUSE[found.why])]
    return Markup("\n").join(lines)


async def warning(parts: Parts, person: Person, found: Suspicion) -> Markup:
    """Say so to somebody, the first time with what to look at."""
    lines = [said(parts.voice(person), found)]
    if tip := await tips.once(parts, person, "link"):
        lines.append(tip)
    return Markup("\n").join(lines)
