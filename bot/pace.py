"""When a call to Telegram may go: answers at once, alerts within Telegram's limits, 429 obeyed.

Telegram allows about 30 messages a second over all chats and one a second in one chat, lets short
bursts pass, and says 429 with a time to wait where it does not.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

ALERT = "alert"
"""The `rate_limit_args` of a message that nobody is waiting for."""

Call = Callable[..., Coroutine[Any, Any, Any]]

SECOND = 1.05
"""A hair more than a second, because calls may reach Telegram closer together than they left."""

_MESSAGES = ("send", "copy", "forward", "edit")


@dataclass(slots=True)
class _Sent:
    """A message, and by when Telegram had it: when it left, later when the answer came.

    The first calls have connections to open, and so reach Telegram later after they left than
    the next ones do.
    """

    by: float


class Pace(BaseRateLimiter[str]):
    """Holds back what must wait, and no more.

    A person's answer goes at once, even beyond the budget of `per_second` messages that it draws
    from. An alert waits until that budget has room and its chat had its second; where answers
    leave it no room for a second, it draws from `for_alerts` a second that are its own. A 429 holds
    further calls to the same chat, and alerts for a second; the call is tried again, at most
    `tries` times in all and while its waits together stay within `patience` seconds. Then
    `RetryAfter` is raised, and so it is for an alert that finds no room within that time.
    """

    def __init__(
        self,
        *,
        per_second: int = 30,
        for_alerts: int = 3,
        tries: int = 3,
        patience: float = 30,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._tries = tries
        self._patience = patience
        self._monotonic = monotonic
        self._sleep = sleep
        self._recent: deque[_Sent] = deque(maxlen=per_second)
        self._recent_alerts: deque[_Sent] = deque(maxlen=for_alerts)
        self._line = asyncio.Lock()
        self._chat_free: dict[object, float] = {}
        self._forget_at = monotonic()
        self._held: dict[object, float] = {}

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def process_request(
        self,
        callback: Call,
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: str | None,
    ) -> Any:
        """Make one call when it may be made; give its result or raise its error."""
        chat = data.get("chat_id", endpoint)
        message = endpoint.startswith(_MESSAGES) and endpoint != "sendChatAction"
        patient_until = self._monotonic() + self._patience
        for attempt in range(1, self._tries + 1):
            while (held := self._held.get(chat, 0)) > self._monotonic():
                await self._wait_until(held, patient_until)
            sent = _Sent(0)
            if message and rate_limit_args == ALERT:
                sent = await self._turn(chat, patient_until)
            elif message:
                sent = self._note_answer(chat)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as refused:
                self._hold(chat, _seconds(refused))
                if attempt == self._tries:
                    raise
            finally:
                sent.by = self._monotonic()
        raise AssertionError("at least one try is made")

    def _hold(self, chat: object, seconds: float) -> None:
        now = self._monotonic()
        self._held = {one: until for one, until in self._held.items() if until > now}
        self._held[chat] = now + seconds
        for recent in (self._recent, self._recent_alerts):
            recent.extend([_Sent(now)] * (recent.maxlen or 0))

    async def _turn(self, chat: object, patient_until: float) -> _Sent:
        """Wait for the chat's second, then in line for room in the budget."""
        await self._wait_until(self._take_chat(chat), patient_until)
        waited = self._monotonic() + SECOND
        async with self._line:
            while (room := self._room_at(waited)) > self._monotonic():
                await self._wait_until(room, patient_until)
            sent = _Sent(self._monotonic())
            self._recent.append(sent)
            self._recent_alerts.append(sent)
        return sent

    def _room_at(self, waited: float) -> float:
        """Give when there is room in the budget, or after the wait in what is the alerts' own."""
        return min(_free_at(self._recent), max(waited, _free_at(self._recent_alerts)))

    def _note_answer(self, chat: object) -> _Sent:
        now = self._monotonic()
        sent = _Sent(now)
        self._recent.append(sent)
        self._chat_free[chat] = max(now + SECOND, self._chat_free.get(chat, 0))
        if now > self._forget_at:
            self._forget_at = now + 10 * SECOND
            self._chat_free = {one: at for one, at in self._chat_free.items() if at > now}
        return sent

    def _take_chat(self, chat: object) -> float:
        """Take the chat's next second and give the moment it begins."""
        mine = max(self._monotonic(), self._chat_free.get(chat, 0))
        self._chat_free[chat] = mine + SECOND
        return mine

    async def _wait_until(self, moment: float, patient_until: float) -> None:
        seconds = moment - self._monotonic()
        if moment > patient_until:
            raise RetryAfter(math.ceil(seconds))
        if seconds > 0:
            await self._sleep(seconds)


def _free_at(recent: deque[_Sent]) -> float:
    return recent[0].by + SECOND if len(recent) == recent.maxlen else 0


def _seconds(refused: RetryAfter) -> float:
    wait = refused.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
