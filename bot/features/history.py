"""What was spent, topped up and refunded, newest first: /history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.context import Button, Command, number, repaint
from bot.languages import mark
from bot.money import Money

if TYPE_CHECKING:
    from bot.context import Buttons, Context, Parts
    from bot.voice import Voice
    from storage import Card, Entry

PER_PAGE = 8

KINDS = {
    "purchase": mark("Spent"),
    "top-up": mark("Topped up"),
    "refund": mark("Refunded"),
    "adjustment": mark("Set by hand"),
    "opening": mark("First balance"),
    "observed": mark("Changed"),
}


async def history(context: Context) -> None:
    """Show the entries of all cards."""
    await _show(context, "", 0)


async def turned(context: Context, card_id: str, at: str) -> None:
    """Show a page of one card's entries, or of all cards' where the id is empty."""
    await _show(context, card_id, number(at))


async def _show(context: Context, card_id: str, at: int) -> None:
    parts = context.parts
    card = await context.card(card_id) if card_id else None
    view = f"history:{card_id}:{at}"
    text, buttons = await _page(parts, context.voice, context.person.id, card, at)
    message_id = await context.present(view, text, buttons)
    if card and parts.wallet.is_stale(card):
        live = _live(context, card, at, view, message_id)
        parts.background.start(live, "a live history")


async def _live(context: Context, card: Card, at: int, view: str, message_id: int) -> None:
    parts, owner = context.parts, context.person
    if read := await parts.wallet.refresh(owner.id, card.id):
        text, buttons = await _page(parts, parts.voice(owner), owner.id, read, at)
        await repaint(parts, context.chat_id, message_id, view, text, buttons)


async def _page(
    parts: Parts, voice: Voice, owner_id: int, card: Card | None, at: int
) -> tuple[Markup, Buttons]:
    card_id = card.id if card else None
    entries = await parts.store.ledger.page(
        owner_id, card_id, limit=PER_PAGE + 1, offset=at * PER_PAGE
    )
    cards = [card] if card else await parts.store.cards.list(owner_id)
    by_id = {card.id: card for card in cards}
    title = voice.say("<b>History</b>")
    if card:
        title = voice.say("<b>History</b> of {card}", card=panel.masked(card))
        if why := panel.trouble(voice, parts.issuers, card):
            title += Markup("\n⚠️ ") + why
    lines = [title]
    for entry in entries[:PER_PAGE]:
        owner = None if card else by_id.get(entry.card_id)
        lines.append(_line(voice, entry, owner))
    if not entries:
        lines.append(voice.say("Nothing has happened yet that I know of."))
    return Markup("\n\n").join(lines), _turns(voice, card, at, more=len(entries) > PER_PAGE)


def _line(voice: Voice, entry: Entry, card: Card | None) -> Markup:
    first = voice.say(
        "<b>{change}</b>  {what}",
        change=voice.change(Money(entry.amount_minor, entry.currency)),
        what=entry.text or voice.say(KINDS[entry.kind]),
    )
    if card:
        first += Markup(" · {}").format(panel.masked(card))
    when = voice.moment(entry.at)
    if entry.since:
        when = voice.say("between {since} and {at}", since=voice.moment(entry.since), at=when)
    if entry.balance_after_minor is None:
        return Markup("{}\n{}").format(first, when)
    after = voice.money(Money(entry.balance_after_minor, entry.currency))
    return Markup("{}\n{}").format(first, voice.say("{when} → {balance}", when=when, balance=after))


def _turns(voice: Voice, card: Card | None, at: int, *, more: bool) -> Buttons:
    card_id = card.id if card else ""
    turns = []
    if at:
        turns.append(Button(voice.plain("◀ Newer"), f"history:{card_id}:{at - 1}"))
    if more:
        turns.append(Button(voice.plain("Older ▶"), f"history:{card_id}:{at + 1}"))
    back = [Button(voice.plain("‹ All cards"), "panel:0:")]
    if card:
        back.insert(0, Button(voice.plain("‹ The card"), f"card:{card.id}"))
    return [turns, back] if turns else [back]


COMMANDS = (Command("history", mark("What was spent and topped up"), history, order=20),)
BUTTONS = {"history": turned}
