"""What expires, and when people are reminded of it: /expiring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import expiry, expiry_view
from bot.declared import CardAction, Letter
from bot.features.expiring import dates
from bot.features.expiring.listing import keep_leads, leads_asked, listed, on_leads, turned
from bot.languages import mark
from bot.parts import Command
from bot.search import matching, words_of

if TYPE_CHECKING:
    from bot.context import Context


async def expiring(context: Context) -> None:
    """List what expires; or set lead days, open a card's date, or set it, by the words behind."""
    words = context.args.strip()
    if not words:
        await listed(context, 0)
    elif leads := expiry.leads_typed(words):
        await keep_leads(context, leads)
    else:
        await _by_words(context, words)


async def _by_words(context: Context, words: str) -> None:
    cards, pieces = await context.cards("manage"), words.split()
    for at in range(len(pieces), 0, -1):
        found = matching(context, cards, words_of(" ".join(pieces[:at])))
        said = " ".join(pieces[at:])
        if len(found) == 1 and not said:
            await dates.show(context, found[0])
            return
        if len(found) == 1 and await dates.typed(context, found[0], said):
            return
    if await context.took_stray(words):
        return
    await context.reply(
        context.voice.say(
            "Send /expiring for the list, “/expiring Coffee 2027-03-31” to set a date, or "
            "“/expiring 30 7 1” for how many days ahead I remind you."
        )
    )


COMMANDS = (Command("expiring", mark("What expires soon, what lies idle"), expiring, order=35),)
BUTTONS = {
    "expiring": turned,
    "expiry": dates.opened,
    "expiryset": dates.asked,
    "expiryday": dates.chosen,
    "expirynone": dates.removed,
    "expirymute": dates.muted,
    "expiryunmute": dates.unmuted,
    "expirysnooze": dates.snoozed,
    "leads": leads_asked,
}
DIALOGUES = {"expiry": dates.on_expiry, "leads": on_leads}
CARD_ACTIONS = (CardAction("expiry", mark("📅 Expiry"), 20, "manage"),)
LETTERS = {
    kind: Letter(expiry_view.write, expiry_view.covered, expiry_view.pointless)
    for kind in expiry_view.KINDS
}
DUE = (expiry.look_after,)
