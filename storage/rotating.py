"""A whole rotation of the master key, from wherever the last run of it ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from storage.errors import StorageError
from storage.rotation import FIRST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from storage.keyring import Exchange
    from storage.master import MasterKey
    from storage.processes import Process
    from storage.store import Store

BEAT_SECONDS: Final = 15
"""How often a process that is to be waited for says that it is there."""

BATCH: Final = 100
PAUSE_SECONDS: Final = 0.05
PROVED_AT_ONCE: Final = 1000
_LOOK_SECONDS: Final = 1.0
_DEAD_AFTER: Final = timedelta(seconds=60)
_DEAF_AFTER: Final = BEAT_SECONDS + 5
_PATIENCE_SECONDS: Final = 150

Step: TypeAlias = Literal["begun", "waiting", "known", "in force", "rewrapped", "proved", "done"]
Sleep: TypeAlias = "Callable[[float], Awaitable[object]]"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a rotation goes about it: keys at once, seconds between; `told` hears of each step.

    With a step comes a number: of processes that are waited for, of keys wrapped or proved so far.
    """

    batch: int = BATCH
    pause: float = PAUSE_SECONDS
    sleep: Sleep = asyncio.sleep
    told: Callable[[Step, int], object] = lambda _step, _count: None


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a run did: keys it wrapped anew; keys that open with the new master key alone: all."""

    rewrapped: int
    proved: int


async def rotate(
    store: Store, new: MasterKey, now: Callable[[], datetime], manner: Manner | None = None
) -> Rotated:
    """Go over to a new master key while others use the database; an interrupted run is resumed.

    `StorageError` says why it cannot be: the key is in force already or was before, another
    rotation is under way, a process does not take the new key, or a person's key opens with
    neither. Whatever was done until then stays, and both keys open everything.
    """
    manner = manner or Manner()
    exchange = await store.rotation.under_way() or await store.rotation.begin(new)
    if exchange.new.id != new.id:
        raise StorageError("A rotation to another master key is under way: finish it with that.")
    manner.told("begun", 0)
    await _until_known(store, exchange, now, manner)
    manner.told("known", 0)
    await store.rotation.hand_over(exchange)
    manner.told("in force", 0)
    rewrapped = 0
    while True:
        rewrapped = await _rewrapped(store, rewrapped, manner)
        proved = await prove(store, new, manner)
        if await store.rotation.finish(exchange):
            manner.told("done", proved)
            return Rotated(rewrapped, proved)
        await manner.sleep(manner.pause)


async def prove(store: Store, master: MasterKey, manner: Manner) -> int:
    """Open everybody's key with this master key alone, and count them."""
    after, proved = FIRST, 0
    while True:
        last, count = await store.rotation.prove(master, after, PROVED_AT_ONCE)
        proved += count
        manner.told("proved", proved)
        if last is None:
            return proved
        after = last
        await manner.sleep(manner.pause)


async def _rewrapped(store: Store, so_far: int, manner: Manner) -> int:
    """Go once through all that is under another key."""
    after = FIRST
    while True:
        last, count = await store.rotation.rewrap(after, manner.batch)
        if last is None:
            return so_far
        so_far += count
        manner.told("rewrapped", so_far)
        after = last
        await manner.sleep(manner.pause)


async def _until_known(
    store: Store, exchange: Exchange, now: Callable[[], datetime], manner: Manner
) -> None:
    """Wait until everybody who has the database open can open with the new key."""
    watched, watch = 0.0, _Watch()
    while True:
        strangers = [
            process
            for process in await store.processes.all()
            if exchange.new.id not in process.master_ids and watch.lives(process, now(), watched)
        ]
        if not strangers:
            return
        if watched >= _PATIENCE_SECONDS:
            raise StorageError(
                f"{len(strangers)} running processes have not taken the new key in "
                f"{_PATIENCE_SECONDS} seconds. Stop them, or see in their logs what keeps them, "
                "and run the same command again: nothing is lost, and both keys are valid."
            )
        manner.told("waiting", len(strangers))
        await manner.sleep(_LOOK_SECONDS)
        watched += _LOOK_SECONDS


class _Watch:
    """Tells who is alive from what they say while they are watched.

    Clocks of other machines may be wrong: whoever says anything lives, and is silent for longer
    than their heart takes, or they are dead.
    """

    def __init__(self) -> None:
        self._said: dict[str, tuple[datetime, float]] = {}

    def lives(self, process: Process, now: datetime, watched: float) -> bool:
        said, since = self._said.get(process.id, (None, 0.0))
        if said != process.seen_at:
            since = watched
            self._said[process.id] = (process.seen_at, since)
        silent = timedelta(seconds=watched - since)
        recent = abs(now - process.seen_at) < _DEAD_AFTER and silent < _DEAD_AFTER
        return recent or silent < timedelta(seconds=_DEAF_AFTER)
