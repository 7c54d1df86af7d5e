"""One tap books what a card always pays: a visit of ten, a fare, a coffee."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import panel
from bot.booking_view import not_enough, one_tap, sum_of, ways_on
from bot.bookings import NotEnough
from bot.buttons import Button, OutdatedButton
from bot.declared import CardAction
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.money import UNITS, Money
from bot.typed import money_typed
from bot.ways import to_cancel, to_card

if TYPE_CHECKING:
    from bot.context import Context
    from bot.parts import Parts
    from storage import Card

KIND: Final = "quick"


def _spendable(parts: Parts, card: Card) -> bool:
    del parts
    return card.currency is not None


async def ask(context: Context, card_id: str) -> None:
    """Ask what one tap is to book."""
    card, voice = await context.card(card_id, "manage"), context.voice
    if card.currency is None:
        await context.notice(voice.plain("Say first what is on the card."))
        return
    await context.parts.dialogues.keep(context.person.id, Dialogue(KIND, data={"card": card.id}))
    usual = Money(1, card.currency) if card.currency in UNITS else Money(3000, card.currency)
    rows = [[to_cancel(voice)]]
    if one_tap(card):
        rows.insert(0, [Button(voice.plain("Switch it off"), f"slow:{card.id}")])
    await context.ask(
        voice.say(
            "How much shall one tap book as spent on <b>{card}</b>? For example {example}.",
            card=panel.masked(card),
            example=voice.money(usual),
        ),
        rows,
    )


async def typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the amount."""
    card = await context.card(dialogue.data["card"], "manage")
    amount = await money_typed(context, text, card.currency or "")
    if amount is None:
        return
    await context.parts.store.cards.change(card.owner_id, card.id, quick_minor=amount.minor)
    await context.parts.dialogues.end(context.person.id)
    await _say_set(context, card, amount if amount.minor else None)


async def switch_off(context: Context, card_id: str) -> None:
    """Take the button away again."""
    card = await context.card(card_id, "manage")
    await context.parts.store.cards.change(card.owner_id, card.id, quick_minor=0)
    await context.parts.dialogues.end(context.person.id)
    await _say_set(context, card, None)


async def _say_set(context: Context, card: Card, amount: Money | None) -> None:
    voice, name = context.voice, panel.masked(card)
    rows = [[to_card(voice, card)]]
    if amount is None:
        text = voice.say("<b>{card}</b> has no one-tap spending any more.", card=name)
    else:
        money = voice.money(amount)
        text = voice.say("One tap on <b>{card}</b> now books {amount}.", card=name, amount=money)
        rows[0].insert(0, Button(voice.plain("⚡ {amount}", amount=money), f"quick:{card.id}"))
    await context.conclude(text, rows)


async def spend(context: Context, card_id: str) -> None:
    """Book it, once for each press."""
    card, voice = await context.card(card_id, "spend"), context.voice
    if (amount := one_tap(card)) is None:
        raise OutdatedButton
    pressed = context.query.id if context.query else context.message.message_id
    try:
        done = await context.parts.bookings.book(
            card.owner_id,
            card.id,
            kind="purchase",
            change=Money(-amount.minor, amount.currency),
            by=context.person.id,
            external_id=f"quick:{pressed}",
        )
    except NotEnough as short:
        await context.reply(*not_enough(voice, card, short.balance))
        return
    if done is None:
        raise OutdatedButton
    name, money = panel.masked(card), voice.money(amount)
    lines = [voice.say("⚡ <b>{card}</b>: {amount} spent", card=name, amount=money)]
    if done.before is not None and done.after is not None:
        lines.append(sum_of(voice, done.before, done.after))
    known = done.after is not None
    await context.reply(
        Markup("\n").join(lines), ways_on(voice, done.card, done.entries, known=known)
    )


BUTTONS = {"quickly": ask, "slow": switch_off, "quick": spend}
DIALOGUES = {KIND: typed}
CARD_ACTIONS = (CardAction("quickly", mark("⚡ One-tap spending"), order=25, wanted=_spendable),)
