"""What is asked before something can be booked: which card, how much, what was meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.buttons import Button, OutdatedButton
from bot.called import called, without_name
from bot.days import day_meant
from bot.features.spend import answers
from bot.languages import mark
from bot.money import Money, exponent
from bot.pages import Page
from bot.said import DECIMAL, Said, Understood, currency_named, understand
from bot.ways import to_cancel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.context import Context
    from bot.features.spend.which import Pending
    from storage import Card

PER_PAGE = 8
LONGEST_TYPED = 60
SET = "set"
HOW_MUCH = {
    "spent": mark("How much was spent? Send the amount, and what for if you like: {example}"),
    "topup": mark("How much was topped up? Send the amount: {example}"),
    "refund": mark("How much was refunded? Send the amount, and what for if you like: {example}"),
    SET: mark("How much is on the card now? Send the amount: {example}"),
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """The cards that can be meant, and what was written as read for each that `fits`."""

    cards: Sequence[Card]
    fits: Mapping[str, Understood]

    @property
    def fitting(self) -> list[Card]:
        """The cards that the amount can be booked on."""
        return [card for card in self.cards if card.id in self.fits]


def candidates(context: Context, wanted: Pending, cards: Sequence[Card]) -> Candidates:
    """Find the cards that can be meant: called so, and in the currency that was named."""
    if wanted.card is not None:
        cards = [card for card in cards if card.id == wanted.card]
        if not cards:
            raise OutdatedButton
    coded = {card.id: currency_of(context, card, wanted.text) for card in cards}
    once = {code: readings_of(wanted, code) for code in set(coded.values())}
    read = {card.id: once[coded[card.id]] for card in cards}
    texts = {said.words for found in read.values() for said in found.readings} or {wanted.text}
    cards = called(context.voice, context.parts.issuers, cards, [*texts]) or cards
    fits = {card.id: read[card.id] for card in cards if read[card.id].readings}
    return Candidates(cards, {key: f for key, f in fits.items() if not f.foreign} or fits)


def readings_of(wanted: Pending, currency: str) -> Understood:
    """Read what was written, in one currency."""
    found = understand(wanted.text, currency, date.fromisoformat(wanted.today))
    if wanted.verb == SET:
        return found
    # Nothing is spent by an amount of zero.
    return replace(found, readings=tuple(said for said in found.readings if said.amount.minor))


def currency_of(context: Context, card: Card, text: str) -> str:
    """Give the card's currency; of a card that has none yet, the one that is named."""
    issuer = context.parts.issuers.get(card.issuer)
    usual = (issuer and issuer.currency) or context.parts.settings.currency
    return card.currency or currency_named(text) or usual


async def ask_meaning(
    context: Context, wanted: Pending, readings: Sequence[Said], coming: date | None
) -> None:
    """Ask which way a text was meant; `coming` is a day in it that is still to come."""
    wanted, voice = await wanted.kept(context, "meant"), context.voice
    if coming:
        text = voice.say(
            "{date} is still to come. Was it today?", date=answers.date_of(voice, coming)
        )
    elif len(readings) == 1:
        text = voice.say("“{typed}”: do you mean this?", typed=_short(wanted.text))
    else:
        text = voice.say(
            "“{typed}” can be read in more than one way. What did you mean?",
            typed=_short(wanted.text),
        )
    rows = [
        [Button(answers.reading(voice, said), f"meant:{wanted.nonce}:{at}")]
        for at, said in enumerate(readings)
    ]
    rows.append([to_cancel(voice)])
    await context.ask_here(text, rows)


async def ask_card(context: Context, wanted: Pending, cards: Sequence[Card], at: int) -> None:
    """Ask which card it was; `at` is the page of their list."""
    voice, page = context.voice, Page.of(len(cards), PER_PAGE, at)
    rows = [
        [Button(panel.masked(card), f"pay:{wanted.nonce}:{card.id}")] for card in page.cut(cards)
    ]
    rows += page.turns(voice, lambda to: f"payees:{wanted.nonce}:{to}")
    rows.append([to_cancel(voice)])
    text = voice.say("Which card?")
    if wanted.text:
        text = voice.say("“{typed}”: on which card?", typed=_short(wanted.text))
    await context.ask_here(text, rows)


async def ask_amount(context: Context, wanted: Pending, cards: Sequence[Card]) -> None:
    """Ask how much it was; what else was written is kept."""
    voice, currency, typed = context.voice, currency_of(context, cards[0], ""), wanted.text
    if len(cards) == 1:
        words = without_name(voice, context.parts.issuers, cards[0], typed)
        wanted = replace(wanted, card=cards[0].id, text=words)
    example = "38.50" if exponent(currency) else "38"
    if wanted.verb in {"spent", "refund"}:
        example += " " + voice.plain("lunch yesterday")
    text = voice.say(HOW_MUCH[wanted.verb], example=example)
    if understand(typed, currency, date.fromisoformat(wanted.today)).readings:
        text = voice.say("An amount of zero changes nothing. Send another one, or /cancel.")
    elif any(char.isdecimal() for char in wanted.text):
        text = voice.say(
            "“{typed}” is not an amount in {currency}. Send a number, for example {example}, "
            "or /cancel.",
            typed=_short(typed),
            currency=voice.language.currency(currency),
            example=voice.money(Money(38 * 10 ** exponent(currency), currency)),
        )
    wanted = await replace(wanted, text=_note_in(wanted)).kept(context, "amount")
    known = [panel.masked(cards[0])] if len(cards) == 1 else []
    about = " · ".join([*known, *([_short(wanted.text)] if wanted.text else [])])
    text = Markup("<b>{}</b>\n{}").format(about, text) if about else text
    await context.ask_here(text, [[to_cancel(voice)]])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TYPED else f"{text[:LONGEST_TYPED]}…"


def _note_in(wanted: Pending) -> str:
    """Keep of a text without an amount the words and the day, and not the number that was none."""
    today = date.fromisoformat(wanted.today)
    return " ".join(
        word
        for word in wanted.text.split()
        if not any(char.isdecimal() for char in word)
        or (day_meant(word, today) and not DECIMAL.fullmatch(word))
    )
