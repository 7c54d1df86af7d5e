"""What happened on the person's account, and when: /activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from bot import panel
from bot.activity import SENTENCES, Action
from bot.buttons import number
from bot.issuers import FaultKind
from bot.languages import mark
from bot.pages import Page
from bot.parts import Command
from bot.ways import to_all_cards

if TYPE_CHECKING:
    from bot.context import Context
    from bot.voice import Voice
    from storage import AuditRow

PER_PAGE = 8

UNACCEPTED = mark("The number or PIN was not accepted")
REASONS = {
    FaultKind.NOT_FOUND: UNACCEPTED,
    FaultKind.WRONG_PIN: UNACCEPTED,
    FaultKind.BLOCKED: mark("The card is blocked"),
    FaultKind.EXPIRED: mark("The card has expired"),
}
"""Why a balance could not be read, where that is about the card.

Which of number and PIN was wrong is not told apart: it would help whoever tries those of others.
"""


async def activity(context: Context) -> None:
    """Show what happened last."""
    await _show(context, 0)


async def turned(context: Context, at: str) -> None:
    """Turn to a page."""
    await _show(context, number(at))


async def _show(context: Context, at: int) -> None:
    voice, log, owner = context.voice, context.parts.store.audit, context.person.id
    page = Page.of(await log.count(owner), PER_PAGE, at)
    rows = await log.of(owner, limit=PER_PAGE, offset=page.first)
    lines = [voice.say("<b>What happened on your account</b>"), *(_line(voice, r) for r in rows)]
    if rows and not page.at:
        lines.append(
            voice.say(
                "Was something here not you? End what you do not know in Telegram under "
                "Settings → Devices, and protect your cards with /lock."
            )
        )
    if not rows:
        lines.append(
            voice.say(
                "Nothing yet. From now on you can see here what was done with your cards, and when."
            )
        )
    newer, older = voice.plain("◀ Newer"), voice.plain("Older ▶")
    turns = page.turns(voice, lambda to: f"activity:{to}", newer, older)
    back = [to_all_cards(voice)]
    await context.present(f"activity:{page.at}", Markup("\n\n").join(lines), [*turns, back])


def _line(voice: Voice, row: AuditRow) -> Markup:
    known = row.action in SENTENCES  # a later version of the bot may have written others
    what = voice.say(SENTENCES[Action(row.action)]) if known else row.action
    what = Markup("<b>{}</b>").format(what)
    if "label" in row.detail:
        card = panel.masked_as(row.detail["label"], row.detail["tail"])
        what += Markup(" · {}").format(card)
    lines = [what]
    if why := REASONS.get(row.detail.get("why", "")):
        lines.append(voice.say(why))
    if not row.opens:
        lines.append(voice.say("What more was written here cannot be read."))
    lines.append(escape(voice.moment(row.at)))
    return Markup("\n").join(lines)


COMMANDS = (Command("activity", mark("What happened on my account"), activity, order=58),)
BUTTONS = {"activity": turned}
