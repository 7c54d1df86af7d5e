"""A short life with everything in it that can be lost, told once for each trouble."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.house import KIOSK, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MARKET = "AB-778899001"


class Heard(logging.Handler):
    """What the log says from the warnings on, each line once, in the order it came."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        said = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            fault = record.exc_info[1]
            said += f" ({type(fault).__name__}: {fault})"
        self.lines[f"{record.levelname.lower()}: {said}"] += 1

    def __str__(self) -> str:
        """Say the first, and how many there were."""
        if not self.lines:
            return "nothing above INFO"
        (line, times), *others = self.lines.items()
        more = f" (and {len(others)} other)" if others else ""
        return f"{line} ×{times}{more}"


class Story:
    """Alice keeps one card by hand and has one of an issuer's; trouble comes; it goes again."""

    def __init__(self, house: House, alice: Guest, heard: Heard) -> None:
        self.house = house
        self.alice = alice
        self.heard = heard
        self._before = 0

    def mark(self) -> None:
        """Remember what Alice has been told so far."""
        self._before = self.house.telegram.world.chats.bell.last

    def seen(self) -> str:
        """Say what Alice has been shown since the mark: the newest text, or the notice."""
        shown = [
            event.message["text"]
            for event in self.alice.person.events(self._before)
            if event.what != "deleted"
            and (event.only or event.message.get("from", {}).get("is_bot"))
        ]
        return shown[-1].replace("\n", " ")[:110] if shown else "nothing"

    @property
    def alerts(self) -> int:
        """Count the alerts in her chat."""
        return sum(any("💤" in b for b in m.labels) for m in self.alice.person.chat)

    async def booked(self, note: str) -> int:
        """Count the entries with this note."""
        entries = await self.house.kabao.parts.store.ledger.page(self.alice.id, None, limit=1000)
        return sum(entry.text == note for entry in entries)

    async def wrong(self, *, notes: tuple[str, ...], alerts: tuple[int, ...]) -> str:
        """Say what was lost or doubled."""
        times = {note: await self.booked(note) for note in notes}
        found = [f"{note!r} is booked {n} times" for note, n in times.items() if n != 1]
        if self.alerts not in alerts:
            found.append(f"{self.alerts} alerts")
        for card in await self.house.kabao.parts.store.cards.list(self.alice.id):
            entries = await self.house.kabao.parts.store.ledger.page(
                self.alice.id, card.id, limit=1000
            )
            if sum(entry.amount_minor for entry in entries) != card.balance_minor:
                found.append(f"{card.label} does not add up")
        return "; ".join(found)


@asynccontextmanager
async def story(folder: Path, database: str | None = None, **settings: str) -> AsyncIterator[Story]:
    """Begin one."""
    folder.mkdir(parents=True)
    heard = Heard()
    async with House(folder, database, **settings) as house:
        alice = house.guest("Alice", "en")
        await alice.says("/bind", MARKET, "Market", "200")
        await alice.binds(KIOSK)
        logging.getLogger().addHandler(heard)
        try:
            one = Story(house, alice, heard)
            one.mark()
            yield one
        finally:
            logging.getLogger().removeHandler(heard)
