"""Whoever keeps balances behind their passcode reads no amount in what the bot says by itself."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.house import KIOSK, Guest, House
from tests.journeys.test_chinese import english_in
from tests.journeys.test_history import WITHOUT_HISTORY
from tests.journeys.test_reconcile import books
from tests.journeys.test_reminders import BAKERY, DAY, NUMBER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.playground import Seen

PASSCODE = "harbour 83"
AMOUNT = re.compile(r"[¥$€]|CNY|\d[.,]\d\d")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "issuers"
    folder.mkdir()
    (folder / "corner.toml").write_text(WITHOUT_HISTORY, encoding="utf-8")
    (folder / "bakery.toml").write_text(BAKERY, encoding="utf-8")
    async with House(tmp_path, issuers_dir=str(folder)) as opened:
        yield opened


async def covers(house: House, guest: Guest, *, covered: bool = True) -> None:
    """Have a passcode that balances are behind, too, and be locked."""
    await house.kabao.parts.store.locks.change(
        guest.id,
        passcode=await house.kabao.parts.passcodes.hashed(PASSCODE),
        covers_balances=covered,
        unlocked_until=None,
    )


async def spends(house: House, minor: int) -> None:
    house.issuer.spend(KIOSK, minor)
    await house.passes(hours=7)


def since(guest: Guest, before: Seen) -> list[Seen]:
    return [one for one in guest.person.chat if one.by_bot and one.id > before.id]


async def bound(house: House, guest: Guest, button: str = "") -> Seen:
    """Have the kiosk's card, of the issuer that is chosen if one has to be."""
    await guest.says("/bind", KIOSK)
    if button:
        await guest.presses(button)
    await house.passes(minutes=5)
    await covers(house, guest)
    return guest.newest


async def test_a_card_that_runs_low_is_told_by_its_name_alone(house: House, alice: Guest) -> None:
    before = await bound(house, alice, "Kiosk")
    await spends(house, 14000)
    (told,) = since(alice, before)
    assert told.text == "🟠 Kiosk Card ·2001 runs low."
    assert told.labels == ["💳 The card", "💤 For a day", "💤 For a week"]


async def test_its_button_leads_to_the_passcode_and_then_to_the_card(
    house: House, alice: Guest
) -> None:
    await bound(house, alice, "Kiosk")
    await spends(house, 14000)
    asked = await alice.presses("💳 The card")
    assert "Send your passcode" in asked.text
    assert not any(AMOUNT.search(one.text) for one in since(alice, asked))
    await alice.says(PASSCODE)
    assert alice.sees("CN¥21.50")


async def test_that_a_card_is_empty_is_not_told_apart_from_low(house: House, alice: Guest) -> None:
    before = await bound(house, alice, "Kiosk")
    await spends(house, 16150)
    (told,) = since(alice, before)
    assert told.text == "🟠 Kiosk Card ·2001 runs low."


async def test_a_reminder_has_no_amount(house: House, alice: Guest) -> None:
    before = await bound(house, alice, "Kiosk")
    await spends(house, 14000)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.wallet.snooze(alice.id, card.id, house.clock() + timedelta(hours=24))
    await house.passes(hours=25)
    *_, told = since(alice, before)
    assert told.text == "⏰ Kiosk Card ·2001 is still low."
    assert told.labels == ["💳 The card", "💤 For a day", "💤 For a week"]


async def test_what_does_not_add_up_is_told_without_any_amount(house: House, alice: Guest) -> None:
    before = await bound(house, alice, "Corner")
    await books(house, alice, -1250, "Noodles")
    await spends(house, 2000)
    (told,) = since(alice, before)
    assert told.text == "🧾 Corner Card ·2001 does not add up."
    assert told.labels == ["💳 The card"]


async def test_whether_it_is_still_right_is_asked_without_the_amount(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", NUMBER)
    await alice.presses("Bakery")
    await alice.says("Bakery", "200")
    await covers(house, alice)
    before = alice.newest
    await house.passes(hours=30 * DAY + 1)
    (asked,) = since(alice, before)
    assert asked.text == "Is the balance of Bakery ·8899 still right?"
    assert asked.labels == ["💳 The card"]


async def test_what_was_not_told_counts_as_unknown_to_them(house: House, alice: Guest) -> None:
    before = await bound(house, alice, "Kiosk")
    await spends(house, 14000)
    house.issuer.top_up(KIOSK, 14000)
    await house.passes(hours=7)
    await covers(house, alice, covered=False)
    await spends(house, 14500)
    *_, told = since(alice, before)
    assert "CN¥16.50" in told.text
    assert "CN¥145.00 less than" in told.text


async def test_a_passcode_that_does_not_cover_balances_hides_none(
    house: House, alice: Guest
) -> None:
    before = await bound(house, alice, "Kiosk")
    await covers(house, alice, covered=False)
    await spends(house, 14000)
    (told,) = since(alice, before)
    assert "runs low: CN¥21.50" in told.text


async def test_xiaoming_reads_it_in_chinese(house: House, ming: Guest) -> None:
    before = await bound(house, ming, "小店")
    await spends(house, 14000)
    (told,) = since(ming, before)
    assert told.text == "🟠 小店卡 ·2001 余额不足"
    assert not AMOUNT.search(told.text)
    assert english_in(ming) == []


async def test_what_is_on_screen_is_hidden_also_when_the_lock_has_closed_meanwhile(
    house: House, alice: Guest
) -> None:
    await bound(house, alice, "Kiosk")
    await alice.says("/show", PASSCODE)
    assert alice.sees(KIOSK)
    await covers(house, alice)
    await alice.presses("Hide now")
    assert not alice.sees(KIOSK)
    assert not alice.sees("Send your passcode")


async def test_a_number_waits_for_the_passcode(house: House, alice: Guest) -> None:
    await bound(house, alice, "Kiosk")
    await covers(house, alice, covered=False)
    await alice.says("/cards")
    await alice.presses("Kiosk Card")
    asked = await alice.presses("Show number")
    assert "Send your passcode" in asked.text
    assert not alice.sees(KIOSK)
    await alice.says("wrong one")
    assert not alice.sees(KIOSK)
    await alice.says(PASSCODE)
    assert alice.newest.protected
    assert KIOSK in alice.newest.text
    await house.passes(minutes=1)
    assert not alice.sees(KIOSK)
