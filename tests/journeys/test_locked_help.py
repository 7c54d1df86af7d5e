"""Help stays within reach of somebody whose lock is closed, and shows nothing of a card."""

from __future__ import annotations

import pytest

from tests.house import KIOSK, Guest, House
from tests.journeys.test_covered_alerts import PASSCODE, covers


@pytest.fixture
async def covered(house: House, alice: Guest) -> Guest:
    """Alice has a card, and a closed lock that balances are behind."""
    await alice.binds(KIOSK)
    await house.passes(minutes=1)
    await covers(house, alice)
    return alice


async def test_a_request_is_written_and_added_to_without_the_passcode(
    house: House, covered: Guest
) -> None:
    await covered.says("/tickets")
    await covered.presses("Write to a person")
    assert "Write what it is about" in covered.newest.text
    await covered.says("I have forgotten my passcode")
    assert "Request #1 is on its way" in covered.newest.text
    await covered.presses("My requests")
    await covered.presses("#1")
    await covered.presses("Write more")
    assert "Write what it is about" in covered.newest.text
    await covered.says("Since yesterday")
    said = await house.kabao.parts.store.tickets.messages(covered.id, 1, limit=9)
    assert {one.text for one in said} == {"I have forgotten my passcode", "Since yesterday"}
    assert not any("Send your passcode" in one for one in covered.told)


async def test_a_look_at_a_card_asks_for_the_passcode_and_then_goes_on(
    house: House, covered: Guest
) -> None:
    (card,) = await house.kabao.parts.store.cards.list(covered.id)
    await covered.forges(f"diagnose:{card.id}:balance")
    assert "Send your passcode" in covered.newest.text
    await covered.says("/support")
    await covered.presses("Cancel")
    await covered.says("/support")
    assert "Send your passcode" in covered.newest.text
    await covered.says(PASSCODE)
    assert "What is the matter?" in covered.newest.text
    await covered.presses("Write to a person")
    await covered.says("The till refused it")
    assert "Request #1 is on its way" in covered.newest.text


async def test_a_request_about_a_card_goes_on_though_the_lock_closes_meanwhile(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/support")
    await alice.presses("A payment was refused")
    await alice.presses("Write to a person")
    await covers(house, alice)
    await alice.presses("Tell them which card")
    await alice.says("At the corner till")
    assert "Request #1 is on its way" in alice.newest.text
    assert await house.kabao.parts.store.tickets.messages(alice.id, 1, limit=1)
