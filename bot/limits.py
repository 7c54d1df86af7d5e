"""How many numbers may be tried: the bot is not a tool for thieves. Knows no Telegram.

A balance check tells whether a number and a PIN are good, so that is how stolen and guessed ones
are tried. What an issuer has proved to be somebody's is not limited; every number that is not yet
proved is a try, noted before its issuer is asked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from bot import activity
from bot.issuers import ASK_HOLDER, FaultKind, IssuerFault
from storage import REFUSED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from bot.issuers import Reading
    from storage import Outcome, Seen, Store, Try

Reason: TypeAlias = Literal["wait", "number", "day", "stopped", "surge"]

log = logging.getLogger(__name__)

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)

WAITS: Final = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 900))
"""Growing, from the third refusal within an hour on: by then it is no slip of the finger."""

FREE: Final = 3
"""Refusals within an hour without a wait; after as many within a day the answers are alike."""

REFUSED_A_DAY: Final = 20
"""What one person may try in vain. With the waits it takes hours to get there."""

BOUND_A_DAY: Final = 120
"""A household of sixty cards can move in twice; a list of bought numbers is longer."""

ASKED_A_DAY: Final = 300
"""Whatever came of it: a button pressed over and over while an issuer is down."""

OF_ONE_NUMBER: Final = 5
"""A number refused so often, whoever tried it, is not asked about that day: some issuers lock a
card after the tenth wrong PIN, and its real holder would pay for it."""

NUMBERS: Final = 10
"""So many different numbers refused in a day, and fewer accepted, are a list that is tried."""

ALIKE: Final = 6
"""So many that differ in their last digits only are digits that are counted through. A box of
cards bought together is alike too, but of those more are accepted than refused."""

ALIKE_BY_ONE: Final = 2
"""Where many count through digits together, who takes part is not who slipped once."""

SURGE: Final = 100
"""Refusals within an hour over all: new people's numbers wait then. Who has had a card here for a
day goes on within their own limits: a holder with a new card is not to pay for a stranger."""

SURGE_LASTS: Final = HOUR
"""It comes again if the surge goes on; a day would let one stranger close the door for all."""

ANSWER_TAKES: Final = timedelta(minutes=5)
"""A try without an answer counts as refused meanwhile; then its process is dead."""

KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Refusal:
    """No issuer is asked about this number now, and from when on it may be."""

    reason: Reason
    until: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to ask about one number once; `end` is told what came of it."""

    id: int
    person_id: int
    issuer: str
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class After:
    """How a refused try is answered. `alike`: unknown and wrong PIN are not told apart."""

    alike: bool = False
    then: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """Binding was stopped for a person, or for all: counts only, never a number."""

    person_id: int | None
    reason: Literal["many", "alike", "surge"]
    numbers: int
    people: int
    until: datetime


class NotNow(Exception):  # noqa: N818 - nothing is wrong
    """An issuer was not asked, because too much was tried."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.until = refusal.until


class Limits:
    """Lets tries through, one after another, and stops what looks like enumeration."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.on_stopped: Callable[[Stopped], None] = lambda _: None
        """Told at once; only the operator knows whom to trust."""

    async def begin(self, person_id: int, issuer: str, number: str) -> Ticket | Refusal:
        """Ask for leave. The try is noted in the same transaction, so many at once are one each."""
        async with self._store.transaction() as tx:
            await tx.tries.hold()
            seen = await self._seen(tx, person_id, issuer, number)
            if refusal := decide(seen, self._clock()):
                return refusal
            return Ticket(await tx.tries.note(person_id, issuer, number), person_id, issuer, number)

    async def end(self, ticket: Ticket, fault: IssuerFault | None) -> After:
        """Note what came of a try, and stop the person or all if a pattern shows."""
        outcome, found = outcome_of(fault), list[Stopped]()
        now = self._clock()
        async with self._store.transaction() as tx:
            await tx.tries.hold()
            await tx.tries.end(ticket.id, outcome)
            if outcome not in REFUSED:
                return After()
            seen = await self._seen(tx, ticket.person_id, ticket.issuer, ticket.number)
            found = list(suspicious(seen, ticket.person_id, now))
            for stop in found:
                await tx.tries.stop(stop.person_id, stop.reason)
            if found:
                seen = await self._seen(tx, ticket.person_id, ticket.issuer, ticket.number)
            for stop in found:
                await activity.note(tx, activity.Action.BINDING_STOPPED, subject=stop.person_id)
        for stop in found:
            log.warning("binding is stopped (%s)", stop.reason)
            self.on_stopped(stop)
        then = decide(seen, now)
        return After(
            alike=sum(one.mine and one.outcome in REFUSED for one in seen.tries) >= FREE,
            # What only this number meets would say that it is worth another look.
            then=None if then is None or then.reason == "number" else then,
        )

    async def next(self, person_id: int, issuer: str, number: str) -> Refusal | None:
        """Say what a try would meet now."""
        return decide(await self._seen(self._store, person_id, issuer, number), self._clock())

    async def asked(
        self,
        person_id: int,
        issuer: str,
        number: str,
        read: Callable[[], Awaitable[Reading]],
    ) -> Reading:
        """Read as one try. `NotNow` if there is no leave; what the reading raises, noted."""
        ticket = await self.begin(person_id, issuer, number)
        if isinstance(ticket, Refusal):
            raise NotNow(ticket)
        try:
            reading = await read()
        except IssuerFault as fault:
            await self.end(ticket, fault)
            raise
        await self.end(ticket, None)
        return reading

    async def allow(self, person_id: int | None, by: int) -> bool:
        """Take a stop back, as an admin says; False if there is none any more."""
        async with self._store.transaction() as tx:
            if not await tx.tries.allow(person_id):
                return False
            await activity.note(tx, activity.Action.BINDING_ALLOWED, subject=person_id, actor=by)
        return True

    async def _seen(self, store: Store, person_id: int, issuer: str, number: str) -> Seen:
        now = self._clock()
        return await store.tries.seen(person_id, issuer, number, since=now - DAY, lately=now - HOUR)


def outcome_of(fault: IssuerFault | None) -> Outcome:
    """Say what an answer tells about the number."""
    if fault is None:
        return "bound"
    if fault.kind in ASK_HOLDER:
        return "unknown" if fault.kind is FaultKind.NOT_FOUND else "wrong pin"
    return "shut" if fault.permanent else "other"


def decide(seen: Seen, now: datetime) -> Refusal | None:
    """Say whether a number may be tried, from what was tried within the last day."""
    if seen.stopped and now < (until := seen.stopped.at + DAY):
        return Refusal("stopped", until)
    everybody = seen.all_stopped
    if everybody and not seen.long_here and now < (until := everybody.at + SURGE_LASTS):
        return Refusal("surge", until)
    of_it = _in_vain((one for one in seen.tries if one.this), now)
    if len(of_it) >= OF_ONE_NUMBER:
        return Refusal("number", of_it[-OF_ONE_NUMBER] + DAY)
    mine = [one for one in seen.tries if one.mine]
    shut = [one.at for one in mine if one.outcome == "shut"]
    in_vain = _in_vain(mine, now)
    bound = list({one.number: one.at for one in mine if one.outcome == "bound"}.values())
    for used, most in (
        (sorted(in_vain + shut), REFUSED_A_DAY),
        (sorted(bound), BOUND_A_DAY),
        ([one.at for one in mine], ASKED_A_DAY),
    ):
        if len(used) >= most:
            return Refusal("day", used[-most] + DAY)
    lately = [at for at in in_vain if at > now - HOUR]
    if len(lately) >= FREE:
        until = lately[-1] + WAITS[min(len(lately) - FREE, len(WAITS) - 1)]
        if now < until:
            return Refusal("wait", until)
    return None


def suspicious(seen: Seen, person_id: int, now: datetime) -> Iterator[Stopped]:
    """Find out whether a refusal that was just noted is one of a pattern."""
    if seen.stopped is None or now >= seen.stopped.at + DAY:
        alike = [one for one in seen.tries if one.alike]
        mine = [one for one in seen.tries if one.mine]
        of_many, of_mine = _numbers(alike, ALIKE), _numbers(mine, NUMBERS)
        part = _numbers([one for one in alike if one.mine], ALIKE_BY_ONE, outweigh=False)
        if of_many and part:
            people = len({one.who for one in alike if one.outcome in REFUSED})
            yield Stopped(person_id, "alike", of_many, people, now + DAY)
        elif of_mine:
            yield Stopped(person_id, "many", of_mine, 1, now + DAY)
    surging = seen.all_stopped is not None and now < seen.all_stopped.at + SURGE_LASTS
    if seen.refused >= SURGE and not surging:
        yield Stopped(None, "surge", seen.refused, 0, now + SURGE_LASTS)


def _numbers(tries: Sequence[Try], least: int, *, outweigh: bool = True) -> int:
    """Count the different numbers refused and never accepted; 0 if fewer than `least`.

    `outweigh`: also 0 where at least as many were accepted, for then they are somebody's cards.
    """
    bound = {one.number for one in tries if one.outcome == "bound"}
    refused = {one.number for one in tries if one.outcome in REFUSED} - bound
    few = len(refused) < least or (outweigh and len(refused) <= len(bound))
    return 0 if few else len(refused)


def _in_vain(tries: Iterable[Try], now: datetime) -> list[datetime]:
    """List when a number was refused, or asked about without an answer so far."""
    return [
        one.at
        for one in tries
        if one.outcome in REFUSED or (one.outcome == "asked" and now < one.at + ANSWER_TAKES)
    ]
