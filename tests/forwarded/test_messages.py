"""What issuers write, and what only looks like it.

Each `*_before.json` was written before the first pattern was, each `*_after.json` afterwards, by
imagining other issuers.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.forwarded import read

HERE = Path(__file__).parent
SHANGHAI = ZoneInfo("Asia/Shanghai")
RECEIVED = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def written(kind: str) -> list[object]:
    """Collect what was written of a kind, before and after."""
    files = sorted(HERE.glob(f"{kind}_*.json"))
    return [one for file in files for one in json.loads(file.read_text(encoding="utf-8"))]


def as_written(message: dict[str, str]) -> dict[str, str]:
    """Say what a message is read as, in the words of the file."""
    said = read(message["text"], SHANGHAI, RECEIVED)
    if said is None:
        return {"text": message["text"]}
    found = {"text": message["text"], "tail": " ".join(said.tails)}
    default = said.currencies[0] if said.currencies else ""
    found["currency"] = default
    for name, sum_ in ((said.kind, said.amount), ("balance", said.balance)):
        if name and sum_:
            money = sum_.money(default)
            wanted = message.get(name, "")
            # "45" and "45.00" are one amount: it is written as the message writes it.
            equal = money and wanted and money == sum_.__class__(wanted).money(default)
            found[name] = wanted if equal else str(money)
    if said.at:
        found["at"] = f"{said.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"[: len(message.get("at", ""))]
        found["at"] = found["at"] or said.at.isoformat()
    if "place" in message:
        found["place"] = said.place
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("message", written("messages"), ids=lambda m: m["text"])
def test_a_message_is_read_as_its_issuer_meant_it(message: dict[str, str]) -> None:
    assert as_written(message) == message


@pytest.mark.parametrize("text", written("ordinary"))
def test_an_ordinary_message_says_nothing_about_a_card(text: str) -> None:
    assert read(text, SHANGHAI, RECEIVED) is None
