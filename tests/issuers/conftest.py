"""The demo issuer, and a counter where a test decides what is answered. Both over real HTTP."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from bot.issuers import CATALOG, Issuer, Issuers
from bot.playground.issuer import ISSUERS, DemoIssuer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Heard:
    """A request as it arrived: `target` is the raw path and query."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Counter:
    """A server that answers as told, and remembers what it was asked."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None

    def says(
        self, body: str | bytes, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        data = body.encode() if isinstance(body, str) else body

        async def answer(_request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=data, status=status, headers=headers)

        self.answer = answer

    def says_in_turn(self, *bodies: str) -> None:
        left = list(bodies)

        async def answer(_request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(text=left.pop(0))

        self.answer = answer

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.heard.append(Heard(request.method, request.raw_path, dict(request.headers), body))
        assert self.answer is not None
        return await self.answer(request)

    async def hang(self, _request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def demo(clock: Hands) -> AsyncIterator[DemoIssuer]:
    issuer = DemoIssuer(clock, slow=0)
    await issuer.start()
    yield issuer
    await issuer.stop()


@pytest.fixture
def issuers(demo: DemoIssuer, http: aiohttp.ClientSession, clock: Hands) -> Issuers:
    return Issuers.load([CATALOG, ISSUERS], demo.secrets, http, clock)


@pytest.fixture
def panda(issuers: Issuers) -> Issuer:
    return named(issuers, "panda")


@pytest.fixture
def kiosk(issuers: Issuers) -> Issuer:
    return named(issuers, "kiosk")


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    counter = Counter()
    runner = web.ServerRunner(web.Server(counter.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    counter.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield counter
    await runner.cleanup()


@pytest.fixture
def pretix(counter: Counter, http: aiohttp.ClientSession, clock: Hands, tmp_path: Path) -> Issuer:
    """Kabao's pretix, asking the counter; oftener in a minute than pretix would allow."""
    text = (CATALOG / "pretix.toml").read_text("utf-8")
    (tmp_path / "pretix.toml").write_text(re.sub(r"per_minute = [0-9]+", "", text), "utf-8")
    secrets = {
        "PRETIX_URL": counter.url,
        "PRETIX_ORGANIZER": "kabao",
        "PRETIX_TOKEN": "its-token",
    }
    return named(Issuers.load([tmp_path], secrets, http, clock), "pretix")


def named(issuers: Issuers, slug: str) -> Issuer:
    issuer = issuers.get(slug)
    assert issuer is not None
    return issuer
