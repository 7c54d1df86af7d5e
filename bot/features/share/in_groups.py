"""What the groups that see a card may do with it: the owner's choice, told to the group."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from telegram.error import TelegramError

from bot import calls, panel
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton
from bot.languages import mark

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.voice import Voice
    from storage import Card, GroupShare, Right

LETS: Final[dict[str, tuple[Right, str]]] = {
    "spend": (
        "spend",
        mark(
            "💳 {name} lets everybody here book what they spend with <b>{card}</b>, such as "
            "/spent 12.50 coffee. Each booking says who it was."
        ),
    ),
    "see": (
        "see",
        mark("👀 Only who has a right of their own books spending on <b>{card}</b> now."),
    ),
}
CHANGES: Final = {
    "spend": mark("💳 {name} may spend"),
    "see": mark("👀 {name} only sees"),
}
MOST_LISTED: Final = 20


def ways(voice: Voice, card: Card, groups: list[GroupShare]) -> Buttons:
    """Offer to change what each group may do, and to end it."""
    rows = []
    for one in groups[:MOST_LISTED]:
        title, chat = one.title[:32], -one.chat_id
        other = "see" if one.right == "spend" else "spend"
        label = voice.plain(CHANGES[other], name=title)
        change = Button(label, f"grouplet:{card.id}:{chat}:{other}")
        end = Button(voice.plain("✖ No longer {name}", name=title), f"ungroup:{card.id}:{chat}")
        rows.append([change, end])
    return rows


async def let(context: Context, card: Card, chat_id: int, right: str) -> None:
    """Let everybody in a group see a card, or spend from it too, and say so there."""
    if right not in LETS:
        raise OutdatedButton
    parts, me = context.parts, context.person
    chosen, text = LETS[right]
    async with parts.store.transaction() as tx:
        if not await tx.groups.let(card.owner_id, card.id, chat_id, chosen):
            raise OutdatedButton
        await note(tx, Action.SHARED, subject=me.id, actor=me.id, card=card, what=chosen)
    said = context.voice.say(text, name=me.name, card=panel.masked(card))
    with suppress(TelegramError):
        await calls.send(parts.bot, chat_id, str(said))


async def take_back(context: Context, card: Card, chat_id: int) -> None:
    """Let a group see a card no longer."""
    me = context.person.id
    async with context.parts.store.transaction() as tx:
        if not await tx.groups.take_back(card.owner_id, card.id, chat_id):
            raise OutdatedButton
        await note(tx, Action.UNSHARED, subject=me, actor=me, card=card)
