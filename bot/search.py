"""Finding a card by what a person calls it: its label, its issuer, its last digits; or asking."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from bot import panel
from bot.buttons import Button
from bot.pages import Page
from bot.ways import to_all_cards

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.voice import Voice
    from storage import Card

PER_PAGE = 10
"""Cards to choose from, a button each."""

WORDS_BYTES = 38
"""What is looked for travels in the buttons that turn the pages, and those hold 54 bytes."""


_AROUND = re.compile(r"^(?:我的|那张|这张|(?:my|the|our)\s+)|(?:的?卡片?|\s(?:gift )?cards?)$")
"""What people say around a card's name."""


def words_of(text: str) -> str:
    """Give what is looked for, in its plain form and no longer than can be looked for."""
    return _cut(_folded(text))


def no_cards(voice: Voice) -> tuple[Markup, Buttons]:
    """Say that there is no card yet, with the way to bind one."""
    return (
        voice.say("You have no card yet. Bind one, or simply paste its number here."),
        [[Button(voice.plain("Bind a card"), "bind")]],
    )


async def no_own_cards(context: Context) -> tuple[Markup, Buttons]:
    """`no_cards`, to somebody who may all the same have cards of others."""
    said, rows = no_cards(context.voice)
    if not await context.cards("see"):
        return said, rows
    said = context.voice.say("You have no card of your own yet, only those shared with you.")
    return said, [*rows, [to_all_cards(context.voice)]]


async def none_for_that(context: Context) -> tuple[Markup, Buttons]:
    """`no_cards`, to somebody who may have cards of others, but not to do this with them."""
    said, rows = no_cards(context.voice)
    if await context.cards("see"):
        said = context.voice.say(
            "The cards that are shared with you do not let you do that: ask their owner for it. "
            "Or bind a card of your own."
        )
    return said, rows


def which(
    context: Context,
    cards: Sequence[Card],
    at: int,
    data: Callable[[Card], str],
    turn: Callable[[int], str],
) -> list[list[Button]]:
    """Lay out a page of cards to choose from; what their buttons and those to a page bring back."""
    page = Page.of(len(cards), PER_PAGE, at)
    rows = [[Button(panel.masked(card), data(card))] for card in page.cut(cards)]
    return rows + page.turns(context.voice, turn)


async def say_none(context: Context) -> None:
    """Say that no card is called so, in the words behind the command as they were written.

    A card number among them is not said again but deleted.
    """
    if await context.took_stray(context.args):
        return
    await context.reply(
        context.voice.say(
            "No card of yours is called “{words}” or ends in it. /balance shows them all.",
            words=_cut(context.args),
        ),
        [[to_all_cards(context.voice)]],
    )


def matching(context: Context, cards: Sequence[Card], words: str) -> list[Card]:
    """Pick the cards that are called so or end in these digits; all of them for no words.

    Where none is, "my coffee card" and 星巴克卡 look for coffee and 星巴克.
    """
    found = _called(context, cards, words)
    if found or not (bare := _AROUND.sub("", words).strip()) or bare == words:
        return found
    return _called(context, cards, bare)


def mentioned(context: Context, cards: Sequence[Card], text: str) -> list[Card]:
    """Pick the cards whose name, issuer or last digits stand somewhere in a text."""
    said, voice, issuers = _folded(text), context.voice, context.parts.issuers

    def named(card: Card) -> bool:
        names = (card.label, panel.issuer_name(voice, issuers, card.issuer))
        short = {_AROUND.sub("", _folded(name)).strip() for name in names}
        return any(one and one in said for one in {card.tail, *short})

    return [card for card in cards if named(card)]


def _called(context: Context, cards: Sequence[Card], words: str) -> list[Card]:
    voice, issuers = context.voice, context.parts.issuers
    slugs = {card.issuer for card in cards}
    names = {slug: _folded(panel.issuer_name(voice, issuers, slug)) for slug in slugs}
    return [
        card
        for card in cards
        if words in _folded(f"{card.label} ·{card.tail}")
        or (card.issuer != panel.NAMELESS and words in names[card.issuer])
    ]


def _cut(text: str) -> str:
    return " ".join(text.split()).encode()[:WORDS_BYTES].decode(errors="ignore").strip()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
