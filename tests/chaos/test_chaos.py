"""Each part of the campaign, short; `python -m tests.chaos` runs it in full, with the figures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.chaos import issuer_faults, system_faults, telegram_faults
from tests.chaos.hunt import Hunt, files
from tests.chaos.inputs import Storm

if TYPE_CHECKING:
    from pathlib import Path

SEED = int(os.environ.get("KABAO_TEST_SEED", "7"))


async def test_nothing_is_lost_while_telegram_is_out_of_order(tmp_path: Path) -> None:
    for row in await telegram_faults.rows(tmp_path, silence=1):
        assert not row.lost, row


async def test_nothing_is_lost_while_an_issuer_is_out_of_order(tmp_path: Path) -> None:
    for row in await issuer_faults.rows(tmp_path):
        assert not row.lost, row


async def test_nothing_is_lost_while_the_machine_is_out_of_order(tmp_path: Path) -> None:
    for row in await system_faults.rows(tmp_path, locked=1):
        assert not row.lost, row


@pytest.mark.parametrize("crowd", [False, True], ids=["rubbish", "a crowd"])
async def test_nothing_breaks_or_leaks_whatever_people_send(tmp_path: Path, crowd: bool) -> None:
    storm = Storm(tmp_path, count=400, seed=SEED, crowd=crowd)
    assert (await storm.run()).wrong == []
    hunt = Hunt(storm.secrets)
    for path in files(tmp_path):
        assert hunt.through(path.read_bytes()) == set()


def test_the_search_finds_what_it_looks_for() -> None:
    hunt = Hunt({"770012345678", "zqbbbbbq"})
    for held in (
        b"..770012345678..",
        b"876543210077",
        b"7700 1234 5678",
        b"bb=enFiYmJiYnE",
        b"zqbbbbbq",
    ):
        assert hunt.through(held + b"." * 20), held
    assert not hunt.through(bytes(1000))
