"""A rotation of the master key under a database full of cards, while the bot answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.bots import CORES, Running, kabao
from bench.cards import BEYOND_EVERY_ID, holders_card
from bench.load import Load
from storage import MasterKey, open_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.load import Answers, Server
    from bot.playground.people import Person

CARDS_EACH = 5
AT_ONCE = 500
RATE = 50
WARM_UP_SECONDS = 2.0
LONGEST_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Rotated:
    """What it cost: `seconds` from the new key in force to the proof that all is under it.

    `waited` seconds before that the rotation waited until the bot said that it knows the key.
    """

    cards: int
    people: int
    waited: float
    seconds: float
    before: Answers
    during: Answers


async def fill(database: Path, key: MasterKey, owners: Sequence[int]) -> None:
    """Give every owner their cards, many owners in a transaction."""
    now = datetime.now(UTC)
    store = await open_store(f"sqlite:///{database}", key)
    for start in range(0, len(owners), AT_ONCE):
        async with store.transaction() as tx:
            for owner in owners[start : start + AT_ONCE]:
                await tx.people.arrive(owner, name="Reader", language="zh")
                await tx.cards.add_many(
                    owner, [holders_card(owner, place, now) for place in range(CARDS_EACH)]
                )
    await store.close()


async def rotate(
    telegram: Server, readers: Sequence[Person], people: int, seconds: float, folder: Path
) -> Rotated:
    """Measure answers for some seconds, then as long as the rotation of `people` keys takes."""
    key, database = MasterKey.generate(), folder / "rotation.db"
    strangers = range(BEYOND_EVERY_ID, BEYOND_EVERY_ID + people - len(readers))
    await fill(database, key, [*(reader.id for reader in readers), *strangers])
    bot = kabao(telegram, "Kabao", database, key)
    load = Load(telegram, readers, "/balance", bot.expected)
    async with Running(bot, folder):
        await load.one()
        await load.paced(RATE, WARM_UP_SECONDS)
        before = await load.paced(RATE, seconds)
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "key", "rotate", "--to", str(folder / "new.key")),
            cwd=folder,
            env=bot.environment,
            stdout=subprocess.PIPE,
        )
        os.sched_setaffinity(process.pid, CORES)  # wherever there is room, as an operator's would
        assert process.stdout is not None
        async for line in process.stdout:
            if line.startswith(b"The new key is in force"):
                break
        in_force = time.perf_counter()
        ending = asyncio.ensure_future(process.communicate())
        during = await load.paced(RATE, LONGEST_SECONDS, until=ending)
        said, _ = await ending
    if process.returncode or f"all {people:,} were opened".encode() not in said:
        raise RuntimeError(f"the rotation did not end well: {said.decode()}")
    return Rotated(
        people * CARDS_EACH, people, in_force - began, during.count / RATE, before, during
    )
