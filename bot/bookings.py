"""What a card's holder, or a message of its issuer, books on it: entries, balances, and undo.

Nothing here knows Telegram. Each method takes the owner's id, and storage refuses a card that is
not theirs. The entries of a card always add up to its balance where one is known: what a said
balance leaves unexplained is an entry of its own, before the oldest one (`opening`) or beside the
one that was booked (`adjustment`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot import readings, rests
from bot.issuers import CardState, Reading
from bot.money import Money
from bot.readings import money_of
from bot.schedule import next_check
from storage import Card, Entry, NewEntry, Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.issuers import Issuers
    from storage import BalanceSource, EntryKind


class NotEnough(ValueError):  # noqa: N818 - the card's state, not an error of the program
    """More would be taken from a card than is on it; `balance` is what is."""

    def __init__(self, balance: Money) -> None:
        super().__init__("there is not that much on the card")
        self.balance = balance


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of a card: how it is now, and the entries that were stored or taken away.

    `entries` has what was asked for first, then the adjustment or opening that came with it; none
    where a balance was set to what it was. `before` and `after` are balances, None while unknown.
    `already` says that this message was booked before: nothing was done.
    """

    card: Card
    entries: tuple[Entry, ...]
    before: Money | None
    after: Money | None
    already: bool = False


class Bookings:
    """The bookings of everybody, one card at a time."""

    def __init__(self, store: Store, issuers: Issuers, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._issuers = issuers
        self._clock = clock

    async def book(
        self,
        owner_id: int,
        card_id: str,
        *,
        kind: EntryKind,
        change: Money,
        text: str = "",
        at: datetime | None = None,
        balance: Money | None = None,
        source: rests.Source = "holder",
        external_id: str | None = None,
        by: int | None = None,
        called: str | None = None,
        store: Store | None = None,
    ) -> Booked | None:
        """Book a change, negative for money spent; None if the owner has no such card.

        `at` is aware UTC, now if not given. `balance` is what was on the card after it, where a
        message says so: that wins. A message is booked once for its `external_id`. `by` is who
        books it, if not the owner, and `called` their name if the bot has not met them. `store`
        may be a transaction that the booking belongs to.
        `ValueError` for another currency than the card's, `NotEnough` for more than is on it.
        """
        async with (store or self._store).transaction() as tx:
            card = await tx.cards.lock(owner_id, card_id)
            if card is None:
                return None
            if found := external_id and await tx.ledger.booked(owner_id, card_id, external_id):
                return Booked(card, (found,), money_of(card), money_of(card), already=True)
            for money in (change, balance):
                rests.check_currency(card, money)
            new = NewEntry(
                at=self._moment(at, source),
                amount_minor=change.minor,
                currency=change.currency,
                kind=kind,
                text=text,
                source=source,
                external_id=external_id,
                booked_by=None if by == owner_id else by,
                booked_name=called,
            )
            if balance is not None:
                return await self._with_balance(tx, card, new, balance)
            before = money_of(card)
            if before and source == "message" and (known := await rests.later(tx, card, new)):
                return await self._explained(tx, card, new, known, before)
            after = before + change if before else None
            if before and after and after.minor < 0 and change.minor < 0:
                raise NotEnough(before)
            entries = await rests.stored(tx, card, new)
            return await self._booked(tx, card, entries, after, source, by=new.booked_by)

    async def _with_balance(self, tx: Store, card: Card, new: NewEntry, said: Money) -> Booked:
        """Book what a message says together with the balance it says was left then."""
        before = money_of(card)
        sums = await tx.ledger.sums(card.owner_id, card.id, new.currency, new.at)
        after = Money(said.minor + sums.later, said.currency)
        if before and (known := await rests.later(tx, card, new)):
            return await self._explained(tx, card, new, known, before)
        if after.minor < 0:
            raise NotEnough(before or said)
        missing = after.minor - new.amount_minor - (before.minor if before else sums.total)
        rest = rests.adjustment(new, missing)
        if before is None:
            rest = rests.opening(new, missing, sums.oldest)
        return await self._with_rest(tx, card, new, rest, after)

    async def _explained(
        self, tx: Store, card: Card, new: NewEntry, known: Entry, before: Money
    ) -> Booked:
        """Book what a later word on the balance, which stands, had to make up for."""
        (entry,) = await rests.stored(tx, card, new)
        entry = replace(entry, beside=known.id)
        await tx.ledger.rewrite(card.owner_id, entry)
        await rests.take_up(tx, card, known, -new.amount_minor, new.at)
        return Booked(await readings.told(tx, card, self._clock()), (entry,), before, before)

    async def _with_rest(
        self, tx: Store, card: Card, new: NewEntry, rest: NewEntry, after: Money
    ) -> Booked:
        (entry,) = await rests.stored(tx, card, new)
        # One of nothing is kept too: it says that a balance was stated, and until when it is known.
        (beside,) = await rests.stored(tx, card, rest)
        entry = replace(entry, beside=beside.id)
        await tx.ledger.rewrite(card.owner_id, entry)
        entries = (entry, beside) if rest.amount_minor else (entry,)
        return await self._booked(tx, card, entries, after, rests.source_of(new), by=new.booked_by)

    async def set(
        self,
        owner_id: int,
        card_id: str,
        balance: Money,
        *,
        text: str = "",
        at: datetime | None = None,
        source: rests.Source = "holder",
        external_id: str | None = None,
        by: int | None = None,
        store: Store | None = None,
    ) -> Booked | None:
        """Take somebody's word for what is, or at `at` was, on a card; what differs is an entry.

        As for `book`. A balance from before a later word on it changes nothing.
        """
        async with (store or self._store).transaction() as tx:
            card = await tx.cards.lock(owner_id, card_id)
            if card is None:
                return None
            if found := external_id and await tx.ledger.booked(owner_id, card_id, external_id):
                return Booked(card, (found,), money_of(card), money_of(card), already=True)
            before = money_of(card)
            if before is not None:
                rests.check_currency(card, balance)
            new = NewEntry(
                at=self._moment(at, source),
                amount_minor=0,
                currency=balance.currency,
                kind="adjustment",
                text=text,
                source=source,
                external_id=external_id,
                booked_by=None if by == owner_id else by,
            )
            sums = await tx.ledger.sums(owner_id, card_id, new.currency, new.at)
            after = Money(balance.minor + sums.later, balance.currency)
            if before and await rests.later(tx, card, new):
                return Booked(card, (), before, before)
            if after.minor < 0:
                raise NotEnough(before or balance)
            if before is None:
                first = rests.opening(new, after.minor - sums.total, sums.oldest)
                new = replace(first, text=text, external_id=external_id)
            else:
                new = replace(new, amount_minor=after.minor - before.minor)
            differs = before is None or new.amount_minor != 0
            stored = await rests.stored(tx, card, new)
            entries = stored if differs else ()
            return await self._booked(tx, card, entries, after, source, by=new.booked_by)

    async def undo(
        self,
        owner_id: int,
        card_id: str,
        entry_id: int,
        *,
        only_by: int | None = None,
        by: int | None = None,
        store: Store | None = None,
    ) -> Booked | None:
        """Take an entry away, with the adjustment that came with it, and put the balance right.

        Without its opening a balance is unknown again. What an issuer has had the last word on
        does not move the balance any more. None if the entry is gone, is not the holder's or a
        message's, or if more was spent since than would be left; or, with `only_by`, if somebody
        else booked it. `by` is who undoes it, if not the owner.
        """
        async with (store or self._store).transaction() as tx:
            card = await tx.cards.lock(owner_id, card_id)
            entry = await tx.ledger.entry(owner_id, card_id, entry_id)
            if card is None or entry is None or entry.source not in {"holder", "message"}:
                return None
            if only_by is not None and entry.booked_by != only_by:
                return None
            gone, taker = await rests.with_it(tx, card, entry)
            amount = sum(one.amount_minor for one in gone)
            before = money_of(card)
            after: Money | None = before
            if before and before.currency == entry.currency and not taker:
                if entry.reconciled_at is not None:
                    await rests.stored(tx, card, rests.made_up_for(entry, amount))
                elif any(one.kind == "opening" for one in gone):
                    after = None
                elif before.minor < amount:
                    return None
                else:
                    after = Money(before.minor - amount, before.currency)
            for one in gone:
                await tx.ledger.remove(owner_id, card_id, one.id)
            if taker:
                await rests.take_up(tx, card, taker, amount, taker.at)
            if before and not after:
                return Booked(await readings.unknown(tx, card), gone, before, None)
            card = await rests.with_peak(tx, card, after)
            by = None if by == owner_id else by
            source = card.balance_source
            return await self._booked(tx, card, gone, after, source, before, by=by)

    async def _touched(self, tx: Store, card: Card, now: datetime) -> Card:
        """Put off the question whether the balance is still right, where it is asked at all."""
        issuer = self._issuers.get(card.issuer)
        if issuer is None or issuer.asks_api or issuer.remind_days is None:
            return card
        due = next_check(issuer, now)
        await tx.cards.change(card.owner_id, card.id, next_refresh_at=due)
        return replace(card, next_refresh_at=due)

    def _moment(self, at: datetime | None, source: rests.Source) -> datetime:
        """Say when it was: never in the future, and by a message's full minute, at its end.

        Messages tell no seconds; what was set a few seconds before its message comes first.
        """
        now = self._clock()
        if at is not None and source == "message" and not (at.second or at.microsecond):
            at += timedelta(seconds=59)
        return min(at or now, now)

    async def _booked(
        self,
        tx: Store,
        card: Card,
        entries: tuple[Entry, ...],
        after: Money | None,
        source: BalanceSource | None,
        before: Money | None = None,
        *,
        by: int | None = None,
    ) -> Booked:
        """Keep the balance that follows, with the alert it may cause; its owner is told it now.

        Not if it was somebody else who did it, `by`.
        """
        now = self._clock()
        before = before or money_of(card)
        if after is None:
            if card.currency is None and entries:
                currency = entries[0].currency
                await tx.cards.change(card.owner_id, card.id, currency=currency)
                card = replace(card, currency=currency)
            return Booked(card, entries, None, None)
        state = CardState.ACTIVE if card.state == "unknown" else CardState(card.state)
        reading = Reading(after, state=state, expires_at=card.expires_at)
        card = await readings.keep(tx, card, reading, source or "holder", now, by=by)
        card = await self._touched(tx, card, now)
        if by is None:
            card = await readings.told(tx, card, now)
        return Booked(card, entries, before, after)
