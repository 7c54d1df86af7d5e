"""The bot is killed while it answers, and answers when it is back."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from bot import calls
from bot.door import Door
from storage.schema import inbox
from tests.house import KIOSK, Guest, House, refusing
from tests.journeys.test_webhook import Hooked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

INTERRUPTED = "I was interrupted while answering you"


@pytest.fixture(params=["polled", "sent"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose bot asks for updates, and one whose bot is sent them."""
    kind = House if request.param == "polled" else Hooked
    async with kind(tmp_path) as opened:
        yield opened


@pytest.fixture
async def polled(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as opened:
        yield opened


@pytest.fixture
async def alice(house: House) -> Guest:
    guest = house.guest("Alice")
    await guest.binds(KIOSK)
    return guest


class Stuck:
    """Something the bot does not get beyond, for somebody or everybody."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._reached = asyncio.Event()
        self._on = asyncio.Event()

    def before_its_effect(self, user_id: int | None = None) -> None:
        real = Door._context

        async def context(door: Door, user: Any, message: Any) -> Any:
            if user_id in (None, user.id):
                await self._stay()
            return await real(door, user, message)

        self._patch.setattr(Door, "_context", context)

    def before_its_answer(self) -> None:
        real = calls.send

        async def send(*given: Any, **more: Any) -> int:
            await self._stay()
            return await real(*given, **more)

        self._patch.setattr(calls, "send", send)

    async def _stay(self) -> None:
        self._reached.set()
        await self._on.wait()

    async def reached(self) -> None:
        await asyncio.wait_for(self._reached.wait(), 10)
        self._reached.clear()

    def over(self) -> None:
        self._on.set()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Stuck:
    return Stuck(monkeypatch)


async def confirmed(house: House) -> None:
    """Wait until Telegram forgets what it delivered: a killed bot cannot get it again."""
    async with asyncio.timeout(10):
        while len(house.telegram.world.updates):  # noqa: ASYNC110 - it says nothing of it
            await asyncio.sleep(0.01)


async def killed(house: House) -> None:
    """End the bot as kill -9 does: nothing more is written, said, confirmed or finished."""
    kabao = house.kabao
    await kabao.parts.bot._request[0].shutdown()
    working = [
        task
        for task in asyncio.all_tasks()
        if task.get_name().startswith(("Application:", "Updater:"))
    ]
    journal = kabao.parts.journal
    async with journal._one:  # whoever is stopped here notes it as handled, and a kill does not
        for task in working:
            task.cancel()
        await asyncio.wait(working)
        for notes in (journal._receipts, journal._answered, journal._panels, journal._seen):
            notes.clear()  # what had not been written yet never is
    await kabao.__aexit__(None, None, None)


async def kept(house: House) -> int:
    return len(await house.kabao.parts.store._runner.fetch(inbox.select()))


async def booked(house: House, guest: Guest, minor: int) -> int:
    entries = await house.kabao.parts.store.ledger.page(guest.id, None, limit=100)
    return sum(entry.amount_minor == minor for entry in entries)


async def test_what_came_just_before_a_kill_is_answered_after_it_and_booked_once(
    house: House, alice: Guest, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck.before_its_effect()
    number = await alice.person.says("/spent 3")
    await stuck.reached()
    await confirmed(house)
    assert await kept(house) == 1
    await killed(house)
    monkeypatch.undo()
    await house.start()
    await house.settled(number)
    assert alice.sees("CN¥3.00")
    assert await booked(house, alice, -300) == 1
    assert await kept(house) == 0
    assert not alice.sees(INTERRUPTED)
    seen = alice.told
    await house.restart()
    assert alice.told == seen


async def test_whose_answer_was_lost_is_told_once_and_nothing_is_done_again(
    house: House, alice: Guest, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck.before_its_answer()
    number = await alice.person.says("/spent 3")
    await alice.person.says("/spent 4")
    await stuck.reached()
    await confirmed(house)
    await killed(house)
    monkeypatch.undo()
    await house.start()
    await house.settled((number or 0) + 1)
    told = [text for text in alice.told if INTERRUPTED in text]
    assert len(told) == 1
    assert await booked(house, alice, -300) == 1
    assert await booked(house, alice, -400) == 1
    assert await kept(house) == 0
    await house.restart()
    assert [text for text in alice.told if INTERRUPTED in text] == told


async def test_it_is_said_in_the_language_the_person_chose(
    house: House, alice: Guest, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.says("/language")
    await alice.presses("中文")
    stuck.before_its_answer()
    await alice.person.says("/spent 3")
    await stuck.reached()
    await confirmed(house)
    await killed(house)
    monkeypatch.undo()
    await house.start()
    assert alice.sees("中断")


async def test_who_misses_a_question_is_told_how_to_begin_again(
    house: House, alice: Guest, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.says("/bind")
    stuck.before_its_answer()
    await alice.person.says("AB-778899001")
    await stuck.reached()
    await confirmed(house)
    await killed(house)
    monkeypatch.undo()
    await house.start()
    assert alice.sees("/cancel")
    await alice.says("/cancel", "/bind", "AB-778899001", "Corner shop", "200 USD")
    assert alice.sees("·9001")


async def test_whoever_was_answered_is_not_told_because_somebody_else_was_not(
    polled: House, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = polled.guest("Alice"), polled.guest("Bob")
    await alice.binds(KIOSK)
    await bob.says("/start")
    await polled.stop()
    # Both come with one answer of Telegram's.
    first = await alice.person.says("/spent 3")
    second = await bob.person.says("/help")
    stuck.before_its_effect(bob.id)
    await polled.start()
    await polled.settled(first)
    await stuck.reached()
    await confirmed(polled)
    seen = alice.told
    await killed(polled)
    monkeypatch.undo()
    await polled.start()
    await polled.settled(second)
    assert alice.told == seen
    assert await booked(polled, alice, -300) == 1
    assert "/balance" in bob.newest.text
    assert await kept(polled) == 0


async def test_a_message_that_ends_the_bot_each_time_is_given_up_and_its_sender_told(
    house: House,
    alice: Guest,
    stuck: Stuck,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck.before_its_effect(alice.id)
    await alice.person.says("/spent 3")
    for _ in range(4):  # it came, and three starts tried it
        await stuck.reached()
        await confirmed(house)
        await killed(house)
        assert not alice.sees("went wrong")
        await house.start()
    await house.settled()
    assert alice.sees("what you asked may not have been done")
    assert "is given up after 3 starts" in caplog.text
    assert "/spent" not in caplog.text
    assert await kept(house) == 0
    monkeypatch.undo()
    await house.restart()
    await alice.says("/spent 4")
    assert await booked(house, alice, -300) == 0
    assert await booked(house, alice, -400) == 1


async def test_what_is_older_than_a_day_is_not_taken_up(
    house: House, alice: Guest, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck.before_its_effect()
    await alice.person.says("/spent 3")
    await stuck.reached()
    await confirmed(house)
    await killed(house)
    monkeypatch.undo()
    seen = alice.told
    house.clock.advance(25 * 3600)
    await house.start()
    assert await kept(house) == 0
    assert await booked(house, alice, -300) == 0
    assert alice.told[: len(seen)] == seen


async def test_an_answered_message_is_kept_no_longer_also_when_it_comes_again(
    house: House, alice: Guest
) -> None:
    number = await alice.person.says("/spent 3")
    await house.settled(number)
    assert await kept(house) == 0
    assert number is not None
    house.telegram.redeliver(number)
    await alice.says("/help")
    await confirmed(house)
    await house.settled()
    assert await kept(house) == 0
    assert await booked(house, alice, -300) == 1


async def test_what_cannot_be_kept_is_answered_and_only_then_confirmed(
    house: House, alice: Guest, stuck: Stuck
) -> None:
    stuck.before_its_effect()
    with refusing(house, "INSERT ON inbox"):
        number = await alice.person.says("/balance")
        await stuck.reached()
        assert len(house.telegram.world.updates) == 1
        stuck.over()
        await house.settled(number)
        assert alice.sees("CN¥161.50")
        await confirmed(house)
    await alice.says("/spent 3")
    assert await booked(house, alice, -300) == 1


async def test_what_could_not_be_kept_when_the_bot_was_killed_is_delivered_again(
    polled: House, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = polled.guest("Alice")
    await alice.binds(KIOSK)
    stuck.before_its_effect()
    with refusing(polled, "INSERT ON inbox"):
        number = await alice.person.says("/spent 3")
        await stuck.reached()
        await killed(polled)
    assert len(polled.telegram.world.updates) == 1
    monkeypatch.undo()
    await polled.start()
    await polled.settled(number)
    assert alice.sees("CN¥3.00")
    assert await booked(polled, alice, -300) == 1


async def test_what_another_installation_sealed_is_dropped_and_does_no_harm(
    house: House, alice: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    store = house.kabao.parts.store
    for broken in (b"{}", b"[1", b'{"result":[{"update_id":1,"message":7}]}'):
        await store.inbox.keep(broken)
    row = await store.inbox.keep(b'{"result":[]}')
    await store._runner.execute(inbox.update().where(inbox.c.id == row).values(sealed=b"\x01no"))
    await house.restart()
    assert await kept(house) == 0
    assert "cannot be opened" in caplog.text
    assert "CN¥161.50" in (await alice.says("/balance")).text
