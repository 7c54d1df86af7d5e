"""The bot killed at random moments while people act, and started again each time.

The Telegram, the issuer and the people live in this process and are never killed: they know the
truth, which is what each of them typed and what the bot confirmed.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import time
from collections import Counter
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.playground import Telegram
from bot.playground.demo_cards import DemoCard
from bot.playground.issuer import DemoIssuer
from storage import MasterKey, NewCard, NewEntry, Reading, open_store, utc_now
from tests.chaos.people import Binder, Bookkeeper, Looker, Truth
from tests.chaos.process import Programs, kill, stop
from tests.chaos.rows import Row
from tests.chaos.tools import Tools

if TYPE_CHECKING:
    from pathlib import Path

    from bot.playground import Person
    from storage import Store
    from tests.chaos.process import Running

BOOKKEEPERS, BINDERS, LOOKERS = 6, 6, 4
CARDS_EACH = 2
FULL, THRESHOLD, LEFT = 20_000, 4_000, 1_500
DOWN = timedelta(minutes=5)
"""How long the bot is down after each kill: as long as the longest lease it may have held."""

LATENCY = 0.02
PEACE = 60.0
MOMENTS = (
    *("start", "any", "bind", "bind", "ledger entry", "ledger entry"),
    *("refresh", "alert", "alert", "key rotation", "key rotation", "backup", "backup"),
)


@dataclass(slots=True)
class Figures:
    """What a campaign found."""

    kills: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    typed: int = 0
    confirmed: int = 0
    entries_lost: int = 0
    entries_doubled: int = 0
    cards_bound: int = 0
    cards_lost: int = 0
    cards_doubled: int = 0
    balances_wrong: int = 0
    alerts: int = 0
    alerts_lost: int = 0
    alerts_again: int = 0
    halves: int = 0
    went_on: int = 0
    stuck: list[str] = field(default_factory=list)
    warned: int = 0
    unanswered: int = 0
    rotations: int = 0
    backups: int = 0
    problems: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """Everything that must be nothing."""
        return (
            self.unanswered
            + self.entries_lost
            + self.entries_doubled
            + self.cards_lost
            + self.cards_doubled
            + self.balances_wrong
            + self.alerts_lost
            + len(self.stuck)
            + len(self.problems)
        )

    def add(self, other: Figures) -> None:
        """Take in what another lane found."""
        for name in self.__dataclass_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if name == "seconds":
                self.seconds = max(mine, theirs)
            else:
                setattr(self, name, mine + theirs)

    def rows(self) -> list[Row]:
        """Tell it in the table."""
        phases = ", ".join(f"{kind} {count}" for kind, count in self.phases.most_common())
        starts = sorted(self.starts) or [0.0]
        middle = starts[len(starts) // 2]

        def lost(**counts: int) -> str:
            return ", ".join(f"{name} {count}" for name, count in counts.items() if count)

        return [
            Row(
                "kills",
                f"{self.kills} kill -9; under way then: {phases}",
                f"a bot that is back after {middle:.1f} s (median; slowest {starts[-1]:.1f} s)",
                f"{self.seconds:.0f} s in all; {self.rotations} rotations, {self.backups} backups",
                "; ".join(self.problems),
            ),
            Row(
                "kills",
                f"{self.typed} ledger entries typed",
                f"{self.confirmed} confirmed; in {self.warned} cases the bot says that it was "
                "interrupted, and where to look",
                "",
                lost(
                    unanswered=self.unanswered,
                    lost=self.entries_lost,
                    doubled=self.entries_doubled,
                    balances=self.balances_wrong,
                ),
            ),
            Row(
                "kills",
                f"{self.cards_bound} cards bound; {self.halves} binds half-finished at a kill",
                f"{self.went_on} of these went on at the next answer",
                "",
                "; ".join([lost(lost=self.cards_lost, doubled=self.cards_doubled), *self.stuck])
                if self.cards_lost or self.cards_doubled or self.stuck
                else "",
            ),
            Row(
                "kills",
                f"{self.alerts} alerts owed",
                f"each was told; {self.alerts_again} told again, for nobody knows whether a "
                "message arrived that was being sent at the kill",
                "",
                lost(lost=self.alerts_lost),
            ),
        ]


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
    """`kills` lives of one bot, which `alerts` crossings are spread over; `seed` rolls the dice.

    `quick`: its backups' passphrases are quick to try, which a kill finds under way less often.
    """

    def __init__(self, folder: Path, *, kills: int, alerts: int, seed: int, quick: bool) -> None:
        self._kills = kills
        self._quick = quick
        self._dice = random.Random(seed)  # noqa: S311 - which moment, not which key
        self._telegram = Telegram()
        self._issuer = DemoIssuer(utc_now)
        self._folder = folder
        self._numbers = [f"7700{40_000_000 + n:08}" for n in range(alerts)]
        self._watchers: list[Person] = []
        self._ids: dict[str, str] = {}
        self._truth = Truth()
        self._books: list[Bookkeeper] = []
        self._programs: Programs
        self._tools: Tools
        self.figures = Figures(alerts=alerts)

    @property
    def secrets(self) -> set[str]:
        """Every number that was typed, and the keys."""
        typed = {asked.number for asked in self._truth.bound}
        return typed | set(self._numbers) | self._tools.secrets | {self._issuer.key}

    async def run(self) -> Figures:
        """Run it to the end; the figures."""
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._telegram)
            await self._issuer.start()
            stack.push_async_callback(self._issuer.stop)
            key = MasterKey.generate().text()
            self._programs = Programs(
                self._folder, self._telegram, self._issuer, key, quick=self._quick
            )
            self._tools = Tools(self._programs, self._dice)
            await self._meet()
            self._telegram.latency = self._issuer.latency = LATENCY
            lives = [asyncio.create_task(actor.lives()) for actor in self._actors()]
            for life in range(self._kills):
                self._spend(life)
                await self._live_and_die()
                self._let_time_pass()
            await self._last_life(lives)
        await self._count()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    def _actors(self) -> list[Bookkeeper | Binder | Looker]:
        def dice() -> random.Random:
            return random.Random(self._dice.random())  # noqa: S311 - as above

        binders = []
        for n in range(BINDERS):
            binder = Binder(self._telegram.person(f"Binder {n}", "en"), self._truth, dice())
            binder.issuer = self._issuer
            binders.append(binder)
        lookers = [Looker(one, self._truth, dice()) for one in self._watchers[:LOOKERS]]
        return [*self._books, *binders, *lookers]

    async def _meet(self) -> None:
        """Let people write for the first time, and put their cards, all full, into the store."""
        count = -(-len(self._numbers) // CARDS_EACH)
        self._watchers = [self._telegram.person(f"Watcher {n}", "en") for n in range(count)]
        keepers = [self._telegram.person(f"Keeper {n}", "en") for n in range(BOOKKEEPERS)]
        self._books = [
            Bookkeeper(one, self._truth, random.Random(self._dice.random()))  # noqa: S311
            for one in keepers
        ]
        bot = await self._programs.listening()
        for person in self._watchers:
            await person.says("/start")
        await asyncio.gather(*(person.finds("Kabao", within=60) for person in self._watchers))
        numbers = [f"AB-5500{n:04}" for n in range(BOOKKEEPERS)]
        await asyncio.gather(*map(Bookkeeper.arrives, self._books, numbers))
        await stop(bot)
        store = await self._store()
        now = utc_now()
        for at, number in enumerate(self._numbers):
            owner = self._watchers[at // CARDS_EACH].id
            known = self._issuer._cards[number] = DemoCard(number, "CNY", {})
            bought = known.book(now, "OPEN", FULL, "Card bought")
            card = await store.cards.add(owner, _new(number))
            self._ids[number] = card.id
            opening = NewEntry(
                bought.at, FULL, "CNY", "opening", bought.text, "issuer", external_id=bought.id
            )
            await store.ledger.add(owner, card.id, [opening])
            await store.ledger.note_reading(
                owner, card.id, Reading(now, FULL, "CNY", "active", "issuer")
            )
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

    async def _store(self) -> Store:
        key = MasterKey.parse(self._programs.key)
        return await open_store(f"sqlite:///{self._programs.database}", key)

    def _spend(self, life: int) -> None:
        """Let this life's share of the cards fall, to be read at moments spread over it."""
        mine = self._numbers[life :: self._kills + 1]
        for number in mine:
            self._issuer.spend(number, FULL - LEFT)
            due = utc_now() + timedelta(seconds=self._dice.uniform(0, 2))
            self._write(
                "UPDATE cards SET next_refresh_at = ? WHERE id = ?",
                int(due.timestamp() * 1e6),
                self._ids[number],
            )

    def _write(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self._programs.database, timeout=30)) as raw, raw:
            raw.execute(statement, values)

    def _read(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._programs.database, timeout=30)) as raw:
            return list(raw.execute(query))

    async def _live_and_die(self) -> None:
        """Start the bot, and kill it at some moment of its start or of its work."""
        wanted = self._dice.choice(MOMENTS)
        await self._tools.settle()
        listens = asyncio.create_task(self._telegram.next_call("getUpdates"))
        began = time.monotonic()
        starting = wanted == "start"
        bot = await self._programs.start("run", anew=starting)
        tool: Running | None = None
        if starting:
            await asyncio.sleep(self._dice.uniform(0.05, 1.2))
        else:
            await asyncio.wait_for(listens, PEACE)
            self.figures.starts.append(time.monotonic() - began)
            self._truth.listens += 1
            tool = await self._some_moment(wanted)
        self._note_phases(starting=not listens.done())
        listens.cancel()
        both = tool is None or self._dice.random() < 0.5
        if both:
            self._truth.kills += 1
            assert await kill(bot)
        if tool is not None:
            await self._tools.end(tool, wanted, killed=not both or self._dice.random() < 0.7)
        if not both:  # the program beside it died first; the bot has to go on, and dies now
            await asyncio.sleep(self._dice.uniform(0, 0.3))
            self._truth.kills += 1
            assert await kill(bot)
        self.figures.kills += 1

    async def _some_moment(self, wanted: str) -> Running | None:
        """Wait for what is wanted to be under way, and then for a moment of it."""
        if tool := await self._tools.start(wanted):
            await asyncio.sleep(self._dice.uniform(0.2, 1.6))
            return tool
        if wanted == "alert":
            await self._quietly(self._telegram.next_call("sendMessage"), 2)
            await asyncio.sleep(self._dice.uniform(0, 2 * LATENCY))
            return None
        await asyncio.sleep(self._dice.uniform(0.1, 1.0))
        if wanted != "any":
            for _ in range(200):
                await self._quietly(self._truth.began.wait(), 1)
                if self._truth.kind == wanted:
                    break
            await asyncio.sleep(self._dice.uniform(0, 4 * LATENCY))
        return None

    async def _quietly(self, waiting: object, seconds: float) -> None:
        try:
            await asyncio.wait_for(waiting, seconds)  # type: ignore[arg-type]
        except TimeoutError:
            return

    def _note_phases(self, *, starting: bool) -> None:
        phases = {kind for kind, count in self._truth.under_way.items() if count > 0}
        if starting:
            phases = {"start"}
        elif self._owed():
            phases.add("alert")
        phases |= self._tools.running
        self.figures.phases.update(phases or {"idle"})

    def _let_time_pass(self) -> None:
        """Put the store's times back, which is what the bot would find after being down."""
        past = DOWN // timedelta(microseconds=1)
        self._write("UPDATE cards SET next_refresh_at = next_refresh_at - ?", past)
        self._write("UPDATE outbox SET not_before = not_before - ? WHERE done_at IS NULL", past)
        # The bot forgets who died a day ago, and no rotation waits twenty seconds for it to speak.
        self._write("UPDATE processes SET seen_at = 0")

    async def _last_life(self, lives: list[asyncio.Task[None]]) -> None:
        """Let the bot work in peace until it owes nobody anything, or does not get on."""
        self._spend(self._kills)
        await self._tools.settle()
        bot = await self._programs.listening()
        self._truth.listens += 1
        await asyncio.sleep(1)
        self._truth.over = True
        await asyncio.wait_for(asyncio.gather(*lives), PEACE)
        for _ in range(int(PEACE / 0.25)):
            if len(self._told()) == len(self._numbers) and not self._owed():
                break
            await asyncio.sleep(0.25)
        await stop(bot)
        self.figures.problems += await self._tools.last_words()

    def _owed(self) -> int:
        ((owed,),) = self._read("SELECT count(*) FROM outbox WHERE done_at IS NULL")
        return int(str(owed))

    def _told(self) -> Counter[str]:
        """Count how often each card's alert stands in its holder's chat."""
        told: Counter[str] = Counter()
        for at, number in enumerate(self._numbers):
            for message in self._watchers[at // CARDS_EACH].chat:
                if message.text.startswith("🟠") and f"·{number[-4:]} " in message.text:
                    told[number] += 1
        return told

    async def _count(self) -> None:
        figures, truth, told = self.figures, self._truth, self._told()
        figures.alerts_lost = len(self._numbers) - len(told)
        figures.alerts_again = sum(times - 1 for times in told.values())
        figures.halves, figures.went_on = truth.halves, truth.went_on
        figures.stuck = truth.stuck
        figures.rotations, figures.backups = self._tools.rotations, self._tools.backups
        for pragma in ("integrity_check", "foreign_key_check"):
            found = self._read(f"PRAGMA {pragma}")
            if found not in ([], [("ok",)]):
                figures.problems.append(f"{pragma}: {found}")
        store = await self._store()
        try:
            await self._count_entries(store)
            await self._count_cards(store)
        finally:
            await store.close()

    async def _count_entries(self, store: Store) -> None:
        figures = self.figures
        for book in self._books:
            owner = book.person.id
            (card,) = await store.cards.list(owner)
            entries = await store.ledger.page(owner, None, limit=100_000)
            noted = Counter(entry.text for entry in entries)
            for typed in (one for one in self._truth.booked if one.owner == owner):
                times = noted[typed.note]
                figures.typed += 1
                figures.confirmed += typed.told
                figures.entries_lost += typed.told and not times
                figures.entries_doubled += max(times - 1, 0)
                figures.warned += typed.warned
                answered = typed.told or book.answered(typed, booked=times > 0)
                figures.unanswered += not answered
            if card.balance_minor != sum(entry.amount_minor for entry in entries):
                figures.balances_wrong += 1

    async def _count_cards(self, store: Store) -> None:
        for asked in self._truth.bound:
            tails = Counter(card.tail for card in await store.cards.list(asked.owner))
            self.figures.cards_bound += asked.told
            self.figures.cards_lost += asked.told and not tails[asked.number[-4:]]
            # Two numbers may end alike, by chance.
            alike = {o.number for o in self._truth.bound if o.owner == asked.owner}
            same = sum(number[-4:] == asked.number[-4:] for number in alike)
            self.figures.cards_doubled += tails[asked.number[-4:]] > same


async def campaign(
    folder: Path, *, kills: int, alerts: int, seed: int, lanes: int = 2, quick: bool = False
) -> tuple[Figures, set[str], list[bytes]]:
    """Run as many bots at once as there are lanes.

    Gives all figures, every secret that was used, and what is in the backups.
    """
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it sees its clients die
    runs: list[Campaign] = []
    for lane in range(lanes):
        mine = folder / f"lane-{lane}"
        mine.mkdir()
        share = kills // lanes + (lane < kills % lanes)
        asked = -(-alerts // lanes)
        runs.append(Campaign(mine, kills=share, alerts=asked, seed=seed + lane, quick=quick))
    total = Figures()
    for found in await asyncio.gather(*(run.run() for run in runs)):
        total.add(found)
    opened = [content for run in runs for content in run._tools.decrypted()]
    return total, set().union(*(run.secrets for run in runs)), opened
