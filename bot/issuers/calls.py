"""One request to an issuer and its answer, or the fault it amounts to."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from bot.issuers.answers import Unreadable, parse_json
from bot.issuers.auth.scheme import Answer, Request
from bot.issuers.contract import FaultKind, IssuerFault
from bot.issuers.manners import patiently, wait_told
from bot.issuers.placeholders import Unsayable
from bot.issuers.requests import encoded, prepare
from bot.issuers.statuses import ALWAYS, meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.issuers.auth.scheme import Scheme
    from bot.issuers.format.reading import ErrorRule
    from bot.issuers.format.request import Call, RetryAfter
    from bot.issuers.manners import Manners
    from bot.issuers.placeholders import Value

LARGEST_ANSWER = 1_000_000  # bytes

# By aiohttp's errors, the narrower before the wider.
_BROKEN: tuple[tuple[type[Exception], FaultKind, str], ...] = (
    (aiohttp.ClientPayloadError, FaultKind.BAD_ANSWER, "an answer that breaks off"),
    (aiohttp.ClientResponseError, FaultKind.BAD_ANSWER, "an answer that is not HTTP"),
    (
        aiohttp.ClientConnectorCertificateError,
        FaultKind.NETWORK,
        "a certificate that is not trusted",
    ),
    (aiohttp.ClientConnectorSSLError, FaultKind.NETWORK, "a server that does not speak TLS"),
    (aiohttp.ClientConnectorDNSError, FaultKind.NETWORK, "no such host"),
    (aiohttp.ClientConnectorError, FaultKind.NETWORK, "no connection"),
    (Exception, FaultKind.NETWORK, "a connection that breaks off before an answer"),
)


class Caller:
    """Speaks to one issuer's server: its address, its headers, its way of saying no.

    `base` is the server's URL, `headers` go with every request, `scheme` signs it. TLS is
    verified, redirects are not followed (credentials must not travel), an answer is at most
    `LARGEST_ANSWER` bytes. `pins` are the fields that a card can be locked by, when wrong.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        rules: Sequence[ErrorRule],
        http: aiohttp.ClientSession,
        clock: Callable[[], datetime],
        *,
        manners: Manners,
        scheme: Scheme | None = None,
        retry_after: Sequence[RetryAfter] = (),
        pins: frozenset[str] = frozenset(),
    ) -> None:
        self._base = base.rstrip("/")
        self._headers = {**ALWAYS, **headers}
        self._rules = rules
        self._http = http
        # aiohttp repeats a GET by itself, beyond every limit: a wrong PIN would count twice.
        http._retry_connection = False  # noqa: SLF001 - there is no other switch
        self._clock = clock
        self._manners = manners
        self._scheme = scheme
        self._retry_after = retry_after
        self._pins = pins

    async def ask(
        self,
        call: Call,
        values: Mapping[str, Value],
        extra: Mapping[str, Value] | None = None,
        where: Literal["query", "body"] = "query",
    ) -> Any:
        """Make a declared request; `extra` are further parameters. `IssuerFault`."""
        try:
            request = prepare(self._base, self._headers, call, values, extra, where)
        except Unsayable as error:
            raise IssuerFault(_whose(error.name), str(error)) from None
        data = await self._repeated(request, repeatable=self._harmless(call))
        if call.graphql is not None and isinstance(data, dict) and data.get("errors"):
            raise IssuerFault(FaultKind.BAD_ANSWER, "errors of GraphQL that no rule is about")
        return data

    async def follow(self, link: object, call: Call, values: Mapping[str, Value]) -> Any:
        """Get a page that an answer linked to, on the same server only. `IssuerFault`."""
        if not isinstance(link, str):
            raise IssuerFault(FaultKind.BAD_ANSWER, "a next link that is not a text")
        first = prepare(self._base, self._headers, call, values)
        try:
            target = URL(urljoin(first.url, link))
            same = target.origin() == URL(self._base).origin() and target.user is None
        except ValueError:
            same = False
        if not same:
            raise IssuerFault(FaultKind.BAD_ANSWER, "a next link to another server")
        return await self._repeated(
            Request("GET", str(target), first.headers), repeatable=self._harmless(call)
        )

    async def reach(self) -> None:
        """Find out whether anything answers at the server's address. `IssuerFault`."""
        await self._send(Request("GET", str(URL(self._base).origin()), ALWAYS))

    def _harmless(self, call: Call) -> bool:
        """Whether asking twice does no harm.

        An answer that got lost may have been to a wrong PIN, and have been counted.
        """
        return call.repeatable and (call.repeat is True or not call.names() & self._pins)

    async def _repeated(self, request: Request, *, repeatable: bool) -> Any:
        ask = partial(self._judged, request)
        return await (patiently(ask) if repeatable else ask())

    async def _judged(self, request: Request) -> Any:
        answer = await self._authentic(request)
        try:
            data = parse_json(answer.body)
        except Unreadable as error:
            self._judge(answer, None)
            folded = answer.headers.get("Content-Encoding", "identity") != "identity"
            what = "compressed, though not asked to be" if folded else error
            raise IssuerFault(FaultKind.BAD_ANSWER, f"HTTP {answer.status}, {what}") from None
        self._judge(answer, data)
        return data

    async def _authentic(self, request: Request) -> Answer:
        """Exchange a request for its answer with credentials; with new ones if they ran out."""
        if self._scheme is None:
            return await self._send(request)
        signed = await self._scheme.sign(request, self._send)
        answer = await self._send(signed)
        if self._scheme.stale(signed, answer) and not self._is_about_the_card(answer):
            signed = await self._scheme.sign(request, self._send)
            answer = await self._send(signed)
        return self._scheme.open(signed, answer)

    def _is_about_the_card(self, answer: Answer) -> bool:
        """Whether the file has a rule for an answer: a wrong PIN must not be sent a second time."""
        try:
            data = parse_json(answer.body)
        except Unreadable:
            data = None
        rule = self._rule(answer, data)
        return rule is not None and rule.meaning is not FaultKind.REFUSED

    def _rule(self, answer: Answer, data: object) -> ErrorRule | None:
        return next((rule for rule in self._rules if _fits(rule, answer.status, data)), None)

    async def _send(self, request: Request) -> Answer:
        await self._manners.turn()
        body, headers = encoded(request)
        try:
            async with self._http.request(
                request.method,
                URL(request.url, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
                auto_decompress=False,
            ) as response:
                return Answer(response.status, response.headers, await _bounded(response))
        except TimeoutError:
            raise IssuerFault(FaultKind.NETWORK, "no answer in time") from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise _broken(error) from None

    def _judge(self, answer: Answer, data: object) -> None:
        """Raise the fault that an answer amounts to: declared rules first, then HTTP's meaning."""
        rule = self._rule(answer, data)
        kind = rule.meaning if rule else meaning(answer.status)
        if kind is None:
            return
        redirect = 300 <= answer.status < 400  # noqa: PLR2004 - HTTP's own numbers
        detail = f"{'a redirect, ' if redirect else ''}HTTP {answer.status}"
        wait = wait_told(self._retry_after, answer.headers, self._clock())
        fault = IssuerFault(kind, detail, retry_after=wait)
        self._manners.told(fault)
        raise fault


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > LARGEST_ANSWER:
            response.close()
            raise IssuerFault(FaultKind.BAD_ANSWER, f"more than {LARGEST_ANSWER} bytes")
        parts.append(part)
    return b"".join(parts)


def _broken(error: Exception) -> IssuerFault:
    return next(IssuerFault(kind, what) for of, kind, what in _BROKEN if isinstance(error, of))


def _whose(name: str) -> FaultKind:
    """Tell who can mend a value that cannot be said: the operator, the issuer, the holder."""
    if name.startswith("secret:"):
        return FaultKind.REFUSED
    return FaultKind.BAD_ANSWER if ":" in name else FaultKind.NOT_FOUND


def _fits(rule: ErrorRule, status: int, data: object) -> bool:
    if rule.status is not None:
        statuses = [rule.status] if isinstance(rule.status, int) else rule.status
        if status not in statuses:
            return False
    try:
        return rule.when is None or bool(rule.when.of(data))
    except Unreadable:
        return False
