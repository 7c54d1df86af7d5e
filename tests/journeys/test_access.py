from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from bot.playground.world import stable_id
from tests.house import KIOSK, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[House]:
    """A house as it is by default: closed, with one admin."""
    async with House(tmp_path, access="closed", admins=str(stable_id("Carol"))) as opened:
        yield opened


@pytest.fixture
def carol(closed: House) -> Guest:
    """She runs the bot."""
    return closed.guest("Carol", "en")


@pytest.fixture
def dave(closed: House) -> Guest:
    """He found the bot."""
    return closed.guest("Dave", "en")


def people_in(house: House) -> list[int]:
    with sqlite3.connect(house.database) as database:
        return [row[0] for row in database.execute("SELECT id FROM people")]


async def invitation(carol: Guest) -> str:
    """Have a link made, and give what opening it says."""
    link = (await carol.says("/invite")).text.rpartition("?start=")[2]
    return f"/start {link.split()[0]}"


async def test_a_stranger_is_told_how_to_ask_and_leaves_no_trace(
    closed: House, dave: Guest
) -> None:
    for knock in ("/start", "/balance", KIOSK, "/invite", "hello", "/start in-guessed", "/forget"):
        told = await dave.says(knock)
        assert "private card wallet" in told.text
        assert str(dave.id) in told.text
    assert closed.issuer.requests == 0
    assert people_in(closed) == []


async def test_a_stranger_is_not_let_in_by_a_made_up_button(closed: House, dave: Guest) -> None:
    await dave.says("/start")
    for data in ("bind", "panel:0::", f"let:{dave.id}", "forgotten", "language:zh", "in-guessed"):
        await dave.forges(data)
    assert people_in(closed) == []
    assert "private card wallet" in (await dave.says("/balance")).text


async def test_somebody_asks_and_the_admin_lets_them_in(carol: Guest, dave: Guest) -> None:
    await carol.says("/start")
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    assert "operator has been asked" in dave.newest.text
    assert "You have already asked" in (await dave.says("/balance")).text
    assert f"Dave (Telegram id {dave.id}) asks" in carol.newest.text
    await carol.presses("Let in")
    assert "Dave may use the bot now" in carol.newest.text
    assert "You are in" in dave.newest.text
    assert "CN¥161.50" in (await dave.binds(KIOSK)).text


async def test_somebody_whom_the_admin_declines_is_told_and_stays_outside(
    carol: Guest, dave: Guest
) -> None:
    await carol.says("/start")
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    await carol.presses("Decline")
    assert "was not let in" in carol.newest.text
    assert dave.sees("The operator declined your request")
    assert "private card wallet" in (await dave.says("/balance")).text


async def test_whoever_was_declined_disturbs_no_admin_again_within_a_day(
    closed: House, carol: Guest, dave: Guest
) -> None:
    await carol.says("/start")
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    await carol.presses("Decline")
    before = carol.told
    await closed.passes(hours=1)
    await closed.restart()
    for _ in range(3):
        await dave.says("/start")
        await dave.presses("Ask to be let in")
        assert "declined your request. You can ask again" in dave.newest.text
    assert carol.told == before
    assert "asked to be let in" not in (await carol.says("/invite")).text
    await closed.passes(hours=24)
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    assert f"Dave (Telegram id {dave.id}) asks" in carol.newest.text


async def test_whoever_was_declined_and_then_invited_comes_in(carol: Guest, dave: Guest) -> None:
    await carol.says("/start")
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    await carol.presses("Decline")
    assert "You are in" in (await dave.says(await invitation(carol))).text
    assert "nothing to cancel" in (await dave.says("/cancel")).text


async def test_an_admin_who_was_not_there_sees_later_who_asked(carol: Guest, dave: Guest) -> None:
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    invited = await carol.says("/invite")
    assert "asked to be let in" in invited.text
    await carol.presses("Let in Dave")
    assert "You are in" in dave.newest.text


async def test_a_person_can_be_let_in_once_and_the_old_buttons_do_nothing(
    carol: Guest, dave: Guest
) -> None:
    await carol.says("/start")
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    asked = carol.newest
    await carol.presses("Let in", message=asked)
    assert "out of date" in (await carol.forges(f"decline:{dave.id}"))[-1]
    assert "no card yet" in (await dave.says("/balance")).text


async def test_a_member_cannot_let_others_in(closed: House, carol: Guest, dave: Guest) -> None:
    await dave.says(await invitation(carol))
    erin = closed.guest("Erin", "en")
    await erin.says("/start")
    await erin.presses("Ask to be let in")
    assert "did not understand" in (await dave.says("/invite")).text
    assert "out of date" in (await dave.forges(f"let:{erin.id}"))[-1]
    assert "You have already asked" in (await erin.says("/balance")).text
    assert "/invite" not in (await dave.says("/help")).text


async def test_an_invitation_lets_one_person_in_once(
    closed: House, carol: Guest, dave: Guest
) -> None:
    opened = await invitation(carol)
    assert "You are in" in (await dave.says(opened)).text
    assert "no card yet" in (await dave.says("/balance")).text
    erin = closed.guest("Erin", "en")
    await erin.says(opened)
    assert erin.sees("This invitation was used already or is older than a day")
    assert "private card wallet" in (await erin.says("/balance")).text
    assert erin.id not in people_in(closed)


async def test_an_invitation_is_good_for_a_day(closed: House, carol: Guest, dave: Guest) -> None:
    first, second = await invitation(carol), await invitation(carol)
    await closed.passes(hours=23.9)
    assert "You are in" in (await dave.says(first)).text
    await closed.passes(hours=0.2)
    erin = closed.guest("Erin", "en")
    await erin.says(second)
    assert erin.sees("older than a day")


async def test_after_a_bad_invitation_a_good_one_still_lets_in(carol: Guest, dave: Guest) -> None:
    await dave.says("/start in-guessed")
    assert "You are in" in (await dave.says(await invitation(carol))).text
    assert "CN¥161.50" in (await dave.binds(KIOSK)).text


async def test_who_may_come_in_is_remembered_over_a_restart(
    closed: House, carol: Guest, dave: Guest
) -> None:
    await dave.says(await invitation(carol))
    await closed.restart()
    assert "no card yet" in (await dave.says("/balance")).text


async def test_a_member_who_is_forgotten_needs_a_new_invitation_and_is_told_so(
    carol: Guest, dave: Guest
) -> None:
    await dave.says(await invitation(carol))
    assert "need a new invitation" in (await dave.says("/forget")).text
    await dave.presses("Yes, erase")
    assert "private card wallet" in (await dave.says("/balance")).text
    assert "new invitation" not in (await carol.says("/forget")).text


async def test_an_admin_has_the_invitation_in_the_menu(carol: Guest, dave: Guest) -> None:
    await carol.says("/start")
    await dave.says(await invitation(carol))
    assert "invite" in {entry["command"] for entry in carol.person.menu}
    assert "invite" not in {entry["command"] for entry in dave.person.menu}


async def test_a_house_that_is_open_lets_anybody_in(alice: Guest) -> None:
    assert "no card yet" in (await alice.says("/balance")).text
