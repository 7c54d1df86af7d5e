"""Reading a balance out of an answer: the right card, its money, its state, its dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.issuers.amounts import amount, total
from bot.issuers.answers import Unreadable, currency_code, kept, moment, word
from bot.issuers.contract import CardState, FaultKind, IssuerFault, Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.issuers.fields import Field
    from bot.issuers.format.reading import Balance
    from bot.money import Money

LEAST_ENDING = 4
"""Fewer characters than these, the last of too many cards are the same."""

_MASK = "*\u2022\u25cf\u00b7.#"  # how issuers write what they do not show of a number


class BalanceReader:
    """Reads the answers of one issuer; `number` is the field a card is found by."""

    def __init__(
        self,
        declared: Balance,
        number: Field,
        currency: str | None,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
    ) -> None:
        self._declared = declared
        self._number = number
        self._currency = currency
        self._zone = zone
        self._clock = clock

    def read(self, answer: object, number: str) -> tuple[Reading, dict[str, str | int]]:
        """Give what it says of the card with this number, and the values it keeps, by name.

        `IssuerFault` (not_found) where no card answered, `Unreadable` for anything not as declared.
        """
        declared = self._declared
        card = self._the_card(declared.card.of(answer), number)
        money = self._sum(card) if declared.sum else self._amount(card)
        expires = moment(
            declared.expires and declared.expires.of(card),
            declared.expires_format,
            self._zone,
            end_of_day=True,
        )
        reading = Reading(money, self._state(card, expires), expires)
        return reading, kept(declared.keep, card)

    def _the_card(self, found: object, number: str) -> object:
        """Insist on exactly one card, and on the one that was asked for.

        Sources: pretix answers an unknown code with an empty list, an empty one with every card;
        mocks of Square's API answer any number with the same card.
        """
        if isinstance(found, list):
            if not found:
                raise IssuerFault(FaultKind.NOT_FOUND, "an empty list of cards")
            if len(found) > 1:
                raise Unreadable("more than one card where one was asked for")
            found = found[0]
        declared = self._declared
        places = declared.number if isinstance(declared.number, list) else [declared.number]
        if number not in [self._said(place.of(found)) if place else number for place in places]:
            raise Unreadable("another card than the one asked for")
        if declared.number_ends is not None:
            ending = self._said(declared.number_ends.of(found)).lstrip(_MASK)
            if len(ending) < LEAST_ENDING:
                raise Unreadable(f"fewer than {LEAST_ENDING} of the number's last characters")
            if not number.endswith(ending):
                raise Unreadable("a card that ends otherwise than the one asked for")
        return found

    def _said(self, value: object) -> str:
        return self._number.normalise(word(value) or "")

    def _amount(self, card: object) -> Money:
        declared = self._declared
        code = currency_code(declared.currency and declared.currency.of(card), self._currency)
        return amount(declared.amount.of(card), declared.amount_format, code)

    def _sum(self, card: object) -> Money:
        """Add up a card's accounts, all of one currency."""
        declared = self._declared
        values = declared.amount.all_of(card)
        said = declared.currency and declared.currency.of(card)
        if isinstance(said, list) and declared.currency is not None:
            said = declared.currency.all_of(card)
            if len(said) != len(values):
                raise Unreadable("not as many currencies as amounts")
        codes = said if isinstance(said, list) else [said]
        currencies = {currency_code(code, self._currency) for code in codes}
        if len(currencies) != 1:
            raise Unreadable("amounts of several currencies where one sum was expected")
        return total(values, declared.amount_format, currencies.pop())

    def _state(self, card: object, expires: datetime | None) -> CardState:
        """Map the issuer's word; where it says that a card is good, its dates can say otherwise.

        Some issuers (pretix, Voucherify) leave it to the reader to compare the dates.
        """
        declared = self._declared
        state = CardState.ACTIVE
        if declared.state is not None:
            said = word(declared.state.of(card))
            state = declared.states.get(said or "", CardState.UNKNOWN)
        starts = moment(
            declared.starts and declared.starts.of(card), declared.starts_format, self._zone
        )
        if state is not CardState.ACTIVE:
            return state
        now = self._clock()
        if expires is not None and expires <= now:
            return CardState.EXPIRED
        return CardState.PENDING if starts is not None and starts > now else state
