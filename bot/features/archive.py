"""Cards put away: they keep everything, are left alone, and come back: /archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import expiry, panel
from bot.buttons import Button, OutdatedButton, number
from bot.card_view import open_card
from bot.declared import CardAction
from bot.languages import mark
from bot.pages import Page
from bot.parts import Command
from bot.search import matching, words_of
from bot.ways import to_all_cards

if TYPE_CHECKING:
    from bot.context import Context
    from bot.parts import Parts
    from storage import Card

PER_PAGE = 8


async def archive(context: Context) -> None:
    """List the cards that are archived; or archive the one that the words behind name."""
    if not context.args:
        await _list(context, 0)
        return
    found = matching(context, await context.cards("manage"), words_of(context.args))
    if len(found) == 1:
        await _put_away(context, found[0])
    elif not await context.took_stray(context.args):
        await context.reply(
            context.voice.say(
                "Say which card: its name or last digits, and only one that fits. "
                "/archive alone lists what is archived."
            )
        )


async def turned(context: Context, at: str) -> None:
    """Turn to a page of the list."""
    await _list(context, number(at))


async def _list(context: Context, at: int) -> None:
    voice = context.voice
    cards = await context.parts.store.cards.archived(context.person.id)
    page = Page.of(len(cards), PER_PAGE, at)
    here = page.cut(cards)
    lines = [voice.say("<b>Archived cards</b>")]
    lines += [
        voice.say(
            "🗄 {card}: {balance}", card=panel.masked(card), balance=panel.balance(voice, card)
        )
        for card in here
    ]
    if not cards:
        lines.append(voice.say("None. A card is archived under its ⋯ More; it keeps its history."))
    rows = [
        [
            Button(panel.masked(card), f"card:{card.id}"),
            Button(voice.plain("↩️ Bring back"), f"unarchive:{card.id}"),
        ]
        for card in here
    ]
    rows += page.turns(voice, lambda to: f"archived:{to}")
    rows.append([to_all_cards(voice)])
    await context.present(f"archived:{page.at}", Markup("\n").join(lines), rows, shown=here)


async def pressed(context: Context, card_id: str) -> None:
    """Archive a card."""
    await _put_away(context, await context.card(card_id, "manage"))


async def _put_away(context: Context, card: Card) -> None:
    voice = context.voice
    if card.archived_at is None and await expiry.archive(context.parts, card) is None:
        raise OutdatedButton
    await context.present(
        f"archived:{card.id}",
        voice.say(
            "🗄 “{card}” is archived: out of your lists, with its history. /archive has it.",
            card=panel.masked(card),
        ),
        [
            [
                Button(voice.plain("↩️ Undo"), f"unarchive:{card.id}"),
                to_all_cards(voice),
            ]
        ],
    )


async def back(context: Context, card_id: str) -> None:
    """Take a card into use again."""
    parts, card = context.parts, await context.card(card_id, "manage")
    async with parts.store.transaction() as tx:
        changed = await expiry.bring_back(parts, tx, card)
    if changed is None:
        raise OutdatedButton
    await open_card(context, changed)


def _in_use(parts: Parts, card: Card) -> bool:
    del parts
    return card.archived_at is None


COMMANDS = (Command("archive", mark("Archived cards"), archive, order=36),)
BUTTONS = {"archived": turned, "archive": pressed, "unarchive": back}
CARD_ACTIONS = (CardAction("archive", mark("🗄 Archive"), 90, "manage", _in_use),)
