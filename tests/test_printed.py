"""Which of what was read may be a card's number or PIN; what is in doubt is not offered."""

from __future__ import annotations

import aiohttp
import pytest

from bot.issuers import CATALOG, Issuers
from bot.optical import Line
from bot.playground.demo import ISSUERS
from bot.printed import numbers, pins
from tests.house import PIN, YUAN

LUHN, OFF = "6035710000000018", "6035710000000019"


@pytest.fixture
async def issuers() -> Issuers:
    async with aiohttp.ClientSession() as http:
        secrets = {"DEMO_URL": "http://127.0.0.1:9", "DEMO_KEY": "k"}
        return Issuers.load([CATALOG, ISSUERS], secrets, http)


def alike(text: str, *, glare: bool = False) -> Line:
    return Line(text, [text, text], glare)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([alike("Card No. 6035 7100 0000 0019")], [OFF]),
        ([alike("卡号：6035710000000018 有效期至 2028-12-31")], [LUHN]),
        ([alike("客服电话 400-820-1234"), alike("Questions?1-800-555-0142")], []),
        ([alike("客服电话4008201234"), alike("VALID THRU 12/2028")], []),
        ([alike("PIN: 34853855")], []),
        ([Line("6035 7100 0000 0019", ["6035710000000019", "603571OOOOOOO019"])], [OFF]),
        ([Line(OFF, ["6035710000000079", "6035710000000077"])], []),
        ([Line(OFF, [LUHN, "6035710000000077"])], [LUHN]),
        ([alike("6035 7100 0000 0019", glare=True)], []),
        ([alike("6035 7100 0000 0018", glare=True)], [LUHN]),
        ([alike(OFF), alike("6288 0000 0000 1001")], [YUAN]),
        ([Line(YUAN, [YUAN[:-1] + "7", "62880000000"])], []),
        ([alike(LUHN), alike("6035710000000019123")], [LUHN, "6035710000000019123"]),
    ],
    ids=lambda one: str(one)[:30],
)
async def test_a_number_is_offered_if_it_was_read_alike_or_checks_itself(
    issuers: Issuers, lines: list[Line], found: list[str]
) -> None:
    assert numbers(lines, issuers) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([alike("PIN 1234"), alike("200")], [PIN]),
        ([alike("密码：1234")], [PIN]),
        ([alike("卡密 12345678")], ["12345678"]),
        ([alike("Securitycode:1234")], [PIN]),
        ([alike("PIN I2B4")], ["1284"]),
        ([alike("100"), alike("安全码"), alike("1234")], [PIN]),
        ([alike("200"), alike("1234")], ["200", PIN]),
        ([alike("Code: 6035 7100 0000 0018")], []),
        ([Line("PIN 1234", ["PIN 1284", "PIN 7234"])], []),
        ([Line("PIN 1234", ["PIN 1234", "P 7234"])], [PIN]),
        ([alike("GIFT CARD")], []),
    ],
    ids=lambda one: str(one)[:30],
)
def test_a_pin_is_what_stands_by_its_word_else_digits_by_themselves(
    lines: list[Line], found: list[str]
) -> None:
    assert pins(lines) == found
