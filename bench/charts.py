"""What a chart takes, and what others notice of it while it is drawn."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from bot.charts import Bar, Line, Picture, round_amounts
from bot.easel import Easel

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
STEPS = 180
TICK_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Drawn:
    """Milliseconds: the first chart with the library's loading, the median and slowest of others.

    `calm` and `meanwhile` are how late (p99) a short task of somebody else's is done, while
    nothing is drawn and while charts are drawn one after another.
    """

    first_ms: float
    ms: float
    most_ms: float
    calm_ms: float
    meanwhile_ms: float


def picture() -> Picture:
    """Lay out a year of five cards."""
    lines = [
        Line(
            f"咖啡卡 ·100{n}",
            [
                (NOW - timedelta(days=2 * k), 300.0 - (k * (7 + n)) % 290)
                for k in range(STEPS, 0, -1)
            ],
        )
        for n in range(5)
    ]
    months = [Bar(f"{n}月", 100.0 * n, str(100 * n)) for n in range(1, 13)]
    cards = [Bar(f"咖啡卡 ·100{n}", 900.0 - 100 * n, f"¥{900 - 100 * n}.00") for n in range(6)]
    days = [(NOW - timedelta(days=n), f"{n // 30}月1日") for n in (240, 120)]
    heads = ("余额", "每月消费", "各卡消费")
    amounts = [(amount, f"{amount:g}") for amount in round_amounts(300)]
    return Picture(
        "我的卡 · 人民币", heads[0], lines, heads[1], months, heads[2], cards, NOW, days, amounts
    )


async def _lateness(until: asyncio.Future[None] | asyncio.Task[None], took: list[float]) -> None:
    while not until.done():
        start = time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        took.append((time.perf_counter() - start - TICK_SECONDS) * 1000)


async def measure(charts: int) -> Drawn:
    """Draw so many charts one after another while somebody else is served."""
    easel = Easel()
    start = time.perf_counter()
    await easel.draw(picture())
    first = (time.perf_counter() - start) * 1000
    calm: list[float] = []
    meanwhile: list[float] = []
    took: list[float] = []

    async def drawing() -> None:
        for _ in range(charts):
            began = time.perf_counter()
            await easel.draw(picture())
            took.append((time.perf_counter() - began) * 1000)

    await _lateness(asyncio.ensure_future(asyncio.sleep(2)), calm)
    await _lateness(asyncio.create_task(drawing()), meanwhile)
    await easel.stop()
    p99 = [quantiles(late, n=100)[-1] for late in (calm, meanwhile)]
    return Drawn(first, median(took), max(took), *p99)
