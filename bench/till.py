"""At the till: how long /pay over 200 cards takes, also after a start, and a barcode's picture."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

from bench.bots import Running, kabao
from bench.cards import holders_card
from bench.load import Load, Server
from bot import barcodes
from bot.payment import Purse, plan
from storage import Barcode, MasterKey, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CARDS: Final = 200
TIMES: Final = 30
MOST_PLAN: Final = 20
MOST_DRAWN: Final = 50
STARTS: Final = 3
CALM_SECONDS: Final = 4
LISTENS: Final = "getUpdates"


@dataclass(frozen=True, slots=True)
class Asked:
    """Milliseconds until a /pay over 200 cards was answered, as the person waits for it.

    The cards are loaded and opened, the amount read, the plan made and written, and it goes
    through Telegram both ways. `first_ms` is the first message, some seconds after a start: the
    median of some starts.
    """

    first_ms: float
    ms: float
    most_ms: float


async def asked(folder: Path) -> Asked:
    """Let somebody with 200 cards ask whether they can pay, some times after each start."""
    key, database = MasterKey.generate(), folder / "till.db"
    async with Server() as telegram:
        person = telegram.person("Reader", "zh")
        await _fill(database, key, person.id)
        bot = kabao(telegram, "Kabao", database, key)
        load = Load(telegram, [person], "/pay 5000", "5,000")
        firsts, others = [], []
        for _ in range(STARTS):
            before = len(telegram.called(LISTENS))
            async with Running(bot, folder):
                while len(telegram.called(LISTENS)) == before:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)
                await asyncio.sleep(CALM_SECONDS)
                took = [1000 * await load.one() for _ in range(TIMES)]
            firsts.append(took[0])
            others += took[1:]
    return Asked(median(firsts), median(others), max(others))


async def _fill(database: Path, key: MasterKey, owner: int) -> None:
    now = datetime.now(UTC)
    store = await open_store(f"sqlite:///{database}", key)
    await store.people.arrive(owner, name="Reader", language="zh")
    cards = [holders_card(owner, place, now) for place in range(CARDS)]
    ends = [now + timedelta(days=1 + place % 50) for place in range(CARDS)]
    await store.cards.add_many(
        owner, [replace(card, expires_at=end) for card, end in zip(cards, ends, strict=True)]
    )
    await store.close()


def asked_line(told: Asked) -> str:
    """Say it in a sentence."""
    return (
        f"/pay over {CARDS} cards is answered in {told.ms:.1f} ms (at most {told.most_ms:.0f}), as "
        f"the first message after a start in {told.first_ms:.0f} ms."
    )


def asked_target(told: Asked) -> tuple[str, str, bool]:
    """Compare an answer with what is claimed."""
    what = f"/pay over {CARDS} cards, ms"
    return what, f"{told.ms:.1f} (at most {MOST_PLAN})", told.ms <= MOST_PLAN


def measure() -> dict[str, float]:
    """Give median and worst milliseconds of both; the worst includes loading what is needed."""
    chance = Random(5)  # noqa: S311 # nosec B311 - for figures, not for keys
    today = datetime(2026, 11, 24, tzinfo=UTC)
    purses = [
        Purse(f"{n:022}", chance.randint(1, 20_000), today + timedelta(days=chance.randint(1, 400)))
        for n in range(CARDS)
    ]
    most = sum(one.minor for one in purses)
    code = Barcode("QRCode", "https://pay.example/card/6035710000000018")
    plans = _timed(lambda: plan(purses, most - 1))
    drawn = _timed(lambda: barcodes.draw(code, "6035 7100 0000 0018"))
    return {
        "plan_median_ms": median(plans),
        "plan_worst_ms": max(plans),
        "barcode_median_ms": median(drawn),
        "barcode_worst_ms": max(drawn),
    }


def line(told: dict[str, float]) -> str:
    """Say it in a sentence."""
    return (
        f"At the till: a plan over {CARDS} cards in {told['plan_median_ms']:.2f} ms, a barcode in "
        f"{told['barcode_median_ms']:.1f} ms ({told['barcode_worst_ms']:.0f} ms with loading)."
    )


def plan_target(told: dict[str, float]) -> tuple[str, str, bool]:
    """Compare a plan with what is claimed; without the cards being loaded."""
    took = told["plan_median_ms"]
    what = f"a plan over {CARDS} cards, ms"
    return what, f"{took:.2f} (at most {MOST_PLAN})", took <= MOST_PLAN


def barcode_target(told: dict[str, float]) -> tuple[str, str, bool]:
    """Compare a picture with what is claimed."""
    took = told["barcode_median_ms"]
    return "a barcode's picture, ms", f"{took:.1f} (at most {MOST_DRAWN})", took <= MOST_DRAWN


def _timed(act: Callable[[], object]) -> list[float]:
    spent = []
    for _ in range(TIMES):
        began = perf_counter()
        act()
        spent.append(1000 * (perf_counter() - began))
    return spent
