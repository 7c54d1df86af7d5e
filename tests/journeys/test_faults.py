from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import storage.sqlite
from bot.config import ConfigError
from bot.playground import Telegram
from storage import visits
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


async def redelivered(house: House, update_id: int | None) -> None:
    """Let Telegram deliver an update again, and something harmless behind it."""
    assert update_id is not None
    house.telegram.redeliver(update_id)
    visitor = house.guest("Visitor")
    await visitor.says("/help")


# Telegram delivers an update at least once, and after a crash it delivers it again.


async def test_a_message_delivered_again_is_not_answered_again(house: House, alice: Guest) -> None:
    update = await alice.person.says("/start")
    await house.settled(update)
    seen = alice.told
    await redelivered(house, update)
    assert alice.told == seen


async def test_a_press_delivered_again_removes_no_second_card(house: House, alice: Guest) -> None:
    await alice.says("/bind", "AB-778899001", "Corner shop", "200 USD")
    await alice.presses("Set balance")
    update = await alice.person.says("15")
    await house.settled(update)
    await redelivered(house, update)
    await alice.says("/history")
    assert alice.newest.text.count("-$185.00") == 1


async def test_nor_after_a_restart_of_the_bot(house: House, alice: Guest) -> None:
    update = await alice.person.says("/balance")
    await house.settled(update)
    await house.restart()
    seen = alice.told
    await redelivered(house, update)
    assert alice.told == seen


async def test_a_dialogue_goes_on_where_it_was_when_an_answer_comes_twice(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind")
    update = await alice.person.says(YUAN)
    await house.settled(update)
    await house.restart()
    await redelivered(house, update)
    assert "Bound" in (await alice.says(PIN)).text
    await redelivered(house, update)
    await alice.says("/cards")
    assert alice.sees("You have 1 card")


async def test_a_threshold_is_not_set_back_by_an_older_message_coming_again(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    first = await alice.person.presses("50%")
    await house.settled(first)
    await alice.presses("10%")
    await redelivered(house, first)
    await house.restart()
    await redelivered(house, first)
    await alice.says("/alerts")
    assert alice.sees("below 10%")


async def test_a_press_answered_too_late_is_still_done(
    house: House, alice: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail(
        "answerCallbackQuery",
        status=400,
        description="Bad Request: query is too old and response timeout expired or query ID is "
        "invalid",
        times=None,
    )
    shown = await alice.presses("History")
    assert "History" in shown.text
    await alice.presses("The card")
    await alice.presses("Refresh")
    assert not alice.sees("Sorry")
    assert "could not be handled" not in caplog.text


async def test_a_press_made_while_the_bot_was_off_is_done_when_it_is_back(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.stop()
    update = await alice.person.presses("History")
    house.clock.advance(300)
    await house.start()
    await house.settled(update)
    assert alice.sees("History of Kiosk")
    assert not alice.sees("Sorry")


async def test_a_panel_that_can_no_longer_be_edited_is_shown_anew(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail(
        "editMessageText", status=400, description="Bad Request: message can't be edited"
    )
    assert "History" in (await alice.presses("History")).text
    assert not alice.sees("Sorry")


async def test_an_edit_that_fails_for_the_moment_is_apologised_for_and_works_the_next_time(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail("editMessageText", status=502)
    await alice.presses("History")
    assert alice.sees("History of Kiosk") or alice.sees("Sorry")
    await alice.says("/balance")
    await alice.presses("Kiosk")
    assert "History" in (await alice.presses("History")).text


async def test_an_apology_is_in_the_language_the_person_chose(house: House, alice: Guest) -> None:
    await alice.says("/language")
    await alice.presses("中文")
    house.telegram.fail("sendMessage", status=400, description="Bad Request: no reason")
    assert "抱歉" in (await alice.says("/balance")).text


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold the write lock of a database for so long, as another process might."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        held.set()
        over.wait(seconds)
        raw.execute("ROLLBACK")
        raw.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def test_a_database_locked_for_a_moment_is_waited_for(house: House, alice: Guest) -> None:
    await alice.says("/bind")
    with locked(house.database, 0.5):
        bound = await alice.says(KIOSK)
    assert "Bound" in bound.text
    assert not alice.sees("Sorry")


async def test_a_database_locked_for_long_is_admitted_and_nothing_is_half_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(visits, "_BUSY_SECONDS", 0.1)
    async with House(tmp_path) as house:
        alice = house.guest("Alice")
        await alice.binds(KIOSK)
        await alice.says("/alerts")
        await alice.presses("Kiosk")
        with locked(house.database, 60):
            await alice.person.presses("50%")
            await alice.person.finds("cannot write")
            await alice.person.says("/balance")
            await alice.person.finds("CN¥161.50")
        await house.settled()
        await alice.says("/alerts")
        assert alice.sees("below 20%")
        await alice.presses("Kiosk")
        assert "below 50%" in (await alice.presses("50%")).text


async def fill(house: House) -> None:
    """Leave the database no page to grow by."""
    runner = house.kabao.parts.store._runner
    assert isinstance(runner, storage.sqlite.SqliteDatabase)
    await runner._writer.visit(visits.tune, "PRAGMA max_page_count = 1")


async def make_room(house: House) -> None:
    runner = house.kabao.parts.store._runner
    assert isinstance(runner, storage.sqlite.SqliteDatabase)
    await runner._writer.visit(visits.tune, "PRAGMA max_page_count = 1000000")


async def test_when_the_disk_is_full_the_person_is_told_and_nothing_is_lost(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await fill(house)
    label = "x" * 30
    told = ""
    for _ in range(60):
        shown = await alice.says("/bind", f"AB-7788{os.urandom(4).hex()}", label, "200 USD")
        if alice.sees("cannot write") or alice.sees("could not be saved"):
            told = shown.text
            break
    assert told
    assert "CN¥161.50" in (await alice.says("/balance kiosk")).text
    await make_room(house)
    assert "Bound" in (await alice.binds(YUAN, PIN)).text


async def test_a_card_that_cannot_be_opened_is_not_put_down_to_the_writing(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    with sqlite3.connect(house.database) as database:
        database.execute("UPDATE cards SET label = x'00'")
    await alice.says("/balance")
    assert alice.sees("may not have been done")
    assert not alice.sees("cannot write")


async def test_a_crossing_read_while_the_disk_is_full_is_told_when_there_is_room(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    for n in range(400):
        house.issuer.spend(KIOSK, 35, f"{n}. visit")
    await fill(house)
    await house.passes(hours=7)
    assert not alice.sees("runs low")
    await make_room(house)
    await house.passes(minutes=10)
    assert alice.sees("runs low: CN¥21.50")
    assert alice.sees("CN¥140.00 less than 7 hours ago")


async def test_a_verified_card_that_cannot_be_saved_is_told_too(house: House, alice: Guest) -> None:
    house.issuer.latency = 0.1
    house.issuer.spend(YUAN, 1, "x" * 50_000)
    await alice.says("/bind", YUAN)
    await alice.person.says(PIN)
    await alice.person.finds("Asking")
    await fill(house)
    await house.settled()
    assert alice.sees("cannot write")
    await make_room(house)
    assert "Bound" in (await alice.presses("again")).text


async def test_a_bot_started_while_telegram_is_down_waits_for_it(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        alice = house.guest("Alice")
        await alice.binds(KIOSK)
        await house.stop()
        house.telegram.reset("*", times=1)
        house.telegram.garble("getMe", times=1)
        await house.start()
        assert "CN¥161.50" in (await alice.says("/balance")).text


async def test_a_telegram_that_goes_away_and_comes_back_is_found_again(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.reset("getUpdates", times=1)
    house.telegram.garble("getUpdates", times=1)
    house.telegram.fail("getUpdates", status=500, times=1)
    assert "CN¥161.50" in (await alice.says("/balance")).text


async def test_a_token_that_telegram_does_not_know_is_said_and_not_tried_for_ever(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, bot_token="7000000001:another-token-that-nobody-was-given")
    async with Telegram(clock=house.clock) as telegram:
        house.telegram = telegram
        await house.issuer.start()
        with pytest.raises(ConfigError, match="KABAO_BOT_TOKEN") as refused:
            async with asyncio.timeout(5):
                await house.start()
        assert "another-token" not in str(refused.value)
        await house.issuer.stop()
