"""What became of money in one currency, whether it was added up here or by the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.charts import Line
    from bot.voice import Voice
    from storage import Card

PERIODS: Final = (3, 6, 12)
"""Months that can be looked at."""


@dataclass(frozen=True, slots=True)
class Story:
    """Balances over time, and minor units spent, less refunds, by month and by card.

    Months are told by when they began in the person's zone, oldest first; the cards begin with
    the one most was spent from. `together` is how many cards the only line adds up, else 0.
    """

    lines: Sequence[Line]
    by_month: Mapping[datetime, int]
    by_card: Sequence[tuple[Card, int]]
    together: int = 0


def months_of(voice: Voice, count: int) -> list[datetime]:
    """List when each of the last months began in the person's zone, oldest first."""
    now = voice.now.astimezone(voice.zone)
    at = now.year * 12 + now.month - 1
    return [
        datetime(n // 12, n % 12 + 1, 1, tzinfo=voice.zone) for n in range(at - count + 1, at + 1)
    ]
