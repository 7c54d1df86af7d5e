"""Which cards pay an amount: the one that covers it, or the plan that wastes least.

Where several are needed, the money that expires soonest goes first, then the fewest cards. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Purse:
    """What can be spent from one card, in minor units of the amount's currency; at least 1."""

    card_id: str
    minor: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What each card pays, in minor units and in the order to show them; `cash` is what is left.

    `covering` names every card that could pay it alone, the best first.
    """

    steps: tuple[tuple[str, int], ...]
    cash: int
    covering: tuple[str, ...]


def plan(purses: Iterable[Purse], minor: int) -> Plan:
    """Say how an amount is paid. `ValueError` unless it is more than nothing."""
    if minor <= 0:
        raise ValueError("an amount to pay is more than nothing")
    ordered = sorted(purses, key=_urgency)
    # Of those that cover it, the one that leaves least behind comes first on the same day.
    enough = sorted(
        (one for one in ordered if one.minor >= minor), key=lambda one: (_end(one), one.minor)
    )
    covering = tuple(one.card_id for one in enough)
    if covering:
        return Plan(((covering[0], minor),), 0, covering)
    steps, rest = [], minor
    for one in ordered:
        if rest:
            paid = min(one.minor, rest)
            steps.append((one.card_id, paid))
            rest -= paid
    return Plan(tuple(steps), rest, ())


def _end(one: Purse) -> tuple[bool, float]:
    at = one.expires_at
    return at is None, at.timestamp() if at else 0.0


def _urgency(one: Purse) -> tuple[tuple[bool, float], int]:
    """Order by expiry; of what expires together the largest first, so that fewest are needed.

    Of those that are alike, the one that was given first stays first.
    """
    return _end(one), -one.minor
