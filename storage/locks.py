"""Questions about a person's own lock: passcode, second step, recovery codes, phone number.

What must not be taken twice, or tried more often than allowed, is decided by one conditional
statement: whoever asks at the same time, in this process or another, gets no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from sqlalchemy import and_, bindparam, case, delete, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.errors import StorageError
from storage.questions import KEY_COLUMNS, Questions
from storage.schema import locks, people, recovery_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, timedelta

    from sqlalchemy import Update

    from storage.vault import PersonKey

MINUTES: Final = 5
"""How long a lock that was opened stays open, unless the person chose."""

_SEALED: Final = ("passcode", "totp", "phone")
_COLUMNS: Final = tuple(c for c in locks.c if c.name != "person_id")

_this: Final = locks.c.person_id == bindparam("person")
_open: Final = or_(locks.c.closed_until.is_(None), locks.c.closed_until <= bindparam("now"))
_GET: Final = select(*KEY_COLUMNS, *_COLUMNS).select_from(people.join(locks)).where(_this)
_BEGIN: Final = (
    insert(locks).values({c.name: bindparam(c.name) for c in locks.c}).on_conflict_do_nothing()
)
_COUNTED: Final = select(locks.c.failures, locks.c.closed_until).where(_this)
_BOOK: Final = (
    update(locks)
    .where(_this, _open, locks.c.failures == bindparam("before"))
    .values(failures=bindparam("failures"), closed_until=bindparam("closed_until"))
)
_GIVE_BACK: Final = (
    update(locks)
    .where(_this, locks.c.failures > 0)
    .values(
        failures=locks.c.failures - 1,
        closed_until=case(
            (locks.c.closed_until == bindparam("mine"), null()), else_=locks.c.closed_until
        ),
    )
)
_REHASH: Final = (
    update(locks)
    .where(_this, locks.c.passcode == bindparam("before"))
    .values(passcode=bindparam("passcode"))
)
_PASSCODE: Final = select(locks.c.passcode).where(_this)
_TAKE_STEP: Final = (
    update(locks)
    .where(_this, or_(locks.c.totp_step.is_(None), locks.c.totp_step < bindparam("step")))
    .values(totp_step=bindparam("step"))
)
_waiting: Final = and_(locks.c.reset_at.is_not(None), locks.c.reset_at <= bindparam("until"))
_TO_WARN: Final = select(locks.c.person_id).where(_waiting, locks.c.reset_warned_at.is_(None))
_warned: Final = and_(_waiting, locks.c.reset_warned_at <= bindparam("warned"))
_end_wait: Final = update(locks).where(_this).values(reset_at=null(), reset_warned_at=null())
_TO_LIFT: Final = select(locks.c.person_id).where(_warned)
_LIFT: Final = _end_wait.where(_warned)
_CANCEL: Final = _end_wait.where(locks.c.reset_at.is_not(None))
_closed: Final = and_(locks.c.covers_balances, locks.c.unlocked_until <= bindparam("now"))
_TO_COVER: Final = select(locks.c.person_id).where(_closed)
_COVERED: Final = update(locks).where(_this, _closed).values(unlocked_until=null())
_NO_CODES: Final = delete(recovery_codes).where(recovery_codes.c.person_id == bindparam("person"))
_ADD_CODE: Final = insert(recovery_codes).values(
    {c.name: bindparam(c.name) for c in recovery_codes.c}
)
_USE_CODE: Final = delete(recovery_codes).where(
    recovery_codes.c.person_id == bindparam("person"), recovery_codes.c.code == bindparam("code")
)
_COUNT_CODES: Final = select(func.count()).where(recovery_codes.c.person_id == bindparam("person"))


@dataclass(frozen=True, slots=True)
class Lock:
    """One person's lock. Without a passcode it locks nothing."""

    passcode: str | None = field(repr=False)
    """An Argon2id hash in PHC form."""
    covers_balances: bool
    """Whether balances, too, are shown only while it is open; never set without a passcode."""
    minutes: int
    """How long it stays open."""
    unlocked_until: datetime | None
    failures: int
    closed_until: datetime | None
    """Until when no passcode is tried, not even the right one."""
    totp: bytes | None = field(repr=False)
    """The key of RFC 6238 of a second step."""
    totp_step: int | None
    """The last time step of which a code was taken."""
    phone: str | None = field(repr=False)
    """The person's own number: + and digits."""
    reset_at: datetime | None
    """When a passcode that was forgotten is lifted, if nobody objects."""
    reset_warned_at: datetime | None
    """When the person was told that this is about to happen."""
    changed_at: datetime


class LockChanges(TypedDict, total=False):
    """What `locks.change` takes."""

    passcode: str | None
    covers_balances: bool
    minutes: int
    unlocked_until: datetime | None
    failures: int
    closed_until: datetime | None
    totp: bytes | None
    totp_step: int | None
    phone: str | None
    reset_at: datetime | None
    reset_warned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tried:
    """Whether a try is allowed; it is counted as a wrong one until it is known to be right."""

    allowed: bool
    failures: int
    closed_until: datetime | None


class Locks(Questions):
    """At most one lock per person."""

    async def get(self, person_id: int) -> Lock | None:
        """Find a person's lock, opened; None if they never had one."""
        rows = await self._runner.fetch(_GET, person=person_id)
        if not rows:
            return None
        key_id, wrapped, *values = rows[0]
        key = self._vault.open_key(person_id, key_id, wrapped)
        return Lock(**_opened(key, dict(zip((c.name for c in _COLUMNS), values, strict=True))))

    async def change(self, person_id: int, **fields: Unpack[LockChanges]) -> None:
        """Change a person's lock, made if there is none. `StorageError` if there is no person."""
        if not fields or not fields.keys() <= LockChanges.__annotations__.keys():
            raise StorageError(f"A lock has no such fields: {', '.join(fields)}.")
        values: dict[str, object] = dict(fields)
        async with self._runner.transaction() as tx:
            key = await self._key(tx, person_id)
            for name in _SEALED:
                if (plain := values.get(name)) is not None:
                    raw = plain.encode() if isinstance(plain, str) else plain
                    assert isinstance(raw, bytes)
                    values[name] = key.seal(_place(name), raw)
            now = self._clock()
            await tx.execute(_BEGIN, **_fresh(person_id, now))
            statement = _change(tuple(sorted(values)))
            await tx.execute(statement, person=person_id, changed_at=now, **values)

    async def book_try(
        self, person_id: int, now: datetime, wait_after: Callable[[int], timedelta]
    ) -> Tried:
        """Count a try as a wrong one before it is looked at, if one is allowed now.

        `wait_after` says how long the lock is closed after so many wrong ones in a row.
        """
        while True:
            found = await self._runner.fetch(_COUNTED, person=person_id)
            if not found:
                raise StorageError("There is no lock to try.")
            before, closed_until = found[0]
            if closed_until is not None and closed_until > now:
                return Tried(allowed=False, failures=before, closed_until=closed_until)
            wait = wait_after(before + 1)
            tried = Tried(
                allowed=True, failures=before + 1, closed_until=now + wait if wait else None
            )
            if await self._runner.execute(
                _BOOK,
                person=person_id,
                now=now,
                before=before,
                failures=tried.failures,
                closed_until=tried.closed_until,
            ):
                return tried

    async def give_back(self, person_id: int, tried: Tried) -> None:
        """Take back one counted try that was right, and no other."""
        await self._runner.execute(_GIVE_BACK, person=person_id, mine=tried.closed_until)

    async def rehash(self, person_id: int, before: str, passcode: str) -> bool:
        """Put another hash of the same passcode in the place of one; False if it was changed."""
        async with self._runner.transaction() as tx:
            key = await self._key(tx, person_id)
            found = await tx.fetch(_PASSCODE, person=person_id)
            place = _place("passcode")
            if not found or not found[0][0] or key.open_text(place, found[0][0]) != before:
                return False
            sealed = key.seal_text(place, passcode)
            return bool(
                await tx.execute(_REHASH, person=person_id, before=found[0][0], passcode=sealed)
            )

    async def take_step(self, person_id: int, step: int) -> bool:
        """Take a time step's code; False if one of it or of a later one was taken already."""
        return bool(await self._runner.execute(_TAKE_STEP, person=person_id, step=step))

    async def to_warn(self, until: datetime) -> list[int]:
        """List whose passcode is lifted by then and who were not told that it is near."""
        return [row[0] for row in await self._runner.fetch(_TO_WARN, until=until)]

    async def to_lift(self, now: datetime, warned: datetime) -> list[int]:
        """List whose passcode is to be lifted now, if they were told by `warned`."""
        return [row[0] for row in await self._runner.fetch(_TO_LIFT, until=now, warned=warned)]

    async def end_wait(self, person_id: int, now: datetime, warned: datetime) -> bool:
        """End the wait of one of `to_lift`; False if it was ended or cancelled meanwhile."""
        return bool(await self._runner.execute(_LIFT, person=person_id, until=now, warned=warned))

    async def cancel_wait(self, person_id: int) -> bool:
        """Lift nothing after all; False if nothing was to be lifted."""
        return bool(await self._runner.execute(_CANCEL, person=person_id))

    async def to_cover(self, now: datetime) -> list[int]:
        """List whose lock has closed by itself while balances may stand on their screen."""
        return [row[0] for row in await self._runner.fetch(_TO_COVER, now=now)]

    async def covered(self, person_id: int, now: datetime) -> None:
        """Note that nothing stands there any more, unless the lock was opened again."""
        await self._runner.execute(_COVERED, person=person_id, now=now)

    async def replace_codes(self, person_id: int, codes: Collection[str]) -> None:
        """Let these recovery codes count, and none given before."""
        async with self._runner.transaction() as tx:
            key = await self._key(tx, person_id)
            await tx.execute(_NO_CODES, person=person_id)
            rows = [{"person_id": person_id, "code": _mark(key, code)} for code in codes]
            if rows:
                await tx.execute_many(_ADD_CODE, rows)

    async def use_code(self, person_id: int, code: str) -> bool:
        """Use up a recovery code; False if it is none, or was used."""
        key = await self._key(self._runner, person_id)
        used = await self._runner.execute(_USE_CODE, person=person_id, code=_mark(key, code))
        return bool(used)

    async def count_codes(self, person_id: int) -> int:
        """Count the recovery codes that are left."""
        found: int = (await self._runner.fetch(_COUNT_CODES, person=person_id))[0][0]
        return found


@lru_cache(maxsize=64)
def _change(names: tuple[str, ...]) -> Update:
    return (
        update(locks)
        .where(_this)
        .values({name: bindparam(name) for name in (*names, "changed_at")})
    )


def _place(name: str) -> tuple[str, ...]:
    return ("lock", name)


def _mark(key: PersonKey, code: str) -> bytes:
    return key.fingerprint("recovery code", code)


def _opened(key: PersonKey, values: dict[str, Any]) -> dict[str, Any]:
    for name in _SEALED:
        if values[name] is not None:
            raw = key.open(_place(name), values[name])
            values[name] = raw if name == "totp" else raw.decode()
    return values


def _fresh(person_id: int, now: datetime) -> dict[str, object]:
    return {
        **dict.fromkeys(locks.c.keys()),
        "person_id": person_id,
        "covers_balances": False,
        "minutes": MINUTES,
        "failures": 0,
        "changed_at": now,
    }
