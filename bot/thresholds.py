"""When a card is low: the rules, and nothing else."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage import Card, Episode

DEFAULT_PERCENT = 20
"""A new card warns below a fifth of the highest balance seen on it."""

NEAR = 2
"""A balance under this many thresholds is asked for more often."""


class Enough(StrEnum):
    """Whether a card holds enough, in one word."""

    ENOUGH = "enough"
    LOW = "low"
    EMPTY = "empty"
    UNKNOWN = "unknown"


def threshold(card: Card) -> int | None:
    """Give the threshold in minor units: the person's amount, or their share of the peak.

    `None` where there is no balance yet to take a share of. A share is rounded up, so that the
    smallest card still has a threshold.
    """
    if card.threshold_minor is not None:
        return card.threshold_minor
    if card.threshold_percent is None or card.peak_minor is None:
        return None
    return -(-card.peak_minor * card.threshold_percent // 100)


def enough(card: Card) -> Enough:
    """Say whether the balance that is known is enough."""
    if card.balance_minor is None:
        return Enough.UNKNOWN
    if card.balance_minor <= 0:
        return Enough.EMPTY
    limit = threshold(card)
    return Enough.LOW if limit is not None and card.balance_minor < limit else Enough.ENOUGH


def episode(before: Episode, now: Enough) -> Episode:
    """Give the state of the alert after a reading: `armed`, `low` or `zero`.

    An episode lasts from the crossing until the balance is enough again, and inside it the alert
    only ever goes from low to zero: a card that is topped up a little and spent again is still
    the same trouble.
    """
    match now:
        case Enough.ENOUGH:
            return "armed"
        case Enough.EMPTY:
            return "zero"
        case Enough.LOW:
            return "zero" if before == "zero" else "low"
        case Enough.UNKNOWN:
            return before


def is_near(card: Card) -> bool:
    """Say whether the balance is close enough to its threshold to be looked at more often."""
    limit = threshold(card)
    return (
        card.balance_minor is not None
        and limit is not None
        and 0 < card.balance_minor < limit * NEAR
    )
