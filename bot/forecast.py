"""When a card runs dry at the present pace, and how sure that is.

Spending is taken for pairs of a wait and an amount, each drawn like the ones seen. The time in
which an amount goes is then nearly normal around (mean wait / mean amount) x amount, and its
variance has two parts: how differently the pairs to come fall out, and how little is known of
their mean from the pairs that were seen. The range is laid on the logarithm, as times are positive
and late surprises larger than early ones, and uses Student's t, as the spread is an estimate too.

Who spends on some days of the week more than on others is looked at on a clock of their own, which
runs faster on those days: on it a commuter's weekend is a short wait like any other.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

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

REST: Final = 20
LEAST_REST: Final = timedelta(days=21)
"""Nothing spent for so long, and for so many times the other waits, begins a new history."""

PRIOR: Final = 1.0
"""So many pairs of pure chance are thought beside those seen: a few that happen to be even must not
make a range narrow."""

SKEW: Final = 0.18

STRANGE: Final = 22.46
"""By chance days of the week differ more than so (chi-square, 6 degrees) once in a thousand."""

DOUBT: Final = 0.5
"""So many days of an even pace are thought beside those seen of each day of the week."""

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
_MONDAY: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - on the clock of whoever spends
_Z: Final = 1.2815515655446004  # a tenth of a normal distribution lies above it


@dataclass(frozen=True, slots=True)
class Spend:
    """Money spent: an aware UTC moment and minor units; below zero, what was refunded then."""

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

    `spends` are of one card in its currency, in any order; those of the last months count. Days of
    the week are those of the zone that `now` is in.
    """
    known = sorted((s for s in spends if now - LOOK_BACK <= s.at <= now), key=lambda s: s.at)
    recent = _since_rest(_less_refunds(known)[-LATEST:])
    if balance <= 0 or len(recent) < LEAST or recent[-1].at - recent[0].at < LEAST_SPAN:
        return None
    week = _Week.of(recent, now)
    pace = _Pace.of([(week.place(spend.at), spend.minor) for spend in recent])
    here = week.place(now)
    silence = here - week.place(recent[-1].at)
    if silence > STOPPED * pace.wait * (1 + pace.unevenness):
        return None
    ahead = _ahead(pace, balance, silence)
    if ahead is None:
        return None
    first, last = (week.moment(here + days) for days in ahead)
    half = (last - first) / 2
    return Dry(first + half, max(1, round(half / _DAY)))


def _less_refunds(spends: Sequence[Spend]) -> list[Spend]:
    """Take what was refunded from the spend that it fits best: the latest as large, or larger."""
    kept: list[Spend] = []
    whole: list[bool] = []
    for spend in spends:
        back = -spend.minor
        larger = [at for at, one in enumerate(kept) if one.minor >= back]
        if back < 0:
            kept.append(spend)
            whole.append(True)
        elif larger:
            at = next(
                (at for at in larger[::-1] if whole[at] and kept[at].minor == back), larger[-1]
            )
            kept[at], whole[at] = Spend(kept[at].at, kept[at].minor - back), False
    return [one for one in kept if one.minor]


def _since_rest(spends: list[Spend]) -> list[Spend]:
    """Leave out what was before the card was put aside for long: its pace is over."""
    waits = [after.at - before.at for before, after in pairwise(spends)]
    for place in range(len(waits) - 1, -1, -1):
        others = sum(waits, timedelta()) - waits[place]
        if waits[place] >= max(LEAST_REST, REST * others / max(len(waits) - 1, 1)):
            return spends[place + 1 :]
    return spends


def _ahead(pace: _Pace, balance: int, silence: float) -> tuple[float, float] | None:
    """Give the first and the last day ahead on which it may be empty."""
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
    return None if (last - first) / 2 > max(WIDEST * ahead, 1.0) else (first, last)


@dataclass(frozen=True, slots=True)
class _Week:
    """A clock that runs as fast as is spent on each day of the week, Monday first; 7 in a week."""

    zone: tzinfo | None
    speeds: Sequence[float]

    @classmethod
    def of(cls, spends: Sequence[Spend], now: datetime) -> _Week:
        """Find how fast it runs; evenly, unless chance alone would hardly show such days."""
        zone = now.tzinfo
        spent = [s.at.astimezone(zone).date() for s in spends]
        days = [spent[0] + timedelta(days=n) for n in range((now.date() - spent[0]).days + 1)]
        there = Counter(day.weekday() for day in days)
        used = Counter(day.weekday() for day in set(spent))
        share = used.total() / len(days)
        if len(there) < _WEEK or share == 1:
            return cls(zone, (1.0,) * _WEEK)
        strange = sum(
            (used[day] - there[day] * share) ** 2 / (there[day] * share * (1 - share))
            for day in range(_WEEK)
        )
        if strange < STRANGE:
            return cls(zone, (1.0,) * _WEEK)
        times, mean = Counter(day.weekday() for day in spent), len(spent) / len(days)
        seen = [(times[day] + DOUBT * mean) / (there[day] + DOUBT) for day in range(_WEEK)]
        return cls(zone, [_WEEK * one / sum(seen) for one in seen])

    def place(self, moment: datetime) -> float:
        """Say where this clock stands at a moment, in days."""
        passed = (moment.astimezone(self.zone).replace(tzinfo=None) - _MONDAY) / _DAY
        weeks, days = divmod(passed, _WEEK)
        day = int(days)
        return weeks * _WEEK + sum(self.speeds[:day]) + (days - day) * self.speeds[day]

    def moment(self, place: float) -> datetime:
        """Say when this clock stands there, in UTC."""
        weeks, rest = divmod(place, _WEEK)
        day = 0
        while day < _WEEK - 1 and rest >= self.speeds[day]:
            rest -= self.speeds[day]
            day += 1
        passed = weeks * _WEEK + day + min(rest / self.speeds[day], 1.0)
        return (_MONDAY + passed * _DAY).replace(tzinfo=self.zone).astimezone(UTC)


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
    def of(cls, spends: Sequence[tuple[float, int]]) -> _Pace:
        """Look at what was spent and on which day, the earliest first."""
        pairs = [(after - before, minor) for (before, _), (after, minor) in pairwise(spends)]
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
