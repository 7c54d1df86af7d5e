"""What somebody can do who holds another person's unlocked phone or Telegram session."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from bot import passcodes
from bot.second_step import code_of
from tests.house import PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from bot.playground import Seen

PASSCODE = "tortoise-583014"


@pytest.fixture
async def locked(house: House, alice: Guest) -> Guest:
    """Alice has a card and a passcode, and her session is somebody else's now."""
    await alice.binds(YUAN, PIN)
    await alice.says("/lock")
    await alice.presses("Set a passcode")
    await alice.says(PASSCODE, PASSCODE)
    await house.passes(minutes=6)
    return alice


async def wants(guest: Guest, *, number: str = "1001") -> Seen:
    """Ask to see the number."""
    await guest.says(f"/cards {number}")
    return await guest.presses("Show number")


async def test_a_number_is_shown_only_after_the_passcode(house: House, locked: Guest) -> None:
    assert "passcode" in (await wants(locked)).text
    await locked.says("/cancel", "/forget")
    await locked.presses("Yes, erase everything")
    await locked.says("/cancel", "/cards 1001")
    await locked.presses("Remove")
    await locked.presses("Yes, remove")
    await locked.says("/cancel", "/show 1001", "/cancel")
    (card,) = await house.kabao.parts.store.cards.list(locked.id)
    for data in (f"reveal:{card.id}", f"removed:{card.id}", "forgotten"):
        await locked.forges(data)
    assert not any(YUAN in text for text in locked.told)
    await locked.says("/cancel")
    await wants(locked)
    await locked.says(PASSCODE)
    assert locked.sees(YUAN)


async def test_a_passcode_cannot_be_guessed(house: House, locked: Guest) -> None:
    looked = 0
    right = passcodes.Passcodes.matches

    async def counted(self: passcodes.Passcodes, passcode: str, phc: str) -> bool:
        nonlocal looked
        looked += 1
        return await right(self, passcode, phc)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passcodes.Passcodes, "matches", counted)
        for one in range(60):
            await wants(locked)
            await locked.says(f"guess {one}")
            await house.passes(minutes=20)
        assert looked == 10
        await wants(locked)
        await locked.says(PASSCODE)
        assert not locked.sees(YUAN)
    assert "Too many wrong tries" in "\n".join(locked.told)
    await house.passes(hours=25)
    await wants(locked)
    await locked.says(PASSCODE)
    assert locked.sees(YUAN)


async def test_a_number_on_screen_is_gone_after_a_minute_also_when_the_bot_was_restarted_in_between(
    house: House, locked: Guest
) -> None:
    await wants(locked)
    shown = await locked.says(PASSCODE)
    assert YUAN in shown.text
    assert shown.protected
    await house.stop()
    house.clock.advance(60)
    await house.start()
    assert not locked.sees(YUAN)


async def test_a_code_of_the_second_step_is_taken_once(house: House, locked: Guest) -> None:
    await locked.says("/lock")
    await locked.presses("Turn two-step on")
    await locked.says(PASSCODE)
    (shown,) = [one for one in locked.person.chat if one.file == "photo"]
    key = base64.b32decode("".join(shown.text.splitlines()[1].split()))
    await locked.says(code_of(key, house.clock()))
    assert locked.sees("Two-step is on")
    await house.passes(minutes=6)
    code = code_of(key, house.clock())
    await wants(locked)
    await locked.says(PASSCODE, code)
    assert locked.sees(YUAN)
    await locked.presses("Hide now")
    await locked.says("/lock")
    await locked.presses("Lock now")
    await wants(locked)
    await locked.says(PASSCODE, code)
    assert not locked.sees(YUAN)


async def test_without_the_passcode_a_lock_is_lifted_only_after_a_wait_that_its_holder_is_told_of(
    house: House, locked: Guest
) -> None:
    await wants(locked)
    await locked.presses("I forgot it")
    await locked.presses("By waiting: 7 days")
    assert locked.sees("Your passcode will be removed")
    await house.passes(hours=24 * 6)
    await wants(locked)
    assert not locked.sees(YUAN)
    await locked.says("/cancel")
    before = len(locked.told)
    await house.passes(hours=23)
    assert "Your passcode will be removed" in locked.told[-1]
    assert len(locked.told) == before + 1
    await locked.presses("Keep the passcode")
    await house.passes(hours=48)
    assert "passcode" in (await wants(locked)).text
    assert not locked.sees(YUAN)
