"""What a person is told about a message of their card's issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.booking_view import not_enough, sum_of, unknown, ways_on
from bot.buttons import Button
from bot.context import UNDELETED
from bot.languages import mark
from bot.readings import money_of
from bot.ways import to_cancel

if TYPE_CHECKING:
    from bot.bookings import Booked
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.features.forwarded.booking import Outcome
    from bot.features.forwarded.choice import Offered
    from bot.features.forwarded.notice import Notice
    from bot.money import Money
    from bot.voice import Voice

DONE = {
    "spent": mark("<b>{card}</b>: {amount} spent"),
    "added": mark("<b>{card}</b>: {amount} topped up"),
    "refunded": mark("<b>{card}</b>: {amount} refunded"),
    None: mark("<b>{card}</b>: the balance is {amount}"),
}
SAYS = {
    "spent": mark("{amount} spent"),
    "added": mark("{amount} added"),
    "refunded": mark("{amount} refunded"),
}
BY_HAND = {"spent": "/spent", "added": "/topup", "refunded": "/refund", None: "/set"}
BALANCE = mark("balance {amount}")
CLEARED = mark(
    "I deleted your message, because a whole card number stands in it. "
    "I kept nothing of the number."
)


def of(voice: Voice, notice: Notice, outcome: Outcome) -> tuple[Markup, Buttons]:
    """Say what was booked, with the way to take it back, or why nothing was."""
    card, booked = outcome.card, outcome.booked
    if outcome.lacking is not None:
        return not_enough(voice, card, outcome.lacking)
    if booked is None or booked.already or not booked.entries:
        return _nothing_done(voice, notice, outcome), ways_on(voice, card, (), known=True)
    lines = [_headline(voice, notice, outcome), *_where(voice, notice)]
    if booked.after is None:
        lines.append(unknown(voice))
    else:
        lines += _sums(voice, booked, booked.after, outcome.change)
    known = booked.after is not None
    return Markup("\n").join(lines), ways_on(voice, card, booked.entries, known=known)


def _headline(voice: Voice, notice: Notice, outcome: Outcome) -> Markup:
    said, currency = notice.said, outcome.card.currency
    one = said.amount or said.balance
    money = one.money(currency) if one else None
    amount = voice.money(money) if money else "—"
    return voice.say(DONE[said.kind], card=panel.masked(outcome.card), amount=amount)


def _nothing_done(voice: Voice, notice: Notice, outcome: Outcome) -> Markup:
    card, booked, known = panel.masked(outcome.card), outcome.booked, money_of(outcome.card)
    if booked is None:
        told = voice.say(
            "<b>{card}</b>: this is in the balance from the issuer already.", card=card
        )
    elif booked.already:
        told = voice.say("<b>{card}</b>: this message is booked already.", card=card)
    elif known == outcome.balance:
        told = voice.say("<b>{card}</b>: nothing has changed.", card=card)
    else:
        told = voice.say(
            "<b>{card}</b>: a later balance is known, so this changes nothing.", card=card
        )
    lines = [told, *_where(voice, notice)]
    if known:
        lines.append(voice.say("Balance: {balance}", balance=voice.money(known)))
    if booked and booked.already and notice.could_come_again and notice.said.amount:
        command = f"{BY_HAND[notice.said.kind]} {notice.said.amount.number}"
        lines.append(voice.say("If it happened once more, book it with {command}", command=command))
    return Markup("\n").join(lines)


def _sums(voice: Voice, booked: Booked, after: Money, change: Money | None) -> list[Markup]:
    """Say how the balance came about, and what does not add up."""
    before = booked.before
    if before is None:
        return [voice.say("Balance: {balance}", balance=voice.money(after))] if change else []
    if change is None or before + change == after:
        return [sum_of(voice, before, after)]
    if before == after and len(booked.entries) == 1:
        return [
            voice.say(
                "It is older than the last word on the balance, which stays {balance}.",
                balance=voice.money(after),
            )
        ]
    expected = before + change
    return [
        voice.say("Balance: {balance}", balance=voice.money(after)),
        voice.say(
            "This does not add up: by my count it would be {expected}. The message has the last "
            "word, and I noted the difference of {difference} as an adjustment.",
            expected=voice.money(expected),
            difference=voice.change(after - expected),
        ),
    ]


def _where(voice: Voice, notice: Notice) -> list[Markup]:
    said = notice.said
    known = [said.place, voice.moment(said.at) if said.at else ""]
    told = " · ".join(one for one in known if one)
    return [Markup("{}").format(told)] if told else []


def question(voice: Voice, notice: Notice, offered: Offered) -> tuple[Markup, Buttons]:
    """Ask which card a message is about, or offer to bind the one that is missing."""
    tails = ", ".join(f"·{tail}" for tail in notice.said.tails)
    lines = [voice.say("An issuer's message: {what}.", what=_what(voice, notice))]
    if tails and not offered.fitting:
        lines.append(voice.say("I have no card of yours that ends in {tails}.", tails=tails))
    elif not offered.cards:
        lines.append(voice.say("I have no card of yours that it can be about."))
    if not offered.cards:
        lines.append(voice.say("Bind the card, then send me the message again."))
        return Markup("\n").join(lines), [[Button(voice.plain("Bind a card"), "bind")]]
    lines.append(voice.say("Which card is it about?"))
    rows = [
        [Button(panel.masked(card), f"forwarded:{notice.key}:{card.id}")] for card in offered.cards
    ]
    last = [to_cancel(voice)]
    if not offered.fitting:
        last.insert(0, Button(voice.plain("Bind a card"), "bind"))
    return Markup("\n").join(lines), [*rows, last]


def _what(voice: Voice, notice: Notice) -> Markup:
    said = notice.said
    code = said.currencies[0] if said.currencies else None
    told = []
    for text, one in ((SAYS.get(said.kind or ""), said.amount), (BALANCE, said.balance)):
        if text and one:
            money = one.money(code) if code else None
            told.append(voice.say(text, amount=voice.money(money) if money else one.number))
    return Markup(" · ").join(told)


async def clear(context: Context) -> None:
    """Delete a message that holds a whole card number."""
    gone = await context.take_secret()
    await context.reply(context.voice.say(CLEARED if gone else UNDELETED))
