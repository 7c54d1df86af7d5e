"""What was measured, as tables for people and as JSON for comparing later."""

from __future__ import annotations

import platform
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.bots import CORES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.answers import Read
    from bench.charts import Drawn
    from bench.refresh import Refreshed
    from bench.replies import Figures
    from bench.rotation import Rotated

AIOGRAM, PTB, KABAO = "aiogram echo", "PTB echo, defaults", "Kabao"
ANSWER_MS = 1.0
CHART_MS = 400
MEMORY_MB, COLD_START_S, P99_TIMES, REFRESH_TIMES = 150, 2.0, 2.0, 1.25
ROTATION_P99_TIMES = 1.5
WITH_RANGE = {"replies/s", "40 ms away: replies/s"}


def middle(values: Sequence[float | None]) -> float | None:
    """Give the median; None if the bot could not follow in any round."""
    known = [value for value in values if value is not None]
    return median(known) if len(known) == len(values) else None


def replies_table(figures: Mapping[str, Figures]) -> str:
    """Write one line for each figure and one column for each bot, medians over the rounds."""
    names = list(next(iter(figures.values())))
    lines = [["", *figures], ["---"] * (len(figures) + 1)]
    lines += [[name, *(_cell(name, of_bot[name]) for of_bot in figures.values())] for name in names]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(name: str, values: Sequence[float | None]) -> str:
    figure = middle(values)
    if figure is None:
        return "cannot follow"
    if name in WITH_RANGE:
        known = [value for value in values if value is not None]
        return f"{figure:,.0f} ({min(known):,.0f}-{max(known):,.0f})"
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"  # noqa: PLR2004


def targets(
    figures: Mapping[str, Figures], many: str | None, refreshed: Refreshed | None
) -> list[tuple[str, str, bool]]:
    """Compare with what is claimed: what, the figure, whether it is kept."""

    def figure(bot: str, name: str) -> float:
        value = middle(figures[bot][name])
        return float("inf") if value is None else value

    def times(one: str, other: str, name: str) -> float:
        return figure(one, name) / figure(other, name)

    plain, away = "replies/s", "40 ms away: replies/s"
    memory, cold = figure(KABAO, "MB after load"), figure(KABAO, "cold start s")
    p99 = times(KABAO, AIOGRAM, "p99 ms at 50/s")
    told = [
        _at_least("replies/s, times aiogram's echo", times(KABAO, AIOGRAM, plain), 1),
        _at_least("replies/s, times PTB's default echo", times(KABAO, PTB, plain), 1),
        _at_least("40 ms away, times aiogram's echo", times(KABAO, AIOGRAM, away), 1),
        _at_most("p99 at 50/s, times aiogram's echo", p99, P99_TIMES),
        _at_most("MB after load", memory, MEMORY_MB),
        _at_most("cold start, seconds", cold, COLD_START_S),
    ]
    if many is not None:
        told.append(_noise(figures[KABAO][plain], figures[many][plain]))
    if refreshed is not None:
        ratio = refreshed.seconds / refreshed.ideal
        told.append(_at_most("refresh, times cards x latency / concurrency", ratio, REFRESH_TIMES))
    return told


def refresh_line(read: Refreshed) -> str:
    """Say how long it took to read what was due."""
    return (
        f"{read.cards:,} due cards were read in {read.seconds:.1f} s (at the least "
        f"{read.ideal:.1f} s); /balance took {read.answer_ms:.1f} ms meanwhile."
    )


def street_target(read: Refreshed) -> tuple[str, str, bool]:
    """Compare the reading of many issuers with what the healthy ones' limits allow."""
    ratio = read.seconds / read.ideal
    return _at_most(
        "refresh over many issuers, times the healthy ones' limits", ratio, REFRESH_TIMES
    )


def answers_line(read: Read) -> str:
    """Say what reading one answer costs, with the range over the rounds."""
    return (
        f"An answer of {read.bytes / 1000:.0f} kB with {read.entries} entries of history is read "
        f"in {read.ms:.2f} ms ({read.least_ms:.2f}-{read.most_ms:.2f})."
    )


def answers_target(read: Read) -> tuple[str, str, bool]:
    """Compare it with what is claimed."""
    return _at_most(f"reading an answer with {read.entries} entries, ms", read.ms, ANSWER_MS)


def charts_line(drawn: Drawn) -> str:
    """Say what a chart takes, and what others notice of it."""
    return (
        f"A chart is drawn in {drawn.ms:.0f} ms (at most {drawn.most_ms:.0f}), the first in "
        f"{drawn.first_ms:.0f} ms with the library. Others were {drawn.meanwhile_ms:.1f} ms late "
        f"at p99 while charts were drawn without a pause, and {drawn.calm_ms:.1f} ms before."
    )


def charts_target(drawn: Drawn) -> tuple[str, str, bool]:
    """Compare it with what is claimed."""
    return _at_most("drawing a chart, ms", drawn.ms, CHART_MS)


def rotation_line(told: Rotated) -> str:
    """Say what a rotation of the master key cost those who ask meanwhile."""
    before, during = told.before, told.during
    return (
        f"The master key of {told.people:,} people with {told.cards:,} cards was rotated in "
        f"{told.seconds:.1f} s, after {told.waited:.1f} s until the bot knew the new one. /balance "
        f"took {before.p50:.1f} ms (p99 {before.p99:.1f}) before and {during.p50:.1f} ms (p99 "
        f"{during.p99:.1f}) meanwhile."
    )


def rotation_target(told: Rotated) -> tuple[str, str, bool]:
    """Compare with what is claimed."""
    ratio = told.during.p99 / told.before.p99
    return _at_most("p99 during a rotation, times before", ratio, ROTATION_P99_TIMES)


def _at_least(what: str, figure: float, bound: float) -> tuple[str, str, bool]:
    return what, f"{figure:.2f} (at least {bound:g})", figure >= bound


def _at_most(what: str, figure: float, bound: float) -> tuple[str, str, bool]:
    return what, f"{figure:.2f} (at most {bound:g})", figure <= bound


def _noise(few: Sequence[float | None], many: Sequence[float | None]) -> tuple[str, str, bool]:
    """Compare the rounds with few and many cards: their ranges touch, or medians are within 5 %."""
    known, other = [x for x in few if x], [x for x in many if x]
    ratio = median(other) / median(known)
    within = max(other) >= min(known) or ratio > 0.95  # noqa: PLR2004
    return "replies/s with many cards, times with few", f"{ratio:.2f} (no less but noise)", within


def targets_table(told: Sequence[tuple[str, str, bool]]) -> str:
    """Write the comparison as a table."""
    lines = ["| target | measured | kept |", "| --- | --- | --- |"]
    lines += [f"| {what} | {figure} | {'yes' if kept else 'NO'} |" for what, figure, kept in told]
    return "\n".join(lines)


def about() -> dict[str, Any]:
    """Say on what it was measured."""
    libraries = ("python-telegram-bot", "aiohttp", "httpx", "uvloop")
    return {
        "cores": len(CORES),
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }
