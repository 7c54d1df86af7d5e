"""What became of the money, when it will be gone, and what to do about it: /insights."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup
from telegram.error import BadRequest

from bot import advice, calls, panel
from bot.advice import Past
from bot.buttons import Button, OutdatedButton, number
from bot.charts import COLOURS
from bot.declared import CardAction
from bot.easel import NotDrawnError
from bot.features.insights.picture import gather, picture_of, story_of
from bot.features.insights.story import PERIODS
from bot.features.insights.wallet import past_of, wallet_of
from bot.languages import mark
from bot.messages import offer
from bot.parts import Command
from bot.search import matching, no_cards, say_none, which, words_of
from bot.ways import back_to_card, to_all_cards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.buttons import Buttons
    from bot.charts import Picture
    from bot.context import Context
    from bot.features.insights.picture import Known
    from bot.voice import Voice
    from storage import Card

USUAL_MONTHS = 3
LONGEST_CAPTION = 1000
TOO_LITTLE = mark(
    "There is too little to draw yet. Once something was spent or a balance has changed, I show "
    "you here what became of it; “➖ Spent” under a card books what you pay."
)
NOT_DRAWN = mark("The picture could not be drawn just now. /insights tries again.")

log = logging.getLogger(__name__)


async def insights(context: Context) -> None:
    """Show the whole wallet, or the card that the words behind the command name."""
    words = words_of(context.args)
    if not words:
        await _show(context, None, "", USUAL_MONTHS)
        return
    found = matching(context, await context.cards(), words)
    if len(found) == 1:
        await _show(context, found[0], "", USUAL_MONTHS)
    elif found:
        await _offer(context, found, words, 0)
    else:
        await say_none(context)


async def opened(context: Context, card_id: str) -> None:
    """Show one card."""
    await _show(context, await context.card(card_id, "see"), "", USUAL_MONTHS)


async def pressed(context: Context, card_id: str, code: str, months: str) -> None:
    """Show one card, or all where the id is empty, in a currency and over so many months."""
    if number(months) not in PERIODS:
        raise OutdatedButton
    card = await context.card(card_id, "see") if card_id else None
    await _show(context, card, code, number(months))


async def choose(context: Context) -> None:
    """Ask which card is to be looked at."""
    await _offer(context, await context.cards(), "", 0)


async def turned(context: Context, at: str, words: str) -> None:
    """Turn to a page of the cards to choose from."""
    found = matching(context, await context.cards(), words)
    await _offer(context, found, words, number(at))


async def _offer(context: Context, found: Sequence[Card], words: str, at: int) -> None:
    _expect(context)
    rows = which(
        context, found, at, lambda card: f"insights:{card.id}", lambda to: f"looks:{to}:{words}"
    )
    ask = context.reply if context.message.photo else context.show
    await ask(context.voice.say("Look at which card?"), rows)


def _expect(context: Context) -> None:
    """Let the process that draws start while the person chooses, or while what to draw is read."""
    context.parts.background.start(context.parts.easel.ready(), "starting to draw")


async def _show(context: Context, card: Card | None, code: str, months: int) -> None:
    parts, voice = context.parts, context.voice
    if card:
        cards = [card]
    else:
        cards = await context.cards()
        cards = [*cards, *await parts.store.cards.archived(context.person.id)]
    if not cards:
        await context.reply(*no_cards(voice))
        return
    _expect(context)
    name = panel.masked(card) if card else voice.plain("My cards")
    if len(cards) > len(COLOURS):
        seen = await _many(context, cards, code, months, name)
    else:
        known = await gather(parts, cards)
        # Years of entries take too long for others to wait.
        seen = await asyncio.to_thread(_few, context, known, card, code, months, name)
    if seen.picture is None:
        back = to_all_cards(voice)
        if card:
            back = back_to_card(voice, card)
        await context.show(Markup("\n\n").join([voice.say(TOO_LITTLE), *seen.lines]), [[back]])
        return
    head = voice.say("<b>Insights</b>: {name}", name=name)
    caption = str(head)
    for line in seen.lines:
        if len(caption) + len(line) < LONGEST_CAPTION:
            caption = f"{caption}\n\n{line}"
    try:
        png = await parts.easel.draw(seen.picture)
    except NotDrawnError as error:
        log.warning("a chart was not drawn: %s", error)
        await context.reply(Markup("\n\n").join([head, *seen.lines, voice.say(NOT_DRAWN)]))
        return
    await _send(context, png, caption, _buttons(context, card, seen.codes, seen.code, months))


class _Seen(NamedTuple):
    """What is shown: the currencies there are, the one shown, the picture and the lines."""

    codes: Sequence[str]
    code: str
    picture: Picture | None
    lines: list[Markup]


def _few(
    context: Context, known: Known, card: Card | None, code: str, months: int, name: str
) -> _Seen:
    """Look at a few cards, each for itself."""
    voice, codes = context.voice, known.currencies()
    code = _chosen_of(codes, code)
    past = Past.of(known.cards, known.entries)
    lines = [*_runs_dry(voice, card, past), *_advice(context, known.cards, past)]
    story = story_of(voice, known, code, months)
    return _Seen(codes, code, picture_of(voice, story, code, name) if code else None, lines)


async def _many(
    context: Context, cards: Sequence[Card], code: str, months: int, name: str
) -> _Seen:
    """Look at so many cards that their balances are drawn together."""
    parts, voice, me = context.parts, context.voice, context.person.id
    wallet = await wallet_of(parts, voice, me, cards)
    codes = wallet.currencies()
    code = _chosen_of(codes, code)
    past = await past_of(parts, voice, me, wallet)
    lines = await asyncio.to_thread(_advice, context, cards, past)
    if not code:
        return _Seen(codes, code, None, lines)
    story = await wallet.story(parts, voice, me, code, months)
    return _Seen(codes, code, picture_of(voice, story, code, name), lines)


def _chosen_of(codes: Sequence[str], code: str) -> str:
    return code if code in codes else next(iter(codes), "")


def _runs_dry(voice: Voice, card: Card | None, past: Past) -> list[Markup]:
    """Say when this card runs dry, where that can be said."""
    if card is None or (when := advice.dry(voice, card, past)) is None:
        return []
    return [
        voice.plural(
            "At the present pace it is empty about {date}, give or take {n} day (right in 8 "
            "of 10 cases, if nothing is topped up).",
            "At the present pace it is empty about {date}, give or take {n} days (right in 8 "
            "of 10 cases, if nothing is topped up).",
            when.days,
            date=voice.date(when.about),
        )
    ]


def _advice(context: Context, cards: Sequence[Card], past: Past) -> list[Markup]:
    using = [one for one in cards if one.archived_at is None]
    return advice.advise(context.voice, context.parts.issuers, using, past)


def _buttons(
    context: Context, card: Card | None, codes: Sequence[str], code: str, months: int
) -> Buttons:
    voice, card_id = context.voice, card.id if card else None
    rows = [
        [
            Button(
                _chosen(
                    str(voice.plural("{n} month", "{n} months", period)), chosen=period == months
                ),
                f"drawn:{card_id or ''}:{code}:{period}",
            )
            for period in PERIODS
        ]
    ]
    if len(codes) > 1:
        rows.append(
            [
                Button(
                    _chosen(voice.language.currency(other), chosen=other == code),
                    f"drawn:{card_id or ''}:{other}:{months}",
                )
                for other in codes[:4]
            ]
        )
    if card:
        rows.append([Button(voice.plain("All cards together"), f"drawn:::{months}")])
    else:
        rows.append([Button(voice.plain("One card…"), "insightof")])
    return rows


def _chosen(text: str, *, chosen: bool) -> str:
    return f"• {text}" if chosen else text


async def _send(context: Context, png: bytes, caption: str, rows: Buttons) -> None:
    """Change the picture whose button was pressed, else send one."""
    bot, chat_id = context.parts.bot, context.chat_id
    message_id = context.message.message_id
    if context.query is not None and context.message.photo:
        try:
            await calls.edit_photo(bot, chat_id, message_id, png, caption, rows)
        except BadRequest as error:
            if "not modified" in error.message:
                return
        else:
            offer(context.parts, chat_id, message_id, rows)
            return
    message_id = await calls.send_photo(bot, chat_id, png, caption, rows)
    offer(context.parts, chat_id, message_id, rows)


COMMANDS = (
    Command("insights", mark("What became of the money, and what to do"), insights, order=22),
)
BUTTONS = {"insights": opened, "drawn": pressed, "insightof": choose, "looks": turned}
CARD_ACTIONS = (CardAction("insights", mark("📈 Insights"), order=22, right="see"),)
