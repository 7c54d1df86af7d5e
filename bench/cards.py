"""Databases with people and cards in them, made before a bot is measured on them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.playground.demo_cards import BENCH_PREFIX, bench_card
from storage import MasterKey, NewCard, Store, open_store
from storage.schema import card_secrets, cards, people

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import Table

CARDS_EACH = 3
BALANCE_SHOWN = "37.66"
BEYOND_EVERY_ID = 2**40
"""Telegram ids are smaller; what is only there to make a table long gets larger ones."""

LONG_AGO = timedelta(hours=7)


def holders_card(owner: int, place: int, now: datetime) -> NewCard:
    """Make a card that its holder keeps by hand."""
    number = f"{owner:012d}{place:04d}"
    return NewCard(
        issuer="other",
        label=f"Lunch {place}",
        tail=number[-4:],
        secrets={"number": number},
        number=number,
        currency="CNY",
        threshold_minor=2000,
        state="active",
        balance_minor=3766,
        balance_at=now,
        balance_source="holder",
    )


def _due_card(serial: int, issuer: str, now: datetime) -> NewCard:
    number = f"{BENCH_PREFIX}{serial:08d}"
    return NewCard(
        issuer=issuer,
        label="Kiosk",
        tail=number[-4:],
        secrets={"number": number},
        number=number,
        currency="CNY",
        state="active",
        balance_minor=bench_card(number).balance,
        balance_at=now - LONG_AGO,
        balance_source="issuer",
        next_refresh_at=now - timedelta(minutes=1),
    )


async def _keep(store: Store, owner: int, new: Sequence[NewCard]) -> None:
    await store.people.arrive(owner, name="Reader", language="zh")
    await store.cards.add_many(owner, new)


async def fill(database: Path, key: MasterKey, owners: Iterable[int], *, total: int = 0) -> None:
    """Give each owner three cards, then make the tables `total` cards long with strangers'."""
    now = datetime.now(UTC)
    store = await open_store(f"sqlite:///{database}", key)
    for owner in owners:
        await _keep(store, owner, [holders_card(owner, at, now) for at in range(CARDS_EACH)])
    await store.close()
    _lengthen(database, total)


async def fill_due(
    database: Path, key: MasterKey, owners: Sequence[int], count: int, issuers: Sequence[str]
) -> None:
    """Give the owners `count` cards, of these issuers in turn, all due to be read."""
    now = datetime.now(UTC)
    store = await open_store(f"sqlite:///{database}", key)
    for place, owner in enumerate(owners):
        serials = range(place, count, len(owners))
        due = [_due_card(serial, issuers[serial % len(issuers)], now) for serial in serials]
        await _keep(store, owner, due)
    await store.close()


def read_since(database: Path, moment: datetime) -> list[datetime]:
    """List when each card was read that was read since then, oldest first."""
    micros = int(moment.timestamp() * 1_000_000)
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT balance_at FROM cards WHERE balance_at >= ? ORDER BY 1", (micros,)
        ).fetchall()
    connection.close()
    return [datetime.fromtimestamp(at / 1_000_000, UTC) for (at,) in rows]


def _lengthen(database: Path, total: int) -> None:
    """Copy one card, its owner and its secret under ids of nobody, until there are `total`.

    What is sealed in the copies opens for nobody, and nobody asks: they are there to be passed by.
    """
    connection = sqlite3.connect(database)
    (present,) = connection.execute("SELECT count(*) FROM cards").fetchone()
    wanted = {"wanted": max(0, total - present)}
    owner = f"{BEYOND_EVERY_ID} + n / {CARDS_EACH}"
    with connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_copies(people, {"id": owner}, where=f"n % {CARDS_EACH} = 0"), wanted)
        made = {"owner_id": owner, "id": "printf('%016x', n)", "fingerprint": "randomblob(32)"}
        connection.execute(_copies(cards, made), wanted)
        secret = {"owner_id": owner, "card_id": "printf('%016x', n)"}
        connection.execute(_copies(card_secrets, secret), wanted)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _copies(table: Table, made: dict[str, str], where: str = "true") -> str:
    names = [column.name for column in table.columns]
    values = ", ".join(made.get(name, f"one.{name}") for name in names)
    return (
        "WITH RECURSIVE numbers(n) AS (SELECT 0 WHERE :wanted > 0 UNION ALL "  # noqa: S608
        "SELECT n + 1 FROM numbers WHERE n + 1 < :wanted) "
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} "
        f"FROM numbers, (SELECT * FROM {table.name} LIMIT 1) AS one WHERE {where}"
    )
