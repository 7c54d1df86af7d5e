"""When a card is read next."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.issuers import FaultKind
from bot.thresholds import is_near

if TYPE_CHECKING:
    from bot.issuers import Issuer, IssuerFault
    from storage import Card

FIRST_RETRY = timedelta(minutes=2)

NEAR_FACTOR = 4
"""How much more often a card near its threshold is read."""


def next_refresh(card: Card, now: datetime, every: timedelta) -> datetime:
    """Spread the cards out by up to a tenth of the interval, each card always the same way."""
    spread = 0.9 + zlib.crc32(card.id.encode()) % 1000 / 5000
    return now + every * spread / (NEAR_FACTOR if is_near(card) else 1)


def next_try(card: Card, fault: IssuerFault, now: datetime, every: timedelta) -> datetime | None:
    """Back off after a failure, twice as long each time; `None` where only the holder can help.

    A card whose turn did not come within the issuer's limit has not failed: it waits for its turn.
    """
    if fault.ask_holder:
        return None
    if fault.permanent or fault.ask_operator:
        return next_refresh(card, now, every)
    its_turn_is_known = fault.kind is FaultKind.RATE_LIMITED and fault.retry_after is not None
    times = 0 if its_turn_is_known else min(card.failures, 16)
    wait = min(FIRST_RETRY * (1 << times), every)
    return now + max(wait, timedelta(seconds=fault.retry_after or 0))


def next_check(issuer: Issuer, now: datetime) -> datetime | None:
    """Say when a person is to be asked whether a balance that nobody else knows still is right."""
    return None if issuer.remind_days is None else now + timedelta(days=issuer.remind_days)
