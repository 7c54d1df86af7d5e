"""A notice to all is seen before it goes, goes once to each, and is reported on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot import calls
from bot.playground.world import stable_id
from tests.house import Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from storage import OutboxItem


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
    report = next(said for said in carol.told if said.startswith("📣 0 people"))
    assert "Stopped before 4 more people got it." in report
    assert "Not reached" not in report


async def test_a_kill_in_the_middle_tells_nobody_twice_and_names_who_may_lack_it(
    house: House, carol: Guest, alice: Guest, bob: Guest, ming: Guest
) -> None:
    store = house.kabao.parts.store
    await carol.says("/announce Maintenance tonight")
    claim = store.outbox.claim

    async def killed(now: datetime, seconds: float, limit: int) -> list[OutboxItem]:
        """Send one of two, and die before that is noted."""
        items = await claim(now, seconds, limit)
        for item in items:
            if item.kind == "notice" and item.person_id in {alice.id, bob.id}:
                await store.outbox.begin(item.id, item.lease)
                if item.person_id == alice.id:
                    await calls.send(house.kabao.parts.bot, alice.id, "📣 Maintenance tonight")
        return [item for item in items if item.person_id not in {alice.id, bob.id, ming.id}]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.outbox, "claim", killed)
        await carol.presses("Send it")
    await house.restart()
    await house.passes(minutes=20)
    assert alice.told.count("📣 Maintenance tonight") == 1
    assert ming.told.count("📣 Maintenance tonight") == 1  # claimed, but not begun
    assert not bob.sees("Maintenance")
    assert "Got it or not, for I was stopped while I sent it: Alice, Bob" in carol.newest.text
    await carol.presses("Send it to them again")
    await house.passes(minutes=2)
    assert bob.told.count("📣 Maintenance tonight") == 1
    assert "📣 4 people got the notice." in carol.newest.text
    assert "Got it or not" not in carol.newest.text


async def test_one_that_is_too_long_is_not_cut(carol: Guest) -> None:
    await carol.says("/announce")
    await carol.says("long " * 700)
    assert "3,499 characters" in carol.newest.text
    await carol.says("short")
    assert "To 4 people:" in carol.newest.text


async def test_nobody_but_an_admin_announces(carol: Guest, alice: Guest) -> None:
    await alice.says("/announce Hello all")
    await alice.forges("announce")
    await alice.forges("sendall:abcdefabcdef")
    assert not carol.sees("Hello all")
