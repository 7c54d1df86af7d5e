"""What may be written a moment later, in one transaction for everybody.

Showing a person their cards changes nothing of value, yet leaves notes: that the update was
handled and need not be kept any longer, and which message is now the chat's panel with which
balances on it. One transaction a few times a second carries them all. Whatever matters is written
at once instead, and takes the update's receipt along in its own transaction; what a kill loses
here is at worst a panel shown twice, or somebody told of an interruption who had their answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from storage import StorageError, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.inbox import Inbox

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.1
REMEMBERED = 10_000


class Journal:
    """Notes waiting to be written."""

    def __init__(self, store: Store, clock: Callable[[], datetime], inbox: Inbox) -> None:
        self._store = store
        self._clock = clock
        self._inbox = inbox
        self._receipts: set[int] = set()
        self._answered: set[int] = set()
        self._panels: dict[int, int] = {}
        self._seen: dict[tuple[int, str], tuple[int, datetime]] = {}
        self._latest: OrderedDict[int, int] = OrderedDict()
        self._writing: asyncio.Task[None] | None = None
        self._one = asyncio.Lock()

    def handled(self, update_id: int) -> None:
        """Note that an update was handled to the end."""
        self._receipts.add(update_id)
        self._answered.update(self._inbox.handled(update_id))
        self._soon()

    def panel_of(self, person_id: int) -> int | None:
        """Say which message is this person's panel, if this process showed it.

        What somebody read from the store may be older: a note is written a moment later.
        """
        return self._latest.get(person_id)

    def panel_shown(self, person_id: int, message_id: int, shown: Mapping[str, int]) -> None:
        """Note that this message is the person's panel, and the balances on it.

        `shown` gives the minor units by card id; of a card that is not in it nothing was told.
        """
        now = self._clock()
        self._seen.update({(person_id, card_id): (minor, now) for card_id, minor in shown.items()})
        self._panels[person_id] = message_id
        self._latest[person_id] = message_id
        self._latest.move_to_end(person_id)
        if len(self._latest) > REMEMBERED:
            self._latest.popitem(last=False)
        self._soon()

    def forget(self, person_id: int) -> None:
        """Drop what is noted about a person."""
        self._panels.pop(person_id, None)
        self._latest.pop(person_id, None)
        self._seen = {this: seen for this, seen in self._seen.items() if this[0] != person_id}

    def _soon(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        self._writing = None
        await self.write()

    async def write(self) -> None:
        """Write all notes now. A store that cannot be written keeps them for the next time."""
        async with self._one:  # whoever asks for it finds all of it written afterwards
            await self._write()

    async def _write(self) -> None:
        receipts, answered = self._receipts, self._answered
        panels, seen = self._panels, self._seen
        self._receipts, self._answered, self._panels, self._seen = set(), set(), {}, {}
        try:
            async with self._store.transaction() as tx:
                if panels:
                    await tx.people.set_panels(panels)
                    await tx.cards.told((*this, *what) for this, what in seen.items())
                if answered:
                    await tx.inbox.remove(answered)
                if receipts:
                    # Last, as in every transaction: what an update left to do in the background
                    # writes the same receipt, and two that wait for each other would both fail.
                    await tx.receipts.note(receipts)
        except StorageError:
            log.exception("could not write the journal; it is tried again with the next note")
            self._receipts |= receipts
            self._answered |= answered
            self._panels = {**panels, **self._panels}
            self._seen = {**seen, **self._seen}
