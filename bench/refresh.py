"""How fast due cards are read, from an issuer that takes its time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.bots import LOAD_CPU, ROOT, Running, kabao, pin
from bench.cards import fill_due, read_since
from bench.load import Load, Server
from bot.playground.issuer import ISSUERS
from storage import MasterKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.playground.people import Person

LATENCY = 0.200
CONCURRENCY = 50
"""As `kiosk.toml` declares it."""

PATIENCE = 4.0
"""Times the ideal; whoever is not through by then is called stuck."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of it: `seconds` from the first request to the last answer; the least possible."""

    cards: int
    seconds: float
    ideal: float
    answer_ms: float
    """The median wait of somebody who asks for their balance every half second meanwhile."""


async def refresh(
    telegram: Server, people: Sequence[Person], count: int, folder: Path
) -> Refreshed:
    """Let Kabao find `count` cards due, and time it until the last was read."""
    key, database = MasterKey.generate(), folder / "due.db"
    await fill_due(database, key, [person.id for person in people], count)
    issuer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.playground.issuer", "--bench", "--key", "bench"),
        *("--latency", str(LATENCY)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        pin(issuer.pid, LOAD_CPU)
        assert issuer.stdout is not None
        url = (await issuer.stdout.readline()).decode().strip()
        began = datetime.now(UTC)
        bot = kabao(
            telegram,
            "Kabao",
            database,
            key,
            ISSUERS_DIR=str(ISSUERS),
            SECRET_DEMO_URL=url,
            SECRET_DEMO_KEY="bench",  # noqa: S106 - of a server that lives a minute
            TICK_SECONDS="1",
        )
        ideal = count * LATENCY / CONCURRENCY
        telegram.latency = 0
        async with Running(bot, folder):
            times, waits = await _until_read(telegram, people, database, began, count, ideal)
    finally:
        issuer.terminate()
        await issuer.wait()
    seconds = (times[-1] - times[0]).total_seconds() + LATENCY
    return Refreshed(count, seconds, ideal, sorted(waits)[len(waits) // 2] * 1000)


async def _until_read(
    telegram: Server,
    people: Sequence[Person],
    database: Path,
    began: datetime,
    count: int,
    ideal: float,
) -> tuple[list[datetime], list[float]]:
    load = Load(telegram, people, "/balance", "¥")
    waits: list[float] = []
    async with asyncio.timeout(30 + ideal * PATIENCE):
        while True:
            waits.append(await load.one())
            times = read_since(database, began)
            if len(times) >= count:
                return times, waits
            await asyncio.sleep(0.5)
