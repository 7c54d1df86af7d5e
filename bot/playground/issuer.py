"""A gift-card service with an HTTP API, for the demo and the tests. Fictional, on loopback.

    POST /v1/cards/lookup {"number", "pin"?}   the card, its balance in minor units, its status
    GET  /v1/cards/{id}/entries                its ledger, newest first, 20 a page, a next link
    GET  /v1/health                            whether the key is accepted

Every request carries `X-Api-Key`. Errors are `{"error": {"code": ...}}`.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from aiohttp import web

from bot.playground.demo_cards import BENCH_PREFIX, DemoCard, Line, bench_card, stock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

ISSUERS = Path(__file__).with_name("issuers")
"""The declarations by which Kabao reads this service, as it reads any other."""

PAGE = 20
BENCH_DIGITS = 12


@dataclass(frozen=True, slots=True)
class _Failure:
    status: int
    body: bytes
    headers: Mapping[str, str]


class DemoIssuer:
    """The service, its ledger, and the switches by which a test makes it misbehave.

    `latency` is a pause before every answer, in seconds; `slow` the pause of the slow card.
    `down` breaks every connection off. With `bench`, any 12-digit number that begins with
    `BENCH_PREFIX` is a card.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        key: str | None = None,
        slow: float = 3.0,
        bench: bool = False,
    ) -> None:
        self.key = key or secrets.token_urlsafe(16)
        self.latency = 0.0
        self.slow = slow
        self.down = False
        self.url = ""
        self.requests = 0
        self._clock = clock
        self._bench = bench
        self._cards = stock(clock)
        self._script: list[_Failure | None] = []
        self._runner: web.AppRunner | None = None

    @property
    def cards(self) -> list[DemoCard]:
        """The cards to try, in the order of the printed table."""
        return list(self._cards.values())

    @property
    def secrets(self) -> dict[str, str]:
        """What the declarations in `ISSUERS` need, by name."""
        return {"DEMO_URL": self.url, "DEMO_KEY": self.key}

    async def start(self, port: int = 0) -> str:
        """Serve on loopback; returns the URL."""
        app = web.Application()
        app.router.add_post("/v1/cards/lookup", self._guarded(self._lookup))
        app.router.add_get("/v1/cards/{id}/entries", self._guarded(self._entries))
        app.router.add_get("/v1/health", self._guarded(self._health))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        """Close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def card(self, number: str) -> DemoCard:
        """Find a card by its number, blanks allowed. `KeyError` for an unknown one."""
        return self._cards[number.replace(" ", "")]

    def spend(self, number: str, minor: int, text: str = "Shop 商店") -> None:
        """Take an amount off a card, now."""
        self.card(number).book(self._clock(), "REDEEM", -minor, text)

    def top_up(self, number: str, minor: int, text: str = "Top-up 充值") -> None:
        """Put an amount on a card, now."""
        self.card(number).book(self._clock(), "LOAD", minor, text)

    def fail_next(
        self,
        status: int = 503,
        body: str = "",
        *,
        times: int = 1,
        after: int = 0,
        retry_after: str | None = None,
    ) -> None:
        """Answer `times` requests with this instead, when `after` more were answered well."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self._script += [None] * after + [_Failure(status, body.encode(), headers)] * times

    def _guarded(
        self, answer: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            self.requests += 1
            if self.down and request.transport is not None:
                request.transport.abort()
                return web.Response()
            if self.latency:
                await asyncio.sleep(self.latency)
            if self._script and (failure := self._script.pop(0)):
                return web.Response(
                    status=failure.status, body=failure.body, headers=failure.headers
                )
            if not secrets.compare_digest(request.headers.get("X-Api-Key", ""), self.key):
                return _error(401, "bad_api_key")
            return await answer(request)

        return guarded

    async def _health(self, _request: web.Request) -> web.Response:
        return _json({"status": "ok"})

    async def _lookup(self, request: web.Request) -> web.Response:
        try:
            asked = orjson.loads(await request.read())
            number, pin = asked["number"], asked.get("pin")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return _error(400, "bad_request")
        card = self._found(str(number))
        if card is None:
            return _error(404, "card_not_found")
        if card.pin is not None and card.pin != pin:
            return _error(422, "wrong_pin")
        card.lookups += 1
        if card.flaky and card.lookups % 2 == 0:
            return _error(503, "try_again")
        if card.slow:
            await asyncio.sleep(self.slow)
        now = self._clock()
        card.catch_up(now)
        return _json({"card": _shown(card, now)})

    async def _entries(self, request: web.Request) -> web.Response:
        card = self._found(request.match_info["id"].removeprefix("card-"))
        page = request.query.get("page", "1")
        if card is None or not page.isdecimal() or page == "0":
            return _error(404, "no_such_page")
        card.catch_up(self._clock())
        newest = card.lines[::-1]
        start = (int(page) - 1) * PAGE
        more = start + PAGE < len(newest)
        link = f"{self.url}/v1/cards/{card.id}/entries?page={int(page) + 1}" if more else None
        return _json({"entries": [_line(e) for e in newest[start : start + PAGE]], "next": link})

    def _found(self, number: str) -> DemoCard | None:
        card = self._cards.get(number)
        if card is not None or not self._bench:
            return card
        generated = number.startswith(BENCH_PREFIX) and len(number) == BENCH_DIGITS
        return bench_card(number) if generated and number.isdecimal() else None


def _shown(card: DemoCard, now: datetime) -> dict[str, Any]:
    past = card.expires_on is not None and card.expires_on < now.date().isoformat()
    return {
        "id": card.id,
        "number": card.number,
        "balance": {"amount": card.balance, "currency": card.currency},
        "status": "expired" if past else card.status,
        "expires_on": card.expires_on,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "type": line.type,
        "amount": abs(line.minor),
        "balance_after": line.after,
        "text": line.text,
    }


def _json(data: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")


def _error(status: int, code: str) -> web.Response:
    return _json({"error": {"code": code}}, status)


@click.command()
@click.option("--port", default=0, show_default="any free one")
@click.option("--key", default="demo", show_default=True, help="What X-Api-Key must be.")
@click.option("--latency", default=0.0, help="Seconds before every answer.")
@click.option("--bench", is_flag=True, help=f"Every number {BENCH_PREFIX}xxxxxxxx is a card.")
def main(port: int, key: str, latency: float, bench: bool) -> None:
    """Serve the demo issuer in a process of its own; prints its URL."""

    async def serve() -> None:
        issuer = DemoIssuer(lambda: datetime.now(UTC), key=key, bench=bench)
        issuer.latency = latency
        click.echo(await issuer.start(port))
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
        runner.run(serve())


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
