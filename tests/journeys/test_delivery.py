from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot import delivery
from bot.money import Money
from bot.playground.limits import Limits
from tests.house import DOLLARS, KIOSK, PIN, YEN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.playground.telegram import Telegram

# The kiosk card holds 161.50 when it is bound, so that it warns below 32.30, a fifth of it.


async def falls_low(house: House, number: str = KIOSK, minor: int = 14000) -> None:
    """Let a card cross its threshold, and the next reading on schedule find it."""
    house.issuer.spend(number, minor)
    await house.passes(hours=7)


def warnings(guest: Guest) -> list[str]:
    """Tell alerts from other messages by their buttons."""
    return [m.text for m in guest.person.chat if any("💤" in label for label in m.labels)]


def to(guest: Guest) -> Callable[[dict[str, Any]], bool]:
    return lambda call: call["chat_id"] == guest.id


async def test_a_429_is_obeyed(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    refusal = house.telegram.fail("sendMessage", retry_after=120)
    await falls_low(house)
    assert refusal.hits == 1
    sends = len(house.telegram.called("sendMessage"))
    await house.passes(seconds=115)
    assert len(house.telegram.called("sendMessage")) == sends
    await house.passes(seconds=10)
    assert len(warnings(alice)) == 1


@pytest.mark.parametrize("trouble", ["502", "reset", "garbage", "500 in HTML", "401"])
async def test_what_may_pass_is_tried_again_later_and_later(
    house: House, alice: Guest, trouble: str
) -> None:
    await alice.binds(KIOSK)
    cause(house.telegram, trouble)
    await falls_low(house)
    tries = len(house.telegram.called("sendMessage"))
    assert warnings(alice) == []
    waits = []
    waited = 0
    for _ in range(120):
        await house.passes(seconds=5)
        waited += 5
        if (now := len(house.telegram.called("sendMessage"))) > tries:
            waits.append(waited)
            tries, waited = now, 0
    assert waits == [10, 20, 40, 80, 160]
    house.telegram.heal()
    await house.passes(hours=1)
    assert len(warnings(alice)) == 1


def cause(telegram: Telegram, trouble: str) -> None:
    match trouble:
        case "reset":
            telegram.reset("sendMessage", times=None)
        case "garbage":
            telegram.garble("sendMessage", status=200, body=b"\x00\xff not JSON", times=None)
        case "500 in HTML":
            telegram.garble("sendMessage", status=500, times=None)
        case status:
            telegram.fail("sendMessage", status=int(status), times=None)


async def test_an_answer_that_got_lost_may_tell_a_person_twice_but_never_not_at_all(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.lose("sendMessage")
    await falls_low(house)
    await house.passes(minutes=1)
    assert 1 <= len(warnings(alice)) <= 2
    await house.passes(hours=48)
    assert len(warnings(alice)) <= 2


async def test_a_bot_restarted_in_the_middle_of_the_trouble_still_tells(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail("sendMessage", status=502, times=None)
    await falls_low(house)
    await house.stop()
    house.telegram.heal()
    await house.start()
    await house.passes(seconds=15)
    assert len(warnings(alice)) == 1


async def test_who_blocked_the_bot_is_left_in_peace_until_they_write_again(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.person.blocks()
    await falls_low(house)
    await house.passes(hours=200)
    sends = len(house.telegram.called("sendMessage"))
    await house.passes(hours=200)
    assert len(house.telegram.called("sendMessage")) == sends
    assert warnings(alice) == []
    await alice.person.unblocks()
    await house.passes(hours=1)
    assert warnings(alice) == []
    await alice.says("/help")
    await house.passes(seconds=1)
    assert len(warnings(alice)) == 1


async def test_a_block_that_is_only_seen_when_sending_is_remembered_over_a_restart(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    # Telegram's word of it can be lost: the update is dropped before the bot sees it.
    house.telegram.world.updates.allowed = frozenset({"message", "callback_query"})
    await alice.person.blocks()
    await falls_low(house)
    refused = len(house.telegram.called("sendMessage"))
    await house.restart()
    await house.passes(hours=200)
    assert len(house.telegram.called("sendMessage")) == refused
    await alice.says("/balance")
    await house.passes(seconds=1)
    assert len(warnings(alice)) == 1


async def test_a_deleted_account_stops_nobody_else(house: House, alice: Guest, bob: Guest) -> None:
    await alice.binds(KIOSK)
    await bob.binds(KIOSK)
    gone = house.telegram.fail(
        "sendMessage",
        status=403,
        description="Forbidden: user is deactivated",
        times=None,
        match=to(alice),
    )
    await falls_low(house)
    await house.passes(hours=200)
    assert gone.hits == 1
    assert len(warnings(bob)) == 1


async def test_a_threshold_lowered_while_the_alert_waited_is_respected(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail("sendMessage", status=502, times=1)
    await falls_low(house)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    await alice.presses("10%")
    await house.passes(hours=1)
    assert warnings(alice) == []
    await falls_low(house, minor=1000)
    assert "Your threshold is CN¥16.15" in warnings(alice)[0]


async def test_alerts_switched_off_while_one_waited_stay_off(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail("sendMessage", status=502, times=1)
    await falls_low(house)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    await alice.presses("Switch off")
    await house.passes(hours=1)
    assert warnings(alice) == []


async def test_an_alert_that_comes_late_says_what_is_on_the_card_now(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.person.blocks()
    await falls_low(house)
    house.issuer.top_up(KIOSK, 10000)
    await house.passes(hours=7)
    await alice.says("/help")
    await house.passes(seconds=1)
    (told,) = warnings(alice)
    assert "runs low: CN¥21.50" in told
    assert "Read 7 hours ago" in told
    assert "Now: CN¥121.50  Enough" in told


async def test_an_alert_about_a_card_that_expired_meanwhile_says_so(
    house: House, alice: Guest
) -> None:
    tomorrow = datetime(2026, 11, 25, tzinfo=UTC)
    house.issuer.card(KIOSK).expires_on = tomorrow.date().isoformat()
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    await alice.says("18:30-8")
    await falls_low(house)
    house.issuer.card(KIOSK).expires_on = "2026-11-23"
    await house.passes(hours=14)
    (told,) = warnings(alice)
    assert "Expired" in told


async def test_a_card_removed_while_its_alert_waited_is_not_told_of(
    house: House, alice: Guest
) -> None:
    bound = await alice.binds(KIOSK)
    house.telegram.fail("sendMessage", status=502, times=1)
    await falls_low(house)
    await alice.presses("Remove", message=bound)
    await alice.presses(1)
    await house.passes(hours=1)
    assert warnings(alice) == []


async def test_an_alert_that_crashes_stops_no_other(
    house: House, alice: Guest, bob: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    """The words of one alert are damaged on the disk; it is put off, and the others go out."""
    await alice.binds(KIOSK)
    await bob.binds(KIOSK)
    house.telegram.fail("sendMessage", status=502, times=2)
    await falls_low(house)
    with sqlite3.connect(house.database) as raw:
        raw.execute("UPDATE outbox SET payload = x'0011' WHERE owner_id = ?", (alice.id,))
    raw.close()
    await house.passes(minutes=1)
    assert len(warnings(bob)) == 1
    assert warnings(alice) == []
    await alice.binds(YUAN, PIN)
    await falls_low(house, YUAN, 19000)
    assert len(warnings(alice)) == 1
    assert "does not open" in caplog.text


async def test_one_that_telegram_takes_long_over_does_not_hold_up_what_comes_up_meanwhile(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with House(tmp_path, tick_seconds="0.05") as house:
        alice, bob = house.guest("Alice"), house.guest("Bob")
        await alice.binds(KIOSK)
        await bob.says("/bind", "AB-778899001", "Corner shop", "200 USD")
        stuck = house.telegram.hang("sendMessage", match=to(alice))
        house.issuer.spend(KIOSK, 14000)
        house.clock.advance(7 * 3600)
        await until(lambda: stuck.hits == 1)
        (card,) = await house.kabao.parts.store.cards.list(bob.id)
        await house.kabao.parts.bookings.set(bob.id, card.id, Money(1500, "USD"))
        await bob.person.finds("runs low: $15.00")
        assert "is tried again" not in caplog.text  # hers has not even failed yet
        house.telegram.heal()
        await alice.person.finds("runs low: CN¥21.50")


async def test_a_bot_that_is_stopped_while_it_tells_does_not_tell_again(tmp_path: Path) -> None:
    async with House(tmp_path, tick_seconds="0.05") as house:
        alice = house.guest("Alice")
        await alice.binds(KIOSK)
        stuck = house.telegram.hang("sendMessage", match=to(alice))
        house.issuer.spend(KIOSK, 14000)
        house.clock.advance(7 * 3600)
        await until(lambda: stuck.hits == 1)
        (telling,) = [t for t in asyncio.all_tasks() if t.get_name() == "delivering alerts"]
        stopping = asyncio.create_task(house.stop())
        await until(lambda: telling.cancelling() > 0)
        house.telegram.heal()
        await stopping
        await alice.person.finds("runs low: CN¥21.50")
        await house.start()
        await house.passes(minutes=5)
        assert len(warnings(alice)) == 1


async def test_a_bot_that_is_stopped_does_not_wait_for_ever_and_tells_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STOP_SECONDS", 0.05)
    async with House(tmp_path, tick_seconds="0.05") as house:
        alice = house.guest("Alice")
        await alice.binds(KIOSK)
        stuck = house.telegram.hang("sendMessage", match=to(alice))
        house.issuer.spend(KIOSK, 14000)
        house.clock.advance(7 * 3600)
        await until(lambda: stuck.hits == 1)
        await house.restart()
        await house.passes(minutes=5)
        assert len(warnings(alice)) == 1


async def test_a_send_never_outlasts_its_lease(
    house: House, alice: Guest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert delivery.SEND_SECONDS < delivery.LEASE_SECONDS
    monkeypatch.setattr(delivery, "SEND_SECONDS", 0.05)
    await alice.binds(KIOSK)
    house.telegram.hang("sendMessage", match=to(alice))
    await falls_low(house)
    assert "took too long" in caplog.text
    assert warnings(alice) == []
    await house.passes(seconds=10)
    assert len(warnings(alice)) == 1


async def until(true: Callable[[], bool]) -> None:
    """Let the others go on until something has come true."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what others did raises no event here
            await asyncio.sleep(0)


async def test_sixty_alerts_and_several_to_one_person_stay_within_telegrams_limits(
    house: House, alice: Guest
) -> None:
    crowd = [house.guest(f"Guest {n}") for n in range(60)]
    for guest in crowd:  # all of one number at once would look like a number that is guessed at
        await guest.binds(KIOSK)
    hers = ((KIOSK, None), (YUAN, PIN), (DOLLARS, PIN), (YEN, PIN))
    for number, pin in hers:
        await alice.binds(number, pin)
        house.issuer.spend(number, house.issuer.card(number).balance - 1)
    house.telegram.world.limits = limits = Counted(lambda: datetime.now(UTC))
    await house.passes(hours=7)
    assert Counter(len(warnings(guest)) for guest in crowd) == {1: 60}
    assert len(warnings(alice)) == len(hers)
    assert limits.refused == 0


class Counted(Limits):
    """Telegram's limits, and how often they were met."""

    refused = 0

    def note(self, chat_id: int) -> None:
        try:
            super().note(chat_id)
        except Exception:
            self.refused += 1
            raise
