"""A small Telegram on loopback: the Bot API over HTTP for a bot, and a chat for people.

    clock = Clock()
    async with Telegram(clock=clock) as telegram:
        alice = telegram.person("Alice", language="en")
        ... start a bot with `telegram.token` and `telegram.api_url` ...
        await alice.says("/start")
        alice.sees("Welcome")

What people do from other processes goes over HTTP too: see `doors`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from bot.playground.clock import Clock
from bot.playground.crowd import Crowd
from bot.playground.faults import Faults
from bot.playground.limits import Limits
from bot.playground.webhooks import deliver
from bot.playground.wire import Wire
from bot.playground.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from types import TracebackType

    from bot.playground.calls import Call
    from bot.playground.demo_cards import DemoCard
    from bot.playground.groups import Group
    from bot.playground.people import Person

TOKEN = "7000000001:playground-on-loopback-no-secret"  # nosec B105 # noqa: S105 - opens nothing
CALLS_KEPT = 5000


class Telegram(Faults):
    """The server. It listens on 127.0.0.1 only, on a free port unless one is given.

    `latency` is how many seconds it is away and back: half of it before a call arrives, half after.
    `real_limits` makes it answer 429 as Telegram does to a bot that speaks too fast.
    `hosts` is where webhooks are found: "https://kabao.example" -> "http://127.0.0.1:PORT".
    Failures on command are `fail`, `hang`, `reset`, `lose`, `garble` and `heal`.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "kabao_demo_bot",
        name: str = "Kabao",
        clock: Callable[[], datetime] | None = None,
        port: int = 0,
        latency: float = 0.0,
        real_limits: bool = False,
    ) -> None:
        super().__init__()
        self.token = token
        self.clock = clock or Clock()
        self.latency = latency
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        about = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": name}
        self.world = World(
            self.clock,
            {**about, "username": username},
            limits=Limits(self.clock) if real_limits else None,
        )
        self.people = Crowd(self.world)
        self.hosts: dict[str, str] = {}
        self.samples: Sequence[DemoCard] = ()
        """Cards that people on the demo's page can try."""
        self._delivery: asyncio.Task[None] | None = None
        self._listeners: list[tuple[str, asyncio.Future[Call]]] = []
        self._port = port
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens, once started: "http://127.0.0.1:PORT"."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """What a bot puts before its token: "http://127.0.0.1:PORT/bot"."""
        return f"{self.url}/bot"

    @property
    def file_url(self) -> str:
        """What a bot puts before its token to download files."""
        return f"{self.url}/file/bot"

    async def start(self) -> None:
        """Listen. `OSError` if the port is taken."""
        self._runner = web.ServerRunner(Wire(self).server(), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self._delivery = asyncio.create_task(deliver(self.world.updates, self.hosts))

    async def stop(self) -> None:
        """Hang up on everybody."""
        self.heal()
        if self._delivery is not None:
            self._delivery.cancel()
            await asyncio.wait([self._delivery])
            self._delivery = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def person(self, name: str, language: str | None = None) -> Person:
        """Somebody with a Telegram client; the same name is the same person."""
        return self.people.person(name, language)

    def group(
        self,
        name: str,
        members: Iterable[Person],
        *,
        deletes: bool = False,
        basic: bool = False,
        topics: bool = False,
    ) -> Group:
        """Open a group with the bot in it.

        `deletes`: the bot is an admin, may delete others' messages and hears all of them; `basic`:
        it is not a supergroup yet; `topics`: it has topics.
        """
        return self.people.group(name, members, deletes=deletes, basic=basic, topics=topics)

    def redeliver(self, update_id: int) -> None:
        """Deliver an update again, as after a crash. `LookupError` if it is not remembered."""
        self.world.updates.redeliver(update_id)

    def note(self, call: Call) -> None:
        """Remember a call of the bot, before it has any effect."""
        self.calls.append(call)
        if self._listeners:
            for method, listener in self._listeners:
                if method == call.method and not listener.done():
                    listener.set_result(call)
            self._listeners = [one for one in self._listeners if not one[1].done()]

    async def next_call(self, method: str) -> dict[str, Any]:
        """Wait for the bot's next call of a method; its parameters."""
        listener: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._listeners.append((method, listener))
        return (await listener).params

    def called(self, method: str) -> list[dict[str, Any]]:
        """List the parameters of the calls of one method, oldest first."""
        return [call.params for call in self.calls if call.method == method]
