"""A notice to all is seen before it goes, goes once to each, and is reported on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.playground.world import stable_id
from tests.house import Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, admins=str(stable_id("Carol"))) as opened:
        yield opened


@pytest.fixture
async def carol(house: House, alice: Guest, bob: Guest, ming: Guest) -> Guest:
    carol = house.guest("Carol", "en")
    for guest in (carol, alice, bob, ming):
        await guest.says("/start")
    return carol


async def test_everybody_gets_it_once_in_their_language_and_who_did_not_is_named(
    house: House, carol: Guest, alice: Guest, bob: Guest, ming: Guest
) -> None:
    await bob.person.blocks()
    await carol.says("/announce", "今晚维护\n---\nMaintenance tonight")
    assert "To 4 people:" in carol.newest.text
    assert not alice.sees("Maintenance")
    await carol.presses("Send it")
    assert alice.told.count("📣 Maintenance tonight") == 1
    assert ming.told.count("📣 今晚维护") == 1
    await house.restart()
    await house.passes(minutes=2)
    assert alice.told.count("📣 Maintenance tonight") == 1
    assert carol.sees("📣 3 people got the notice.")
    assert carol.sees("Not reached: Bob")


async def test_it_can_be_stopped(house: House, carol: Guest, alice: Guest) -> None:
    await carol.says("/announce Maintenance tonight")
    house.telegram.fail(
        "sendMessage", status=502, times=None, match=lambda sent: "Maint" in sent["text"]
    )
    await carol.presses("Send it")
    await carol.presses("Stop")
    assert "do not get it" in carol.newest.text
    house.telegram.heal()
    await house.passes(hours=2)
    assert not alice.sees("Maintenance")


async def test_nobody_but_an_admin_announces(carol: Guest, alice: Guest) -> None:
    await alice.says("/announce Hello all")
    await alice.forges("announce")
    await alice.forges("sendall:abcdefabcdef")
    assert not carol.sees("Hello all")
