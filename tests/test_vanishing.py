"""What is shown for a minute: a secret is never on screen without its deletion being owed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from markupsafe import Markup
from telegram.error import BadRequest

from bot import vanishing
from bot.vanishing import reveal, reveal_photo, vanish
from storage import Owed
from tests.playground.parrot import picture

if TYPE_CHECKING:
    from bot.parts import Parts
    from tests.house import Guest, House

PNG = picture(3, 2)


@pytest.fixture
async def parts(house: House, alice: Guest) -> Parts:
    """Of a bot that she has started."""
    await alice.says("/start")
    return house.kabao.parts


async def owed(house: House) -> list[Owed]:
    later = house.clock() + timedelta(days=400)
    return await house.kabao.parts.store.vanishing.due(later, 100)


async def shows(parts: Parts, guest: Guest) -> int:
    voice = parts.voice(await parts.store.people.get(guest.id))
    return await reveal(parts, guest.id, voice, Markup("<code>s3cret</code>"))


async def shows_picture(parts: Parts, guest: Guest) -> int:
    voice = parts.voice(await parts.store.people.get(guest.id))
    return await reveal_photo(parts, guest.id, voice, PNG, Markup("<b>Scan it</b>"))


async def test_a_picture_is_shown_for_a_minute_in_a_message_that_was_empty_before(
    house: House, parts: Parts, alice: Guest
) -> None:
    shown = await shows_picture(parts, alice)
    newest = alice.newest
    assert (newest.id, newest.protected, newest.labels) == (shown, True, ["Hide now"])
    assert alice.person.opens(newest) == PNG
    assert newest.text.startswith("Scan it\n\nThis message goes away at 12:01")
    assert house.telegram.called("sendPhoto") == []
    await house.passes(minutes=1)
    assert alice.newest.id != shown
    assert await owed(house) == []


async def test_the_deletion_is_owed_before_the_picture_is_sent(
    house: House, parts: Parts, alice: Guest
) -> None:
    house.telegram.fail("editMessageMedia", status=400, description="Bad Request: no")
    dead = house.telegram.fail("deleteMessage", times=None)
    with pytest.raises(BadRequest):
        await shows_picture(parts, alice)
    assert alice.newest.text == "🔒 One moment…"
    assert [one.message_id for one in await owed(house)] == [alice.newest.id]
    dead.end()
    await house.passes(minutes=2)
    assert not alice.sees("🔒 One moment…")


async def test_a_picture_that_telegram_never_lets_go_becomes_an_empty_one(
    house: House, parts: Parts, alice: Guest
) -> None:
    await shows_picture(parts, alice)
    house.clock.advance(49 * 3600)
    await house.settled()
    assert alice.person.opens(alice.newest) != PNG
    assert (alice.newest.text, alice.newest.labels) == ("", [])
    assert await owed(house) == []


async def test_it_goes_when_its_time_is_over_though_the_clock_says_it_is_not(
    house: House, parts: Parts, alice: Guest
) -> None:
    voice = parts.voice(await parts.store.people.get(alice.id))
    shown = await reveal(parts, alice.id, voice, Markup("s3cret"), seconds=1)
    assert (await house.telegram.next_call("deleteMessage"))["message_id"] == shown


async def test_nothing_is_shown_in_a_group(parts: Parts) -> None:
    with pytest.raises(ValueError, match="private chats only"):
        await reveal(parts, -1_000_000_000_001, parts.voice(None), Markup("s3cret"))


async def test_whoever_blocked_the_bot_finds_it_gone_when_they_are_back(
    house: House, parts: Parts, alice: Guest
) -> None:
    await shows(parts, alice)
    blocked = house.telegram.fail("deleteMessage", status=403, times=None)
    await house.passes(hours=50)
    assert alice.sees("s3cret")
    blocked.end()
    await house.passes(hours=2)
    assert not alice.sees("s3cret")
    assert await owed(house) == []


async def test_it_is_tried_with_growing_waits_and_for_a_month_at_most(
    house: House, parts: Parts, alice: Guest
) -> None:
    shown = await shows(parts, alice)
    house.telegram.fail("deleteMessage", status=403, times=None)
    waits: list[float] = []
    parts.vanishings.wake = lambda _, wait: waits.append(wait.total_seconds())
    for _ in range(14):
        (one,) = await owed(house)
        await vanish(parts, one)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600]
    assert not await vanish(parts, Owed(alice.id, shown, vanishing.MOST_TRIES - 1))
    assert await owed(house) == []


async def test_two_that_hide_the_same_message_do_it_once(
    house: House, parts: Parts, alice: Guest
) -> None:
    shown = Owed(alice.id, await shows(parts, alice))
    parts.vanishings.under_way.add((shown.chat_id, shown.message_id))
    assert not await vanish(parts, shown)
    await house.passes(minutes=1)
    assert house.telegram.called("deleteMessage") == []
    parts.vanishings.under_way.clear()
    await house.passes(minutes=1)
    assert len(house.telegram.called("deleteMessage")) == 1
