"""What /insights asks of the store for somebody with hundreds of cards used for years."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

from bench.cards import holders_card
from bot.forecast import LOOK_BACK
from storage import MasterKey, NewEntry, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Store

OWNER: Final = 7
CARDS: Final = 300
ENTRIES: Final = 100
MONTH: Final = timedelta(days=30)
TIMES: Final = 7
MOST_MS: Final = 400


@dataclass(frozen=True, slots=True)
class Gathered:
    """Milliseconds until all is known that is drawn and advised: the first time, and the median."""

    first_ms: float
    ms: float


async def measure(folder: Path) -> Gathered:
    """Fill a wallet and add it up some times."""
    store = await open_store(f"sqlite:///{folder}/insights.db", MasterKey.generate())
    now = datetime.now(UTC)
    await _fill(store, now)
    took = []
    for _ in range(TIMES):
        began = perf_counter()
        await store.shares.cards_of(OWNER, "see")
        await store.spending.sums(OWNER, [now - n * MONTH for n in range(12, -1, -1)])
        await store.spending.spends(OWNER, now - LOOK_BACK)
        await store.spending.moves(OWNER, "CNY", now - 3 * MONTH, timedelta(hours=12))
        took.append(1000 * (perf_counter() - began))
    await store.close()
    return Gathered(took[0], median(took))


async def _fill(store: Store, now: datetime) -> None:
    chance = random.Random(5)  # noqa: S311 # nosec B311 - a story, no secret
    await store.people.arrive(OWNER, name="Reader", language="zh")
    new = [holders_card(OWNER, place, now) for place in range(CARDS)]
    for card in await store.cards.add_many(OWNER, new):
        days = sorted((chance.uniform(0, 365) for _ in range(ENTRIES)), reverse=True)
        spent = [
            NewEntry(now - timedelta(days=ago), -100 - place, "CNY", "purchase", "tea", "message")
            for place, ago in enumerate(days)
        ]
        await store.ledger.add(OWNER, card.id, spent)


def line(told: Gathered) -> str:
    """Say it in a sentence."""
    return (
        f"What /insights shows of {CARDS} cards with {ENTRIES} entries each is gathered in "
        f"{told.ms:.0f} ms, the first time in {told.first_ms:.0f} ms."
    )


def target(told: Gathered) -> tuple[str, str, bool]:
    """Compare it with what a chart may take."""
    what = f"gathering {CARDS} cards for a chart, ms"
    return what, f"{told.ms:.0f} (at most {MOST_MS})", told.ms <= MOST_MS
