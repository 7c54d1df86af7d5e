"""An issuer with an HTTP API that speaks JSON, all of it declared in its file."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from yarl import URL

from bot.issuers.answers import Unreadable, kept
from bot.issuers.balance import BalanceReader
from bot.issuers.calls import Caller
from bot.issuers.contract import FaultKind, IssuerFault
from bot.issuers.declared import Declared
from bot.issuers.history import read_history
from bot.issuers.manners import Breaker, Manners
from bot.issuers.placeholders import in_header

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from datetime import datetime

    import aiohttp

    from bot.issuers.contract import Reading
    from bot.issuers.format.issuer import HttpDeclaration
    from bot.issuers.format.request import Server
    from bot.issuers.placeholders import Value

T = TypeVar("T")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class HttpIssuer(Declared):
    """Asks an issuer's API for a balance, and for the history where it has one.

    `secrets` by the name the file uses; `ValueError` for one that cannot stand where it is used.
    """

    asks_api = True

    def __init__(
        self,
        slug: str,
        declaration: HttpDeclaration,
        secrets: Mapping[str, str],
        http: aiohttp.ClientSession,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(slug, declaration)
        self.has_history = declaration.history is not None
        self._declared = declaration
        self._secrets = {f"secret:{name}": secrets[name] for name in declaration.secrets()}
        headers = {
            name: text.fill(self._secrets, in_header)
            for name, text in declaration.server.headers.items()
        }
        base = _address(declaration.server, self._secrets)
        server, auth = declaration.server, declaration.auth
        # Of its budget a reading leaves a part to be answered in, after each call's turn.
        patience = server.timeout_seconds / (len(declaration.steps) + 2)
        self.concurrency = server.concurrency
        if server.per_minute is not None:  # more at once would only wait, and wait too long
            self.concurrency = max(
                1, min(server.concurrency, int(server.per_minute * patience / 60))
            )
        self._clock = clock
        self._caller = Caller(
            base,
            headers,
            declaration.errors,
            http,
            clock,
            manners=Manners(server.per_minute, patience, clock),
            scheme=None if auth is None else auth.scheme(base, self._secrets, clock),
            retry_after=server.retry_after,
            pins=frozenset(field.name for field in self.fields[1:] if field.secret),
        )
        self._breaker = Breaker(clock)
        self._reader = BalanceReader(
            declaration.balance, self.fields[0], declaration.currency, declaration.timezone, clock
        )
        self._slots = asyncio.Semaphore(self.concurrency)

    @property
    def down_since(self) -> datetime | None:
        """Since when it is not asked any more, because it was out of order again and again."""
        return self._breaker.since

    async def read(self, values: Mapping[str, str], *, history: bool = False) -> Reading:
        """Ask for a card's balance, given normalised values by field name. `IssuerFault`.

        A history that fails does not take the balance with it: see `Reading`.
        """
        known: dict[str, Value] = {**self._secrets, **self._given(values)}
        async with self._slots:
            probe = self._breaker.enter()
            try:
                reading = await self._read(known, history=history)
            except IssuerFault as fault:
                self._breaker.leave(fault, probe=probe)
                raise
            except BaseException:
                self._breaker.abandon(probe=probe)
                raise
            self._breaker.leave(None, probe=probe)
            return reading

    async def _read(self, known: dict[str, Value], *, history: bool) -> Reading:
        deadline = asyncio.get_running_loop().time() + self._declared.server.timeout_seconds
        answer, reading = await self._within(deadline, self._balance(known))
        asked, money = self._declared.history, reading.balance
        if not history or asked is None or money is None:
            return reading
        now = self._clock()
        if asked.days is not None:
            since = now - timedelta(days=asked.days)
            known["history:from"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        pages = read_history(
            asked,
            self._caller,
            known,
            money.currency,
            self._declared.timezone,
            answer=answer,
            now=now,
        )
        try:
            return replace(reading, entries=await self._within(deadline, pages))
        except IssuerFault as fault:
            return replace(reading, history_fault=fault)

    async def check(self) -> None:
        """Whether the issuer answers, and where the file says how, accepts the credentials."""
        call = self._declared.check
        asking = self._caller.ask(call, self._secrets) if call else self._caller.reach()
        deadline = asyncio.get_running_loop().time() + self._declared.server.timeout_seconds
        await self._within(deadline, asking)

    def _given(self, values: Mapping[str, str]) -> dict[str, str]:
        """Let no value through that the holder would not have been allowed to type."""
        given: dict[str, str] = {}
        for field in self.fields:
            value = field.normalise(values.get(field.name, ""))
            if not field.accepts(value):
                kind = FaultKind.NOT_FOUND if field is self.fields[0] else FaultKind.WRONG_PIN
                raise IssuerFault(kind, f"a {field.name} of another shape than declared")
            given[field.name] = value
        return given

    async def _within(self, deadline: float, asking: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout_at(deadline):
                return await asking
        except TimeoutError:
            seconds = self._declared.server.timeout_seconds
            raise IssuerFault(FaultKind.NETWORK, f"no answer within {seconds:g} s") from None
        except Unreadable as error:
            raise IssuerFault(FaultKind.BAD_ANSWER, str(error)) from None

    async def _balance(self, known: dict[str, Value]) -> tuple[Any, Reading]:
        """Go step by step to the balance; what is kept on the way is added to what is known."""
        for step in self._declared.steps:
            found = await self._caller.ask(step.request, known)
            known.update((f"{step.name}:{k}", v) for k, v in kept(step.keep, found).items())
        answer = await self._caller.ask(self._declared.balance.request, known)
        reading, values = self._reader.read(answer, str(known[self.fields[0].name]))
        known.update((f"balance:{name}", value) for name, value in values.items())
        return answer, reading


def _address(server: Server, secrets: Mapping[str, str]) -> str:
    text = server.url.address(secrets)
    try:
        url = URL(text)
        host = url.host
    except ValueError:
        host = None
    if not host or url.scheme not in ("http", "https") or url.query_string or url.fragment:
        raise ValueError("server.url: expected an address such as https://shop.example")
    if url.user or url.password:
        raise ValueError("server.url: expected credentials in server.headers, not in the address")
    if url.scheme == "http" and not (server.allow_http or host in LOOPBACK):
        raise ValueError("server.url: expected https://, or allow_http = true; found http://")
    return text
