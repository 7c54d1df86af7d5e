"""A line of advice comes when it applies, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot import tips
from bot.links import suspicious

if TYPE_CHECKING:
    from tests.house import Guest, House

PAGE = ["https://www.pandacard.com/balance"]


async def test_all_of_them_are_listed(alice: Guest, ming: Guest) -> None:
    assert len((await alice.says("/tips")).text.split("💡")) == len(tips.TIPS) + 1
    assert "私聊" in (await ming.says("/tips")).text


async def test_each_is_told_once(house: House, alice: Guest) -> None:
    await alice.says("/start")
    parts = house.kabao.parts
    person = await parts.store.people.get(alice.id)
    assert "💡" in str(await tips.once(parts, person, "first_share"))
    assert await tips.once(parts, person, "first_share") is None
    assert await tips.once(parts, None, "first_share") is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("see http://www.pandacard.com/balance", "www.pandacard.com"),
        ("your card: https://pandacard-gift.top/x", "pandacard-gift.top"),
        ("https://pandacand.com", "pandacand.com"),
        ("https://www.pandacard.com@evil.example/", "evil.example"),
        ("https://www.pandacard.com/balance", None),
        ("shop.pandacard.com is fine", None),
        ("https://example.org/lunch at 12.30", None),
    ],
)
def test_links_that_are_not_what_they_look_like_are_found(text: str, host: str | None) -> None:
    assert suspicious(text, PAGE) == host
