"""Reading a balance out of an answer: the right card, its money, its state, its dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.issuers.answers import Unreadable, amount, currency_code, moment, word
from bot.issuers.contract import CardState, FaultKind, IssuerFault, Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.issuers.fields import Field
    from bot.issuers.format.reading import Balance


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

    def read(self, answer: object, number: str) -> tuple[Reading, dict[str, str]]:
        """Give what it says of the card with this number, and the values it keeps, by name.

        `IssuerFault` (not_found) where no card answered, `Unreadable` for anything not as declared.
        """
        declared = self._declared
        card = self._the_card(declared.card.of(answer), number)
        currency = currency_code(declared.currency and declared.currency.of(card), self._currency)
        money = amount(declared.amount.of(card), declared.amount_format, currency)
        expires = moment(
            declared.expires and declared.expires.of(card),
            declared.expires_format,
            self._zone,
            end_of_day=True,
        )
        kept = {name: word(place.of(card)) or "" for name, place in declared.keep.items()}
        return Reading(money, self._state(card, expires), expires), kept

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
        place = self._declared.number
        if place is not None:
            said = word(place.of(found))
            if said is None or self._number.normalise(said) != number:
                raise Unreadable("another card than the one asked for")
        return found

    def _state(self, card: object, expires: datetime | None) -> CardState:
        declared = self._declared
        state = CardState.ACTIVE
        if declared.state is not None:
            said = word(declared.state.of(card))
            state = declared.states.get(said or "", CardState.UNKNOWN)
        # Some issuers (pretix) leave it to the reader to compare the date.
        past = expires is not None and expires <= self._clock()
        return CardState.EXPIRED if past and state is CardState.ACTIVE else state
