"""One request to an issuer and its answer, or the fault it amounts to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import aiohttp
import orjson
from yarl import URL

from bot.issuers.answers import Unreadable, parse_json
from bot.issuers.contract import FaultKind, IssuerFault
from bot.issuers.placeholders import Unsayable, in_header, in_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.issuers.format.reading import ErrorRule
    from bot.issuers.format.request import Call

LARGEST_ANSWER = 1_000_000  # bytes
LONGEST_WAIT = 86_400.0  # seconds; an issuer that says more is not believed
# Compressed answers are not asked for: a small one could unfold to any size.
_ALWAYS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Kabao"}


@dataclass(frozen=True, slots=True)
class _Prepared:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


class Caller:
    """Speaks to one issuer's server: its address, its headers, its way of saying no.

    `base` is the server's URL, `headers` go with every request. TLS is verified, redirects are
    not followed (credentials must not travel), an answer is at most `LARGEST_ANSWER` bytes.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str],
        rules: Sequence[ErrorRule],
        http: aiohttp.ClientSession,
        clock: Callable[[], datetime],
    ) -> None:
        self._base = base.rstrip("/")
        self._headers = {**_ALWAYS, **headers}
        self._rules = rules
        self._http = http
        self._clock = clock

    async def ask(
        self, call: Call, values: Mapping[str, str], extra: Mapping[str, str] | None = None
    ) -> Any:
        """Make a declared request; `extra` are further query parameters. `IssuerFault`."""
        try:
            prepared = self._prepare(call, values, extra or {})
        except Unsayable as error:
            known = error.name.startswith("balance:")
            kind = FaultKind.BAD_ANSWER if known else FaultKind.NOT_FOUND
            raise IssuerFault(kind, str(error)) from None
        return await self._answer(prepared)

    async def follow(self, link: object, call: Call, values: Mapping[str, str]) -> Any:
        """Get a page that an answer linked to, on the same server only. `IssuerFault`."""
        if not isinstance(link, str):
            raise IssuerFault(FaultKind.BAD_ANSWER, "a next link that is not a text")
        first = self._prepare(call, values, {})
        try:
            target = URL(urljoin(first.url, link))
            same = target.origin() == URL(self._base).origin() and target.user is None
        except ValueError:
            same = False
        if not same:
            raise IssuerFault(FaultKind.BAD_ANSWER, "a next link to another server")
        return await self._answer(_Prepared("GET", str(target), first.headers, None))

    async def reach(self) -> None:
        """Find out whether anything answers at the server's address. `IssuerFault`."""
        root = str(URL(self._base).origin())
        await self._exchange(_Prepared("GET", root, _ALWAYS, None))

    def _prepare(
        self, call: Call, values: Mapping[str, str], extra: Mapping[str, str]
    ) -> _Prepared:
        query = [f"{in_url(name)}={text.fill(values, in_url)}" for name, text in call.query.items()]
        query += [f"{in_url(name)}={in_url(value)}" for name, value in extra.items()]
        url = self._base + call.path.path(values) + ("?" + "&".join(query) if query else "")
        headers = {k: text.fill(values, in_header) for k, text in call.headers.items()}
        body = None
        if call.body is not None:
            try:
                body = orjson.dumps(call.body.fill(values))
            except TypeError:  # half of a surrogate pair, which UTF-8 does not have
                raise Unsayable("json") from None
            headers["Content-Type"] = "application/json"
        return _Prepared(call.verb, url, {**self._headers, **headers}, body)

    async def _answer(self, prepared: _Prepared) -> Any:
        status, headers, body = await self._exchange(prepared)
        try:
            data = parse_json(body)
        except Unreadable as error:
            self._judge(status, headers, None)
            raise IssuerFault(FaultKind.BAD_ANSWER, f"HTTP {status}, {error}") from None
        self._judge(status, headers, data)
        return data

    async def _exchange(self, prepared: _Prepared) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._http.request(
                prepared.method,
                URL(prepared.url, encoded=True),
                headers=prepared.headers,
                data=prepared.body,
                allow_redirects=False,
                auto_decompress=False,
            ) as response:
                return response.status, response.headers, await _bounded(response)
        except TimeoutError:
            raise IssuerFault(FaultKind.NETWORK, "no answer in time") from None
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise IssuerFault(FaultKind.BAD_ANSWER, type(error).__name__) from None
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise IssuerFault(FaultKind.NETWORK, type(error).__name__) from None

    def _judge(self, status: int, headers: Mapping[str, str], data: object) -> None:
        """Raise the fault that an answer amounts to: declared rules first, then HTTP's meaning."""
        kind = next((rule.meaning for rule in self._rules if _fits(rule, status, data)), None)
        kind = kind or _usual(status)
        if kind is not None:
            wait = _retry_after(headers.get("Retry-After"), self._clock())
            raise IssuerFault(kind, f"HTTP {status}", retry_after=wait)


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


def _fits(rule: ErrorRule, status: int, data: object) -> bool:
    if rule.status is not None:
        statuses = [rule.status] if isinstance(rule.status, int) else rule.status
        if status not in statuses:
            return False
    try:
        return rule.when is None or bool(rule.when.of(data))
    except Unreadable:
        return False


def _usual(status: int) -> FaultKind | None:
    if status in (401, 403, 407):
        return FaultKind.REFUSED
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        return FaultKind.RATE_LIMITED
    if status == 408 or status >= 500:  # noqa: PLR2004
        return FaultKind.ISSUER_DOWN
    # A redirect and an undeclared 404 are the declaration's mistake, not the holder's.
    return None if 200 <= status < 300 else FaultKind.BAD_ANSWER  # noqa: PLR2004


def _retry_after(text: str | None, now: datetime) -> float | None:
    """Read seconds or an HTTP date (RFC 9110, 10.2.3); None where there is neither."""
    if text is None:
        return None
    try:
        if text.strip().isdecimal():
            seconds = float(text)
        else:
            at = parsedate_to_datetime(text)
            seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)
