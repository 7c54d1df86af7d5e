"""What a hurried holder types in the wrong place, and what a thief tries in an open minute."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.house import KIOSK, Guest, House
from tests.journeys.test_lock import (
    PASSCODE,
    WRONG,
    actions,
    closes,
    codes_shown,
    lock_of,
    locks,
    shows,
)

if TYPE_CHECKING:
    from bot.playground import Seen

AMOUNT = "¥"


@pytest.fixture
async def locked(alice: Guest) -> Guest:
    """Alice has a card and a passcode, and her lock is closed."""
    await alice.binds(KIOSK)
    await locks(alice)
    await closes(alice)
    return alice


async def covers(guest: Guest) -> None:
    """Have balances asked for too; the lock is open then."""
    await guest.says("/lock")
    await guest.presses("Ask before balances too")
    await guest.says(PASSCODE)


def wrote(guest: Guest) -> str:
    return "\n".join(guest.wrote)


@pytest.mark.parametrize(
    "typed", [PASSCODE, WRONG, "纸船2渡海", f"/unlock {PASSCODE}", f"/{PASSCODE}"]
)
async def test_a_passcode_that_nobody_asked_for_leaves_the_chat_and_is_not_compared(
    house: House, locked: Guest, typed: str
) -> None:
    said = (await locked.says(typed)).text
    assert "in case it was your passcode" in said
    assert typed not in locked.wrote
    assert (await lock_of(house, locked)).unlocked_until is None
    assert (await lock_of(house, locked)).failures == 0


@pytest.mark.parametrize("sentence", ["what a lovely day", "今天天气真好"])
async def test_a_sentence_that_is_not_understood_stays(locked: Guest, sentence: str) -> None:
    assert "did not understand" in (await locked.says(sentence)).text
    assert sentence in locked.wrote


async def test_without_a_passcode_nothing_is_taken_for_one(alice: Guest) -> None:
    await alice.says("hello!")
    assert "hello!" in alice.wrote


async def test_one_that_cannot_be_deleted_is_said_to_be_there(house: House, locked: Guest) -> None:
    house.telegram.fail("deleteMessage", status=400)
    assert "please delete it yourself" in (await locked.says(PASSCODE)).text


async def test_a_passcode_typed_while_balances_are_covered_leaves_the_chat(locked: Guest) -> None:
    await covers(locked)
    await closes(locked)
    await locked.says(PASSCODE)
    assert PASSCODE not in locked.wrote
    assert "Send your passcode" in locked.newest.text


async def test_a_passcode_behind_the_command_is_deleted(alice: Guest) -> None:
    said = await alice.says(f"/lock {PASSCODE}")
    assert PASSCODE not in wrote(alice)
    assert "Press the button" in said.text


async def test_a_passcode_below_a_picture_is_deleted(house: House, locked: Guest) -> None:
    await shows(locked)
    await house.settled(await locked.person.sends("a.png", b"\x89PNG", caption="a pass code"))
    assert "a pass code" not in wrote(locked)
    await locked.says("/cancel")
    await house.settled(await locked.person.sends("a.png", b"\x89PNG", caption=PASSCODE))
    assert PASSCODE not in wrote(locked)


async def test_a_message_changed_into_a_passcode_is_deleted_while_one_is_asked_for(
    house: House, locked: Guest
) -> None:
    await locked.says("what a lovely day")
    mine = next(one for one in reversed(locked.person.chat) if not one.by_bot)
    await shows(locked)
    await house.settled(await locked.person.edits(mine.id, PASSCODE))
    assert PASSCODE not in locked.wrote
    assert "send it anew" in locked.newest.text


async def test_a_message_changed_into_a_card_number_is_deleted(house: House, alice: Guest) -> None:
    await alice.says("what a lovely day")
    mine = next(one for one in reversed(alice.person.chat) if not one.by_bot)
    await house.settled(await alice.person.edits(mine.id, KIOSK))
    assert KIOSK not in alice.wrote


@pytest.mark.parametrize("wanted", ["Recovery codes", "Turn two-step on", "Add phone number"])
async def test_an_open_minute_gives_nobody_a_way_around_the_passcode(
    locked: Guest, wanted: str
) -> None:
    await shows(locked)
    await locked.says(PASSCODE)
    await locked.says("/lock")
    await locked.presses(wanted)
    assert "Send your passcode" in locked.newest.text
    assert not locked.sees("Recovery codes\n")


async def test_new_recovery_codes_are_written_down(house: House, locked: Guest) -> None:
    await locked.says("/lock")
    await locked.presses("Recovery codes")
    await locked.says(PASSCODE)
    codes_shown(locked)
    assert "recovery codes made" in await actions(house, locked)
    shown = (await locked.says("/activity")).text
    assert "Recovery codes made" in shown
    assert "Unlocked" in shown


async def test_that_balances_are_asked_for_or_no_longer_is_written_down(
    house: House, locked: Guest
) -> None:
    await covers(locked)
    await locked.presses("Always show balances")
    assert (await lock_of(house, locked)).covers_balances
    await locked.says(PASSCODE)
    assert not (await lock_of(house, locked)).covers_balances
    assert {"balances covered", "balances uncovered"} <= set(await actions(house, locked))


def panels(guest: Guest) -> list[Seen]:
    return [one for one in guest.person.chat if one.by_bot and AMOUNT in one.text]


@pytest.mark.parametrize("restarted", [False, True])
async def test_balances_on_screen_are_covered_when_the_lock_closes_by_itself(
    house: House, locked: Guest, restarted: bool
) -> None:
    await covers(locked)
    await locked.says("/balance")
    assert AMOUNT in locked.newest.text
    if restarted:
        await house.stop()
        house.clock.advance(6 * 60)
        await house.start()
    else:
        await house.passes(minutes=6)
    assert panels(locked) == []
    await locked.presses("All cards")
    assert "Send your passcode" in locked.newest.text
    await locked.says(PASSCODE)
    assert panels(locked)


async def test_one_that_could_not_be_covered_is_tried_again(house: House, locked: Guest) -> None:
    await covers(locked)
    await locked.says("/balance")
    house.telegram.fail("editMessageText", status=502)
    await house.passes(minutes=6)
    await house.passes(minutes=1)
    assert panels(locked) == []


async def test_locking_now_takes_what_is_shown_away_at_once(locked: Guest) -> None:
    await shows(locked)
    await locked.says(PASSCODE)
    assert locked.sees(KIOSK)
    await closes(locked)
    assert not locked.sees(KIOSK)


@pytest.mark.parametrize("way", ["/cards", "press"])
async def test_a_name_that_is_being_typed_opens_no_balance(
    house: House, locked: Guest, way: str
) -> None:
    await covers(locked)
    (card,) = await house.kabao.parts.store.cards.list(locked.id)
    await locked.says("/cards")
    await locked.presses("🏷")
    await house.kabao.parts.store.locks.change(locked.id, unlocked_until=None)
    if way == "press":
        await locked.forges(f"card:{card.id}")
    else:
        await locked.says(way)
    assert "Send your passcode" in locked.newest.text


async def test_a_booking_that_is_under_way_takes_no_other_back(house: House, locked: Guest) -> None:
    await covers(locked)
    booked = await locked.says("/spent 5")
    await locked.says("/spent")
    await house.kabao.parts.store.locks.change(locked.id, unlocked_until=None)
    await locked.presses("Undo", message=booked)
    assert "Send your passcode" in locked.newest.text


async def test_a_booking_that_is_under_way_is_brought_to_its_end(
    house: House, locked: Guest
) -> None:
    await covers(locked)
    await locked.binds("770000002004")
    await locked.says("/spent 5")
    await house.kabao.parts.store.locks.change(locked.id, unlocked_until=None)
    await locked.presses(1)
    assert "5.00 spent" in locked.newest.text


async def test_a_clock_that_is_put_back_keeps_no_lock_open(house: House, locked: Guest) -> None:
    # As it is after the clock went an hour back in an open minute.
    until = house.clock() + timedelta(minutes=64)
    await house.kabao.parts.store.locks.change(locked.id, unlocked_until=until)
    await shows(locked)
    assert "Send your passcode" in locked.newest.text


async def test_who_is_shut_out_is_told_nothing_of_the_lock(house: House, locked: Guest) -> None:
    now = house.clock()
    await house.kabao.parts.store.locks.change(locked.id, reset_at=now + timedelta(hours=2))
    await house.kabao.parts.store.people.change(locked.id, barred_at=now)
    before = len(locked.told)
    await house.passes(hours=30)
    assert len(locked.told) == before
    assert (await lock_of(house, locked)).passcode is not None
