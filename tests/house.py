"""A house to tell stories in: a Telegram, an issuer and the bot as in production, on loopback."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import orjson

from bot import charts
from bot.app import Kabao
from bot.config import Settings, read
from bot.easel import Easel
from bot.loupe import Loupe, look
from bot.pace import Pace
from bot.passcodes import Cost
from bot.playground import Clock, Group, Person, Seen, Telegram
from bot.playground.demo import ISSUERS
from bot.playground.issuer import DemoIssuer
from storage import MasterKey
from tests.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from bot.charts import Picture

YUAN, DOLLARS, YEN, DINARS = (f"628800000000100{n}" for n in range(1, 5))
BLOCKED, EXPIRED = "6288000000001005", "6288000000001006"
KIOSK, SLOW, FLAKY, SPENDER = (f"77000000200{n}" for n in range(1, 5))
PIN = "1234"
CHEAP = Cost(passes=1, kibibytes=64, lanes=1)
"""What a passcode costs in a story, so that many can be told."""
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Twelve o'clock in Shanghai, where people live if they say nothing else."""


class Beside(Easel):
    """An easel in a thread, for stories: a process would take longer to start than they do."""

    async def ready(self) -> None:
        """Do without: there is nothing to start."""

    async def draw(self, picture: Picture) -> bytes:
        """Draw as the process does, of the same words."""
        content = orjson.dumps(picture)
        return await asyncio.to_thread(charts.drawn, charts.unpacked(content))


class Near(Loupe):
    """A loupe in a thread, for stories, and for the same reason."""

    def __init__(self) -> None:
        super().__init__()
        self._lane = asyncio.Lock()

    async def ready(self) -> None:
        """Do without: there is nothing to start."""

    async def _looked(self, asked: bytes) -> bytes:
        async with self._lane:  # what opens a PDF bears no second thread
            return await asyncio.to_thread(look, asked)


class Guest:
    """A person in a story. Each act returns when the bot has done all that follows from it."""

    def __init__(self, house: House, person: Person) -> None:
        self._house = house
        self.person = person
        self.id = person.id

    async def says(self, *texts: str, chat: Group | None = None) -> Seen:
        """Write one message after another; gives the bot's newest."""
        for text in texts:
            await self._house.settled(await self.person.says(text, chat=chat))
        return self.person.newest if chat is None else chat.chat[-1]

    async def presses(self, button: int | str, *, message: Seen | int | None = None) -> Seen:
        """Press a button of the newest message that has any, or of the one given."""
        await self._house.settled(await self.person.presses(button, message=message))
        return self.person.newest

    async def forges(self, data: str, *, sealed: bool = True) -> list[str]:
        """Press a button that is not there, as a made-up client can; gives the notices.

        `sealed`: the data carries the tag as if the bot had sent this button to this person, to
        see what stands behind it; otherwise it goes as it is.
        """
        seal = self._house.kabao.parts.bot.seal
        message = next(m for m in reversed(self.person.chat) if m.by_bot)
        query = {
            "id": self.person.world.ask(self.person.where, self.id),
            "from": self.person.user,
            "message": message.raw,
            "chat_instance": str(self.id),
            "data": seal.close(self.id, data) if sealed else data,
        }
        await self._house.settled(self.person.world.updates.put("callback_query", query))
        return self.person.notices

    def offered(self, word: str) -> str:
        """Give the data of the newest message's first button that begins so, without its tag."""
        seal = self._house.kabao.parts.bot.seal
        found = [seal.open(self.id, b.data) for b in self.newest.buttons if b.data]
        return next(data for data in found if data.startswith(word))

    async def binds(self, number: str, pin: str | None = None) -> Seen:
        """Bind a card by pasting its number."""
        return await self.says("/bind", number, *([pin] if pin else []))

    def sees(self, text: str) -> bool:
        """Tell whether the bot shows this text now."""
        return self.person.sees(text)

    @property
    def newest(self) -> Seen:
        """The bot's newest message."""
        return self.person.newest

    @property
    def wrote(self) -> list[str]:
        """What this person wrote and still stands in the chat."""
        return [message.text for message in self.person.chat if not message.by_bot]

    @property
    def told(self) -> list[str]:
        """What the bot's visible messages say, oldest first."""
        return [message.text for message in self.person.chat if message.by_bot]


class House:
    """Everything there is, for one story. The bot can be stopped and started again."""

    def __init__(self, folder: Path, database_url: str | None = None, **settings: str) -> None:
        self.folder = folder
        self.clock = Clock(NOON)
        self.telegram = Telegram(clock=self.clock)
        self.issuer = DemoIssuer(self.clock, slow=0.3)
        self.database = folder / "kabao.db"
        self._database_url = database_url or f"sqlite:///{self.database}"
        self._key = MasterKey.generate().text()
        self._settings = settings
        self._waited = 0.0
        self.easel: Easel = Beside()
        self.loupe: Loupe = Near()
        self._open = AsyncExitStack()
        self.kabao: Kabao

    async def __aenter__(self) -> Self:
        await self.telegram.start()
        self._open.push_async_callback(self.telegram.stop)
        await self.issuer.start()
        self._open.push_async_callback(self.issuer.stop)
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        await self._open.aclose()

    async def start(self) -> None:
        """Start the bot."""
        await prepare(self._database_url)
        self.kabao = await Kabao(
            self.settings,
            clock=self.clock,
            issuer_folders=[ISSUERS],
            easel=self.easel,
            loupe=self.loupe,
        ).__aenter__()
        pace = self.kabao.parts.bot.rate_limiter
        assert isinstance(pace, Pace)
        pace._monotonic, pace._sleep = self._monotonic, self._waits
        self.kabao.parts.passcodes.cost = CHEAP
        await self.kabao.settled()

    def _monotonic(self) -> float:
        """Let the story's time pass for Telegram's limits too."""
        return time.monotonic() + (self.clock() - NOON).total_seconds() + self._waited

    async def _waits(self, seconds: float) -> None:
        """Wait for Telegram's limits: really, where it has any here, else nobody would notice."""
        if self.telegram.world.limits is not None:
            await asyncio.sleep(seconds)
            return
        self._waited += seconds
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Stop the bot as an operator does."""
        await self.kabao.__aexit__(None, None, None)

    async def restart(self) -> None:
        """Stop the bot and start it again on the same database."""
        await self.stop()
        await self.start()

    @property
    def environment(self) -> dict[str, str]:
        """What the operator would have set."""
        return {
            "KABAO_BOT_TOKEN": self.telegram.token,
            "KABAO_BOT_API_URL": self.telegram.url,
            "KABAO_DATABASE_URL": self._database_url,
            "KABAO_MASTER_KEY": self._key,
            "KABAO_ACCESS": "open",
            "KABAO_TICK_SECONDS": "3600",
            **{f"KABAO_SECRET_{name}": value for name, value in self.issuer.secrets.items()},
            **{f"KABAO_{name.upper()}": value for name, value in self._settings.items()},
        }

    @property
    def settings(self) -> Settings:
        """The operator's settings."""
        return read(self.environment)

    async def settled(self, update_id: int | None = None) -> None:
        """Wait until an update was handled and nothing is under way or due."""
        await self.kabao.settled(update_id)

    async def passes(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        """Let time pass, and what is due then happen."""
        self.clock.advance(seconds + 60 * minutes + 3600 * hours)
        await self.settled()

    def guest(self, name: str, language: str | None = "en") -> Guest:
        """Somebody to tell the story about."""
        return Guest(self, self.telegram.person(name, language))


@contextmanager
def refusing(house: House, what: str) -> Iterator[None]:
    """Let the database refuse one kind of write, such as "UPDATE OF label ON cards"."""
    with closing(sqlite3.connect(house.database, isolation_level=None)) as raw:
        raw.execute(f"CREATE TRIGGER no BEFORE {what} BEGIN SELECT RAISE(ABORT, 'no'); END")
        try:
            yield
        finally:
            raw.execute("DROP TRIGGER no")
