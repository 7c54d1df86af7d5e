"""Answers a second, waiting times, memory and cold start: each bot in turn, several rounds."""

from __future__ import annotations

import gc
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.bots import Bot, Running
from bench.load import Answers, Load, Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.playground.people import Person

AWAY_SECONDS = 0.040
RATES = (50, 200)
WARM_UP_SECONDS = 1.0

Figures = dict[str, list[float | None]]
"""By the name of what was measured, one figure a round; None where the bot could not follow."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: rounds over all bots, seconds of each kind of load."""

    rounds: int
    seconds: float


async def measure(
    telegram: Server, people: Sequence[Person], bots: Sequence[Bot], plan: Plan, folder: Path
) -> dict[str, Figures]:
    """Run every bot once a round, A B C A B C, so that a busy minute of the machine hits all."""
    figures: dict[str, Figures] = {bot.name: defaultdict(list) for bot in bots}
    for number in range(plan.rounds):
        for bot in bots:
            print(f"round {number + 1}: {bot.name}", file=sys.stderr, flush=True)
            for name, figure in (await _one(telegram, people, bot, plan, folder)).items():
                figures[bot.name][name].append(figure)
            telegram.world.updates.drop()
    return figures


async def _one(
    telegram: Server, people: Sequence[Person], bot: Bot, plan: Plan, folder: Path
) -> dict[str, float | None]:
    gc.collect()
    load = Load(telegram, people, "/balance", bot.expected)
    telegram.latency = 0
    async with Running(bot, folder) as running:
        told: dict[str, float | None] = {"cold start s": await load.one()}
        told["idle MB"] = running.memory()["now"]
        await load.saturated(WARM_UP_SECONDS)
        told |= await _saturated(load, running, plan.seconds)
        told |= await _paced(load, plan.seconds, "")
        told["MB after load"] = running.memory()["peak"]
        telegram.latency = AWAY_SECONDS
        await load.saturated(WARM_UP_SECONDS)
        told["40 ms away: replies/s"] = (await load.saturated(plan.seconds)).per_second
        told |= await _paced(load, plan.seconds, "40 ms away: ")
    return told


async def _saturated(load: Load, running: Running, seconds: float) -> dict[str, float | None]:
    bot_before, own_before = running.cpu(), time.process_time()
    answers = await load.saturated(seconds)
    return {
        "replies/s": answers.per_second,
        "bot CPU ms per reply": (running.cpu() - bot_before) * 1000 / answers.count,
        "load generator's CPU ms per reply": (time.process_time() - own_before)
        * 1000
        / answers.count,
    }


async def _paced(load: Load, seconds: float, prefix: str) -> dict[str, float | None]:
    told: dict[str, float | None] = {}
    for rate in RATES:
        answers = await load.paced(rate, seconds)
        told[f"{prefix}p50 ms at {rate}/s"] = _if_followed(answers, answers.p50)
        told[f"{prefix}p99 ms at {rate}/s"] = _if_followed(answers, answers.p99)
    return told


def _if_followed(answers: Answers, figure: float) -> float | None:
    return figure if answers.followed else None
