"""People who write to a bot through the playground, and how long they wait for its answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from bot.playground.telegram import Telegram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.playground.calls import Call
    from bot.playground.people import Person

DRAIN_SECONDS = 90
UNANSWERED_SECONDS = 0.2
POLL_CARRIES = 100


class WrongAnswerError(Exception):
    """The bot said something else than what was asked for, or nothing."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one stretch of load gave: answers a second, milliseconds waited, their number.

    `followed` is whether the bot kept up: nobody was left out because they still waited, and
    at the end no more than the last fifth of a second was unanswered.
    """

    per_second: float
    p50: float
    p99: float
    followed: bool
    count: int


class Server(Telegram):
    """The playground's Telegram, which tells the load of each call as it arrives."""

    load: Load | None = None

    def note(self, call: Call) -> None:
        """Note a call, and let the load hear it."""
        super().note(call)
        if self.load is not None:
            self.load.hear(call)


class Load:
    """Some people who all write the same text; `expected` must stand in every answer."""

    def __init__(
        self, telegram: Server, people: Sequence[Person], text: str, expected: str
    ) -> None:
        self._people = people
        self._by_chat = {person.id: person for person in people}
        self._text = text
        self._expected = expected
        self._asked: dict[int, float] = {}
        self._waits: list[float] = []
        self._wrong: str | None = None
        self._answered: asyncio.Queue[Person] = asyncio.Queue()
        telegram.load = self

    def hear(self, call: Call) -> None:
        """Note the bot's call: its first message to somebody who waits is their answer."""
        if call.method != "sendMessage":
            return
        chat = call.params["chat_id"]
        asked = self._asked.pop(chat, None)
        if asked is None:
            return
        if self._expected not in call.params["text"]:
            self._wrong = call.params["text"]
        self._waits.append(time.perf_counter() - asked)
        self._answered.put_nowait(self._by_chat[chat])

    async def _ask(self, person: Person) -> None:
        self._asked[person.id] = time.perf_counter()
        await person.says(self._text)

    async def one(self) -> float:
        """Let the first person ask and wait; the seconds that took."""
        await self._ask(self._people[0])
        await self._drain()
        return self._waits.pop()

    async def saturated(self, seconds: float) -> Answers:
        """Everybody writes again once they are answered, a hundred at a time.

        So every poll finds as much as it can carry, whether the bot answers one by one or all at
        once; `seconds` are those in which answers were counted.
        """
        self._begin()
        began = time.perf_counter()
        for person in self._people:
            await self._ask(person)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for person in [await self._answered.get() for _ in range(POLL_CARRIES)]:
                        await self._ask(person)
        except TimeoutError:
            pass
        answers = self._summed(time.perf_counter() - began)
        await self._drain()
        return answers

    async def paced(
        self, rate: float, seconds: float, until: asyncio.Future[Any] | None = None
    ) -> Answers:
        """One message after another, `rate` a second, whether the bot keeps up or not.

        It ends when `until` is done, even if the seconds are not over.
        """
        self._begin()
        began, skipped = time.perf_counter(), 0
        for number in range(int(rate * seconds)):
            await asyncio.sleep(began + number / rate - time.perf_counter())
            if until is not None and until.done():
                break
            person = self._people[number % len(self._people)]
            if person.id in self._asked:
                skipped += 1
            else:
                await self._ask(person)
        elapsed = time.perf_counter() - began
        followed = not skipped and len(self._asked) <= rate * UNANSWERED_SECONDS
        await self._drain()
        return self._summed(elapsed, followed=followed)

    def _begin(self) -> None:
        self._waits = []
        self._answered = asyncio.Queue()

    def _summed(self, elapsed: float, *, followed: bool = True) -> Answers:
        cuts = quantiles(self._waits, n=100, method="inclusive")
        count = len(self._waits)
        return Answers(count / elapsed, cuts[49] * 1000, cuts[98] * 1000, followed, count)

    async def _drain(self) -> None:
        """Wait until nobody waits any more."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._asked:
                    await self._answered.get()
        except TimeoutError:
            raise WrongAnswerError(f"{len(self._asked)} people were never answered") from None
        if self._wrong is not None:
            raise WrongAnswerError(f"{self._expected!r} is not in {self._wrong!r}")
