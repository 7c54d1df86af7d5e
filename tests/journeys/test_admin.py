"""Whether all is well: what admins and helpers see of it, and of what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.playground.world import stable_id
from tests.house import BLOCKED, KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house with an admin, that anybody may use."""
    async with House(tmp_path, admins=str(stable_id("Carol"))) as opened:
        yield opened


@pytest.fixture
async def carol(house: House) -> Guest:
    """She runs the bot, and has started it."""
    carol = house.guest("Carol", "en")
    await carol.says("/start")
    return carol


async def test_when_all_is_well_that_is_said(carol: Guest, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.binds(YUAN, PIN)
    shown = (await carol.says("/admin")).text
    assert "Kiosk Card · 🟢 on · 1 card\n" in shown
    assert "Panda Gift Card · 🟢 on · 1 card\n" in shown
    assert "⚠️" not in shown
    assert "Alerts: none is waiting" in shown
    assert "Last backup" not in shown  # none is asked for


async def test_an_issuer_that_is_out_of_order_is_said_to_be_since_when(
    house: House, carol: Guest, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.down = True
    for _ in range(6):
        await house.passes(minutes=1)
        await alice.says("/balance")
    shown = (await carol.says("/admin")).text
    assert "Panda Gift Card · 🔴 out of order since 12:0" in shown
    assert "⚠️ issuer down: 1" in shown or "⚠️ not reached: 1" in shown
    house.issuer.down = False
    await house.passes(hours=7)
    assert "Panda Gift Card · 🟢 on" in (await carol.says("/admin")).text


async def test_cards_that_fail_are_counted_by_cause_and_wrong_pins_not_apart(
    house: House, carol: Guest, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await bob.binds(YUAN, PIN)
    await bob.binds(KIOSK)
    await bob.binds(BLOCKED, PIN)
    house.issuer.card(YUAN).pin = "4321"
    house.issuer._cards.pop(KIOSK)
    await house.passes(hours=7)
    shown = (await carol.says("/admin")).text
    assert "⚠️ number or PIN not accepted: 2" in shown
    assert "⚠️ number or PIN not accepted: 1" in shown


async def test_refused_credentials_are_seen_by_the_admin(
    house: House, carol: Guest, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.key = "another"
    await house.passes(hours=7)
    assert "⚠️ credentials refused: 1" in (await carol.says("/admin")).text


async def test_an_issuer_that_is_gone_while_it_has_cards_is_off(
    house: House, carol: Guest, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.kabao.parts.issuers._issuers.pop("kiosk")
    assert "kiosk · ⚫ off · 1 card" in (await carol.says("/admin")).text


async def test_alerts_that_wait_are_counted_with_why_and_since_when(
    house: House, carol: Guest, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail(
        "sendMessage", status=502, times=None, match=lambda sent: sent["chat_id"] == alice.id
    )
    house.issuer.spend(KIOSK, 15000)
    await house.passes(hours=7)
    shown = (await carol.says("/admin")).text
    assert "Alerts: 1 is waiting, the oldest since 7:00" in shown
    assert "1 · Bad Gateway" in shown
    house.telegram.heal()
    house.telegram.fail(
        "sendMessage", status=403, times=1, match=lambda sent: sent["chat_id"] == alice.id
    )
    await house.passes(minutes=30)
    assert "has stopped the bot" in (await carol.says("/admin")).text
    await alice.says("hello")
    await house.passes(minutes=1)
    assert alice.sees("runs low")
    assert "none is waiting" in (await carol.presses("Look again")).text


async def test_the_last_backup_is_said_where_backups_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir(mode=0o700)
    settings = {
        "admins": str(stable_id("Carol")),
        "backup_dir": str(folder),
        "backup_passphrase": "correct horse battery staple nine",
    }
    async with House(tmp_path, **settings) as house:
        carol = house.guest("Carol", "en")
        await carol.says("/start")
        shown = (await carol.says("/admin")).text
        assert "Last backup: " in shown


async def test_what_happened_is_listed_with_names_and_who_is_gone_is_nobody(
    carol: Guest, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    await bob.binds(YUAN, PIN)
    await carol.says("/admin")
    log = (await carol.presses("Log")).text
    assert "Card bound · Alice" in log
    assert "Card bound · Bob" in log
    assert "2001" not in log
    await bob.says("/forget")
    await bob.presses("Yes, erase everything")
    log = (await carol.says("/admin")).text
    log = (await carol.presses("Log")).text
    assert "Bob" not in log
    assert "Everything erased · somebody erased" in log
    assert "Card bound · somebody erased" in log


async def test_the_log_is_turned_by_pages_and_loses_nothing(
    house: House, carol: Guest, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    for _ in range(10):
        await alice.says("/cards")
        await alice.presses("🗑")
        await alice.presses("Yes, remove")
        await alice.presses("Undo")
    end = (await house.kabao.parts.store.audit.end()).seq
    await carol.says("/admin")
    page = await carol.presses("Log")
    seen = len(page.text.split("\n\n")) - 1
    while "Older ▶" in page.labels:
        page = await carol.presses("Older ▶")
        seen += len(page.text.split("\n\n")) - 1
    assert seen == end > 20
    await carol.presses("‹ Back")
    assert "Issuers" in carol.newest.text


async def test_the_menu_has_what_is_for_admins_for_admins_only(carol: Guest, alice: Guest) -> None:
    await alice.says("/start")
    for command in ("people", "admin", "health", "invite"):
        assert command in {entry["command"] for entry in carol.person.menu}
        assert command not in {entry["command"] for entry in alice.person.menu}
    assert "/admin" in (await carol.says("/help")).text
    assert "/admin" not in (await alice.says("/help")).text
    assert "did not understand" in (await alice.says("/admin")).text


async def test_a_chinese_admin_reads_chinese(house: House, alice: Guest) -> None:
    carol = house.guest("Carol", "zh-hans")
    await alice.binds(KIOSK)
    assert "小店卡 · 🟢 正常 · 1 张卡" in (await carol.says("/admin")).text
    assert "没有待发送的" in carol.newest.text
    await carol.presses("日志")
    assert "Alice" in carol.newest.text
