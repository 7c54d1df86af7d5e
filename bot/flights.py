"""Readings under way, so that a card is never asked for twice at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from storage import Card


class Read(Protocol):
    """Reads one card of an owner; `None` if they have no such card."""

    async def __call__(
        self, owner_id: int, card_id: str, *, insist: bool, history: bool, refused: bool
    ) -> Card | None:
        """Ask the issuer although the balance is young, for the entries too, or after a refusal."""
        ...


@dataclass(frozen=True, slots=True)
class _Flight:
    """A reading under way, and what was asked of it."""

    task: asyncio.Task[Card | None]
    insist: bool
    history: bool

    def answers(self, card: Card, since: datetime, *, insist: bool, history: bool) -> bool:
        """Say whether what came of it will do for one who has waited since then."""
        if card.failed_at is not None and card.failed_at >= since:
            return True
        read = card.balance_at is not None and card.balance_at >= since
        return (self.history or not history) and (self.insist or read or not insist)


class Flights:
    """Every reading goes through here, whoever wants it."""

    def __init__(self, read: Read, clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._under_way: dict[tuple[int, str], _Flight] = {}

    async def join(
        self, owner_id: int, card_id: str, *, insist: bool, history: bool, refused: bool = False
    ) -> Card | None:
        """Read a card, or wait for who reads it already; again only for what they did not ask.

        A reading goes on although one who waits for it is cancelled.
        """
        this, since = (owner_id, card_id), self._clock()
        while flight := self._under_way.get(this):
            card = await asyncio.shield(flight.task)
            if card is None or flight.answers(card, since, insist=insist, history=history):
                return card
            insist = True  # for what is missing, although the balance is young now
        reading = self._read(*this, insist=insist, history=history, refused=refused)
        task = asyncio.create_task(reading)
        self._under_way[this] = _Flight(task, insist, history)
        task.add_done_callback(lambda _: self._under_way.pop(this, None))
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """End what is under way, so that nothing of it outlives the store."""
        tasks = [flight.task for flight in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
