"""A person's lock: trying to open it, how long it stays open, and the way back in when forgotten.

A try is counted as a wrong one before it is looked at, so that many at once get no more than one
after another would.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from bot.activity import Action, note, tell
from bot.languages import mark
from bot.passcodes import normal
from bot.second_step import digits_of, normal_code, step_of

if TYPE_CHECKING:
    from bot.parts import Parts
    from storage import Lock, Store, Tried

FREE: Final = 3
"""How many wrong tries in a row cost no waiting; the last of them begins the first wait."""

WAITS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (30, 60, 300, 900, 1800, 3600, 3 * 3600)
)
CLOSED: Final = timedelta(days=1)
"""How long nothing is tried after the tenth wrong one, and after each further one."""

CHOICES: Final = (1, 5, 15, 60)
"""For how many minutes a lock may stay open."""

SLACK: Final = timedelta(minutes=1)
"""A clock may be set right by a little without closing what was just opened."""

WAITING: Final = mark(
    "⚠️ Somebody typed a wrong passcode {n} times in this chat. Until {when} no passcode is taken, "
    "not even the right one. If that was not you, end the sessions you do not know in Telegram: "
    "Settings › Devices. /activity shows what happened."
)
CODE_USED = mark(
    "⚠️ A recovery code was used; codes left: {n}. If that was not you, change your passcode "
    "with /lock and end the sessions you do not know in Telegram: Settings › Devices."
)


class Verdict(Enum):
    """What became of a try."""

    RIGHT = auto()
    WRONG = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A try's verdict, and until when none is taken now."""

    verdict: Verdict
    closed_until: datetime | None = None


def wait_after(failures: int) -> timedelta:
    """Say how long no try is taken after so many wrong ones in a row."""
    if failures < FREE:
        return timedelta(0)
    waits = WAITS[failures - FREE :]
    return waits[0] if waits else CLOSED


def is_open(lock: Lock, now: datetime) -> bool:
    """Say whether nothing has to be asked for now.

    Nothing stays open for longer than was chosen, also when the clock was put back meanwhile.
    """
    if lock.passcode is None:
        return True
    until = lock.unlocked_until
    return until is not None and now < until <= now + timedelta(minutes=lock.minutes) + SLACK


async def try_passcode(parts: Parts, person_id: int, typed: str) -> Outcome:
    """Try what was typed as the passcode; the right one alone opens nothing yet."""
    lock = await parts.store.locks.get(person_id)
    if lock is None or lock.passcode is None:
        return Outcome(Verdict.RIGHT)
    tried = await parts.store.locks.book_try(person_id, parts.clock(), wait_after)
    if not tried.allowed:
        return Outcome(Verdict.CLOSED, tried.closed_until)
    passcode = normal(typed)
    if not await parts.passcodes.matches(passcode, lock.passcode):
        return await _was_wrong(parts, person_id, tried)
    await parts.store.locks.give_back(person_id, tried)
    if parts.passcodes.outdated(lock.passcode):
        await parts.store.locks.rehash(
            person_id, lock.passcode, await parts.passcodes.hashed(passcode)
        )
    return Outcome(Verdict.RIGHT)


async def try_second(parts: Parts, person_id: int, typed: str) -> Outcome:
    """Try what was typed as the six digits of now, or else as a recovery code."""
    lock = await parts.store.locks.get(person_id)
    if lock is None or lock.totp is None:
        return Outcome(Verdict.RIGHT)
    tried = await parts.store.locks.book_try(person_id, parts.clock(), wait_after)
    if not tried.allowed:
        return Outcome(Verdict.CLOSED, tried.closed_until)
    if await took_code(parts, person_id, lock.totp, typed) or await used_recovery(
        parts, person_id, typed
    ):
        await parts.store.locks.give_back(person_id, tried)
        return Outcome(Verdict.RIGHT)
    return await _was_wrong(parts, person_id, tried)


async def took_code(parts: Parts, person_id: int, key: bytes, typed: str) -> bool:
    """Take six digits that are of now and were not taken before."""
    digits = digits_of(typed)
    step = step_of(key, digits, parts.clock()) if digits else None
    return step is not None and await parts.store.locks.take_step(person_id, step)


async def try_recovery(parts: Parts, person_id: int, typed: str) -> Outcome:
    """Lift a forgotten passcode for a recovery code.

    Its 50 bits are guessed by nobody, so a right one is taken also while the lock is closed: who
    closes it by wrong passcodes does not keep its owner out.
    """
    if await used_recovery(parts, person_id, typed, lifting=True):
        return Outcome(Verdict.RIGHT)
    tried = await parts.store.locks.book_try(person_id, parts.clock(), wait_after)
    if not tried.allowed:
        return Outcome(Verdict.CLOSED, tried.closed_until)
    return await _was_wrong(parts, person_id, tried)


async def used_recovery(parts: Parts, person_id: int, typed: str, *, lifting: bool = False) -> bool:
    """Use up a recovery code, if it is one that is left, and lift the passcode; they are told."""
    code = normal_code(typed)
    if code is None:
        return False
    async with parts.store.transaction() as tx:
        if not await tx.locks.use_code(person_id, code):
            return False
        left = await tx.locks.count_codes(person_id)
        if lifting:
            await take_off(tx, person_id)
        await note(tx, Action.RECOVERY_CODE_USED, subject=person_id, actor=person_id, left=left)
        if lifting:
            await note(tx, Action.PASSCODE_LIFTED, subject=person_id, actor=person_id)
            return True
    parts.background.start(_tell(parts, person_id, CODE_USED, n=left), "telling of a code")
    return True


async def unlock(parts: Parts, person_id: int) -> datetime | None:
    """Open the lock for as long as the person chose, and give until when."""
    now = parts.clock()
    async with parts.store.transaction() as tx:
        lock = await tx.locks.get(person_id)
        if lock is None or lock.passcode is None:
            return None
        until = now + timedelta(minutes=lock.minutes)
        await tx.locks.change(person_id, failures=0, closed_until=None, unlocked_until=until)
        # Whoever can open it has not forgotten the passcode.
        remembered = await tx.locks.cancel_wait(person_id)
        await tx.dialogues.drop(person_id)
        if remembered:
            await note(tx, Action.RECOVERY_CANCELLED, subject=person_id, actor=person_id)
        await note(tx, Action.UNLOCKED, subject=person_id, actor=person_id)
    return until


async def take_off(tx: Store, person_id: int) -> None:
    """Take the passcode away with all that hangs on it; the phone number stays."""
    await tx.locks.change(
        person_id,
        passcode=None,
        covers_balances=False,
        unlocked_until=None,
        failures=0,
        closed_until=None,
        totp=None,
        totp_step=None,
        reset_at=None,
        reset_warned_at=None,
    )
    await tx.locks.replace_codes(person_id, ())


async def _was_wrong(parts: Parts, person_id: int, tried: Tried) -> Outcome:
    closed = tried.failures >= FREE + len(WAITS)
    action = Action.LOCK_CLOSED if closed else Action.WRONG_PASSCODE
    await note(parts.store, action, subject=person_id, actor=person_id, failures=tried.failures)
    if tried.closed_until is not None:
        told = _tell(parts, person_id, WAITING, n=tried.failures, until=tried.closed_until)
        parts.background.start(told, "telling of wrong passcodes")
    return Outcome(Verdict.WRONG, tried.closed_until)


async def _tell(
    parts: Parts, person_id: int, text: str, *, n: int, until: datetime | None = None
) -> None:
    voice = parts.voice(await parts.store.people.get(person_id))
    when = voice.moment(rounded(until)) if until else ""
    await tell(parts, person_id, voice.say(text, n=n, when=when))


def rounded(moment: datetime) -> datetime:
    """Give the full minute that is not before a moment: clocks are shown without seconds."""
    minute = moment.replace(second=0, microsecond=0)
    return minute if minute == moment else minute + timedelta(minutes=1)
