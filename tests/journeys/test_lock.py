"""A person's own lock: what it asks for, what it forgives, and the ways back in."""

from __future__ import annotations

import base64
import io
import logging
import re
from typing import TYPE_CHECKING

import pytest

from bot import logs, second_step
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Lock

PASSCODE, OTHER, WRONG = "8305", "纸船渡海", "7419"
DAY = 24


async def locks(guest: Guest, passcode: str = PASSCODE) -> None:
    await guest.says("/lock")
    await guest.presses(1)
    await guest.says(passcode, passcode)


async def closes(guest: Guest) -> None:
    await guest.says("/lock now")


async def lock_of(house: House, guest: Guest) -> Lock:
    lock = await house.kabao.parts.store.locks.get(guest.id)
    assert lock is not None
    return lock


async def actions(house: House, guest: Guest) -> list[str]:
    return [row.action for row in await house.kabao.parts.store.audit.of(guest.id, limit=50)]


async def shows(guest: Guest) -> None:
    """Ask for the number of the only card."""
    await guest.says("/show")


@pytest.fixture
async def locked(alice: Guest) -> Guest:
    """Alice has a card and a passcode, and her lock is closed."""
    await alice.binds(KIOSK)
    await locks(alice)
    await closes(alice)
    return alice


async def two_step(house: House, guest: Guest) -> tuple[bytes, list[str]]:
    """Turn two-step on; gives the app's key and the recovery codes."""
    await guest.says("/lock")
    await guest.presses("Turn two-step on")
    await guest.says(PASSCODE)
    key = key_shown(guest)
    await guest.says(second_step.code_of(key, house.clock()))
    return key, codes_shown(guest)


def key_shown(guest: Guest) -> bytes:
    told = next(text for text in reversed(guest.told) if "authenticator" in text and "key" in text)
    spelled = re.findall(r"^(?:[A-Z2-7]{4} ?){8}$", told, re.MULTILINE)
    return base64.b32decode(spelled[0].replace(" ", ""))


def codes_shown(guest: Guest) -> list[str]:
    told = next(text for text in reversed(guest.told) if "Recovery codes\n" in text)
    codes = re.findall(r"^[0-9a-z]{5}-[0-9a-z]{5}$", told, re.MULTILINE)
    assert len(codes) == 10
    return codes


async def test_a_number_is_shown_only_after_the_passcode(locked: Guest) -> None:
    await shows(locked)
    assert "Send your passcode" in locked.newest.text
    assert not locked.sees(KIOSK)
    await locked.says(PASSCODE)
    assert locked.sees(KIOSK)
    assert PASSCODE not in locked.wrote


async def test_it_stays_open_for_as_long_as_was_chosen(house: House, locked: Guest) -> None:
    await locked.says("/lock")
    await locked.presses("How long open")
    await locked.presses("15 minutes")
    await locked.says(PASSCODE)
    assert "Stays open for 15 minutes" in locked.newest.text
    await closes(locked)
    await shows(locked)
    await locked.says(PASSCODE)
    await house.passes(minutes=14)
    await shows(locked)
    assert locked.sees(KIOSK)
    await house.passes(minutes=2)
    await shows(locked)
    assert "Send your passcode" in locked.newest.text
    assert not locked.sees(KIOSK)


async def test_cards_are_removed_and_people_erased_only_after_the_passcode(
    house: House, locked: Guest
) -> None:
    store = house.kabao.parts.store
    await locked.says("/cards")
    await locked.presses("🗑")
    await locked.presses("Yes, remove")
    assert len(await store.cards.list(locked.id)) == 1
    await locked.says(PASSCODE)
    assert await store.cards.list(locked.id) == []
    await closes(locked)
    await locked.says("/forget")
    await locked.presses("Yes, erase everything")
    assert await store.people.get(locked.id)
    await locked.says(PASSCODE)
    assert await store.people.get(locked.id) is None
    assert "Everything about you is erased" in locked.newest.text


async def test_what_was_wanted_is_done_also_after_a_restart(house: House, locked: Guest) -> None:
    await shows(locked)
    await house.restart()
    await locked.says(PASSCODE)
    assert locked.sees(KIOSK)


async def test_wrong_tries_slow_down_then_close_and_the_right_one_does_not_help(
    house: House, locked: Guest
) -> None:
    await shows(locked)
    await locked.says(WRONG, WRONG)
    assert "not right" in locked.newest.text
    await locked.says(WRONG)
    assert locked.sees("Too many wrong tries")
    assert locked.sees("Somebody typed a wrong passcode 3 times")
    await shows(locked)
    await locked.says(PASSCODE)
    assert not locked.sees(KIOSK)
    for failures in range(4, 11):
        await house.passes(hours=3)
        await shows(locked)
        await locked.says(WRONG)
        assert (await lock_of(house, locked)).failures == failures
    await house.passes(hours=DAY - 1)
    await shows(locked)
    assert "Too many wrong tries" in locked.newest.text
    assert not locked.sees(KIOSK)
    await house.passes(hours=1)
    await shows(locked)
    await locked.says(PASSCODE)
    assert locked.sees(KIOSK)
    assert (await lock_of(house, locked)).failures == 0
    noted = await actions(house, locked)
    assert noted.count("wrong passcode") == 9
    assert noted.count("lock closed") == 1
    assert noted.count("unlocked") == 1


async def test_a_restart_gives_no_more_tries(house: House, locked: Guest) -> None:
    await shows(locked)
    await locked.says(WRONG, WRONG)
    await house.restart()
    await locked.says(WRONG)
    await shows(locked)
    assert "Too many wrong tries" in locked.newest.text


async def test_a_passcode_is_asked_twice_and_an_easy_one_is_refused(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/lock")
    await alice.presses("Set a passcode")
    assert "guessed first" in (await alice.says("1234")).text
    assert "a number of yours" in (await alice.says(KIOSK[-5:])).text
    assert "a number of yours" in (await alice.says(YUAN)).text
    await alice.says(PASSCODE)
    assert "not the same" in (await alice.says(WRONG)).text
    await alice.says(OTHER, OTHER)
    assert "Your passcode is set" in alice.newest.text
    assert alice.wrote == ["/bind", "/lock"]
    await closes(alice)
    await shows(alice)
    await alice.says(OTHER)
    assert alice.sees(KIOSK)


async def test_changing_and_removing_it_need_it_however_open_the_lock_is(
    house: House, locked: Guest
) -> None:
    await locked.says("/lock")
    await locked.presses("Change passcode")
    await locked.says(PASSCODE, OTHER, OTHER)
    await locked.says("/lock")
    await locked.presses("Remove passcode")
    await locked.says(PASSCODE)
    assert (await lock_of(house, locked)).passcode is not None
    await locked.says(OTHER)
    assert (await lock_of(house, locked)).passcode is None
    await shows(locked)
    assert locked.sees(KIOSK)


async def test_a_passcode_that_cannot_be_deleted_is_not_used(house: House, locked: Guest) -> None:
    await shows(locked)
    house.telegram.fail("deleteMessage", status=400)
    await locked.says(PASSCODE)
    assert locked.sees("I have not used it")
    assert not locked.sees(KIOSK)
    assert (await lock_of(house, locked)).unlocked_until is None


async def test_a_card_being_bound_is_not_lost_to_the_lock(house: House, locked: Guest) -> None:
    await locked.says("/cards")
    await locked.presses("🗑")
    asking = locked.newest
    await locked.says("/bind", YUAN)
    await locked.presses("Yes, remove", message=asking)
    assert any("Finish the card" in notice for notice in locked.person.notices)
    await locked.says(PIN)
    assert len(await house.kabao.parts.store.cards.list(locked.id)) == 2


async def test_with_two_step_the_passcode_alone_opens_nothing_and_no_code_counts_twice(
    house: House, locked: Guest
) -> None:
    key, _ = await two_step(house, locked)
    used = second_step.code_of(key, house.clock())
    await closes(locked)
    await shows(locked)
    await locked.says(PASSCODE)
    assert "6 digits" in locked.newest.text
    await locked.says(used)
    assert "not right" in locked.newest.text
    assert not locked.sees(KIOSK)
    await house.passes(seconds=30)
    await locked.says(second_step.code_of(key, house.clock()))
    assert locked.sees(KIOSK)


async def test_wrong_codes_close_the_lock_although_the_passcode_is_right(
    house: House, locked: Guest
) -> None:
    await two_step(house, locked)
    await closes(locked)
    for _ in range(3):
        await shows(locked)
        await locked.says(PASSCODE, "000000")
    assert "Too many wrong tries" in "".join(locked.told)
    assert (await lock_of(house, locked)).failures == 3


async def test_the_picture_and_the_codes_go_away_by_themselves(house: House, locked: Guest) -> None:
    await two_step(house, locked)
    assert "Recovery codes\n" in "".join(locked.told)
    await house.restart()
    await house.passes(seconds=121)
    assert "Recovery codes\n" not in "".join(locked.told)
    assert "authenticator app, such as" not in "".join(locked.told)


async def test_a_recovery_code_counts_once_instead_of_the_six_digits(
    house: House, locked: Guest
) -> None:
    _, codes = await two_step(house, locked)
    await closes(locked)
    await shows(locked)
    await locked.says(PASSCODE, codes[0].upper())
    assert locked.sees(KIOSK)
    assert locked.sees("A recovery code was used; codes left: 9")
    assert "recovery code used" in await actions(house, locked)
    await house.passes(minutes=2)
    await closes(locked)
    await shows(locked)
    await locked.says(PASSCODE, codes[0])
    assert "not right" in locked.newest.text
    assert not locked.sees(KIOSK)


async def test_who_forgot_it_gets_in_at_once_by_a_recovery_code_even_while_it_is_closed(
    house: House, locked: Guest
) -> None:
    _, codes = await two_step(house, locked)
    await closes(locked)
    await shows(locked)
    await locked.says(WRONG, WRONG, WRONG)
    await shows(locked)
    await locked.presses("I forgot it")
    await locked.presses("I have a recovery code")
    await locked.says(codes[3])
    assert "Your passcode is removed" in "".join(locked.told)
    lock = await lock_of(house, locked)
    assert (lock.passcode, lock.totp, lock.failures) == (None, None, 0)
    assert not any(code in locked.wrote for code in codes)


async def test_only_ones_own_phone_number_is_taken_and_shown_masked(
    house: House, locked: Guest, bob: Guest
) -> None:
    await locked.says("/lock")
    await locked.presses("Add phone number")
    await locked.says(PASSCODE)
    await house.settled(await locked.person.shares_contact(bob.person))
    assert "not your own number" in locked.newest.text
    await house.settled(await locked.person.shares_contact())
    number = (await lock_of(house, locked)).phone
    assert number is not None
    assert f"*** **** {number[-4:]}" in "".join(locked.told)
    assert number[1:] not in "".join(locked.told)
    assert "phone bound" in await actions(house, locked)


async def test_a_forgotten_passcode_is_lifted_a_day_after_the_phone_number_was_given(
    house: House, locked: Guest
) -> None:
    await locked.says("/lock")
    await locked.presses("Add phone number")
    await locked.says(PASSCODE)
    await house.settled(await locked.person.shares_contact())
    await closes(locked)
    await shows(locked)
    await locked.presses("I forgot it")
    await locked.presses("By my phone number")
    await house.settled(await locked.person.shares_contact())
    assert locked.sees("Your passcode will be removed")
    await house.passes(hours=22)
    await house.restart()
    assert (await lock_of(house, locked)).passcode is not None
    await house.passes(hours=1)
    told = [text for text in locked.told if "If you do not want that, keep it" in text]
    assert len(told) == 1
    await house.passes(minutes=59)
    assert (await lock_of(house, locked)).passcode is not None
    await house.restart()
    await house.passes(minutes=1)
    assert (await lock_of(house, locked)).passcode is None
    assert "recovery asked" in await actions(house, locked)
    assert "passcode lifted" in await actions(house, locked)


async def test_without_code_or_phone_it_takes_a_week_and_one_press_stops_it(
    house: House, locked: Guest
) -> None:
    await shows(locked)
    await locked.presses("I forgot it")
    await locked.presses("By waiting")
    await house.passes(hours=7 * DAY - 1)
    await locked.presses("Keep the passcode")
    await house.passes(hours=2)
    assert (await lock_of(house, locked)).passcode is not None
    assert "recovery cancelled" in await actions(house, locked)


async def test_nothing_is_lifted_before_its_owner_was_told_an_hour_ahead(
    house: House, locked: Guest
) -> None:
    await shows(locked)
    await locked.presses("I forgot it")
    await locked.presses("By waiting")
    await house.passes(hours=8 * DAY)
    assert locked.sees("If you do not want that, keep it")
    assert (await lock_of(house, locked)).passcode is not None
    await house.passes(hours=1)
    assert (await lock_of(house, locked)).passcode is None


async def test_who_still_knows_it_ends_the_wait_by_using_it(house: House, locked: Guest) -> None:
    await shows(locked)
    await locked.presses("I forgot it")
    await locked.presses("By waiting")
    await shows(locked)
    await locked.says(PASSCODE)
    assert (await lock_of(house, locked)).reset_at is None


async def test_balances_are_covered_too_if_one_wants(locked: Guest) -> None:
    await locked.says("/lock")
    await locked.presses("Ask before balances too")
    await locked.says(PASSCODE)
    await locked.says("/balance")
    amount = next(text for text in locked.told if "Kiosk" in text)
    await closes(locked)
    for wanted in ("/balance", "/history", "/cards", "coffee 12"):
        await locked.says(wanted)
        assert "Send your passcode" in locked.newest.text, wanted
        await locked.says("/cancel")
    for open_to_all in ("/help", "/privacy", "/language", "/start"):
        assert "Send your passcode" not in (await locked.says(open_to_all)).text
    await locked.says("/balance")
    await locked.says(PASSCODE)
    assert amount.splitlines()[0] in "".join(locked.told)


async def test_a_pasted_number_does_not_stay_in_the_chat_while_balances_are_covered(
    house: House, locked: Guest
) -> None:
    await locked.says("/lock")
    await locked.presses("Ask before balances too")
    await locked.says(PASSCODE)
    await closes(locked)
    await locked.says(YUAN)
    assert YUAN not in locked.wrote
    await locked.says("/cancel")
    await locked.says(f"/bind {YUAN}")
    assert not any(YUAN in text for text in locked.wrote)
    assert len(await house.kabao.parts.store.cards.list(locked.id)) == 1


async def test_the_lock_speaks_chinese(ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.says("/lock")
    await ming.presses("设置解锁密码")
    await ming.says(PASSCODE, PASSCODE)
    assert "解锁密码已设置" in ming.newest.text
    await closes(ming)
    await shows(ming)
    assert "请发送解锁密码" in ming.newest.text
    assert "不对" in (await ming.says(WRONG)).text
    await ming.says(PASSCODE)
    assert ming.sees(KIOSK)


async def test_no_passcode_code_or_phone_number_is_found_anywhere(tmp_path: Path) -> None:
    passcode, wrong = "paper boats at sea", "paper boats on land"
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        async with House(tmp_path, log_level="DEBUG") as house:
            logs.set_up("DEBUG", secrets=[], stream=stream)
            alice = house.guest("Alice")
            await alice.binds(KIOSK)
            await locks(alice, passcode)
            await alice.says("/lock")
            await alice.presses("Turn two-step on")
            await alice.says(passcode)
            key = key_shown(alice)
            await alice.says(second_step.code_of(key, house.clock()))
            codes = codes_shown(alice)
            await closes(alice)
            await shows(alice)
            await alice.says(wrong, passcode, codes[0])
            await alice.says("/lock")
            await alice.presses("Add phone number")
            await house.passes(seconds=30)
            await alice.says(passcode, second_step.code_of(key, house.clock()))
            await house.settled(await alice.person.shares_contact())
            number = (await lock_of(house, alice)).phone
            house.telegram.fail("sendMessage", status=500)
            await alice.says("/lock now")
    finally:
        logging.basicConfig(level=before[1], handlers=before[0], force=True)
    assert number is not None
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    found = b"".join([*files, stream.getvalue().encode()])
    spelled = second_step.spelled(key)
    secrets = [passcode, wrong, number[1:], spelled, spelled.replace(" ", ""), key.hex(), *codes]
    secrets += [code.replace("-", "") for code in codes]
    assert [secret for secret in secrets if secret.encode() in found] == []
    assert len(stream.getvalue()) > 5_000
