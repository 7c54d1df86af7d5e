"""Telegram refuses, for now or for good: what was to be said or deleted, and who is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.playground.world import stable_id
from storage import Barcode
from tests.house import PIN, YUAN, Guest, House
from tests.journeys.test_import import catima, sends
from tests.journeys.test_tickets import PNG, desk, support_chat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOO_OLD = "Bad Request: message can't be deleted for everyone"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = {"admins": str(stable_id("Carol")), "language": "en"}
    async with House(tmp_path, **settings, support_chat=support_chat("Desk")) as opened:
        yield opened


async def pictured(house: House, guest: Guest) -> None:
    """Bring a picture with a request, up to the question whether it shall go."""
    await guest.says("/feedback")
    await house.settled(await guest.person.sends("till.png", PNG, caption="the till says no"))


async def test_a_picture_that_goes_leaves_no_apology_behind(house: House, alice: Guest) -> None:
    desk(house)
    await pictured(house, alice)
    await alice.presses("Yes, send it")
    assert alice.newest.text.startswith("🎫 Request #1 is on its way.")
    assert not alice.sees("Sorry")


async def test_a_picture_that_is_not_to_go_and_cannot_be_deleted_is_hers_to_delete(
    house: House, alice: Guest
) -> None:
    await pictured(house, alice)
    house.telegram.fail("deleteMessage", status=400, description=TOO_OLD)
    await alice.presses("No, delete it")
    assert alice.sees("I could not delete your picture. Please delete it yourself.")
    assert not alice.sees("Sorry")
    await alice.says("then without it")
    assert alice.sees("Request #1 is on its way.")


async def test_a_file_that_can_be_neither_fetched_nor_deleted_is_hers_to_delete(
    house: House, alice: Guest
) -> None:
    await alice.says("/import")
    gone = "Bad Request: wrong file_id or the file is temporarily unavailable"
    house.telegram.fail("getFile", status=400, description=gone)
    house.telegram.fail("deleteMessage", status=400, description=TOO_OLD)
    told = (await sends(house, alice, "catima.zip", catima())).text
    assert told.startswith("I could not fetch that file just now. Please send it once more.")
    assert told.endswith("Please delete it yourself: it holds numbers.")
    told = (await sends(house, alice, "catima.zip", catima())).text
    assert "Read: 5. New: 3." in told


async def test_a_locked_file_that_is_gone_when_its_passphrase_comes_is_asked_for_again(
    house: House, alice: Guest
) -> None:
    await alice.says("/import")
    assert "has a passphrase" in (await sends(house, alice, "c.zip", catima("open sesame"))).text
    house.telegram.fail("getFile", status=400, description="Bad Request: file is too big")
    assert "Please send it once more." in (await alice.says("open sesame")).text
    assert alice.wrote == ["/import"]
    await sends(house, alice, "c.zip", catima("open sesame"))
    assert "Read: 5. New: 3." in (await alice.says("open sesame")).text


async def test_words_arrive_without_their_picture_where_telegram_has_it_no_more(
    house: House, alice: Guest
) -> None:
    carol, group = desk(house)
    await pictured(house, alice)
    gone = "Bad Request: wrong file identifier/HTTP URL specified"
    house.telegram.fail("sendPhoto", status=400, description=gone, times=2)
    await alice.presses("Yes, send it")
    (brought,) = [message for message in group.chat if "the till says no" in message.text]
    assert "A picture came with it, which Telegram gives to nobody any more." in brought.text
    topic = brought.raw["message_thread_id"]
    answer = await carol.person.sends(
        "look.png", PNG, caption="Press here", chat=group, topic=topic
    )
    await house.settled(answer)
    assert "Press here" in alice.newest.text
    assert "A picture came with it" in alice.newest.text


async def test_whoever_writes_without_end_is_asked_to_wait_for_an_answer(
    house: House, alice: Guest
) -> None:
    desk(house)
    await alice.says("/feedback hello")
    tickets = house.kabao.parts.store.tickets
    for n in range(19):
        await tickets.add(alice.id, 1, "holder", f"hello {n}")
    await alice.forges("addto:1")
    assert "Please wait for an answer; tomorrow you can write more." in alice.newest.text
    await house.passes(hours=25)
    await alice.forges("addto:1")
    assert alice.newest.text.startswith("Write what it is about")


@pytest.mark.parametrize("seconds", [1, 120])
async def test_a_barcode_waits_as_long_as_telegram_asks_or_does_not_come_at_all(
    house: House, alice: Guest, seconds: int
) -> None:
    await alice.binds(YUAN, PIN)
    store = house.kabao.parts.store.cards
    (card,) = await store.list(alice.id)
    await store.set_barcode(alice.id, card.id, Barcode("QRCode", YUAN))
    house.telegram.fail("editMessageMedia", retry_after=seconds)
    await alice.says("/show 1001")
    assert any("photo" in one.raw for one in alice.person.chat) == (seconds == 1)
    await house.passes(minutes=3)
    assert not any("photo" in one.raw for one in alice.person.chat)
    assert not alice.sees("One moment")


async def test_a_calendar_waits_as_long_as_telegram_asks(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.says("/expiring 1001 2026-12-30")
    house.telegram.fail("sendDocument", retry_after=1)
    await alice.says("/calendar")
    assert "document" in alice.newest.raw
    house.telegram.fail("sendDocument", status=502)
    assert "I could not send the calendar just now." in (await alice.says("/calendar")).text
