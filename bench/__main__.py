"""`python -m bench`: Kabao beside two bare echo bots on the same server, in the same run."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import orjson
import uvloop

from bench import answers, beside, charts, insights, moving, printed, report, till
from bench.bots import LOAD_CPU, Bot, echoes, kabao, pin
from bench.cards import CARDS_EACH, fill
from bench.load import Server
from bench.refresh import ONE, TWENTY, refresh
from bench.replies import Plan, measure
from bench.rotation import rotate
from storage import MasterKey

FEW_CARDS = 1_000
SECTIONS = (
    "replies",
    "cards",
    "refresh",
    "issuers",
    "rotation",
    "answers",
    "charts",
    "beside",
    "moving",
    "till",
    "printed",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    plan: Plan
    many_cards: int
    due_cards: int
    readings: int
    rotated_people: int
    calm_seconds: float
    """How long answers are measured before a rotation."""
    charts: int
    photos: int
    """Of each harm, and of barcodes and print each."""


FULL = Size(
    Plan(rounds=3, seconds=4),
    many_cards=1_000_000,
    due_cards=10_000,
    readings=1_000,
    rotated_people=20_000,
    calm_seconds=30,
    charts=30,
    photos=6,
)
QUICK = Size(
    Plan(rounds=1, seconds=1),
    many_cards=50_000,
    due_cards=1_000,
    readings=200,
    rotated_people=2_000,
    calm_seconds=5,
    charts=5,
    photos=1,
)


async def run(size: Size, sections: frozenset[str], folder: Path) -> dict[str, Any]:
    """Measure what is asked for; the figures, and the report as Markdown."""
    pin(0, LOAD_CPU)
    told: dict[str, Any] = {"about": report.about(), "figures": {}, "markdown": []}
    refreshed, street, rotated, many, targets = None, None, None, None, []
    drawn: charts.Drawn | None = None
    pictures: list[beside.Beside] = []
    alone = await _alone(size, sections, folder, told)
    async with Server() as telegram:
        people = [telegram.person(f"Reader {n}", "zh") for n in range(FEW_CARDS // CARDS_EACH)]
        if "replies" in sections:
            bots = echoes(telegram)
            key = MasterKey.generate()
            bots.append(await _kabao(telegram, report.KABAO, key, FEW_CARDS, people, folder))
            if "cards" in sections:
                many = f"Kabao, {size.many_cards:,} cards"
                bots.append(await _kabao(telegram, many, key, size.many_cards, people, folder))
            told["figures"] = await measure(telegram, people, bots, size.plan, folder)
            told["markdown"].append(report.replies_table(told["figures"]))
        if "refresh" in sections:
            refreshed = await refresh(telegram, people[:100], size.due_cards, ONE, folder)
            told["refresh"] = asdict(refreshed)
            told["markdown"].append(report.refresh_line(refreshed))
        if "issuers" in sections:
            street = await refresh(telegram, people[:100], size.due_cards, TWENTY, folder)
            told["issuers"] = asdict(street)
            told["markdown"].append(
                f"Over {TWENTY.issuers} issuers, {TWENTY.hanging} of which never answers: "
                + report.refresh_line(street)
            )
        if "charts" in sections:
            drawn = await charts.measure(size.charts)
            told["charts"] = asdict(drawn)
            told["markdown"].append(report.charts_line(drawn))
        if "beside" in sections:
            pictures = await beside.measure(telegram, people[:101], size.calm_seconds, folder)
            told["beside"] = [asdict(one) for one in pictures]
            told["markdown"] += [beside.line(one) for one in pictures]
        if "rotation" in sections:
            asking, calm = people[:100], size.calm_seconds
            rotated = await rotate(telegram, asking, size.rotated_people, calm, folder)
            told["rotation"] = asdict(rotated)
            told["markdown"].append(report.rotation_line(rotated))
    if told["figures"]:
        targets = report.targets(told["figures"], many, refreshed)
    verdicts: list[tuple[Any, Any]] = [
        (street, report.street_target),
        (rotated, report.rotation_target),
        *alone,
        (drawn, report.charts_target),
        *((one, beside.target) for one in pictures),
    ]
    targets += [target(figures) for figures, target in verdicts if figures is not None]
    if targets:
        told["markdown"].append(report.targets_table(targets))
    told["targets"] = targets
    return told


async def _alone(
    size: Size, sections: frozenset[str], folder: Path, told: dict[str, Any]
) -> list[tuple[Any, Any]]:
    """Measure what needs nobody else on; the figures that something is claimed of."""
    verdicts: list[tuple[Any, Any]] = []
    if "answers" in sections:
        read = await asyncio.to_thread(_answers, size)
        told["answers"] = asdict(read)
        told["markdown"].append(report.answers_line(read))
        verdicts.append((read, report.answers_target))
    if "moving" in sections:
        moved = await moving.measure(size.plan.rounds, folder)
        told["moving"] = asdict(moved)
        told["markdown"].append(moving.line(moved))
        verdicts.append((moved, moving.target))
    if "charts" in sections:
        gathered = await insights.measure(folder)
        told["insights"] = asdict(gathered)
        told["markdown"].append(insights.line(gathered))
        verdicts.append((gathered, insights.target))
    if "till" in sections:
        told["till"] = await asyncio.to_thread(till.measure)
        told["markdown"].append(till.line(told["till"]))
        verdicts += [(told["till"], till.plan_target), (told["till"], till.barcode_target)]
        paying = await till.asked(folder)
        told["asked"] = asdict(paying)
        told["markdown"].append(till.asked_line(paying))
        verdicts.append((paying, till.asked_target))
    if "printed" in sections:
        looked = await asyncio.to_thread(printed.measure, size.photos)
        told["printed"] = printed.figures(looked)
        told["markdown"].append(printed.line(looked))
        verdicts.append((looked, printed.target))
    return verdicts


def _answers(size: Size) -> answers.Read:
    return answers.measure(max(size.plan.rounds, 5), size.readings)


async def _kabao(
    telegram: Server, name: str, key: MasterKey, cards: int, people: list[Any], folder: Path
) -> Bot:
    print(f"making a database with {cards:,} cards", file=sys.stderr)
    database = folder / f"{cards}.db"
    await fill(database, key, [person.id for person in people], total=cards)
    return kabao(telegram, name, database, key)


@click.command()
@click.option("--quick", is_flag=True, help="One short round, to see that it works.")
@click.option("--only", type=click.Choice(SECTIONS), multiple=True, help="Just this part.")
@click.option("--json", "target", type=click.Path(path_type=Path), default="build/bench.json")
def main(*, quick: bool, only: tuple[str, ...], target: Path) -> None:
    """Measure Kabao's speed and print it as Markdown; the figures also go to a JSON file."""
    sections = frozenset(only or SECTIONS)
    with tempfile.TemporaryDirectory(prefix="kabao-bench-") as folder:
        told = uvloop.run(run(QUICK if quick else FULL, sections, Path(folder)))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    print("\n\n".join([", ".join(f"{k} {v}" for k, v in told["about"].items()), *told["markdown"]]))


if __name__ == "__main__":
    main()
