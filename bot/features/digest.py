"""One message instead of several: /digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import digest as digests
from bot.buttons import Button, OutdatedButton
from bot.declared import Letter
from bot.languages import mark
from bot.parts import Command

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Digest

WORDS: Final[dict[str, Digest | None]] = {
    **dict.fromkeys(("daily", "day", "每天", "每日"), "daily"),
    **dict.fromkeys(("weekly", "week", "每周", "每星期"), "weekly"),
    **dict.fromkeys(("off", "none", "关", "关闭", "不要"), None),
}


async def digest(context: Context) -> None:
    """Show how often there is a digest; or change it by the word behind."""
    said = context.args.strip().casefold()
    if said in WORDS:
        await _choose(context, WORDS[said])
    else:
        await _show(context)


async def opened(context: Context) -> None:
    """Show how often there is a digest."""
    await _show(context)


async def pressed(context: Context, which: str) -> None:
    """Take how often from its button."""
    if which not in WORDS:
        raise OutdatedButton
    await _choose(context, WORDS[which])


async def _choose(context: Context, chosen: Digest | None) -> None:
    parts, person = context.parts, context.person
    async with parts.store.transaction() as tx:
        await digests.choose(parts, tx, person, chosen)
    context.person = await parts.store.people.get(person.id) or person
    await _show(context)


async def _show(context: Context) -> None:
    voice, person = context.voice, context.person
    lines = [voice.say("<b>Digest</b>: one message instead of several")]
    if person.digest is None or person.next_digest_at is None:
        lines.append(voice.say("Off. What I have to tell comes at once, each by itself."))
    else:
        lines.append(
            voice.say("Daily at 9:00.")
            if person.digest == "daily"
            else voice.say("Mondays at 9:00.")
        )
        lines.append(
            voice.say(
                "Next: {when}, if there is something.", when=voice.moment(person.next_digest_at)
            )
        )
    lines.append(
        voice.say(
            "Low balances, expiries, what does not add up and what lies idle can wait for it. "
            "That a card is empty, and what concerns your safety, always comes at once."
        )
    )
    rows = [
        [
            Button(voice.plain("Daily"), "digests:daily"),
            Button(voice.plain("Weekly"), "digests:weekly"),
            Button(voice.plain("No digest"), "digests:off"),
        ]
    ]
    await context.present("digest", Markup("\n").join(lines), rows)


COMMANDS = (Command("digest", mark("One message instead of several"), digest, order=42),)
BUTTONS = {"digest": opened, "digests": pressed}
LETTERS = {"digest": Letter(digests.write, digests.covered, digests.pointless)}
DUE = (digests.look_after,)
