"""At the till: how long a plan over 200 cards takes, and a barcode's picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

from bot import barcodes
from bot.payment import Purse, plan
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Callable

CARDS: Final = 200
TIMES: Final = 30
MOST_PLAN: Final = 20
MOST_DRAWN: Final = 50


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
