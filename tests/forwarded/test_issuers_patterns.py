"""The `[[messages]]` of an issuer's file: what of them is a mistake, and how it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.issuers import IssuerFileError, Issuers
from bot.issuers.messages import find

if TYPE_CHECKING:
    from pathlib import Path

SHANGHAI = ZoneInfo("Asia/Shanghai")
FILE = """
kind = "manual"
name = { en = "Lotus", zh = "莲花" }
currency = "CNY"

[[fields]]
name = "number"
label = { en = "Card number", zh = "卡号" }
pattern = '[0-9]{8}'

[[messages]]
"""
BOUGHT = "pattern = '(?P<tail>[0-9]{4})购(?P<spent>[0-9.]+)@(?P<at>[0-9]+)'\n"


async def loaded(folder: Path, messages: str) -> Issuers:
    """Read a file with these messages."""
    (folder / "lotus.toml").write_text(FILE + messages, encoding="utf-8")
    async with aiohttp.ClientSession() as http:
        return Issuers.load([folder], {}, http)


async def test_a_text_is_read_by_the_names_of_the_groups(tmp_path: Path) -> None:
    issuers = await loaded(
        tmp_path, BOUGHT + 'at_format = "seconds"\nexample = "1234购38.50@1795492800"'
    )
    found = find(issuers.all(), "【莲花】1234购38.50@1795492800。", SHANGHAI)
    assert found is not None
    assert (found.slug, dict(found.groups)) == ("lotus", {"tail": "1234", "spent": "38.50"})
    assert found.at == datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    assert find(issuers.all(), "1234退38.50", SHANGHAI) is None


async def test_a_time_that_is_not_of_the_declared_format_is_left_out(tmp_path: Path) -> None:
    issuers = await loaded(
        tmp_path, BOUGHT + 'at_format = "yyyymmdd"\nexample = "1234购38.50@20261124"'
    )
    found = find(issuers.all(), "1234购38.50@9", SHANGHAI)
    assert found is not None
    assert found.at is None


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ("pattern = '(?=x)(?P<spent>1)'\nexample = \"1\"", "expected a regular expression of RE2"),
        ("pattern = '(?P<sum>[0-9]+)'\nexample = \"1\"", "found sum"),
        ("pattern = '(?P<tail>[0-9]+)'\nexample = \"1\"", "spent, added, refunded or balance"),
        (BOUGHT + 'example = "1234购@"', "expected an example that the pattern fits"),
        (
            "pattern = '(?P<spent>[0-9])(?P<added>[0-9])'\nexample = \"12\"",
            "expected one of spent, added and refunded",
        ),
        (
            "pattern = 'x(?P<spent>[0-9])?'\nexample = \"x\"",
            "expected an amount or a balance in the example",
        ),
        (BOUGHT, "messages"),
    ],
)
async def test_a_mistake_is_told_with_what_was_expected(
    tmp_path: Path, messages: str, expected: str
) -> None:
    with pytest.raises(IssuerFileError, match=r"lotus\.toml") as told:
        await loaded(tmp_path, messages)
    assert expected in str(told.value)
