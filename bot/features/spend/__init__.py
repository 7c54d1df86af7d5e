"""The ledger its holder keeps: /spent 38.50 麦当劳, /topup, /refund, /set, each with its undo."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.booking_view import not_enough
from bot.bookings import Booked, NotEnough
from bot.buttons import OutdatedButton, number
from bot.called import called, nameless
from bot.context import holds_number
from bot.days import day_meant, moment_of
from bot.features.spend import answers
from bot.features.spend.asking import (
    SET,
    ask_amount,
    ask_card,
    ask_meaning,
    candidates,
    currency_of,
    readings_of,
)
from bot.features.spend.which import (
    KIND,
    NEEDS,
    Pending,
    by_use,
    pending,
)
from bot.languages import mark
from bot.money import Money
from bot.parts import Command
from bot.search import matching, none_for_that, words_of
from bot.shared import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.dialogue import Dialogue
    from bot.said import Said, Understood
    from storage import Card, EntryKind, Store

SIGNS: dict[str, tuple[EntryKind, int]] = {
    "spent": ("purchase", -1),
    "topup": ("top-up", 1),
    "refund": ("refund", 1),
}
_GLUED = re.compile(rf"/({'|'.join([*SIGNS, SET])})(?=[^\x00-\x7f])")
"""Telegram takes no command for one if a Chinese word touches it: /spent麦当劳 38."""


async def begin(verb: str, context: Context) -> None:
    """Book what stands behind the command, or ask for what is missing."""
    text, card = context.args, None
    cards = await by_use(context, verb)
    if not cards:
        await context.reply(*await none_for_that(context))
        return
    written = (context.message.text or "").split(maxsplit=1)
    if context.parts.issuers.looks_like_a_number("".join(written[1:])):
        # The door left only its last digits, which are no amount.
        named = [one for one in cards if one.tail == text]
        text, card = "", named[0].id if len(named) == 1 else None
    elif await _took_number(context, text) or await _not_theirs(context, text, cards):
        return
    before = await context.parts.dialogues.current(context.person.id)
    asked = before is not None and before.kind == KIND
    today = answers.today_of(context.voice).isoformat()
    await _proceed(context, Pending(verb, text, today, card, asked=asked), cards)


async def _not_theirs(context: Context, text: str, cards: Sequence[Card]) -> bool:
    """Say so where only a card is named that they may see, but not do this with."""
    voice, issuers, ids = context.voice, context.parts.issuers, {card.id for card in cards}
    others = [one for one in await context.cards("see") if one.id not in ids]
    if not (meant := called(voice, issuers, others, [text])) or called(
        voice, issuers, cards, [text]
    ):
        return False
    card = named(voice, meant[0], context.shared.get(meant[0].id))
    await context.reply(
        voice.say("You may not do that with {card}. Ask its owner for it.", card=card)
    )
    return True


async def pressed(context: Context, verb: str, card_id: str) -> None:
    """Ask how much was spent or topped up on the card whose button was pressed."""
    if verb not in SIGNS:
        raise OutdatedButton
    card = await context.card(card_id, NEEDS[verb])
    today = answers.today_of(context.voice).isoformat()
    await _proceed(context, Pending(verb, "", today, card.id), [card])


async def on_text(context: Context, text: str) -> bool:
    """Take a command that the words behind it touch."""
    found = _GLUED.match(text)
    if found is None:
        return False
    context.args = text[found.end() :].strip()
    await begin(found[1], context)
    return True


async def _took_number(context: Context, text: str) -> bool:
    """Delete a card number among the words; a day may look like one."""
    today = answers.today_of(context.voice)
    words = " ".join(word for word in text.split() if day_meant(word, today) is None)
    return holds_number(context.parts, words) and await context.took_stray(text)


async def _proceed(context: Context, wanted: Pending, cards: Sequence[Card]) -> None:
    """Go on with what is known: book it, or ask for the one thing that is missing."""
    found = candidates(context, wanted, cards)
    fits = found.fitting
    if len(fits) > 1 or (wanted.verb == SET and not wanted.text and len(found.cards) > 1):
        await ask_card(context, await wanted.kept(context, "card"), fits or found.cards, 0)
    elif fits:
        await _with_card(context, wanted, fits[0], found.fits[fits[0].id])
    else:
        await ask_amount(context, wanted, found.cards)


async def _with_card(context: Context, wanted: Pending, card: Card, found: Understood) -> None:
    wanted = replace(wanted, card=card.id)
    readings = nameless(context.voice, context.parts.issuers, card, found.readings)
    if found.sure:
        await _book(context, wanted, card, readings[0])
    else:
        await ask_meaning(context, wanted, readings, found.coming)


async def typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take what was typed where an amount, a card or a meaning was asked for."""
    if await on_text(context, text) or await _took_number(context, text):
        return
    wanted = Pending(**dialogue.data)
    cards = await by_use(context, wanted.verb)
    if dialogue.step == "card":
        found = matching(context, cards, words_of(text))
        if len(found) != 1:
            await context.reply(context.voice.say("Press one of the cards above, or /cancel."))
            return
        await _proceed(context, replace(wanted, card=found[0].id), cards)
        return
    rest = wanted.text if dialogue.step == "amount" else ""
    await _proceed(context, replace(wanted, text=f"{text} {rest}".strip()), cards)


async def paying(context: Context, nonce: str, card_id: str) -> None:
    """Take the card that was pressed."""
    wanted = await pending(context, nonce)
    card = await context.card(card_id, NEEDS[wanted.verb])
    await _proceed(context, replace(wanted, card=card.id), [card])


async def turned(context: Context, nonce: str, at: str) -> None:
    """Turn to a page of the cards."""
    wanted = await pending(context, nonce)
    found = candidates(context, wanted, await by_use(context, wanted.verb))
    await ask_card(context, wanted, found.fitting or found.cards, number(at))


async def meant(context: Context, nonce: str, at: str) -> None:
    """Book the reading that was pressed."""
    wanted = await pending(context, nonce)
    card = await context.card(wanted.card or "", NEEDS[wanted.verb])
    found = readings_of(wanted, currency_of(context, card, wanted.text))
    readings = nameless(context.voice, context.parts.issuers, card, found.readings)
    if number(at) >= len(readings):
        raise OutdatedButton
    await _book(context, wanted, card, readings[number(at)])


async def _book(context: Context, wanted: Pending, card: Card, said: Said) -> None:
    """Book it, and end the conversation about it with the same write."""
    parts, voice, manages = context.parts, context.voice, context.may(card, "manage")
    try:
        async with parts.store.transaction() as tx:
            done = await _booked(context, wanted, card, said, tx)
            if done is None:
                raise OutdatedButton
            if wanted.asked:
                await tx.dialogues.drop(context.person.id)
    except NotEnough as short:
        if wanted.asked:
            await parts.dialogues.end(context.person.id)
        await _conclude(context, wanted, *not_enough(voice, card, short.balance, manages=manages))
        return
    await _conclude(
        context, wanted, *answers.booked(parts, voice, wanted.verb, said, done, manages=manages)
    )


async def _booked(
    context: Context, wanted: Pending, card: Card, said: Said, tx: Store
) -> Booked | None:
    bookings, me, note = context.parts.bookings, context.person.id, answers.note_of(said.words)
    earlier = said.day is not None and said.day < answers.today_of(context.voice)
    at = moment_of(said.day, context.voice.zone) if said.day and earlier else None
    if wanted.verb == SET:
        return await bookings.set(
            card.owner_id, card.id, said.amount, text=note, at=at, by=me, store=tx
        )
    kind, sign = SIGNS[wanted.verb]
    change = Money(sign * said.amount.minor, said.amount.currency)
    return await bookings.book(
        card.owner_id, card.id, kind=kind, change=change, text=note, at=at, by=me, store=tx
    )


async def _conclude(context: Context, wanted: Pending, text: Markup, buttons: Buttons) -> None:
    """Answer in the place of the question, if there was one."""
    if wanted.asked:
        await context.conclude(text, buttons)
    else:
        await context.show(text, buttons)


async def undo(context: Context, card_id: str, entry_id: str) -> None:
    """Take a booking back, once."""
    card, voice = await context.card(card_id, "spend"), context.voice
    me = context.person.id
    only = None if context.may(card, "manage") else me
    bookings = context.parts.bookings
    done = await bookings.undo(card.owner_id, card.id, number(entry_id), only_by=only, by=me)
    if done is None:
        await context.notice(voice.plain("That cannot be undone any more. See /history."))
        return
    await context.show(*answers.undone(voice, done, manages=context.may(card, "manage")))


COMMANDS = (
    Command("spent", mark("Write down what a card paid for"), partial(begin, "spent"), order=11),
    Command("topup", mark("Write down a top-up"), partial(begin, "topup"), order=12),
    Command("refund", mark("Write down a refund"), partial(begin, "refund"), order=13),
    Command(SET, mark("Say what is on a card"), partial(begin, SET), order=14),
)
BUTTONS = {"book": pressed, "pay": paying, "payees": turned, "meant": meant, "unspent": undo}
DIALOGUES = {KIND: typed}
