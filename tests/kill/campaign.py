"""`python -m bot run` killed again and again while it warns people, and started again each time.

The Telegram and the issuer live in this process and are never killed, so they know the truth: what
was spent, and what each person was told. `python -m tests.kill` runs it in full.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.playground import Person, Telegram
from bot.playground.demo_cards import DemoCard
from bot.playground.issuer import ISSUERS, DemoIssuer
from storage import MasterKey, NewCard, open_store, utc_now

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

CARDS_EACH = 2
FULL = 20_000
THRESHOLD = 4_000
LEFT = 1_500
DOWN = timedelta(minutes=5)
"""How long the bot is down after each kill: as long as the longest lease it may have held."""

LATENCY = 0.03
AWAITED = 60.0


@dataclass(slots=True)
class Figures:
    """What a campaign found. Times in seconds."""

    alerts: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    most: int = 0
    killed_starting: int = 0
    killed_sending: int = 0
    starts: list[float] = field(default_factory=list)
    database: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        starts = sorted(self.starts)
        middle, slowest = starts[len(starts) // 2], starts[-1]
        return (
            f"{self.alerts} alerts, {self.kills} kills ({self.killed_starting} during the start, "
            f"{self.killed_sending} during a send): lost {self.lost}, told again {self.doubled} "
            f"(one at most {self.most} times); "
            f"database {self.database}; from start to first question median {middle:.2f} s, "
            f"slowest {slowest:.2f} s; {self.seconds:.0f} s in all"
        )


def _new(number: str) -> NewCard:
    return NewCard(
        issuer="kiosk",
        label="Kiosk",
        tail=number[-4:],
        secrets={"number": number},
        number=number,
        currency="CNY",
        threshold_minor=THRESHOLD,
    )


class Campaign:
    """`alerts` crossings spread over at least `kills` lives of the bot, killed by `seed`."""

    def __init__(self, folder: Path, *, alerts: int, kills: int, seed: int) -> None:
        self._folder = folder
        self._kills = kills
        self._random = random.Random(seed)  # noqa: S311 - which moment, not which key
        self._key = MasterKey.generate()
        self._database = folder / "kabao.db"
        self._telegram = Telegram()
        self._issuer = DemoIssuer(utc_now)
        self._numbers = [f"7700{n:08}" for n in range(alerts)]
        self._people: list[Person] = []
        self._ids: dict[str, str] = {}
        self.figures = Figures(alerts=alerts)

    async def run(self) -> Figures:
        """Run it to the end; the figures."""
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._telegram)
            await self._issuer.start()
            stack.push_async_callback(self._issuer.stop)
            await self._meet()
            self._telegram.latency = self._issuer.latency = LATENCY
            for life in range(self._kills):
                await self._spend(life)
                await self._live_and_die()
                self._let_time_pass()
            await self._spend(self._kills)
            await self._last_life()
        self._count()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    async def _meet(self) -> None:
        """Let people write for the first time, and put their cards, all full, into the store."""
        count = -(-len(self._numbers) // CARDS_EACH)
        self._people = [self._telegram.person(f"Person {n}", "en") for n in range(count)]
        for person in self._people:
            await person.says("/start")
        bot = await self._started()
        await asyncio.gather(*(person.finds("Kabao") for person in self._people))
        await self._stopped(bot)
        store = await open_store(f"sqlite:///{self._database}", self._key)
        now = utc_now()
        for at, number in enumerate(self._numbers):
            owner = self._people[at // CARDS_EACH].id
            self._issuer._cards[number] = DemoCard(number, "CNY", {}, balance=FULL)
            card = await store.cards.add(owner, _new(number))
            self._ids[number] = card.id
            await store.cards.change(
                owner,
                card.id,
                state="active",
                balance_minor=FULL,
                balance_at=now,
                balance_source="issuer",
                peak_minor=FULL,
                told_minor=FULL,
                told_at=now,
                # Nothing is due yet; `_spend` makes it so.
                next_refresh_at=now + timedelta(days=30),
            )
        await store.close()

    async def _spend(self, life: int) -> None:
        """Let this life's share of the cards fall, to be read at moments spread over it."""
        mine = self._numbers[life :: self._kills + 1]
        for number in mine:
            self._issuer.spend(number, FULL - LEFT)
        with sqlite3.connect(self._database) as raw:
            for number in mine:
                due = utc_now() + timedelta(seconds=self._random.uniform(0, 2))
                raw.execute(
                    "UPDATE cards SET next_refresh_at = ? WHERE id = ?",
                    (int(due.timestamp() * 1e6), self._ids[number]),
                )
        raw.close()

    async def _live_and_die(self) -> None:
        """Start the bot, and kill it at some moment of its start or of its work."""
        listens = asyncio.create_task(self._telegram.next_call("getUpdates"))
        began = time.monotonic()
        bot = await self._spawned()
        if self._random.random() < 0.15:
            await asyncio.sleep(self._random.uniform(0.05, 0.9))
        else:
            await asyncio.wait_for(listens, AWAITED)
            self.figures.starts.append(time.monotonic() - began)
            await self._some_moment()
        self.figures.killed_starting += not listens.done()
        listens.cancel()
        bot.kill()
        assert await bot.wait() == -signal.SIGKILL
        self.figures.kills += 1

    async def _some_moment(self) -> None:
        """Wait for any time at all, or until just about when an alert is being sent."""
        if self._random.random() < 0.5:
            await asyncio.sleep(self._random.uniform(0, 1.5))
            return
        try:
            await asyncio.wait_for(self._telegram.next_call("sendMessage"), 3)
        except TimeoutError:
            return
        self.figures.killed_sending += 1
        await asyncio.sleep(self._random.uniform(0, 2 * LATENCY))

    def _let_time_pass(self) -> None:
        """Put the store's times back, which is what the bot would find after being down."""
        with sqlite3.connect(self._database) as raw:
            past = DOWN // timedelta(microseconds=1)
            raw.execute("UPDATE cards SET next_refresh_at = next_refresh_at - ?", (past,))
            raw.execute(
                "UPDATE outbox SET not_before = not_before - ? WHERE done_at IS NULL", (past,)
            )
        raw.close()

    async def _last_life(self) -> None:
        """Let the bot work in peace until it owes nobody anything, or does not get on."""
        bot = await self._started()
        for _ in range(int(AWAITED / 0.25)):
            if len(self._told()) == len(self._numbers) and not self._owed():
                break
            await asyncio.sleep(0.25)
        await self._stopped(bot)

    def _owed(self) -> int:
        with sqlite3.connect(self._database) as raw:
            query = "SELECT count(*) FROM outbox WHERE done_at IS NULL"
            (owed,) = raw.execute(query).fetchone()
        raw.close()
        return int(owed)

    def _told(self) -> Counter[str]:
        """Count how often each card's alert stands in its holder's chat."""
        told: Counter[str] = Counter()
        for at, number in enumerate(self._numbers):
            for message in self._people[at // CARDS_EACH].chat:
                if message.text.startswith("🟠") and f"·{number[-4:]} " in message.text:
                    told[number] += 1
        return told

    def _count(self) -> None:
        told = self._told()
        self.figures.lost = len(self._numbers) - len(told)
        self.figures.doubled = sum(times - 1 for times in told.values())
        self.figures.most = max(told.values(), default=0)
        with sqlite3.connect(self._database) as raw:
            (self.figures.database,) = raw.execute("PRAGMA integrity_check").fetchone()
        raw.close()

    async def _spawned(self) -> Process:
        """Start the bot as an operator does."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KABAO_")},
            "KABAO_BOT_TOKEN": self._telegram.token,
            "KABAO_BOT_API_URL": self._telegram.url,
            "KABAO_DATABASE_URL": f"sqlite:///{self._database}",
            "KABAO_MASTER_KEY": self._key.text(),
            "KABAO_ISSUERS_DIR": str(ISSUERS),
            "KABAO_ACCESS": "open",
            "KABAO_TICK_SECONDS": "0.05",
            **{f"KABAO_SECRET_{name}": value for name, value in self._issuer.secrets.items()},
        }
        with (self._folder / "bot.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
            )

    async def _started(self) -> Process:
        listens = asyncio.create_task(self._telegram.next_call("getUpdates"))
        bot = await self._spawned()
        await asyncio.wait_for(listens, AWAITED)
        return bot

    async def _stopped(self, bot: Process) -> None:
        bot.terminate()
        assert await bot.wait() == 0
