"""A booking as its holder is told it: the sum, why nothing was booked, and the ways on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from babel.numbers import format_decimal
from markupsafe import Markup

from bot import panel
from bot.buttons import Button
from bot.money import Money, exponent
from bot.ways import to_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.buttons import Buttons
    from bot.voice import Voice
    from storage import Card, Entry

VISITS: Final = "visits"


def one_tap(card: Card) -> Money | None:
    """Give what one tap books on a card: what was chosen, or a visit of those it is good for.

    None where that was switched off, or nothing is chosen for money.
    """
    if card.quick_minor is None and card.currency == VISITS:
        return Money(1, VISITS)
    return Money(card.quick_minor, card.currency) if card.quick_minor and card.currency else None


def unknown(voice: Voice) -> Markup:
    """Say that it is booked, though nobody has said what is on the card."""
    return voice.say("It is in the history. What is on the card is not known yet: set the balance.")


def not_enough(
    voice: Voice, card: Card, balance: Money, *, manages: bool = True
) -> tuple[Markup, Buttons]:
    """Say that there is less on the card, and how that is put right."""
    text = voice.say(
        "There is only {balance} on {card}, so nothing is booked. If there is more on it, set the "
        "balance first and then send it again.",
        balance=voice.money(balance),
        card=panel.masked(card),
    )
    return text, ways_on(voice, card, (), known=not manages)


def ways_on(voice: Voice, card: Card, entries: Sequence[Entry], *, known: bool) -> Buttons:
    """Offer to undo what was booked, to open the card, and to set a balance that is not known."""
    row = [to_card(voice, card)]
    if entries:
        row.insert(0, Button(voice.plain("↩️ Undo"), f"unspent:{card.id}:{entries[0].id}"))
    if known:
        return [row]
    return [[Button(voice.plain("✏️ Set balance"), f"set:{card.id}")], row]


def sum_of(voice: Voice, before: Money, after: Money) -> Markup:
    """Write what a balance was, what it changed by and what it is; the currency stands above."""
    change = after - before
    sign = "-" if change.minor < 0 else "+"
    size = Money(abs(change.minor), change.currency)
    return Markup("{} {} {} = <b>{}</b>").format(
        _bare(voice, before), sign, _bare(voice, size), _bare(voice, after)
    )


def _bare(voice: Voice, money: Money) -> str:
    digits = exponent(money.currency)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return str(format_decimal(money.amount, pattern, voice.language.locale))
