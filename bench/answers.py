"""What reading an answer costs once it is here: its JSON, the balance, 100 entries of history."""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from bot.issuers.answers import parse_json
from bot.issuers.balance import BalanceReader
from bot.issuers.format.issuer import HttpDeclaration
from bot.issuers.history import read_history

ENTRIES = 100
NUMBER = "6288000000001001"
NOW = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)

SHOP = """
kind = "http"
name = "Shop"
[[fields]]
name = "number"
label = "Number"
pattern = "[0-9]{16}"
[server]
url = "https://shop.example"
[balance]
request = { path = "/card" }
number = "number"
amount = "balance.amount"
amount_format = "decimal"
currency = "balance.currency"
state = "status"
states = { active = "active" }
expires = "expires"
[history]
entries = "entries"
id = "id"
at = "at"
amount = "amount"
amount_format = "decimal"
kind = "type"
kinds = { LOAD = "+top-up", USE = "-purchase" }
text = ["shop", "till.name"]
balance_after = "after"
"""


@dataclass(frozen=True, slots=True)
class Read:
    """Milliseconds for a whole answer: the median of many readings, and the range of the rounds."""

    entries: int
    bytes: int
    ms: float
    least_ms: float
    most_ms: float


def answer() -> bytes:
    """Write an answer as issuers do: entries newest first, more in them than is read."""
    listed = [
        {
            "id": f"txn_{900000 - n}",
            "at": f"{NOW - timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}",
            "type": "LOAD" if n % 10 == 0 else "USE",
            "amount": f"{n % 40}.{n % 100:02}",
            "after": f"{200 + n}.50",
            "shop": f"Shop {n % 7}",
            "till": {"name": f"Till {n % 3}", "open": True},
            "note": None,
        }
        for n in range(ENTRIES)
    ]
    card = {"number": NUMBER, "status": "active", "expires": "2027-12-31", "entries": listed}
    return json.dumps(card | {"balance": {"amount": "161.50", "currency": "CNY"}}).encode()


def measure(rounds: int, readings: int) -> Read:
    """Read the answer `readings` times in each of several rounds."""
    declared = HttpDeclaration.model_validate(tomllib.loads(SHOP))
    (number,) = (table.field() for table in declared.fields)
    reader = BalanceReader(declared.balance, number, None, declared.timezone, lambda: NOW)
    body = answer()
    with asyncio.Runner() as runner:
        runner.run(_timed(declared, reader, body, readings))  # the first time is for the caches
        medians = [
            median(runner.run(_timed(declared, reader, body, readings))) for _ in range(rounds)
        ]
    return Read(ENTRIES, len(body), median(medians), min(medians), max(medians))


async def _timed(
    declared: HttpDeclaration, reader: BalanceReader, body: bytes, readings: int
) -> list[float]:
    history: Any = declared.history
    nobody: Any = None  # the entries are in the balance's answer: no request is made
    took: list[float] = []
    for _ in range(readings):
        start = time.perf_counter()
        data = parse_json(body)
        reading, _kept = reader.read(data, NUMBER)
        assert reading.balance is not None
        entries = await read_history(
            history, nobody, {}, reading.balance.currency, declared.timezone, answer=data, now=NOW
        )
        took.append((time.perf_counter() - start) * 1000)
        assert len(entries) == ENTRIES
    return took
