"""How hard an issuer is asked: so often in a minute, not while it is out of order, not when told.

Times are the given clock's. One `Manners` for all requests to an issuer.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from bot.issuers.contract import FaultKind, IssuerFault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.issuers.format.request import RetryAfter

T = TypeVar("T")
OUT_OF_ORDER = frozenset({FaultKind.NETWORK, FaultKind.ISSUER_DOWN})
FAULTS_TO_OPEN = 5
FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=10)
TRIES = 3
FIRST_PAUSE_SECONDS = 0.2
LAST_PAUSE_SECONDS = 2.0
LONGEST_WAIT = 86_400.0  # seconds; an issuer that says more is not believed


class Breaker:
    """Stops asking an issuer that is out of order, and lets one reading find out if it is back.

    After `FAULTS_TO_OPEN` faults in a row it rests for `FIRST_REST`, twice as long each time the
    one reading fails, up to `LONGEST_REST`.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._faults = 0
        self._rest = FIRST_REST
        self._until: datetime | None = None
        self._probing = False
        self.since: datetime | None = None
        """Since when it has been open; None while the issuer is asked as usual."""

    def enter(self) -> bool:
        """Begin a reading; tell whether it is the one that finds out. `IssuerFault` if none may."""
        if self._until is None:
            return False
        left = (self._until - self._clock()).total_seconds()
        if left > 0 or self._probing:
            wait = left if left > 0 else FIRST_REST.total_seconds()
            detail = f"not asked: out of order {self._faults} times in a row"
            raise IssuerFault(FaultKind.ISSUER_DOWN, detail, retry_after=wait)
        self._probing = True
        return True

    def leave(self, fault: IssuerFault | None, *, probe: bool) -> None:
        """End a reading; an issuer that answers, whatever it is, is there."""
        if probe:
            self._probing = False
        if fault is not None and fault.kind is FaultKind.RATE_LIMITED:
            return  # it may not have been asked at all
        if fault is None or fault.kind not in OUT_OF_ORDER:
            self._faults, self._rest, self._until, self.since = 0, FIRST_REST, None, None
            return
        self._faults += 1
        if probe or (self._until is None and self._faults >= FAULTS_TO_OPEN):
            now = self._clock()
            self.since = self.since or now
            self._until = now + self._rest
            self._rest = min(self._rest * 2, LONGEST_REST)

    def abandon(self, *, probe: bool) -> None:
        """End a reading that was broken off from here; it says nothing about the issuer."""
        if probe:
            self._probing = False


class Manners:
    """The pace of the requests to one issuer.

    `per_minute` requests at most in any minute; one that would have to wait longer than `patience`
    seconds for its turn is rate limited by us.
    """

    def __init__(
        self, per_minute: int | None, patience: float, clock: Callable[[], datetime]
    ) -> None:
        self._limiter = None if per_minute is None else _limiter(per_minute)
        self._pause = 0.0 if per_minute is None else 60 / per_minute
        self._patience = patience
        self._clock = clock
        self._told_until: datetime | None = None

    async def turn(self) -> None:
        """Wait until a request may go out. `IssuerFault` (rate_limited) if that takes too long."""
        if self._told_until is not None:
            left = (self._told_until - self._clock()).total_seconds()
            if left > 0:
                raise IssuerFault(
                    FaultKind.RATE_LIMITED, "not asked: told to wait", retry_after=left
                )
            self._told_until = None
        if self._limiter is None:
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._limiter.acquire()
        except TimeoutError:
            raise IssuerFault(
                FaultKind.RATE_LIMITED, "not asked: its minute is full", retry_after=self._pause
            ) from None

    def told(self, fault: IssuerFault) -> None:
        """Take an answer to heart that says when to come back."""
        if fault.kind is FaultKind.RATE_LIMITED and fault.retry_after:
            self._told_until = self._clock() + timedelta(seconds=fault.retry_after)


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again, a little later, where an issuer was out of order and did not say for how long."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception(_worth_another),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS),
        reraise=True,
    ):
        with attempt:
            return await ask()
    raise AssertionError("the last try returns or raises")


def _worth_another(error: BaseException) -> bool:
    return (
        isinstance(error, IssuerFault) and error.kind in OUT_OF_ORDER and error.retry_after is None
    )


def _limiter(per_minute: int) -> AsyncLimiter:
    """Make a bucket whose content and what drips in a minute are no more than `per_minute`."""
    at_once = max(1, per_minute // 10)
    drips = max(1, per_minute - at_once)
    return AsyncLimiter(at_once, 60 * at_once / drips)


def wait_told(
    headers: Sequence[RetryAfter], answered: Mapping[str, str], now: datetime
) -> float | None:
    """Read in how many seconds to come back from the first header that says so."""
    for header in headers:
        text = answered.get(header.header)
        seconds = None if text is None else _seconds(text.strip(), header.form, now)
        if seconds is not None:
            return min(max(seconds, 0.0), LONGEST_WAIT)
    return None


def _seconds(text: str, form: str, now: datetime) -> float | None:
    try:
        if text.isascii() and text.isdecimal():
            if form == "date":
                return None
            if form == "epoch":
                return (datetime.fromtimestamp(int(text), UTC) - now).total_seconds()
            return int(text) / 1000 if form == "milliseconds" else float(text)
        if form not in {"auto", "date"}:
            return None
        at = parsedate_to_datetime(text)
        return (at.replace(tzinfo=at.tzinfo or UTC) - now) / timedelta(seconds=1)
    except (ValueError, OverflowError, OSError):
        return None
