"""How a card is read from its issuer, and when that is a try of a number nobody has proved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.issuers import ASK_HOLDER, IssuerFault
from bot.readings import money_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.issuers import Issuer, Reading
    from bot.limits import Limits, Refusal
    from storage import Card, Store


class Live:
    """Reads cards. One that its issuer has never accepted, or no longer does, is read as a try."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    async def read(
        self, issuer: Issuer, card: Card, values: Mapping[str, str], *, history: bool
    ) -> Reading:
        """Read a card. `NotNow` if it was not asked for, `IssuerFault` if there is no reading."""
        if await self._is_proved(card):
            return await _read(issuer, card, values, history=history)
        return await self._limits.asked(
            card.owner_id,
            issuer.slug,
            _number(issuer, card, values),
            lambda: _read(issuer, card, values, history=history),
        )

    async def not_now(self, issuer: Issuer | None, card: Card) -> Refusal | None:
        """Say why a card would not be read now, though there is an issuer to ask."""
        if issuer is None or not issuer.asks_api or await self._is_proved(card):
            return None
        values = await self._store.cards.secrets(card.owner_id, card.id)
        return await self._limits.next(card.owner_id, issuer.slug, _number(issuer, card, values))

    async def _is_proved(self, card: Card) -> bool:
        if card.failure in ASK_HOLDER:
            return False
        said = card.balance_source == "issuer"
        return said or await self._store.tries.proved(card.owner_id, card.id)


def _number(issuer: Issuer, card: Card, values: Mapping[str, str]) -> str:
    return values.get(issuer.fields[0].name, card.id)


async def _read(issuer: Issuer, card: Card, values: Mapping[str, str], *, history: bool) -> Reading:
    """Read the balance, and the history too when something has happened or it is asked for."""
    booked = card.balance_source != "issuer"
    owed = history or card.history_stale or booked
    wanted = issuer.has_history and owed
    reading = await issuer.read(values, history=wanted)
    changed = reading.balance != money_of(card)
    if not issuer.has_history or wanted or not changed:
        return reading
    try:
        return await issuer.read(values, history=True)
    except IssuerFault as fault:
        return replace(reading, history_fault=fault)
