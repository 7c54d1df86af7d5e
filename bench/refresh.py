"""How fast due cards are read, from an issuer that takes its time."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from contextlib import suppress
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
PATIENCE = 4.0
"""Times the ideal; whoever is not through by then is called stuck."""


@dataclass(frozen=True, slots=True)
class Street:
    """Issuers side by side, each asked `concurrency` at once; the `hanging` ones never answer."""

    issuers: int
    concurrency: int
    hanging: int = 0


ONE = Street(issuers=1, concurrency=50)
TWENTY = Street(issuers=20, concurrency=4, hanging=1)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of it: `seconds` from the first request to the last answer; the least possible."""

    cards: int
    seconds: float
    ideal: float
    answer_ms: float
    """The median wait of somebody who asks for their balance every half second meanwhile."""


async def refresh(
    telegram: Server, people: Sequence[Person], count: int, street: Street, folder: Path
) -> Refreshed:
    """Let Kabao find `count` cards due, and time it until the last was read that can be."""
    key, database = MasterKey.generate(), folder / f"due-{street.issuers}.db"
    files = folder / f"street-{street.issuers}"
    slugs = _declare(files, street)
    await fill_due(database, key, [person.id for person in people], count, slugs)
    hanging = await asyncio.start_server(_hang, "127.0.0.1", 0)
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
            ISSUERS_DIR=str(files),
            SECRET_DEMO_URL=url,
            SECRET_HANGING_URL=f"http://127.0.0.1:{hanging.sockets[0].getsockname()[1]}",
            SECRET_DEMO_KEY="bench",  # noqa: S106 - of a server that lives a minute
            TICK_SECONDS="1",
        )
        healthy = count // street.issuers * (street.issuers - street.hanging)
        ideal = count / street.issuers * LATENCY / street.concurrency
        telegram.latency = 0
        async with Running(bot, folder):
            times, waits = await _until_read(telegram, people, database, began, healthy, ideal)
    finally:
        issuer.terminate()
        await issuer.wait()
        hanging.close()
    seconds = (times[-1] - times[0]).total_seconds() + LATENCY
    return Refreshed(healthy, seconds, ideal, sorted(waits)[len(waits) // 2] * 1000)


def _declare(folder: Path, street: Street) -> list[str]:
    """Write the street's files after the demo's kiosk; the first issuers are those that hang."""
    folder.mkdir()
    kiosk = (ISSUERS / "kiosk.toml").read_text("utf-8")
    kiosk = re.sub(r"concurrency = [0-9]+", f"concurrency = {street.concurrency}", kiosk)
    slugs = [f"kiosk-{place}" for place in range(street.issuers)]
    for place, slug in enumerate(slugs):
        text = kiosk.replace("DEMO_URL", "HANGING_URL") if place < street.hanging else kiosk
        (folder / f"{slug}.toml").write_text(text, "utf-8")
    return slugs


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take whatever comes, and say nothing."""
    with suppress(ConnectionError):
        while await reader.read(65_536):
            pass
    writer.close()


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
