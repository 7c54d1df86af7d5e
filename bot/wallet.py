"""What can be done with a card, whoever asks: bind it, read it, watch it.

Nothing here knows Telegram. Each method takes the owner's id, and storage refuses a card that is
not theirs.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import readings
from bot.flights import Flights
from bot.issuers import ASK_HOLDER, FaultKind, Issuer, IssuerFault, Issuers, Reading
from bot.limits import NotNow
from bot.live import Live
from bot.numbers import tail_of
from bot.schedule import FIRST_RETRY, next_check, next_refresh, next_try
from bot.thresholds import DEFAULT_PERCENT, enough, episode
from storage import Card, CardChanges, NewCard, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.limits import Limits

log = logging.getLogger(__name__)

UNDO = timedelta(minutes=1)
"""How long a removed card is kept, to be brought back."""

FRESH = timedelta(seconds=30)
"""A reading this young is not asked for again, unless the person insists."""


def _booked_between(asked: Card, locked: Card) -> bool:
    """Say whether somebody booked something on a card while its issuer was being asked."""
    was, now = ((card.balance_at, card.balance_minor) for card in (asked, locked))
    return was != now and locked.balance_source in {"holder", "message"}


class Wallet:
    """The cards of everybody, one owner at a time."""

    def __init__(
        self,
        store: Store,
        issuers: Issuers,
        clock: Callable[[], datetime],
        refresh_every: timedelta,
        limits: Limits,
    ) -> None:
        self._store = store
        self._issuers = issuers
        self._clock = clock
        self._every = refresh_every
        self.live = Live(store, limits)
        self._flights = Flights(self._refresh, clock)
        self.on_refused: Callable[[str, IssuerFault], None] = lambda _slug, _fault: None
        """Told of credentials that an issuer refused, with its slug: only the operator can help."""

    async def bind(
        self,
        owner_id: int,
        issuer: Issuer,
        values: Mapping[str, str],
        reading: Reading | None,
        *,
        label: str,
        store: Store | None = None,
    ) -> Card:
        """Save a new card, with what the issuer said of it if it was asked.

        `DuplicateCardError` if the owner has this number already. `store` may be a transaction
        that the saving belongs to.
        """
        now, number = self._clock(), values[issuer.fields[0].name]
        async with (store or self._store).transaction() as tx:
            card = await tx.cards.add(
                owner_id,
                NewCard(
                    issuer=issuer.slug,
                    label=label,
                    tail=tail_of(number),
                    secrets=dict(values),
                    number=number,
                    currency=issuer.currency,
                    threshold_percent=DEFAULT_PERCENT,
                    next_refresh_at=now + FIRST_RETRY
                    if issuer.asks_api
                    else next_check(issuer, now),
                ),
            )
            if reading is not None:
                card = await self._record(tx, issuer, card, reading, now)
                card = await readings.told(tx, card, now)
            return card

    async def renew(
        self,
        owner_id: int,
        card: Card,
        issuer: Issuer,
        values: Mapping[str, str],
        reading: Reading | None,
        *,
        store: Store,
    ) -> Card:
        """Take in new values (a new PIN) for a card whose old ones were no longer accepted.

        With no reading they are tried as soon as the card is due, which is now.
        """
        now, number = self._clock(), values[issuer.fields[0].name]
        async with store.transaction() as tx:
            await tx.cards.replace_secrets(
                owner_id, card.id, dict(values), number=number, tail=tail_of(number)
            )
            if reading is not None:
                return await self._record(tx, issuer, card, reading, now)
            untried = CardChanges(failures=0, failure=None, failed_at=None, next_refresh_at=now)
            await tx.cards.change(owner_id, card.id, **untried)
            return replace(card, **untried)

    async def refresh(
        self,
        owner_id: int,
        card_id: str,
        *,
        insist: bool = False,
        history: bool = False,
        refused: bool = False,
    ) -> Card | None:
        """Ask the issuer and keep what it says; answer the card as it then is.

        `insist` asks although the last reading is young. `history` reads the entries although the
        balance is the same: a purchase and its refund leave it so. `refused` asks although the
        number or PIN was not accepted before: only the holder does so, for one card at a time.

        A failure is kept on the card beside the old balance. A second caller for the same card
        waits for the first one's answer, and asks again only for what that one had not asked for.
        `None` if the owner has no such card.
        """
        return await self._flights.join(
            owner_id, card_id, insist=insist, history=history, refused=refused
        )

    async def stop(self) -> None:
        """End the readings under way; their cards are due again when the bot is back."""
        await self._flights.stop()

    async def _refresh(
        self, owner_id: int, card_id: str, *, insist: bool, history: bool, refused: bool
    ) -> Card | None:
        card = await self._store.cards.get(owner_id, card_id)
        if card is None or not (insist or self.is_stale(card)):
            return card
        if card.failure in ASK_HOLDER and not refused:
            return card
        issuer = self._issuers.get(card.issuer)
        if issuer is None:
            return await self._failed(card, {}, IssuerFault(FaultKind.REFUSED, "no such issuer"))
        if not issuer.asks_api:
            return card
        values = await self._store.cards.secrets(owner_id, card_id)
        return await self._ask(issuer, card, values, history=history)

    async def _ask(
        self,
        issuer: Issuer,
        card: Card,
        values: Mapping[str, str],
        *,
        history: bool,
        again: bool = True,
    ) -> Card | None:
        """Read a card and keep the reading.

        An answer that a booking overtook on its way says nothing about it: it is asked for again.
        """
        try:
            reading = await self.live.read(issuer, card, values, history=history)
        except NotNow as refused:
            return await self._put_off(card, refused.until)
        except IssuerFault as fault:
            return await self._failed(card, values, fault)
        if reading.history_fault is not None:
            log.warning("reading a history of %s failed: %s", card.issuer, reading.history_fault)
            self.noted(card.issuer, reading.history_fault)
        now = self._clock()
        async with self._store.transaction() as tx:
            locked = await tx.cards.lock(card.owner_id, card.id)
            if locked is None or not (again and _booked_between(card, locked)):
                return locked and await self._record(tx, issuer, locked, reading, now)
        return await self._ask(issuer, locked, values, history=history, again=False)

    def noted(self, slug: str, fault: IssuerFault) -> None:
        """Pass on a fault that is the operator's to mend, from whatever reading."""
        if fault.ask_operator:
            self.on_refused(slug, fault)

    def is_stale(self, card: Card) -> bool:
        """Say whether asking the issuer again is worth it."""
        issuer = self._issuers.get(card.issuer)
        if card.archived_at is not None or (issuer and not issuer.asks_api):
            return False
        if card.failure is not None:
            return card.failure not in ASK_HOLDER
        return card.balance_at is None or self._clock() - card.balance_at >= FRESH

    async def watch(
        self,
        owner_id: int,
        card_id: str,
        *,
        minor: int | None = None,
        percent: int | None = None,
        on: bool = True,
        store: Store | None = None,
    ) -> Card | None:
        """Set a card's threshold, to an amount or to a share of its peak.

        `on` also switches its owner's alert on.
        """
        changes = CardChanges(threshold_minor=minor, threshold_percent=percent)
        if on:
            changes["alerts_on"] = True
        return await self._rule(owner_id, card_id, changes, store)

    async def switch(
        self, owner_id: int, card_id: str, *, on: bool, store: Store | None = None
    ) -> Card | None:
        """Switch a card's alert on or off, for its owner."""
        return await self._rule(owner_id, card_id, {"alerts_on": on}, store)

    async def _rule(
        self, owner_id: int, card_id: str, changes: CardChanges, store: Store | None = None
    ) -> Card | None:
        """Change when a card alerts.

        The person is looking at the balance while they choose, so a card that is already under
        its new threshold does not fire; the next crossing does.
        """
        async with (store or self._store).transaction() as tx:
            card = await tx.cards.lock(owner_id, card_id)
            if card is None:
                return None
            card = replace(card, **changes)
            changes["episode"] = episode("armed", enough(card))
            if changes["episode"] == "armed":
                changes["snoozed_until"] = None
            await tx.cards.change(owner_id, card_id, **changes)
            return replace(card, **changes)

    async def snooze(self, owner_id: int, card_id: str, until: datetime) -> Card | None:
        """Keep a card's alerts back until then, and remind the person then if it is still low."""
        async with self._store.transaction() as tx:
            card = await tx.cards.lock(owner_id, card_id)
            if card is None:
                return None
            await tx.cards.change(owner_id, card_id, snoozed_until=until)
            await readings.alert(tx, card, "reminder", at=self._clock(), due=until)
            return replace(card, snoozed_until=until)

    async def _record(
        self, tx: Store, issuer: Issuer, card: Card, reading: Reading, now: datetime
    ) -> Card:
        kept = await readings.from_issuer(tx, issuer, card, reading, now)
        soon, later = next_refresh(kept, now, self._every), next_check(issuer, now)
        upcoming = soon if issuer.asks_api else later
        await tx.cards.change(card.owner_id, card.id, next_refresh_at=upcoming)
        return replace(kept, next_refresh_at=upcoming)

    async def _put_off(self, card: Card, until: datetime) -> Card | None:
        """Leave a card as it is that may not be asked for yet; if it was due, it is due then."""
        due = card.next_refresh_at and until
        return await self._store.cards.change(card.owner_id, card.id, next_refresh_at=due)

    async def _failed(
        self, asked: Card, values: Mapping[str, str], fault: IssuerFault
    ) -> Card | None:
        """Keep why there is no reading; the balance and its time stay as they were.

        It says nothing about a card that was read, or given other values, since it was asked for.
        """
        log.warning("reading a card of %s failed: %s", asked.issuer, fault)
        self.noted(asked.issuer, fault)
        async with self._store.transaction() as tx:
            card = await tx.cards.lock(asked.owner_id, asked.id)
            if card is None or card.balance_at != asked.balance_at:
                return card
            if values and values != await tx.cards.secrets(card.owner_id, card.id):
                return card
            now = self._clock()
            due = next_try(card, fault, now, self._every)
            return await readings.failed(tx, card, fault, now, due)
