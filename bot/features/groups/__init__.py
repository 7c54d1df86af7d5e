"""Cards that are shared with a group: their balances there, and what people book from there."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup
from telegram.error import TelegramError

from bot import calls, groups, panel
from bot.buttons import Button, OutdatedButton, number
from bot.commands import command_in
from bot.context import holds_number
from bot.declared import Letter
from bot.features.groups import choosing, spending
from bot.languages import mark
from bot.money import Money
from bot.pages import PARAGRAPH, fitted
from bot.roles import may_enter
from bot.shared import said_by

if TYPE_CHECKING:
    from telegram import CallbackQuery, Message, User

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, OutboxItem, Person

log = logging.getLogger(__name__)

MOST_LISTED: Final = 20
REMOVED: Final = mark("👥 I was removed from “{group}”, so nobody there sees {cards} any more.")
LEFT: Final = mark("👥 You are no longer in “{group}”, so nobody there sees {cards} any more.")
ONLY_THEIRS: Final = mark("Only who booked it, or who manages the card, can undo it.")


async def on_group(parts: Parts, message: Message, user: User) -> bool:
    """Answer the commands that have to do with a group's cards; all else is not for this."""
    name, words = command_in(message, parts.bot.username)
    run = COMMANDS_HERE.get(name)
    if run is None or holds_number(parts, words):
        return False
    person = await parts.store.people.get(user.id)
    if person is not None and person.barred_at is not None:
        return True
    cards = await parts.store.groups.cards(message.chat_id)
    if not cards and name != "share":
        return False
    voice = parts.voice(person, user.language_code)
    await run(parts, voice, message, user, words, cards)
    return True


async def _balance(
    parts: Parts, voice: Voice, message: Message, user: User, words: str, cards: list[Card]
) -> None:
    del user, words
    chat_id = message.chat_id
    await calls.send(parts.bot, chat_id, *await _panel(parts, voice, chat_id, cards))


async def _panel(
    parts: Parts, voice: Voice, chat_id: int, cards: list[Card]
) -> tuple[str, list[list[Button]]]:
    blocks = [voice.say("<b>Cards of this group</b>")]
    for card in cards[:MOST_LISTED]:
        owner = await parts.store.people.get(card.owner_id)
        whose = voice.say("👤 {name}'s card", name=owner.name if owner else "?")
        if await parts.store.groups.may(chat_id, card) == "spend":
            whose += Markup(" · ") + voice.say("everybody here may spend: /spent")
        by = await said_by(parts, voice, None, card)
        blocks.append(panel.lines(voice, parts.issuers, card, by) + Markup("\n") + whose)
    return str(fitted(voice, blocks, PARAGRAPH)), [
        [Button(voice.plain("🔄 Refresh"), "groupcards")]
    ]


async def _spent(
    parts: Parts, voice: Voice, message: Message, user: User, words: str, cards: list[Card]
) -> None:
    person = await parts.store.people.get(user.id)
    spender = spending.Spender(user, person, voice, message.chat_id, message.message_id, words)
    await spending.spent(parts, spender, cards)


async def on_group_press(parts: Parts, query: CallbackQuery) -> bool:
    """Refresh a group's cards, or undo what was booked from there."""
    message = query.message
    if message is None:
        return False
    try:
        data = parts.bot.seal.open(message.chat.id, query.data or "")
    except OutdatedButton:
        return False
    word, _, rest = data.partition(":")
    person = await parts.store.people.get(query.from_user.id)
    voice = parts.voice(person, query.from_user.language_code)
    if person is not None and person.barred_at is not None:
        return False
    if word == "groupcards":
        said = voice.plain("Asking the issuers…")
        asking = _refreshed(parts, voice, message.chat.id, message.message_id)
        parts.background.start(asking, "refreshing the cards of a group")
    elif word in {"groupundo", "groupspent"}:
        act = _undone if word == "groupundo" else spending.chosen
        try:
            said = await act(parts, query, person, *rest.split(":", 1))
        except OutdatedButton:
            return False
    else:
        return False
    with suppress(TelegramError):
        await query.answer(said)
    return True


async def _refreshed(parts: Parts, voice: Voice, chat_id: int, message_id: int) -> None:
    """Ask the issuers of a group's cards at the same time, and show what they say."""
    cards = await parts.store.groups.cards(chat_id)
    asked = (parts.wallet.refresh(card.owner_id, card.id) for card in cards[:MOST_LISTED])
    await asyncio.gather(*asked)
    now = replace(voice, now=parts.clock())  # it has become later
    text, buttons = await _panel(parts, now, chat_id, await parts.store.groups.cards(chat_id))
    with suppress(TelegramError):  # nothing changed, or somebody deleted it
        await calls.edit(parts.bot, chat_id, message_id, text, buttons if cards else None)


async def _undone(
    parts: Parts, query: CallbackQuery, person: Person | None, card_id: str, entry: str
) -> str:
    """Take a booking back, for who booked it or manages the card; gives what to say to others."""
    user, message = query.from_user, query.message
    voice = parts.voice(person, user.language_code)
    if message is None:
        return voice.plain(ONLY_THEIRS)
    there = [one for one in await parts.store.groups.cards(message.chat.id) if one.id == card_id]
    mine, _ = await spending.spendable(parts, message.chat.id, user.id, person, there)
    if not mine:
        return voice.plain(ONLY_THEIRS)
    card, may_enter_here = mine[0], person is not None and may_enter(parts.settings, person)
    manages = may_enter_here and await parts.store.shares.card(user.id, card_id, "manage")
    done = await parts.bookings.undo(
        card.owner_id,
        card_id,
        number(entry),
        only_by=None if manages else user.id,
        by=user.id,
    )
    if done is None:
        return voice.plain(ONLY_THEIRS)
    change = Money(done.entries[0].amount_minor, done.entries[0].currency)
    text = voice.say(
        "↩️ <b>{card}</b>: {change} undone · 👤 {name}",
        card=panel.masked(card),
        change=voice.change(change),
        name=user.full_name,
    )
    with suppress(TelegramError):
        await calls.edit(parts.bot, message.chat.id, message.message_id, str(text))
    return ""


async def _ended(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Say that a group sees somebody's cards no more: they, or the bot, are in it no more."""
    del card
    voice, said = parts.voice(person), item.payload
    names: Any = said["cards"]
    text = LEFT if said.get("left") else REMOVED
    return voice.say(text, group=said["group"], cards=voice.plain(", ").join(names)), []


async def only_there(context: Context) -> None:
    """Refuse what has its place in a group alone."""
    del context
    raise OutdatedButton


async def only_that_there(context: Context, rest: str) -> None:
    """`only_there`, for what says more."""
    del rest
    await only_there(context)


COMMANDS_HERE: Final = {"balance": _balance, "spent": _spent, "share": choosing.lead}
STARTS = {choosing.PREFIX: choosing.choose}
BUTTONS = {
    "groupshare": choosing.share_there,
    "groupshares": choosing.turned,
    "groupcards": only_there,
    "groupundo": only_that_there,
    "groupspent": only_that_there,
}
GUARDED = frozenset({"groupshare"})
LETTERS = {groups.ENDED: Letter(_ended)}
