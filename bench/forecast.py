"""How often the range that a forecast states holds the truth, for spenders whose truth is known."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from bot.forecast import CERTAINTY, Dry, Spend, forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Spending = Callable[[random.Random], Iterator[Spend]]

BEGAN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
_WORKING_DAYS = 5


def by_chance(chance: random.Random) -> Iterator[Spend]:
    """Buy at any moment, for whatever amount."""
    at, mean, amount = BEGAN, chance.uniform(0.5, 4), chance.uniform(500, 5_000)
    while True:
        at += timedelta(days=chance.expovariate(1 / mean))
        yield Spend(at, 1 + round(chance.expovariate(1 / amount)))


def by_habit(chance: random.Random) -> Iterator[Spend]:
    """Drink a coffee every other day or so, never quite the same one."""
    at, mean, amount = BEGAN, chance.uniform(0.8, 3), chance.uniform(1_500, 4_000)
    while True:
        at += timedelta(days=chance.gammavariate(4, mean / 4))
        yield Spend(at, 1 + round(amount * chance.lognormvariate(0, 0.35)))


def on_working_days(chance: random.Random) -> Iterator[Spend]:
    """Ride twice a working day for the same fare, and miss a ride now and then."""
    day, fare, rides = BEGAN, chance.choice((200, 300, 450)), chance.uniform(0.6, 0.95)
    while True:
        if day.weekday() < _WORKING_DAYS:
            for hour in (0, 10):
                if chance.random() < rides:
                    yield Spend(day + timedelta(hours=hour, minutes=chance.uniform(0, 40)), fare)
        day += timedelta(days=1)


def at_lunch(chance: random.Random) -> Iterator[Spend]:
    """Eat in the canteen on working days, not quite every one."""
    day, amount, hungry = BEGAN, chance.uniform(1_500, 3_500), chance.uniform(0.5, 0.95)
    while True:
        if day.weekday() < _WORKING_DAYS and chance.random() < hungry:
            at = day + timedelta(hours=chance.uniform(3, 5))
            yield Spend(at, 1 + round(amount * chance.uniform(0.7, 1.4)))
        day += timedelta(days=1)


def in_a_big_shop(chance: random.Random) -> Iterator[Spend]:
    """Shop for the week about every week, with small things in between."""
    at, amount = BEGAN, chance.uniform(8_000, 30_000)
    while True:
        at += timedelta(days=chance.gauss(2.4, 0.7) if chance.random() < 0.9 else 6)  # noqa: PLR2004
        small = chance.random() < 0.6  # noqa: PLR2004
        yield Spend(at, 1 + round(amount * (0.15 if small else 1) * chance.uniform(0.7, 1.3)))


def in_bursts(chance: random.Random) -> Iterator[Spend]:
    """Buy several times in a day, and then nothing for days."""
    at, amount = BEGAN, chance.uniform(1_000, 6_000)
    while True:
        mean = 0.3 if chance.random() < 0.6 else 4.0  # noqa: PLR2004
        at += timedelta(days=chance.expovariate(1 / mean))
        yield Spend(at, 1 + round(amount * chance.uniform(0.4, 1.6)))


SPENDERS: dict[str, Spending] = {
    "by chance": by_chance,
    "by habit": by_habit,
    "on working days": on_working_days,
    "at lunch": at_lunch,
    "in a big shop": in_a_big_shop,
    "in bursts": in_bursts,
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of `asked` forecasts `stated` said something, and the truth was in `held` of the ranges."""

    asked: int
    stated: int
    held: int
    days: float
    """The range to each side, in the middle case."""

    @property
    def share(self) -> float:
        """How often the range held the truth."""
        return self.held / self.stated


def one(spending: Spending, chance: random.Random) -> tuple[Dry | None, datetime]:
    """Look at a spender's past; give what is forecast and when the card was really empty."""
    future = spending(chance)
    # What was seen must not depend on a spend: people look at any time.
    now = BEGAN + timedelta(days=chance.uniform(20, 90))
    past, first = [], next(future)
    while first.at <= now:
        past.append(first)
        first = next(future)
    mean = sum(s.minor for s in past) / max(len(past), 1) or 1_000
    balance = left = round(mean * chance.uniform(3, 25))
    while True:
        left -= first.minor
        if left <= 0:
            return forecast(past, balance, now), first.at
        first = next(future)


def calibrate(spending: Spending, asked: int, seed: int = 1) -> Calibration:
    """Ask for many forecasts of one kind of spender."""
    chance = random.Random(seed)  # noqa: S311 - a story, no secret
    told = [one(spending, chance) for _ in range(asked)]
    stated = [(dry, truth) for dry, truth in told if dry is not None]
    held = sum(dry.earliest <= truth <= dry.latest for dry, truth in stated)
    return Calibration(asked, len(stated), held, median(dry.days for dry, _ in stated))


def main(asked: int = 4_000) -> None:
    """Print the table."""
    print(
        f"| spends | a forecast was given | range held the truth (says {CERTAINTY:.0%}) | ± days |"
    )
    print("| --- | --- | --- | --- |")
    for name, spending in SPENDERS.items():
        of = calibrate(spending, asked)
        print(f"| {name} | {of.stated / asked:.0%} | {of.share:.1%} | {of.days:g} |")


if __name__ == "__main__":
    main()
