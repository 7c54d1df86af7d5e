"""What is on my cards: one panel, first from the store, then live: /balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.buttons import Button, in_rows, number
from bot.card_view import answers_of, open_card
from bot.languages import mark
from bot.messages import repaint
from bot.pages import Page
from bot.parts import Command
from bot.search import matching, no_cards, say_none, words_of
from bot.shared import all_said_by, whose
from bot.ways import to_all_cards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Held

PER_PAGE = 8
SEARCH_LONGEST = 32
SEARCH_SHORTEST = 3
"""Less Latin than this, without a command, is a greeting or a slip, and names no card."""


async def balance(context: Context) -> None:
    """Show all cards, or those that the words behind the command name."""
    cards = await context.cards()
    if not cards:
        await context.reply(*no_cards(context.voice))
        return
    words = words_of(context.args)
    if not await _found(context, cards, words):
        await say_none(context)


async def on_text(context: Context, text: str) -> bool:
    """Find a card by its label or last digits, typed without any command."""
    too_short = text.isascii() and len(text) < SEARCH_SHORTEST
    if too_short or len(text) > SEARCH_LONGEST:
        return False
    cards = await context.cards()
    return await _found(context, cards, words_of(text))


async def page(context: Context, at: str, mode: str, words: str) -> None:
    """Turn to a page of the panel, of the cards found by `words` where there are some.

    `mode` "ask" also asks every issuer on that page again.
    """
    cards = await context.cards()
    if not cards:
        await context.show(*no_cards(context.voice))
        return
    insist = mode == "ask"
    if insist and context.query:
        await context.notice(context.voice.plain("Asking the issuers…"))
    found = matching(context, cards, words)
    at_page = number(at)
    await _show(context, found or cards, words if found else "", at_page, insist=insist)


async def _found(context: Context, cards: Sequence[Card], words: str) -> bool:
    found = matching(context, cards, words)
    if len(found) == 1 and words:
        await open_card(context, found[0])
    elif found:
        await _show(context, found, words, 0)
    return bool(found)


async def _show(
    context: Context, cards: Sequence[Card], words: str, at: int, *, insist: bool = False
) -> None:
    parts = context.parts
    page = Page.of(len(cards), PER_PAGE, at)
    at, here = page.at, page.cut(cards)
    view = f"panel:{at}:{len(cards)}:{words}"
    written = await _panel(context, cards, words, at)
    message_id = await context.present(view, *written, shown=here)
    stale = [card for card in here if insist or parts.wallet.is_stale(card)]
    if not stale:
        return

    async def live() -> None:
        known = list(cards)
        async for answers in answers_of(parts, stale, insist=insist):
            known = [answers.get(card.id, card) for card in known]
            text, buttons = await _panel(context, known, words, at)
            await repaint(
                parts,
                context.chat_id,
                message_id,
                view,
                text,
                buttons,
                shown=page.cut(known),
            )

    parts.background.start(live(), "live balances")


async def _panel(
    context: Context, cards: Sequence[Card], words: str, at: int
) -> tuple[Markup, Buttons]:
    parts, others = context.parts, context.shared
    page, voice = Page.of(len(cards), PER_PAGE, at), parts.voice(context.person)
    here = page.cut(cards)
    by = await all_said_by(parts, voice, context.person.id, here)
    blocks = [voice.say("<b>Your cards</b>")]
    if words:
        blocks = [voice.say("<b>Your cards</b> called “{words}”", words=words)]
    blocks += [_block(parts, voice, card, others.get(card.id), by.get(card.id)) for card in here]
    if total := panel.totals(voice, [card for card in cards if card.id not in others]):
        blocks.append(total)
    openers = [Button(panel.masked(card), f"card:{card.id}") for card in here]
    rows = in_rows(openers)
    rows += page.turns(voice, lambda to: f"panel:{to}::{words}")
    last = [Button(voice.plain("🔄 Refresh"), f"panel:{at}:ask:{words}")]
    if words:
        last.append(to_all_cards(voice))
    return Markup("\n\n").join(blocks), [*rows, last]


def _block(parts: Parts, voice: Voice, card: Card, held: Held | None, by: str | None) -> Markup:
    lines = panel.lines(voice, parts.issuers, card, by)
    return lines + Markup("\n") + whose(voice, held) if held else lines


COMMANDS = (Command("balance", mark("What is on my cards"), balance, order=10),)
BUTTONS = {"panel": page}
