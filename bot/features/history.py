"""What was spent, topped up and refunded, newest first: /history."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.buttons import OutdatedButton, number
from bot.card_view import answers_of
from bot.languages import mark
from bot.messages import repaint
from bot.money import Money
from bot.pages import Page
from bot.parts import Command
from bot.search import matching, say_none, which, words_of
from bot.shared import bookers, named
from bot.ways import back_to_card, to_all_cards

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.parts import Parts
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

ADJUSTED_BY = {
    "issuer": mark("Adjusted by the issuer"),
    "message": mark("Adjusted by a message"),
}


async def history(context: Context) -> None:
    """Show the entries of all cards, or of the one that the words behind the command name."""
    words = words_of(context.args)
    if not words:
        await _show(context, None, 0)
        return
    found = matching(context, await context.cards(), words)
    if len(found) == 1:
        await _show(context, found[0], 0)
    elif found:
        await _which(context, found, words, 0)
    else:
        await say_none(context)


async def _which(context: Context, found: Sequence[Card], words: str, at: int) -> None:
    rows = which(
        context,
        found,
        at,
        lambda card: f"history:{card.id}:0",
        lambda to: f"histories:{to}:{words}",
    )
    await context.show(context.voice.say("The history of which card?"), rows)


async def others(context: Context, at: str, words: str) -> None:
    """Turn to a page of the cards to choose from."""
    found = matching(context, await context.cards(), words)
    await _which(context, found, words, number(at))


async def turned(context: Context, card_id: str, at: str) -> None:
    """Show a page of one card's entries, or of all cards' where the id is empty."""
    card = await context.card(card_id, "see") if card_id else None
    await _show(context, card, number(at))


async def _show(context: Context, card: Card | None, at: int) -> None:
    parts = context.parts
    cards = [card] if card else await context.cards()
    at = Page.of(await _count(context, card), PER_PAGE, at).at
    view = f"history:{card.id if card else ''}:{at}"
    message_id = await context.present(view, *await _page(context, card, cards, at))
    stale = [one for one in cards if parts.wallet.is_stale(one)]
    if at or not stale:
        return

    async def live() -> None:
        known = cards
        async for answers in answers_of(parts, stale, history=True):
            known = [answers.get(one.id, one) for one in known]
            text, buttons = await _page(context, known[0] if card else None, known, at)
            await repaint(parts, context.chat_id, message_id, view, text, buttons)

    parts.background.start(live(), "a live history")


async def _count(context: Context, card: Card | None) -> int:
    ledger = context.parts.store.ledger
    if card is None:
        return await ledger.count_seen(context.person.id)
    return await ledger.count(card.owner_id, card.id)


async def _entries(context: Context, card: Card | None, page: Page) -> list[Entry]:
    ledger = context.parts.store.ledger
    if card is None:
        return await ledger.seen(context.person.id, limit=PER_PAGE, offset=page.first)
    return await ledger.page(card.owner_id, card.id, limit=PER_PAGE, offset=page.first)


async def _cards_of(
    context: Context, entries: Sequence[Entry], known: Sequence[Card]
) -> dict[str, Card]:
    """Find the cards that entries are of, by their ids: archived ones are not among `known`."""
    by_id = {one.id: one for one in known}
    for card_id in {entry.card_id for entry in entries} - by_id.keys():
        with suppress(OutdatedButton):  # gone just now
            by_id[card_id] = await context.card(card_id, "see")
    return by_id


async def _page(
    context: Context, card: Card | None, cards: Sequence[Card], at: int
) -> tuple[Markup, Buttons]:
    parts, voice = context.parts, context.parts.voice(context.person)
    page = Page.of(await _count(context, card), PER_PAGE, at)
    entries = await _entries(context, card, page)
    by_id = await _cards_of(context, entries, cards)
    entries = [entry for entry in entries if entry.card_id in by_id]
    names = await bookers(parts, voice, context.person, entries, by_id)
    title = voice.say("<b>History</b>")
    if card:
        name = named(voice, card, context.shared.get(card.id))
        title = voice.say("<b>History</b> of {card}", card=name)
        if why := panel.trouble(voice, parts.issuers, card):
            title += Markup("\n⚠️ ") + why
    lines = [
        title,
        *_unread(parts, voice, cards),
        *(
            _line(context, entry, by_id, names.get(entry.id), one=card is not None)
            for entry in entries
        ),
    ]
    if not entries:
        lines.append(voice.say("No entries yet."))
    newer, older = voice.plain("◀ Newer"), voice.plain("Older ▶")
    card_id = card.id if card else ""
    rows = page.turns(voice, lambda to: f"history:{card_id}:{to}", newer, older)
    back = [to_all_cards(voice)]
    if card:
        back.insert(0, back_to_card(voice, card))
    return Markup("\n\n").join(lines), [*rows, back]


def _unread(parts: Parts, voice: Voice, cards: Sequence[Card]) -> list[Markup]:
    """Say whose history is behind the balance, so that a gap is not taken for the truth."""
    slugs = dict.fromkeys(card.issuer for card in cards if card.history_stale and not card.failure)
    return [
        Markup("⚠️ ")
        + voice.say(
            "{issuer}'s history could not be read just now. Newer entries may be missing.",
            issuer=panel.issuer_name(voice, parts.issuers, slug),
        )
        for slug in slugs
        if (issuer := parts.issuers.get(slug)) and issuer.has_history
    ]


def _kind(entry: Entry) -> str:
    """Say what an entry without words of its own was."""
    by_hand = KINDS[entry.kind]
    return ADJUSTED_BY.get(entry.source, by_hand) if entry.kind == "adjustment" else by_hand


def _line(
    context: Context, entry: Entry, cards: Mapping[str, Card], by: str | None, *, one: bool
) -> Markup:
    voice = context.parts.voice(context.person)
    first = voice.say(
        "<b>{change}</b>  {what}",
        change=voice.change(Money(entry.amount_minor, entry.currency)),
        what=entry.text or voice.say(_kind(entry)),
    )
    if not one:
        card = cards[entry.card_id]
        first += Markup(" · {}").format(named(voice, card, context.shared.get(card.id)))
    if by:
        first += Markup(" · 👤 {}").format(by)
    when = voice.moment(entry.at)
    if entry.since:
        when = voice.say("between {since} and {at}", since=voice.moment(entry.since), at=when)
    if entry.balance_after_minor is None or entry.balance_after_minor < 0:
        # Below zero it is from before the first balance anybody knew.
        return Markup("{}\n{}").format(first, when)
    after = voice.money(Money(entry.balance_after_minor, entry.currency))
    return Markup("{}\n{}").format(first, voice.say("{when} → {balance}", when=when, balance=after))


COMMANDS = (Command("history", mark("What was spent and topped up"), history, order=20),)
BUTTONS = {"history": turned, "histories": others}
