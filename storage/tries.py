"""Questions about tries: which numbers issuers were asked about for whom, and what came of it.

Balance checks are how stolen numbers are tried, so the rows outlive whoever tried: a person is
there as a mark, and so is a number, which nobody reads back without the master key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from storage.database import Transaction
from storage.errors import StorageError
from storage.questions import Questions
from storage.schema import cards, meta, readings, stops, tries

if TYPE_CHECKING:
    from datetime import datetime

Outcome: TypeAlias = Literal["asked", "bound", "unknown", "wrong pin", "shut", "other"]
"""`asked`: there is no answer yet; `shut`: a card, but blocked or expired; `other`: the issuer
said nothing of the card."""

REFUSED: Final = ("unknown", "wrong pin")
LAST_DIGITS: Final = 4
EVERYBODY: Final = b""

_HOLD: Final = update(meta).where(meta.c.name == "tries").values(value=meta.c.value)
_BEGIN: Final = upsert(meta).values(name="tries", value=b"").on_conflict_do_nothing()
_NEAR: Final = (
    select(tries.c.at, tries.c.who, tries.c.number, tries.c.stem, tries.c.outcome)
    .where(
        tries.c.at > bindparam("since"),
        or_(tries.c.who == bindparam("who"), tries.c.stem == bindparam("stem")),
    )
    .order_by(tries.c.at, tries.c.id)
)
_OVER_ALL: Final = (
    select(func.count())
    .select_from(tries)
    .where(tries.c.at > bindparam("since"), or_(*(tries.c.outcome == one for one in REFUSED)))
)
_LONG_HERE: Final = (
    select(cards.c.id)
    .where(
        cards.c.owner_id == bindparam("owner"),
        cards.c.balance_source == "issuer",
        cards.c.created_at <= bindparam("since"),
    )
    .limit(1)
)
_PROVED: Final = (
    select(readings.c.id)
    .where(
        readings.c.owner_id == bindparam("owner"),
        readings.c.card_id == bindparam("card"),
        readings.c.source == "issuer",
    )
    .limit(1)
)
_NOTE: Final = (
    insert(tries)
    .values({c.name: bindparam(c.name) for c in tries.c if c.name != "id"})
    .returning(tries.c.id)
)
_END: Final = update(tries).where(tries.c.id == bindparam("this")).values(outcome=bindparam("said"))
_PURGE: Final = delete(tries).where(tries.c.at <= bindparam("before"))
_STOPPED: Final = select(stops.c.who, stops.c.at, stops.c.reason).where(
    or_(stops.c.who == bindparam("who"), stops.c.who == EVERYBODY)
)
_insert_stop: Final = upsert(stops).values({c.name: bindparam(c.name) for c in stops.c})
_STOP: Final = _insert_stop.on_conflict_do_update(
    index_elements=["who"],
    set_={name: _insert_stop.excluded[name] for name in ("at", "reason")},
)
_ALLOW: Final = delete(stops).where(stops.c.who == bindparam("who"))
_PURGE_STOPS: Final = delete(stops).where(stops.c.at <= bindparam("before"))


@dataclass(frozen=True, slots=True)
class Try:
    """A number an issuer was asked about, near a try to come.

    `mine`: by the same person; `this`: of the same number; `alike`: of one that differs in its
    last digits at most.
    """

    at: datetime
    who: bytes
    number: bytes
    mine: bool
    this: bool
    alike: bool
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Stop:
    """Binding is stopped, since when and why."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known before a try: those near it, oldest first, and how it goes over all."""

    tries: tuple[Try, ...]
    refused: int
    """How many tries of anybody were refused of late."""
    long_here: bool
    """The person has a card that its issuer knows, from before `since`."""
    stopped: Stop | None
    all_stopped: Stop | None


class Tries(Questions):
    """Tries of numbers that are not yet proved to be the person's, and stops that came of them."""

    async def hold(self) -> None:
        """Let one at a time look and note, till the transaction's end, so that none slips by."""
        if not isinstance(self._runner, Transaction):
            raise StorageError("Tries are held inside a transaction.")
        if not await self._runner.execute(_HOLD):
            await self._runner.execute(_BEGIN)
            await self._runner.execute(_HOLD)

    async def seen(
        self, person_id: int, issuer: str, number: str, *, since: datetime, lately: datetime
    ) -> Seen:
        """Look at what was tried near this number and by this person since then.

        `lately` is from when on refusals over all are counted.
        """
        who, mark, stem = self._marks(person_id, issuer, number)
        near = await self._runner.fetch(_NEAR, who=who, stem=stem, since=since)
        over_all = await self._runner.fetch(_OVER_ALL, since=lately)
        known = await self._runner.fetch(_LONG_HERE, owner=person_id, since=since)
        found = await self._runner.fetch(_STOPPED, who=who)
        stopped = {whom: Stop(at, reason) for whom, at, reason in found}
        return Seen(
            tuple(
                Try(at, whom, tried, whom == who, tried == mark, its_stem == stem, outcome)
                for at, whom, tried, its_stem, outcome in near
            ),
            int(over_all[0][0]),
            bool(known),
            stopped.get(who),
            stopped.get(EVERYBODY),
        )

    async def proved(self, owner_id: int, card_id: str) -> bool:
        """Say whether a card's issuer has ever told its balance."""
        return bool(await self._runner.fetch(_PROVED, owner=owner_id, card=card_id))

    async def note(self, person_id: int, issuer: str, number: str) -> int:
        """Note a try before its issuer is asked; give its number, for `end`."""
        who, mark, stem = self._marks(person_id, issuer, number)
        rows = await self._runner.fetch(
            _NOTE,
            who=who,
            at=self._clock(),
            issuer=issuer,
            number=mark,
            stem=stem,
            outcome="asked",
        )
        return int(rows[0][0])

    async def end(self, try_id: int, outcome: Outcome) -> None:
        """Note what came of a try."""
        await self._runner.execute(_END, this=try_id, said=outcome)

    async def stop(self, person_id: int | None, reason: str) -> None:
        """Stop binding for somebody, or for everybody; again from now on if it is stopped."""
        await self._runner.execute(_STOP, who=self._who(person_id), at=self._clock(), reason=reason)

    async def allow(self, person_id: int | None) -> bool:
        """Take a stop back; False if there was none."""
        return bool(await self._runner.execute(_ALLOW, who=self._who(person_id)))

    async def purge(self, before: datetime) -> int:
        """Erase what was tried and stopped until that time."""
        await self._runner.execute(_PURGE_STOPS, before=before)
        return await self._runner.execute(_PURGE, before=before)

    def _who(self, person_id: int | None) -> bytes:
        if person_id is None:
            return EVERYBODY
        return self._vault.installation.stamp("tries person", str(person_id))

    def _marks(self, person_id: int, issuer: str, number: str) -> tuple[bytes, bytes, bytes]:
        """Mark who, the number, and the number without its last digits."""
        key = self._vault.installation
        stem = number[: -min(LAST_DIGITS, len(number) // 2) or None]
        return (
            self._who(person_id),
            key.stamp("tries number", issuer, number),
            key.stamp("tries stem", issuer, stem),
        )
