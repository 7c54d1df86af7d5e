from __future__ import annotations

import asyncio

import pytest

from bot.playground.demo_cards import DemoCard
from tests.house import KIOSK, PIN, SLOW, YUAN, Guest, House

CROWD = 50


async def test_a_slow_issuer_delays_nobody_else(house: House, alice: Guest, bob: Guest) -> None:
    await alice.binds(KIOSK)
    await bob.says("/bind")
    house.issuer.slow = 30
    await bob.person.says(SLOW)
    await bob.person.finds("Asking")
    await alice.person.says("/balance")
    await alice.person.finds("CN¥161.50")
    assert bob.sees("Asking")
    await bob.person.says("/cancel")
    await bob.person.finds("Cancelled")


async def test_a_slow_card_does_not_hold_up_the_others_on_ones_own_panel(
    house: House, alice: Guest
) -> None:
    house.issuer.slow = 0
    await alice.binds(SLOW)
    await alice.binds(KIOSK)
    house.issuer.slow = 30
    house.issuer.spend(KIOSK, 150)
    house.clock.advance(3600)
    await alice.person.says("/balance")
    await alice.person.finds("CN¥160.00")
    assert alice.sees("CN¥30.00")


async def test_somebody_whom_telegram_is_slow_to_reach_delays_nobody_else(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.hang("sendMessage", times=None, match=lambda call: call["chat_id"] == bob.id)
    for _ in range(5):
        await bob.person.says("/help")
    assert "CN¥161.50" in (await alice.says("/balance")).text
    house.telegram.heal()
    await bob.person.finds("/balance")


async def test_an_alert_that_telegram_is_slow_to_take_delays_no_other(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    await bob.binds(KIOSK)
    house.telegram.hang("sendMessage", times=None, match=lambda call: call["chat_id"] == bob.id)
    house.issuer.spend(KIOSK, 14000)
    house.clock.advance(7 * 3600)
    settling = asyncio.create_task(house.settled())
    await alice.person.finds("runs low: CN¥21.50")
    await alice.person.says("/bind")
    await alice.person.finds("number")
    house.telegram.heal()
    await settling
    assert bob.sees("runs low")


async def test_what_one_person_writes_is_answered_in_the_order_it_was_written(
    house: House, alice: Guest
) -> None:
    names = [f"name {n}" for n in range(8)]
    await alice.says("/bind", "AB-778899001", "Corner shop", "200 USD")
    house.telegram.latency = 0.02
    updates = [await alice.person.says(f"/balance {name}") for name in names]
    for update in updates:
        await house.settled(update)
    asked = [text for text in alice.told if "is called" in text]
    assert [text.split("“")[1].split("”")[0] for text in asked] == names


async def test_a_dialogue_typed_ahead_without_waiting_comes_out_right(
    house: House, alice: Guest
) -> None:
    house.telegram.latency = 0.01
    for text in ("/bind", "6288 0000 0000 1001"):
        await alice.person.says(text)
    await house.settled(await alice.person.says(PIN))
    assert alice.sees("Bound")
    assert alice.wrote == ["/bind"]


async def test_fifty_people_bind_ask_and_are_warned_at_once_each_about_their_own_card(
    house: House,
) -> None:
    crowd = [house.guest(f"Guest {n}", "en" if n % 2 else "zh-hans") for n in range(CROWD)]
    numbers = [f"7700{n:08}" for n in range(CROWD)]
    for n, number in enumerate(numbers):
        house.issuer._cards[number] = DemoCard(number, "CNY", {}, balance=10_000 + n)
    await asyncio.gather(*(g.binds(n) for g, n in zip(crowd, numbers, strict=True)))
    for n, guest in enumerate(crowd):
        assert guest.sees(f"¥100.{n:02}")
        assert guest.sees(f"·{numbers[n][-4:]}")
        assert numbers[n] not in "".join(guest.told + guest.wrote)
    for number in numbers:
        house.issuer.spend(number, 9_000)
    await house.passes(hours=7)
    for n, guest in enumerate(crowd):
        assert guest.sees(f"¥10.{n:02}")
        for other in (n - 1, (n + 1) % CROWD):
            assert not guest.sees(f"·{numbers[other][-4:]}")


async def test_two_people_binding_the_same_card_at_once_each_have_it_once(
    alice: Guest, bob: Guest
) -> None:
    await asyncio.gather(alice.binds(YUAN, PIN), bob.binds(YUAN, PIN))
    for guest in (alice, bob):
        await guest.says("/cards")
        assert guest.sees("You have 1 card")


@pytest.mark.parametrize("presses", [2, 5])
async def test_a_button_pressed_in_haste_does_its_work_once(
    house: House, alice: Guest, presses: int
) -> None:
    await alice.binds(KIOSK)
    house.issuer.latency = 0.05
    house.issuer.requests = 0
    updates = [await alice.person.presses("Refresh") for _ in range(presses)]
    for update in updates:
        await house.settled(update)
    assert 1 <= house.issuer.requests <= presses
    assert not alice.sees("Sorry")
    assert alice.sees("CN¥161.50")
