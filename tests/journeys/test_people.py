"""Roles and people: admins shut out, let back in, erase, and see nothing of anybody's cards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.playground.world import stable_id
from storage import StorageError
from tests.house import KIOSK, PIN, SLOW, SPENDER, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OUT = "its operator has closed it for you"
CAROL, DAN = stable_id("Carol"), stable_id("Dan")


@pytest.fixture(params=["open", "closed"])
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """A house with two admins, open to anybody or to whom they let in."""
    settings = {"access": request.param, "admins": f"{CAROL},{DAN}"}
    async with House(tmp_path, **settings) as opened:
        yield opened


@pytest.fixture
async def carol(house: House) -> Guest:
    """She runs the bot, and has started it."""
    carol = house.guest("Carol", "en")
    await carol.says("/start")
    return carol


@pytest.fixture
async def wang(house: House, carol: Guest) -> Guest:
    """He has been let in and has a card."""
    return await member(house, carol, "Wang")


async def member(house: House, carol: Guest, name: str, language: str = "en") -> Guest:
    guest = house.guest(name, language)
    link = (await carol.says("/invite")).text.rpartition("?start=")[2]
    await guest.says(f"/start {link.split()[0]}")
    return guest


async def opens(carol: Guest, name: str) -> None:
    """Open somebody's page."""
    await carol.says("/people")
    await carol.presses(name)


async def shuts_out(carol: Guest, name: str) -> None:
    await opens(carol, name)
    await carol.presses("Shut out")


async def test_an_admin_sees_who_uses_the_bot(house: House, carol: Guest, wang: Guest) -> None:
    await wang.binds(KIOSK)
    await house.passes(hours=72)
    shown = await carol.says("/people")
    assert "Wang · holder\nseen 3 days ago · 1 card" in shown.text
    assert "Carol · admin" in shown.text
    await carol.presses("Wang")
    assert f"Telegram id {wang.id}" in carol.newest.text
    assert "Here since Nov 24, 2026" in carol.newest.text


async def test_people_are_turned_by_pages(house: House, carol: Guest) -> None:
    for n in range(9):
        await member(house, carol, f"Guest number {n}")
        await house.passes(minutes=1)
    shown = await carol.says("/people")
    assert "1 of 2" in shown.labels
    first = [label for label in shown.labels if label.startswith("Guest number")]
    shown = await carol.presses("▶")
    second = [label for label in shown.labels if label.startswith("Guest number")]
    assert sorted(first + second) == [f"Guest number {n}" for n in range(9)]
    await carol.presses(second[-1])
    await carol.presses("‹ People")
    assert "2 of 2" in carol.newest.labels


async def test_somebody_can_be_invited_from_there(carol: Guest) -> None:
    await carol.says("/people")
    await carol.presses("Invite somebody")
    assert "Whoever opens this link first" in carol.newest.text


async def test_who_is_shut_out_can_do_nothing_and_is_told(
    house: House, carol: Guest, wang: Guest
) -> None:
    await wang.binds(KIOSK)
    panel = await wang.says("/balance")
    await shuts_out(carol, "Wang")
    assert "Wang · shut out" in carol.newest.text
    assert wang.sees("The operator has closed this bot for you.")
    before = house.issuer.requests
    for said in ("/start", "/balance", "/forget", "/invite", "/health", YUAN, "hello"):
        assert OUT in (await wang.says(said)).text
    for button in panel.labels:
        await wang.presses(button, message=panel)
        assert OUT in wang.newest.text
    for data in ("forgotten", "bind", f"let:{wang.id}", f"unbar:{wang.id}:0", "ask"):
        await wang.forges(data)
    assert OUT in wang.newest.text
    assert house.issuer.requests == before
    await house.restart()
    assert OUT in (await wang.says("/balance")).text


async def test_who_is_shut_out_comes_in_by_no_invitation(
    house: House, carol: Guest, wang: Guest
) -> None:
    await shuts_out(carol, "Wang")
    link = (await carol.says("/invite")).text.rpartition("?start=")[2].split()[0]
    assert OUT in (await wang.says(f"/start {link}")).text
    erin = house.guest("Erin", "en")
    await erin.says(f"/start {link}")  # it was not used up
    assert not erin.sees("was used already")


async def at_once(house: House, carol: Guest) -> None:
    """Press "Shut out" on the page that is open, while something else is under way."""
    update = await carol.person.presses("Shut out")
    assert update is not None
    await house.kabao.parts.turns.handled(update)


async def test_a_bind_that_is_under_way_is_refused(house: House, carol: Guest, wang: Guest) -> None:
    await opens(carol, "Wang")
    await wang.says("/bind")
    await wang.person.says(SLOW)
    await wang.person.finds("Asking")
    await at_once(house, carol)
    assert house.issuer.card(SLOW).lookups == 1  # its answer is on the way
    await house.settled()
    assert "Bound" not in "".join(wang.told)
    assert await house.kabao.parts.store.people.cards_of(wang.id) == 0


async def test_not_even_a_bind_that_is_just_being_saved_goes_through(
    house: House, carol: Guest, wang: Guest
) -> None:
    await shuts_out(carol, "Wang")
    parts = house.kabao.parts
    issuer = parts.issuers.get("kiosk")
    assert issuer is not None
    with pytest.raises(StorageError, match="shut out"):
        await parts.wallet.bind(wang.id, issuer, {"number": KIOSK}, None, label="Kiosk")


async def test_an_alert_that_is_due_is_not_sent_and_comes_when_they_are_let_back_in(
    house: House, carol: Guest, wang: Guest
) -> None:
    await wang.binds(KIOSK)
    house.telegram.fail(
        "sendMessage", status=502, times=None, match=lambda sent: sent["chat_id"] == wang.id
    )
    house.issuer.spend(KIOSK, 15000)
    await house.passes(hours=7)
    (owed,) = await house.kabao.parts.store.health.owed(house.clock())
    assert owed.alerts == 1
    house.telegram.heal()
    await shuts_out(carol, "Wang")
    asked = house.issuer.requests
    for _ in range(5):
        await house.passes(hours=10)
    assert not wang.sees("runs low")
    assert house.issuer.requests == asked  # nobody asks about their cards either
    await opens(carol, "Wang")
    await carol.presses("Let back in")
    assert wang.sees("You can use this bot again.")
    await house.passes(hours=1)
    assert wang.sees("Kiosk Card ·2001 runs low")
    assert house.issuer.requests > asked


async def test_a_reading_under_way_is_not_painted_any_more(
    house: House, carol: Guest, wang: Guest
) -> None:
    await wang.binds(SLOW)
    await opens(carol, "Wang")
    await house.passes(minutes=5)
    house.issuer.spend(SLOW, 1234)
    update = await wang.person.says("/balance")
    assert update is not None
    await house.kabao.parts.turns.handled(update)
    await at_once(house, carol)
    assert wang.sees("CN¥30.00")
    await house.settled()
    assert house.issuer.card(SLOW).lookups > 1
    assert not wang.sees("CN¥17.66")


async def test_an_admin_cannot_be_shut_out_or_erased_or_made_a_helper(
    house: House, carol: Guest
) -> None:
    dan = house.guest("Dan", "en")
    await dan.says("/start")
    await opens(carol, "Dan")
    assert carol.newest.labels == ["‹ People"]
    for data in ("bar:{}:0", "wipe:{}:0", "wiping:{}:0", "wiped:{}:0", "role:helper:{}:0"):
        await carol.forges(data.format(dan.id))
        assert "out of date" in carol.person.notices[-1]
    assert not (await dan.says("/people")).text.startswith("You cannot")
    person = await house.kabao.parts.store.people.get(dan.id)
    assert person is not None
    assert (person.barred_at, person.role) == (None, "holder")


async def test_an_admin_named_after_they_were_shut_out_comes_in(house: House, carol: Guest) -> None:
    eve = await member(house, carol, "Eve")
    await shuts_out(carol, "Eve")
    house._settings["admins"] = f"{CAROL},{eve.id}"
    await house.restart()
    assert "Eve · admin" in (await eve.says("/people")).text


async def test_a_helper_sees_health_and_neither_people_nor_cards(
    house: House, carol: Guest, wang: Guest
) -> None:
    await wang.binds(KIOSK)
    card = (await house.kabao.parts.store.cards.list(wang.id))[0]
    hal = await member(house, carol, "Hal")
    assert "did not understand" in (await hal.says("/health")).text
    assert "health" not in {entry["command"] for entry in hal.person.menu}
    await opens(carol, "Hal")
    await carol.presses("Make helper")
    assert "Hal · helper" in carol.newest.text
    assert hal.sees("You are a helper now")
    health = await hal.says("/health")
    assert "Issuers" in health.text
    assert "health" in {entry["command"] for entry in hal.person.menu}
    assert "/health" in (await hal.says("/help")).text
    assert "/people" not in hal.newest.text
    for command in ("/people", "/admin", "/invite"):
        assert "did not understand" in (await hal.says(command)).text
    forged = [f"card:{card.id}", "people:0", f"person:{wang.id}:0", "admin", "log:0", "invite"]
    forged += [f"bar:{wang.id}:0", f"wiped:{wang.id}:0", f"role:helper:{wang.id}:0", "allow:0"]
    for data in forged:
        await hal.forges(data)
        assert "out of date" in hal.person.notices[-1], data
    await opens(carol, "Hal")
    await carol.presses("Make holder")
    assert hal.sees("You are no longer a helper.")
    await hal.presses("Look again", message=health)
    assert "out of date" in hal.person.notices[-1]
    assert "did not understand" in (await hal.says("/health")).text
    assert "health" not in {entry["command"] for entry in hal.person.menu}


async def test_what_nobody_but_an_admin_may_does_nothing_for_others(
    house: House, carol: Guest, wang: Guest
) -> None:
    eve = await member(house, carol, "Eve")
    for name in ("bar", "unbar", "wipe", "wiping", "wiped", "person", "role:helper"):
        await eve.forges(f"{name}:{wang.id}:0")
        assert "out of date" in eve.person.notices[-1]
    for data in ("people:0", "admin", "health", "log:0", "invite"):
        await eve.forges(data)
        assert "out of date" in eve.person.notices[-1]
    assert "Your cards" in (await wang.says("/cards")).text or wang.sees("no card yet")
    seen = "".join(eve.told)
    assert "Wang" not in seen


async def test_what_an_admin_s_client_makes_up_breaks_nothing(carol: Guest, wang: Guest) -> None:
    for data in ("bar:1:0", "person::0", "person:x:0", f"role:king:{wang.id}:0", "people:x"):
        await carol.forges(data)
        assert "out of date" in carol.person.notices[-1], data
    for data in (f"unbar:{wang.id}:0", f"role:holder:{wang.id}:0"):
        await carol.forges(data)
        assert "out of date" in carol.person.notices[-1], data
    assert not carol.sees("Sorry")


async def test_erasing_asks_twice_and_takes_everything_with_the_key(
    house: House, carol: Guest, wang: Guest
) -> None:
    await wang.binds(YUAN, PIN)
    await opens(carol, "Wang")
    await carol.presses("Erase")
    assert "Erase everything about Wang?" in carol.newest.text
    await carol.presses("No, keep it")
    await carol.presses("Erase")
    await carol.presses("Yes, erase")
    assert "They have: 1 card." in carol.newest.text
    assert await house.kabao.parts.store.people.get(wang.id) is not None
    await carol.presses("Erase for good")
    assert "Everything about Wang is erased." in carol.newest.text
    assert wang.sees("The operator has erased everything about you here")
    assert await house.kabao.parts.store.people.get(wang.id) is None
    assert "Wang" not in (await carol.presses("‹ People")).text
    fresh = await wang.says("/balance")
    assert "private card wallet" in fresh.text or "no card yet" in fresh.text
    await wang.says("/cards")
    assert not wang.sees("·1001")


async def test_everything_an_admin_does_to_somebody_is_in_both_logs(
    house: House, carol: Guest, wang: Guest
) -> None:
    await shuts_out(carol, "Wang")
    await carol.presses("Let back in")
    await carol.presses("Make helper")
    await wang.says("/activity")
    for said in ("Shut out by an admin", "No longer shut out", "Role changed"):
        assert said in wang.newest.text
    await carol.says("/admin")
    log = await carol.presses("Log")
    for said in ("Shut out by an admin", "No longer shut out", "Role changed"):
        assert f"{said} · Wang · by Carol" in log.text
    await house.restart()
    await house.kabao.parts.store.audit.verify()


async def test_no_view_of_an_admin_has_anything_of_anothers_cards(
    house: House, carol: Guest, wang: Guest
) -> None:
    await wang.binds(YUAN, PIN)
    await wang.presses("Rename")
    await wang.says("Aunt's birthday")
    await wang.binds(KIOSK)
    await wang.binds(SPENDER)
    await house.passes(minutes=4)
    for command in ("/people", "/admin", "/health", "/invite"):
        await carol.says(command)
    await opens(carol, "Wang")
    barring = ("Shut out", "Let back in") * 5
    for press in ("Erase", "Yes, erase", "No, keep it", *barring, "‹ People"):
        await carol.presses(press)
    await carol.says("/admin")
    for press in ("Log", "Older", "‹ Back", "People"):
        await carol.presses(press)
    card_ids = [card.id for card in await house.kabao.parts.store.cards.list(wang.id)]
    looked = 0
    for call in house.telegram.calls:
        if call.params.get("chat_id") != carol.id:
            continue
        looked += 1
        body = str(call)
        for secret in (YUAN, KIOSK, SPENDER, "·1001", "·2001", "·2004", "Aunt", *card_ids):
            assert secret not in body
        assert not re.search(r"[¥$€]\s?\d|\d\.\d\d\b", body), body
    assert looked > 20


async def test_a_chinese_admin_and_a_chinese_holder_read_chinese(house: House) -> None:
    carol = house.guest("Carol", "zh-hans")
    await carol.says("/start")
    ming = await member(house, carol, "小明", "zh-hans")
    shown = await carol.says("/people")
    assert "小明 · 持卡人" in shown.text
    await carol.presses("小明")
    await carol.presses("停用")
    assert "小明 · 已被停用" in carol.newest.text
    assert ming.sees("管理员已停用你的使用权限")
    assert "你现在不能使用这个机器人" in (await ming.says("/balance")).text
    await carol.presses("恢复使用")
    assert ming.sees("你可以重新使用这个机器人了")
    await carol.presses("设为协助者")
    assert ming.sees("你现在是协助者了")
    assert "发卡方" in (await ming.says("/health")).text
