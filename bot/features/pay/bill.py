"""What is to be paid, as it was typed and as buttons carry it, and by which cards."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from bot import panel
from bot.amounts import amounts_in, unit_named
from bot.issuers import CardState
from bot.languages import mark
from bot.money import Money, is_currency, most_used
from bot.payment import Plan, Purse, plan
from bot.search import matching, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.context import Context
    from storage import Card

STALE: Final = timedelta(days=1)
"""What an issuer has not confirmed for longer may have been spent meanwhile."""

MOST_TOKENS: Final = 4
WORDS_BYTES: Final = 18
"""The words travel in the buttons."""

_ZERO: Final = re.compile(r"[¥$€£]?0+(?:[.,]0*)?(?:元|块)?")
_CODE: Final = re.compile(r"[A-Za-z]{3}")
_UNKNOWN: Final = mark("Balance not known yet")
_OLD: Final = mark("Balance too old: {when}")
_EMPTY: Final = mark("Empty")


@dataclass(frozen=True, slots=True)
class Bill:
    """An amount, and the words that say at which shop."""

    amount: Money
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Payment:
    """A bill with the plan for it; `left_out` are the cards it leaves out, each with why."""

    bill: Bill
    plan: Plan
    cards: dict[str, Card]
    left_out: tuple[tuple[Card, str], ...]

    @property
    def data(self) -> str:
        """Write it for a button: the amount, a mark of this very plan, and the words."""
        bill = self.bill
        return f"{bill.amount.minor}:{bill.amount.currency}:{self.seen}:{bill.words}"

    @property
    def seen(self) -> str:
        """Mark this very plan: another after each booking, even where all stays to be paid so."""
        steps = [(card, minor, self.cards[card].balance_minor) for card, minor in self.plan.steps]
        return blake2b(repr(steps).encode(), digest_size=3).hexdigest()


def read(context: Context, text: str, cards: Sequence[Card]) -> list[Bill]:
    """Read an amount with words before or behind it; several ways to read it give several bills.

    An amount that names no currency is in that of most cards called so.
    """
    tokens = text.split()
    for n in range(min(MOST_TOKENS, len(tokens)), 0, -1):
        for typed, rest in ((tokens[:n], tokens[n:]), (tokens[-n:], tokens[:-n])):
            words = _fitting(words_of(" ".join(rest)))
            named = matching(context, cards, words)
            if rest and not named:
                continue
            for currency in _currencies(context, named, typed):
                amounts = amounts_in(" ".join(typed), currency)
                if amounts:
                    return [Bill(one, words) for one in amounts if one.minor > 0]
    return []


def without_shop(context: Context, text: str, cards: Sequence[Card]) -> tuple[list[Bill], str]:
    """Read the amount at either end of several words; with the rest, which no card is called."""
    tokens = text.split()
    if len(tokens) > 1:
        for typed, rest in ((tokens[0], tokens[1:]), (tokens[-1], tokens[:-1])):
            too_fine = len(rest) == 1 and _CODE.fullmatch(rest[0]) and is_currency(rest[0].upper())
            if not too_fine and (bills := read(context, typed, cards)):
                return bills, " ".join(rest)
    return [], ""


def is_zero(text: str) -> bool:
    """Say whether that is an amount, only none that is paid."""
    return bool(_ZERO.fullmatch(text.strip()))


def pay(context: Context, bill: Bill, cards: Iterable[Card]) -> Payment:
    """Plan it over the cards called so, in its currency."""
    named = matching(context, [*cards], bill.words)
    named = [one for one in named if one.currency == bill.amount.currency]
    reasons = {one.id: _reason(context, one) for one in named}
    usable = [one for one in named if reasons[one.id] is None]
    purses = [Purse(one.id, one.balance_minor or 0, one.expires_at) for one in usable]
    left_out = tuple((one, why) for one in named if (why := reasons[one.id]) is not None)
    return Payment(bill, plan(purses, bill.amount.minor), {c.id: c for c in usable}, left_out)


def currencies_of(cards: Iterable[Card]) -> list[str]:
    """List the currencies of cards, those of most cards first, and points and visits last."""
    return most_used(Counter(card.currency for card in cards if card.currency))


def _reason(context: Context, card: Card) -> str | None:
    """Say why a card is left out; None if it is not."""
    voice, parts = context.voice, context.parts
    if not panel.is_usable(voice, card):
        return str(voice.say(panel.STATES[CardState(panel.state_of(voice, card))]))
    if card.balance_minor is None or card.balance_at is None:
        return str(voice.say(_UNKNOWN))
    issuer = parts.issuers.get(card.issuer)
    asks = issuer is not None and issuer.asks_api
    if asks and voice.now - card.balance_at >= STALE:
        return str(voice.say(_OLD, when=voice.ago(card.balance_at)))
    return str(voice.say(_EMPTY)) if card.balance_minor <= 0 else None


def _currencies(context: Context, cards: Sequence[Card], typed: Sequence[str]) -> list[str]:
    """List what the amount may be in; a code that is named is the only one."""
    if unit := unit_named(" ".join(typed)):
        return [unit]
    for token in typed:
        if _CODE.fullmatch(token) and is_currency(token.upper()):
            return [token.upper()]
    found = currencies_of(cards)
    usual = context.parts.settings.currency
    return found or [usual]


def _fitting(words: str) -> str:
    cut = unicodedata.normalize("NFC", words).encode()[:WORDS_BYTES]
    return cut.decode(errors="ignore").strip()
