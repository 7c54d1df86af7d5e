"""Cards that are shared with a group: their balances there, and what people book from there."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from telegram.error import TelegramError

from bot import calls, panel
from bot.amounts import parse_amount, unit_named
from bot.booking_view import sum_of
from bot.bookings import NotEnough
from bot.buttons import Button, OutdatedButton, number
from bot.commands import command_in
from bot.context import holds_number
from bot.features.groups import choosing
from bot.languages import mark
from bot.money import Money, is_currency
from bot.pages import PARAGRAPH, fitted
from bot.roles import may_enter
from bot.shared import said_by
from storage import suffices

if TYPE_CHECKING:
    from telegram import CallbackQuery, Message, User

    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Held

log = logging.getLogger(__name__)

MOST_LISTED: Final = 20
LONGEST_NOTE: Final = 100
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
    if name == "spent" and person is not None and not may_enter(parts.settings, person):
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
    await calls.send(parts.bot, message.chat_id, *await _panel(parts, voice, cards))


async def _panel(parts: Parts, voice: Voice, cards: list[Card]) -> tuple[str, list[list[Button]]]:
    blocks = [voice.say("<b>Cards of this group</b>")]
    for card in cards[:MOST_LISTED]:
        owner = await parts.store.people.get(card.owner_id)
        whose = voice.say("👤 {name}'s card", name=owner.name if owner else "?")
        by = await said_by(parts, voice, None, card)
        blocks.append(panel.lines(voice, parts.issuers, card, by) + Markup("\n") + whose)
    return str(fitted(voice, blocks, PARAGRAPH)), [
        [Button(voice.plain("🔄 Refresh"), "groupcards")]
    ]


async def _spent(
    parts: Parts, voice: Voice, message: Message, user: User, words: str, cards: list[Card]
) -> None:
    mine = [card for card in cards if await parts.store.shares.card(user.id, card.id, "spend")]
    named = [card for card in mine if _names(card, words)]
    chosen = named or mine
    if not mine:
        said = voice.say(
            "None of this group's cards is yours to spend from. Ask its owner to share it with "
            "you too."
        )
    elif len(chosen) > 1:
        said = voice.say(
            "Which card? Add its name: /spent 38.5 lunch {card}", card=panel.label(chosen[0])
        )
    else:
        await _book(parts, voice, message, user, words, chosen[0])
        return
    await calls.send(parts.bot, message.chat_id, str(said))


def _names(card: Card, words: str) -> bool:
    return card.label.casefold() in words.casefold() or f"·{card.tail}" in words


async def _book(
    parts: Parts, voice: Voice, message: Message, user: User, words: str, card: Card
) -> None:
    """Book what the first word says, with the rest as what it was for."""
    typed, _, rest = words.partition(" ")
    currency = card.currency or parts.settings.currency
    unit, _, beyond = rest.partition(" ")
    if (unit.isupper() and is_currency(unit)) or unit_named(f"1 {unit}"):
        typed, rest = f"{typed} {unit}", beyond
    try:
        amount = parse_amount(typed, currency)
    except ValueError:
        amount = Money(0, currency)
    if amount.minor <= 0:
        text = voice.say(
            "Write the amount in {currency} and what for: /spent 38.5 lunch",
            currency=voice.language.currency(currency),
        )
        await calls.send(parts.bot, message.chat_id, str(text))
        return
    try:
        done = await parts.bookings.book(
            card.owner_id,
            card.id,
            kind="purchase",
            change=Money(-amount.minor, currency),
            text=" ".join(rest.replace(card.label, "").split())[:LONGEST_NOTE],
            by=user.id,
        )
    except NotEnough as short:
        text = voice.say(
            "There is only {balance} on {card}, so nothing is booked.",
            balance=voice.money(short.balance),
            card=panel.masked(card),
        )
        await calls.send(parts.bot, message.chat_id, str(text))
        return
    if done is None:
        return
    lines = [
        voice.say(
            "<b>{card}</b>: {amount} spent · 👤 {name}",
            card=panel.masked(card),
            amount=voice.money(amount),
            name=user.full_name,
        )
    ]
    if done.before is not None and done.after is not None:
        lines.append(sum_of(voice, done.before, done.after))
    undo = Button(voice.plain("↩️ Undo"), f"groupundo:{card.id}:{done.entries[0].id}")
    text = Markup("\n").join(lines)
    try:
        await calls.send(parts.bot, message.chat_id, str(text), [[undo]])
    except TelegramError as error:
        log.warning("a booking is told to who made it alone: %s", error.message)
        with suppress(TelegramError):
            await calls.send(parts.bot, user.id, str(text))


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
    elif word == "groupundo" and (person is None or may_enter(parts.settings, person)):
        said = await _undone(parts, voice, query, *rest.split(":", 1))
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
    text, buttons = await _panel(parts, now, await parts.store.groups.cards(chat_id))
    with suppress(TelegramError):  # nothing changed, or somebody deleted it
        await calls.edit(parts.bot, chat_id, message_id, text, buttons if cards else None)


async def _undone(
    parts: Parts, voice: Voice, query: CallbackQuery, card_id: str, entry: str
) -> str:
    """Take a booking back, for who booked it or manages the card; gives what to say to others."""
    user, message = query.from_user, query.message
    held = await parts.store.shares.held(user.id, card_id, "spend")
    if held is None or message is None:
        return voice.plain(ONLY_THEIRS)
    if await parts.store.groups.may(message.chat.id, held.card) is None:
        return voice.plain(ONLY_THEIRS)
    done = await parts.bookings.undo(
        held.card.owner_id, card_id, number(entry), only_by=_only(held, user.id)
    )
    if done is None:
        return voice.plain(ONLY_THEIRS)
    change = Money(done.entries[0].amount_minor, done.entries[0].currency)
    text = voice.say(
        "↩️ <b>{card}</b>: {change} undone · 👤 {name}",
        card=panel.masked(held.card),
        change=voice.change(change),
        name=user.full_name,
    )
    with suppress(TelegramError):
        await calls.edit(parts.bot, message.chat.id, message.message_id, str(text))
    return ""


def _only(held: Held, person_id: int) -> int | None:
    return None if suffices(held.right, "manage") else person_id


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
}
GUARDED = frozenset({"groupshare"})
