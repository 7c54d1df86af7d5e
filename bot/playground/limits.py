"""Telegram's own limits on how fast a bot may speak, for those who want to meet them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.playground.refusals import too_many_requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(slots=True)
class _Bucket:
    """Holds up to `size` messages and refills at `rate` a second."""

    size: float
    rate: float
    level: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until it has room for one more; 0 if it has."""
        self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1 - self.level) / self.rate)


@dataclass(frozen=True, slots=True)
class Rates:
    """How many messages: a second over all, a second in one chat, a minute in one group.

    As in https://core.telegram.org/bots/faq#broadcasting-to-users; short bursts pass.
    """

    overall: float = 30
    chat: float = 1
    chat_burst: float = 3
    group: float = 20


class Limits:
    """Counts what is sent, by the clock given; only calls that pass are counted."""

    def __init__(self, clock: Callable[[], datetime], rates: Rates | None = None) -> None:
        self._clock = clock
        self._rates = rates = rates or Rates()
        now = clock().timestamp()
        self._overall = _Bucket(rates.overall, rates.overall, rates.overall, now)
        self._chats: dict[int, _Bucket] = {}

    def note(self, chat_id: int) -> None:
        """Count a message to this chat; `Refusal` 429 if it comes too soon."""
        now = self._clock().timestamp()
        chat = self._chats.get(chat_id)
        if chat is None:
            chat = self._chats[chat_id] = self._bucket(chat_id, now)
        wait = max(self._overall.wait(now), chat.wait(now))
        if wait > 0:
            raise too_many_requests(max(1, math.ceil(wait)))
        self._overall.level -= 1
        chat.level -= 1

    def _bucket(self, chat_id: int, now: float) -> _Bucket:
        if chat_id < 0:
            return _Bucket(self._rates.group, self._rates.group / 60, self._rates.group, now)
        return _Bucket(self._rates.chat_burst, self._rates.chat, self._rates.chat_burst, now)
