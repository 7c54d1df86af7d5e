"""Can I pay this? /pay 120 says by which card, or by which of them together, and books it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bot.bookings import NotEnough
from bot.buttons import Button, OutdatedButton, number
from bot.dialogue import Dialogue
from bot.features.pay import view
from bot.features.pay.bill import Bill, Payment, is_zero, pay, read, without_shop
from bot.languages import mark
from bot.money import Money
from bot.parts import Command
from bot.search import none_for_that
from bot.showing import show_card
from bot.spoken import meant
from bot.vanishing import vanish
from bot.ways import to_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.context import Context
    from storage import Card, Entry, Owed

KIND: Final = "paying"
LONGEST: Final = 60


async def begin(context: Context) -> None:
    """Say how the amount behind the command is paid, or ask for one."""
    voice = context.voice
    cards = await context.cards("spend")
    written = (context.message.text or "").split(maxsplit=1)
    if context.parts.issuers.looks_like_a_number("".join(written[1:])):
        context.args = ""  # the door left only its last digits, which are no amount
    if not cards:
        await context.reply(*await none_for_that(context))
    elif not context.args.strip():
        await context.parts.dialogues.keep(context.person.id, Dialogue(KIND))
        await context.ask(
            voice.say("How much is to be paid? With the shop’s name if you like: 120 Starbucks"),
            [[to_cancel(voice)]],
        )
    elif not await context.took_stray(context.args):
        await _answer(context, context.args, cards)


async def typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the amount that was asked for."""
    del dialogue
    if await context.took_stray(text):
        return
    if (wish := meant(text)) and wish.command == "pay":
        text = wish.args
    await _answer(context, text, await context.cards("spend"), asked=True)


async def _answer(context: Context, text: str, cards: list[Card], *, asked: bool = False) -> None:
    bills, voice = read(context, text, cards), context.voice
    if not bills:
        await _not_read(context, text[:LONGEST], cards)
        return
    if asked:
        await context.parts.dialogues.end(context.person.id)
    if len(bills) > 1:
        rows = [
            [Button(voice.money(bill.amount), f"till:plan:{pay(context, bill, cards).data}")]
            for bill in bills
        ]
        await context.ask(voice.say("“{typed}”: which amount is it?", typed=text[:LONGEST]), rows)
        return
    said = view.payment(context, pay(context, bills[0], cards), cards)
    await (context.conclude(*said) if asked else context.reply(*said))


async def _not_read(context: Context, text: str, cards: list[Card]) -> None:
    """Say what is missing; where only no card is called so, offer to look at all of them."""
    voice = context.voice
    bills, shop = without_shop(context, text, cards)
    if not bills:
        said = voice.say(
            "I find no amount in “{typed}”. For example: /pay 120, or /pay 120 Starbucks.",
            typed=text,
        )
        if is_zero(text):
            said = voice.say("An amount of zero changes nothing. Send another one, or /cancel.")
        await context.reply(said)
        return
    rows = []
    for bill in bills:
        label = voice.plain("All cards: {amount}", amount=voice.money(bill.amount))
        rows.append([Button(label, f"till:plan:{pay(context, bill, cards).data}")])
    await context.ask(voice.say("“{typed}”: no card of yours is called so.", typed=shop), rows)


async def planned(context: Context, bill: Bill, seen: str) -> None:
    """Plan it anew, after another amount or currency was pressed."""
    del seen
    await _plan_anew(context, bill)


async def refreshed(context: Context, bill: Bill, seen: str) -> None:
    """Ask the issuers of what was left out, and plan it anew."""
    del seen
    await context.notice(context.voice.plain("One moment, I am asking…"))
    payment = pay(context, bill, await context.cards("spend"))
    wallet = context.parts.wallet
    await asyncio.gather(
        *(wallet.refresh(one.owner_id, one.id, insist=True) for one, _ in payment.left_out)
    )
    await _plan_anew(context, bill)


async def _plan_anew(context: Context, bill: Bill) -> None:
    cards = await context.cards("spend")
    await context.show(*view.payment(context, pay(context, bill, cards), cards))


async def paid(context: Context, bill: Bill, seen: str) -> None:
    """Book what every card of the plan paid, all of it or nothing."""
    parts, voice = context.parts, context.voice
    cards = await context.cards("spend")
    payment = pay(context, bill, cards)
    key = f"pay:{context.chat_id}:{context.message.message_id}:"
    if payment.seen != seen:
        if await _is_booked(context, cards, key):
            raise OutdatedButton
        await _changed(context, payment, cards)
        return
    try:
        booked = await _book(context, payment, key)
    except NotEnough:
        cards = await context.cards("spend")
        await _instead(context, *view.payment(context, pay(context, bill, cards), cards))
        return
    await parts.dialogues.end(context.person.id)
    await _instead(context, *view.booked(voice, payment, booked))


async def _is_booked(context: Context, cards: Sequence[Card], key: str) -> bool:
    """Say whether this very button has booked its plan already."""
    ledger = context.parts.store.ledger
    for card in cards:
        if await ledger.booked(card.owner_id, card.id, key + card.id):
            return True
    return False


async def _changed(context: Context, payment: Payment, cards: Sequence[Card]) -> None:
    """Something was booked or read since: what was agreed to is not what would be booked."""
    voice = context.voice
    await context.notice(voice.plain("A balance has changed since. Here is the plan anew."))
    await _instead(context, *view.payment(context, payment, cards))


async def _instead(context: Context, text: Markup, buttons: Buttons) -> None:
    """Say it in the place of the plan; where a card is shown, that goes and this stays."""
    if (owed := await _shown_now(context)) is None:
        await context.show(text, buttons)
    else:
        await context.reply(text, buttons)
        await vanish(context.parts, owed)


async def _shown_now(context: Context) -> Owed | None:
    """Find the message whose button was pressed, if it shows a card for a minute."""
    vanishing = context.parts.store.vanishing
    return await vanishing.get(context.chat_id, context.message.message_id)


async def shown(
    context: Context, place: str, minor: str, currency: str, seen: str, words: str
) -> None:
    """Show one card of the plan for a minute; the one that was shown before it goes."""
    bill = Bill(Money(number(minor), currency), words)
    cards = await context.cards("spend")
    payment, at = pay(context, bill, cards), number(place)
    if payment.seen != seen:
        await _changed(context, payment, cards)
        return
    if at >= len(payment.plan.steps):
        raise OutdatedButton
    before = await _shown_now(context)
    head, on = view.turn(context.voice, payment, at)
    card = await context.card(payment.plan.steps[at][0], "spend")
    await show_card(context, card, head=head, on=on)
    if before is not None:
        await vanish(context.parts, before)


async def _book(context: Context, payment: Payment, key: str) -> list[tuple[Card, Entry]]:
    """Book every step or none, by the rights there are just then.

    Cards are locked in one order for all, so that two who pay with the same ones do not wait for
    each other for ever.
    """
    bookings, me, done = context.parts.bookings, context.person.id, []
    async with context.parts.store.transaction() as tx:
        owners = {}
        for card_id in sorted(card_id for card_id, _ in payment.plan.steps):
            card = await tx.shares.card(me, card_id, "spend")
            if card is None or await tx.cards.lock(card.owner_id, card_id) is None:
                raise OutdatedButton
            owners[card_id] = card.owner_id
        for card_id, minor in payment.plan.steps:
            made = await bookings.book(
                owners[card_id],
                card_id,
                kind="purchase",
                change=Money(-minor, payment.bill.amount.currency),
                text=payment.bill.words,
                by=me,
                external_id=key + card_id,
                store=tx,
            )
            if made is None:
                raise OutdatedButton
            done.append((made.card, made.entries[0]))
    return done


async def acted(
    context: Context, act: str, minor: str, currency: str, seen: str, words: str
) -> None:
    """Do what a button below a plan says."""
    acts = {"plan": planned, "ask": refreshed, "paid": paid}
    if act not in acts:
        raise OutdatedButton
    await acts[act](context, Bill(Money(number(minor), currency), words), seen)


COMMANDS = (Command("pay", mark("Which cards pay an amount"), begin, order=8),)
BUTTONS = {"bill": begin, "till": acted, "pays": shown}
GUARDED = frozenset({"pays"})
DIALOGUES = {KIND: typed}
