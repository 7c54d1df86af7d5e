"""What is on my cards: one panel, first from the store, then live: /balance."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.card_view import open_card
from bot.context import Button, Command, number, repaint
from bot.languages import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Buttons, Context, Parts
    from bot.voice import Voice
    from storage import Card

PER_PAGE = 8
GATHER_SECONDS = 0.8
"""Answers that come in together are shown together; a slow one does not hold up the others."""

SEARCH_LONGEST = 32


async def balance(context: Context) -> None:
    """Show all cards, or those that the words behind the command name."""
    cards = await context.parts.store.cards.list(context.person.id)
    if not cards:
        await context.reply(*no_cards(context.voice))
        return
    wanted = context.args.casefold()
    if not wanted:
        await _show(context, cards, 0)
        return
    if not await _found(context, cards, wanted):
        await context.reply(
            context.voice.say(
                "No card of yours is called “{words}” or ends in it. /balance shows them all.",
                words=context.args,
            )
        )


async def on_text(context: Context, text: str) -> bool:
    """Find a card by its label or last digits, typed without any command."""
    if len(text) > SEARCH_LONGEST:
        return False
    cards = await context.parts.store.cards.list(context.person.id)
    return await _found(context, cards, text.casefold())


async def page(context: Context, at: str, mode: str) -> None:
    """Turn to a page of the panel; `mode` "ask" also asks every issuer again."""
    cards = await context.parts.store.cards.list(context.person.id)
    if not cards:
        await context.show(*no_cards(context.voice))
        return
    await _show(context, cards, number(at), insist=mode == "ask")


async def _found(context: Context, cards: Sequence[Card], wanted: str) -> bool:
    voice, issuers = context.voice, context.parts.issuers
    found = [
        card
        for card in cards
        if wanted in card.label.casefold()
        or wanted in panel.issuer_name(voice, issuers, card.issuer).casefold()
        or wanted == card.tail.casefold()
    ]
    if len(found) == 1:
        await open_card(context, found[0])
    elif found:
        await _show(context, found, 0)
    return bool(found)


async def _show(context: Context, cards: Sequence[Card], at: int, *, insist: bool = False) -> None:
    parts = context.parts
    at = min(at, (len(cards) - 1) // PER_PAGE)
    here = cards[at * PER_PAGE :][:PER_PAGE]
    view = f"panel:{at}:{len(cards)}"
    message_id = await context.present(view, *_panel(parts, context.voice, cards, at))
    stale = [card for card in here if insist or parts.wallet.is_stale(card)]
    if stale:
        live = _live(context, list(cards), at, stale, view, message_id, insist=insist)
        parts.background.start(live, "live balances")


async def _live(
    context: Context,
    cards: list[Card],
    at: int,
    stale: Sequence[Card],
    view: str,
    message_id: int,
    *,
    insist: bool,
) -> None:
    """Ask all issuers at the same time, and bring the panel up to date as they answer."""
    parts, owner = context.parts, context.person
    asking = {
        asyncio.create_task(parts.wallet.refresh(owner.id, card.id, insist=insist))
        for card in stale
    }
    while asking:
        first, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        more, asking = (
            await asyncio.wait(asking, timeout=GATHER_SECONDS) if asking else ([], asking)
        )
        answers = {card.id: card for task in (*first, *more) if (card := task.result())}
        cards = [answers.get(card.id, card) for card in cards]
        text, buttons = _panel(parts, parts.voice(owner), cards, at)
        await repaint(parts, context.chat_id, message_id, view, text, buttons)
        parts.journal.panel_shown(owner.id, message_id)


def _panel(parts: Parts, voice: Voice, cards: Sequence[Card], at: int) -> tuple[Markup, Buttons]:
    here = cards[at * PER_PAGE :][:PER_PAGE]
    blocks = [voice.say("<b>Your cards</b>")]
    blocks += [panel.lines(voice, parts.issuers, card) for card in here]
    if total := panel.totals(voice, cards):
        blocks.append(total)
    openers = [Button(panel.masked(card), f"card:{card.id}") for card in here]
    rows = [openers[i : i + 2] for i in range(0, len(openers), 2)]
    turns = []
    if at:
        turns.append(Button("◀", f"panel:{at - 1}:"))
    if len(cards) > (at + 1) * PER_PAGE:
        turns.append(Button("▶", f"panel:{at + 1}:"))
    rows.append([*turns, Button(voice.plain("🔄 Refresh"), f"panel:{at}:ask")])
    return Markup("\n\n").join(blocks), rows


def no_cards(voice: Voice) -> tuple[Markup, Buttons]:
    """Say that there is no card yet, with the way to bind one."""
    return (
        voice.say("You have no card yet. Bind one, or simply paste its number here."),
        [[Button(voice.plain("Bind a card"), "bind")]],
    )


COMMANDS = (Command("balance", mark("What is on my cards"), balance, order=10),)
BUTTONS = {"panel": page}
