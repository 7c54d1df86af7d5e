"""What people book in a group: /spent 12.50 coffee there, in all the ways it is written elsewhere.

Who has a right of their own on a card books by that. Where its owner lets everybody in the group
spend, Telegram is asked each time whether somebody still is in it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

from bot import calls, panel
from bot.booking_view import sum_of
from bot.bookings import NotEnough
from bot.buttons import Button, OutdatedButton, number
from bot.called import called, nameless
from bot.context import holds_number
from bot.days import moment_of
from bot.languages import mark
from bot.money import Money
from bot.roles import may_enter
from bot.said import Said, Understood, currency_named, understand

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from telegram import CallbackQuery, User

    from bot.bookings import Booked
    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Person

log = logging.getLogger(__name__)

MOST_ASKED: Final = 8
LONGEST_NOTE: Final = 100
LONGEST_WORDS: Final = 24
INSIDE: Final = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER}

NOBODYS: Final = mark(
    "None of this group's cards is yours to spend from. Its owner can share it with you, or let "
    "everybody here spend: /share in private."
)
UNSEEN: Final = mark(
    "I cannot see who is in this group. Make me an administrator of it, then everybody here can "
    "spend as the card's owner allows."
)
HOW: Final = mark("Write the amount in {currency} and what for: /spent 38.5 lunch")
NOT_YOURS: Final = mark("Only who wrote it can choose.")


async def is_inside(parts: Parts, chat_id: int, user_id: int) -> bool | None:
    """Ask whether somebody is in a group now; None where Telegram does not say."""
    try:
        member = await parts.bot.get_chat_member(chat_id, user_id)
    except TelegramError:
        return None
    if member.status == ChatMemberStatus.RESTRICTED:
        return bool(getattr(member, "is_member", False))
    return member.status in INSIDE


@dataclass(frozen=True, slots=True)
class Spender:
    """Somebody who writes in a group, and what they wrote in which of its messages."""

    user: User
    person: Person | None
    """None if the bot has not met them."""
    voice: Voice
    chat_id: int
    message_id: int
    words: str


async def spendable(
    parts: Parts, chat_id: int, user_id: int, person: Person | None, cards: Sequence[Card]
) -> tuple[list[Card], bool]:
    """Pick the cards somebody may spend from in a group; and whether they were not let for that.

    By their own right, if they may use the bot at all; else as one of those who are in the group.
    """
    welcome = person is not None and may_enter(parts.settings, person)
    mine, by_group = [], []
    for card in cards:
        if welcome and await parts.store.shares.card(user_id, card.id, "spend"):
            mine.append(card)
        elif await parts.store.groups.may(chat_id, card) == "spend":
            by_group.append(card)
    if not by_group:
        return mine, False
    inside = await is_inside(parts, chat_id, user_id)
    return (mine + by_group, False) if inside else (mine, inside is None)


async def spent(parts: Parts, spender: Spender, cards: Sequence[Card]) -> None:
    """Book it, or ask for the one thing that is missing."""
    voice, chat_id, user = spender.voice, spender.chat_id, spender.user
    mine, unseen = await spendable(parts, chat_id, user.id, spender.person, cards)
    if not mine:
        await _reply(parts, spender, voice.say(UNSEEN if unseen else NOBODYS))
        return
    read = {card.id: _read(parts, voice, card, spender.words) for card in mine}
    texts = {said.words for found in read.values() for said in found.readings} or {spender.words}
    meant = called(voice, parts.issuers, mine, [*texts]) or mine
    fits = [card for card in meant if read[card.id].readings]
    fits = [card for card in fits if not read[card.id].foreign] or fits[:1]
    if not fits or read[fits[0].id].foreign:
        currency = _currency(parts, (fits or meant)[0], spender.words)
        await _reply(parts, spender, voice.say(HOW, currency=voice.language.currency(currency)))
    elif len(fits) > 1:
        few = fits[:MOST_ASKED]
        rows = [[Button(panel.masked(card), f"groupspent:{card.id}:")] for card in few]
        await _reply(parts, spender, voice.say("Which card?"), rows)
    else:
        await _with_card(parts, spender, fits[0], read[fits[0].id])


async def _with_card(parts: Parts, spender: Spender, card: Card, found: Understood) -> None:
    voice = spender.voice
    readings = nameless(voice, parts.issuers, card, found.readings)
    if found.sure:
        text, below = await _booked(parts, spender, card, readings[0])
        await _tell(parts, spender, text, _reply(parts, spender, text, below))
        return
    rows = [
        [Button(_short(voice, said), f"groupspent:{card.id}:{at}")]
        for at, said in enumerate(readings)
    ]
    await _reply(parts, spender, voice.say("What did you mean?"), rows)


async def chosen(
    parts: Parts, query: CallbackQuery, person: Person | None, card_id: str, at: str
) -> str:
    """Book what the message that is replied to says, on the card or as it was pressed.

    Gives what to say to whoever pressed it in vain.
    """
    message, user = query.message, query.from_user
    asked = getattr(message, "reply_to_message", None)
    voice = parts.voice(person, user.language_code)
    if message is None or asked is None or asked.from_user is None:
        raise OutdatedButton
    if asked.from_user.id != user.id:
        return voice.plain(NOT_YOURS)
    words = " ".join((asked.text or "").split()[1:])
    if holds_number(parts, words):  # it was changed since
        raise OutdatedButton
    spender = Spender(user, person, voice, message.chat.id, asked.message_id, words)
    cards = [one for one in await parts.store.groups.cards(spender.chat_id) if one.id == card_id]
    mine, _ = await spendable(parts, spender.chat_id, user.id, person, cards)
    if not mine:
        raise OutdatedButton
    found = _read(parts, voice, mine[0], words)
    readings = nameless(voice, parts.issuers, mine[0], found.readings)
    if not at and not found.sure:
        text = voice.say("What did you mean?")
        below: Buttons = [
            [Button(_short(voice, said), f"groupspent:{card_id}:{n}")]
            for n, said in enumerate(readings)
        ]
    else:
        which = number(at) if at else 0
        if which >= len(readings):
            raise OutdatedButton
        text, below = await _booked(parts, spender, mine[0], readings[which])
    edit = calls.edit(parts.bot, spender.chat_id, message.message_id, str(text), below)
    await _tell(parts, spender, text, edit)
    return ""


def _currency(parts: Parts, card: Card, words: str) -> str:
    issuer = parts.issuers.get(card.issuer)
    usual = (issuer and issuer.currency) or parts.settings.currency
    return card.currency or currency_named(words) or usual


def _read(parts: Parts, voice: Voice, card: Card, words: str) -> Understood:
    currency = _currency(parts, card, words)
    found = understand(words, currency, voice.now.astimezone(voice.zone).date())
    return replace(found, readings=tuple(said for said in found.readings if said.amount.minor > 0))


def _short(voice: Voice, said: Said) -> str:
    pieces = [voice.money(said.amount)]
    if said.day is not None:
        pieces.append(voice.date(moment_of(said.day, voice.zone)))
    return " · ".join([*pieces, *([said.words[:LONGEST_WORDS]] if said.words else [])])


async def _booked(parts: Parts, spender: Spender, card: Card, said: Said) -> tuple[Markup, Buttons]:
    """Book it once for each message, and say so to all; or why it is not booked."""
    voice, user = spender.voice, spender.user
    earlier = said.day is not None and said.day < voice.now.astimezone(voice.zone).date()
    try:
        done = await parts.bookings.book(
            card.owner_id,
            card.id,
            kind="purchase",
            change=Money(-said.amount.minor, said.amount.currency),
            text=said.words[:LONGEST_NOTE],
            at=moment_of(said.day, voice.zone) if said.day and earlier else None,
            by=user.id,
            called=None if spender.person else user.full_name,
            external_id=f"group:{spender.chat_id}:{spender.message_id}",
        )
    except NotEnough as short:
        text = voice.say(
            "There is only {balance} on {card}, so nothing is booked.",
            balance=voice.money(short.balance),
            card=panel.masked(card),
        )
        return text, []
    if done is None:
        raise OutdatedButton
    return _told(voice, user, card, said, done)


def _told(voice: Voice, user: User, card: Card, said: Said, done: Booked) -> tuple[Markup, Buttons]:
    lines = [
        voice.say(
            "<b>{card}</b>: {amount} spent · 👤 {name}",
            card=panel.masked(card),
            amount=voice.money(said.amount),
            name=user.full_name,
        )
    ]
    about = [said.words[:LONGEST_NOTE]] if said.words else []
    if said.day is not None:
        about.append(voice.date(moment_of(said.day, voice.zone)))
    if about:
        lines.append(Markup("{}").format(" · ".join(about)))
    if done.before is not None and done.after is not None and not done.already:
        lines.append(sum_of(voice, done.before, done.after))
    undo = Button(voice.plain("↩️ Undo"), f"groupundo:{card.id}:{done.entries[0].id}")
    return Markup("\n").join(lines), [[undo]]


async def _tell(
    parts: Parts, spender: Spender, text: Markup, in_the_group: Awaitable[object]
) -> None:
    """Say it in the group, or in private where the group cannot be told what was booked."""
    try:
        await in_the_group
    except TelegramError as error:
        log.warning("a booking is told to who made it alone: %s", error.message)
        with suppress(TelegramError):
            await calls.send(parts.bot, spender.user.id, str(text))


async def _reply(
    parts: Parts, spender: Spender, text: Markup, buttons: Buttons | None = None
) -> None:
    await calls.send(parts.bot, spender.chat_id, str(text), buttons, reply_to=spender.message_id)
