"""When a card runs dry at the present pace, and how sure that is.

Spending is taken for pairs of a wait and an amount, each drawn like the ones seen. The time in
which an amount goes is then nearly normal around (mean wait / mean amount) x amount, and its
variance has two parts: how differently the pairs to come fall out, and how little is known of
their mean from the pairs that were seen. The range is laid on the logarithm, as times are positive
and late surprises larger than early ones, and uses Student's t, as the spread is an estimate too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CERTAINTY: Final = 0.8
"""The share of forecasts whose range holds the truth."""

LOOK_BACK: Final = timedelta(days=120)
"""What is older says little about the present pace."""

LATEST: Final = 60
LEAST: Final = 8
"""Fewer spends than that are too little to go on."""

LEAST_SPAN: Final = timedelta(days=3)
FURTHEST: Final = timedelta(days=540)
WIDEST: Final = 1.0
"""A range wider to each side than this share of the time ahead is of no use to anybody."""

STOPPED: Final = 4.0
"""Nothing spent for so many usual waits: the pace of before is not the present one."""

PRIOR: Final = 1.5
"""So many pairs of pure chance are thought beside those seen: a few that happen to be even must not
make a range narrow."""

SKEW: Final = 0.12

_DAY: Final = timedelta(days=1)
_Z: Final = 1.2815515655446004  # a tenth of a normal distribution lies above it


@dataclass(frozen=True, slots=True)
class Spend:
    """Money spent: an aware UTC moment and minor units, above zero."""

    at: datetime
    minor: int


@dataclass(frozen=True, slots=True)
class Dry:
    """A card is empty `about` then, give or take `days` whole days, `CERTAINTY` sure."""

    about: datetime
    days: int

    @property
    def earliest(self) -> datetime:
        """Where the range begins."""
        return self.about - self.days * _DAY

    @property
    def latest(self) -> datetime:
        """Where the range ends."""
        return self.about + self.days * _DAY


def forecast(spends: Iterable[Spend], balance: int, now: datetime) -> Dry | None:
    """Say when `balance` minor units are gone; None where there is too little to go on.

    `spends` are of one card in its currency, in any order; those of the last months count.
    """
    recent = sorted((s for s in spends if now - LOOK_BACK <= s.at <= now), key=lambda s: s.at)
    recent = recent[-LATEST:]
    if balance <= 0 or len(recent) < LEAST or recent[-1].at - recent[0].at < LEAST_SPAN:
        return None
    pace = _Pace.of(recent)
    silence = (now - recent[-1].at) / _DAY
    if silence > STOPPED * pace.wait * (1 + pace.unevenness):
        return None
    return _stated(pace, balance, silence, now)


def _stated(pace: _Pace, balance: int, silence: float, now: datetime) -> Dry | None:
    # The spend that empties the card takes, on average, part of itself more than was left.
    rounds = max((balance + pace.beyond) / pace.amount, 1.0)
    wait = pace.wait + min(pace.unevenness, 1.0) * silence / pace.seen
    ahead = wait * (rounds - 1) + pace.until_next(silence)
    spread = pace.spread * math.sqrt(rounds + rounds * rounds / pace.seen)
    if not 0 < ahead <= FURTHEST / _DAY:
        return None
    # Of uneven waits, where the mean comes out too small the spread does as well.
    both = 1 + SKEW * min(pace.unevenness, 1.0)
    width = both * _student(pace.degrees) * math.sqrt(math.log1p((spread / ahead) ** 2))
    # Chance moves the mean off the median; what is not known of the pace does not.
    middle = math.log(ahead) - math.log1p(pace.spread**2 * rounds / ahead**2) / 2
    first, last = math.exp(middle - width), math.exp(middle + width)
    half = (last - first) / 2
    if half > max(WIDEST * ahead, 1.0):
        return None
    return Dry(now + (first + last) / 2 * _DAY, max(1, round(half)))


@dataclass(frozen=True, slots=True)
class _Pace:
    """How somebody spends. Waits are days, amounts minor units."""

    seen: int
    wait: float
    amount: float
    beyond: float
    spread: float
    """Of what a wait is longer than its amount explains."""
    unevenness: float
    """The variance of waits over their squared mean: 0 for a clockwork, 1 for pure chance."""

    @classmethod
    def of(cls, spends: Sequence[Spend]) -> _Pace:
        pairs = [((after.at - before.at) / _DAY, after.minor) for before, after in pairwise(spends)]
        seen = len(pairs)
        wait = sum(wait for wait, _ in pairs) / seen
        amount = sum(minor for _, minor in pairs) / seen
        ratio = wait / amount
        return cls(
            seen,
            wait,
            amount,
            sum(minor * minor for _, minor in pairs) / (2 * amount * seen) - 0.5,
            math.sqrt(
                (sum((one - ratio * minor) ** 2 for one, minor in pairs) + PRIOR * 2 * wait * wait)
                / (seen - 1 + PRIOR)
            ),
            sum((one - wait) ** 2 for one, _ in pairs) / ((seen - 1) * wait * wait),
        )

    @property
    def degrees(self) -> float:
        """How much the spread is worth: of uneven waits a rare long one decides."""
        return (self.seen - 1 + PRIOR) / (1 + 3 * min(self.unevenness, 1.0))

    def until_next(self, silence: float) -> float:
        """Expect the next spend: chance does not remember how long it was silent, habit does."""
        if self.unevenness >= 1:  # who looks at any moment looks into a long wait more often
            return self.wait * (1 + self.unevenness) / 2
        habit = max(self.wait - silence, 0.0)
        return self.unevenness * self.wait + (1 - self.unevenness) * habit


def _student(degrees: float) -> float:
    """Give the t above which a tenth lies, by the expansion around the normal distribution."""
    z, n = _Z, degrees
    first = (z**3 + z) / (4 * n)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
    return z + first + second
