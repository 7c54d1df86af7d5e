"""A number whose check digit is wrong was misread off the card; its holder is told so kindly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.house import House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

GROCER = """
kind = "manual"
name = { en = "Grocer's Card", zh = "菜场卡" }
currency = "CNY"

[[fields]]
name = "number"
label = { en = "Card number", zh = "卡号" }
pattern = "7783[0-9]{12}"
secret = true
check_digit = "luhn"
"""
GOOD, MISTYPED = "7783 3224 0000 0002", "7783 3224 0000 0020"


@pytest.fixture
async def market(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "issuers"
    folder.mkdir()
    (folder / "grocer.toml").write_text(GROCER)
    async with House(tmp_path, issuers_dir=str(folder)) as house:
        yield house


async def test_a_mistyped_digit_is_told_from_a_number_of_another_shape(market: House) -> None:
    alice = market.guest("Alice")
    await alice.says("/bind")
    await alice.presses("Grocer")
    mistyped = await alice.says(MISTYPED)
    assert "almost a card number of Grocer's Card" in mistyped.text
    assert "one digit seems mistyped" in mistyped.text
    other = await alice.says("123")
    assert "That is not a card number of Grocer's Card" in other.text
    assert "mistyped" not in other.text
    assert MISTYPED not in "".join(alice.wrote)
    await alice.says(GOOD)
    assert not alice.sees("mistyped")


async def test_a_pasted_number_with_a_mistyped_digit_still_finds_its_issuer(market: House) -> None:
    ming = market.guest("小明", "zh-hans")
    await ming.says("/bind", MISTYPED)
    asked = await ming.presses("菜场卡")
    assert "好像有一位数字打错了" in asked.text
    assert "菜场卡" in asked.text
