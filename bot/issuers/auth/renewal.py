"""Credentials that run out: kept, shared by all requests, and renewed by one of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.issuers.answers import Unreadable, parse_json
from bot.issuers.contract import FaultKind, IssuerFault
from bot.issuers.manners import LONGEST_WAIT
from bot.issuers.placeholders import in_header
from bot.issuers.statuses import meaning

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from bot.issuers.auth.scheme import Answer, Send

MOST_LEEWAY = timedelta(minutes=1)
REFUSED_FOR = timedelta(minutes=1)
"""How long refused credentials are not tried again: a password too often wrong locks an account."""


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """What was given, and until when it is good by the clock; None: until it is refused."""

    text: str = field(repr=False)
    until: datetime | None = None


class Renewed:
    """One token at a time. `fetch` asks for it; `IssuerFault` if it is not given.

    However many requests wait for a token, one asks, and all share the outcome, a fault too. If
    that one is broken off, the next asks.
    """

    def __init__(
        self, fetch: Callable[[Send], Awaitable[Token]], clock: Callable[[], datetime]
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._outcomes = 0
        self._token: Token | None = None
        self._fault: IssuerFault | None = None
        self._closed_until: datetime | None = None

    async def text(self, send: Send) -> str:
        """Give the token to go out with, a new one where it is time. `IssuerFault`."""
        while (token := self._fresh()) is None:
            seen = self._outcomes
            async with self._lock:
                if self._outcomes == seen:
                    await self._renew(send)
                fault = self._fault
            if fault is not None:
                raise IssuerFault(fault.kind, fault.detail, retry_after=fault.retry_after)
        return token.text

    def forget(self, used: Callable[[str], bool]) -> None:
        """Drop the token if it is the one that was `used`; a newer one is kept."""
        if self._token is not None and used(self._token.text):
            self._token = None

    def _fresh(self) -> Token | None:
        token = self._token
        if token is None or (token.until is not None and token.until <= self._clock()):
            return None
        return token

    async def _renew(self, send: Send) -> None:
        if self._closed_until is not None and self._clock() < self._closed_until:
            return  # the fault is still there
        self._token, self._closed_until = None, None
        try:
            self._token, self._fault = await self._fetch(send), None
        except IssuerFault as fault:
            self._fault = fault
            if fault.kind is FaultKind.REFUSED:
                self._closed_until = self._clock() + REFUSED_FOR
        self._outcomes += 1


def good_until(now: datetime, seconds: object) -> datetime | None:
    """Tell when to renew what is good for `seconds`: a tenth of them earlier, a minute at most.

    None where no number of seconds is said, or none that could be.
    """
    text = str(seconds)
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10):  # noqa: PLR2004 - 30 years
        return None
    life = timedelta(seconds=int(text))
    return now + life - min(life / 10, MOST_LEEWAY) if life else None


def sayable(token: str) -> str:
    """Let a token through that can be sent. `IssuerFault` for one that cannot."""
    try:
        return in_header(token)
    except ValueError:
        raise IssuerFault(FaultKind.BAD_ANSWER, "a token that cannot be sent") from None


def document(answer: Answer) -> Any:
    """Read the JSON of an answer about credentials; None where it is something else."""
    try:
        return parse_json(answer.body)
    except Unreadable:
        return None


def fault_of(answer: Answer, what: str) -> IssuerFault:
    """Say what an answer means that does not give `what`, such as "a token", by its status."""
    kind = meaning(answer.status) or FaultKind.BAD_ANSWER
    wait = None
    if kind is FaultKind.RATE_LIMITED:
        after = answer.headers.get("Retry-After", "")
        said = after.isascii() and after.isdecimal()
        wait = min(float(after), LONGEST_WAIT) if said else None
    return IssuerFault(kind, f"{what}: HTTP {answer.status}", retry_after=wait)
