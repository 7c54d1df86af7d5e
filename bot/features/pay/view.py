"""How a plan to pay reads, and what was booked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import panel
from bot.buttons import Button
from bot.features.pay.bill import Bill, Payment, currencies_of, pay
from bot.money import UNITS, Money
from bot.readings import money_of
from bot.shared import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.voice import Voice
    from storage import Card, Entry

MOST_LINES: Final = 12
"""Of cards that are told one by one; a phone shows no more at a glance."""


def payment(context: Context, found: Payment, cards: Sequence[Card]) -> tuple[Markup, Buttons]:
    """Say which card is enough, or which are together; with the ways on."""
    voice, amount = context.voice, found.bill.amount
    lines = [voice.say("<b>{amount}</b> to pay", amount=voice.money(amount))]
    lines += [_line(context, found, one) for one in _in_order(found)[:MOST_LINES]]
    if (more := len(found.cards) - MOST_LINES) > 0:
        lines.append(voice.plural("and {n} more card", "and {n} more cards", more))
    lines += [Markup(), *_advice(voice, found)]
    if found.left_out:
        lines += [Markup(), voice.say("Left out:")]
        lines += [
            voice.say("⚫ {card}: {why}", card=panel.masked(card), why=why)
            for card, why in found.left_out[:MOST_LINES]
        ]
        if (more := len(found.left_out) - MOST_LINES) > 0:
            lines.append(voice.plural("and {n} more card", "and {n} more cards", more))
    return Markup("\n").join(lines), _buttons(context, found, cards)


def booked(
    voice: Voice, found: Payment, done: Sequence[tuple[Card, Entry]]
) -> tuple[Markup, Buttons]:
    """Say what was booked on each card and what is left on it, each with its undo."""
    lines, rows = [voice.say("✅ <b>{amount}</b> paid", amount=voice.money(found.bill.amount))], []
    for card, entry in done[:MOST_LINES]:
        left = money_of(card)
        lines.append(
            voice.say(
                "{card}: {amount}, {left} left",
                card=panel.masked(card),
                amount=voice.money(Money(-entry.amount_minor, entry.currency)),
                left=voice.money(left) if left else "—",
            )
        )
        undo = voice.plain("↩️ Undo: {card}", card=panel.masked(card))
        rows.append([Button(undo, f"unspent:{card.id}:{entry.id}")])
    lines += _others(voice, found, len(rows))
    if found.plan.cash:
        cash = Money(found.plan.cash, found.bill.amount.currency)
        lines.append(voice.say("In cash: {amount}", amount=voice.money(cash)))
    return Markup("\n").join(lines), rows


def _in_order(found: Payment) -> list[Card]:
    """Put the cards that are enough first, then those of the plan, then the others."""
    first = [*found.plan.covering, *(card for card, _ in found.plan.steps)]
    rest = sorted(found.cards, key=lambda one: -(found.cards[one].balance_minor or 0))
    return [found.cards[one] for one in dict.fromkeys([*first, *rest])]


def _line(context: Context, found: Payment, card: Card) -> Markup:
    voice = context.voice
    enough = card.id in found.plan.covering
    word = voice.say("enough") if enough else voice.say("not enough")
    line = voice.say(
        "{sign} {card}  {balance}  {word}",
        sign="🟢" if enough else "🟠",
        card=named(voice, card, context.shared.get(card.id)),
        balance=panel.balance(voice, card),
        word=word,
    )
    if card.expires_at is not None:
        line += Markup("  ") + voice.say("until {date}", date=voice.last_day(card.expires_at))
    return line


def _advice(voice: Voice, found: Payment) -> list[Markup]:
    plan, currency = found.plan, found.bill.amount.currency
    if not plan.steps:
        return [voice.say("No card can pay any of it.")]
    if plan.covering:
        card = found.cards[plan.covering[0]]
        left = Money((card.balance_minor or 0) - found.bill.amount.minor, currency)
        return [
            voice.say(
                "Pay with <b>{card}</b>; {left} stays on it.",
                card=panel.masked(card),
                left=voice.money(left),
            )
        ]
    lines = [voice.say("No single card is enough. Together:")]
    for card_id, minor in plan.steps[:MOST_LINES]:
        lines.append(
            voice.say(
                "• {card}: <b>{amount}</b>",
                card=panel.masked(found.cards[card_id]),
                amount=voice.money(Money(minor, currency)),
            )
        )
    lines += _others(voice, found, MOST_LINES)
    if plan.cash:
        lines.append(
            voice.say("• in cash: <b>{amount}</b>", amount=voice.money(Money(plan.cash, currency)))
        )
    return lines


def _others(voice: Voice, found: Payment, told: int) -> list[Markup]:
    """Add up what the cards of the plan pay that are not told one by one."""
    rest = found.plan.steps[told:]
    if not rest:
        return []
    money = Money(sum(minor for _, minor in rest), found.bill.amount.currency)
    return [
        voice.plural(
            "• {n} more card: <b>{amount}</b>",
            "• {n} more cards: <b>{amount}</b>",
            len(rest),
            amount=voice.money(money),
        )
    ]


def turn(voice: Voice, found: Payment, place: int) -> tuple[Markup, Buttons]:
    """Say what the card at that place of the plan pays, and lead on to the next or to the end."""
    count, currency = len(found.plan.steps), found.bill.amount.currency
    amount = voice.money(Money(found.plan.steps[place][1], currency))
    if count == 1:
        return voice.say("Pay <b>{amount}</b> with this card:", amount=amount), [
            _book(voice, found)
        ]
    here, of = voice.language.number(place + 1), voice.language.number(count)
    head = voice.say(
        "Card {n} of {count}: pay <b>{amount}</b> with it.", n=here, count=of, amount=amount
    )
    if place + 1 == count:
        return head, [_book(voice, found)]
    following = voice.language.number(place + 2)
    on = voice.plain("Next card ({n} of {count}) ▸", n=following, count=of)
    return head, [[Button(on, f"pays:{place + 1}:{found.data}")]]


def _book(voice: Voice, found: Payment) -> list[Button]:
    by_cards = Money(found.bill.amount.minor - found.plan.cash, found.bill.amount.currency)
    label = voice.plain("✅ Paid: book {amount}", amount=voice.money(by_cards))
    return [Button(label, f"till:paid:{found.data}")]


def _show(voice: Voice, found: Payment) -> list[Button]:
    first, count = found.plan.steps[0][0], len(found.plan.steps)
    label = voice.plain("👁 Show {what}", what=panel.masked(found.cards[first]))
    if count > 1:
        label = str(voice.plural("👁 Show {n} card", "👁 Show {n} cards, one after another", count))
    return [Button(label, f"pays:0:{found.data}")]


def _buttons(context: Context, found: Payment, cards: Sequence[Card]) -> Buttons:
    voice, rows = context.voice, []
    if found.plan.steps:
        rows += [_show(voice, found), _book(voice, found)]
    if any(context.parts.wallet.is_stale(card) for card, _ in found.left_out):
        rows.append([Button(voice.plain("🔄 Ask the issuers"), f"till:ask:{found.data}")])
    here = found.bill.amount.currency
    others = [code for code in currencies_of(cards) if code != here and not UNITS & {code, here}][
        :3
    ]
    rows += [_in(context, found.bill, code, cards) for code in others if not found.plan.steps]
    return rows


def _in(context: Context, bill: Bill, currency: str, cards: Sequence[Card]) -> list[Button]:
    """Offer the same amount in another currency."""
    try:
        other = Bill(Money.of(bill.amount.amount, currency), bill.words)
    except ValueError:  # finer than that currency has
        return []
    found = pay(context, other, cards)
    return [Button(context.voice.money(other.amount), f"till:plan:{found.data}")]
