"""When calls go to Telegram, on a clock that only moves when everybody waits."""

import asyncio
import heapq
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest
from telegram.error import BadRequest, RetryAfter

from bot.pace import ALERT, Pace


class Waiting:
    """Time that jumps to the next thing somebody waits for, once nobody has anything to do."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self.sleepers, (self.now + seconds, id(woken), woken))
        await woken

    async def until_done(self, *stories: Coroutine[Any, Any, Any]) -> list[Any]:
        told = asyncio.gather(*stories, return_exceptions=True)
        while not told.done():
            for _ in range(200):
                await asyncio.sleep(0)
            if self.sleepers and not told.done():
                self.now, _, woken = heapq.heappop(self.sleepers)
                woken.set_result(None)
        return await told


class Telegram:
    """Notes when each call arrived; refuses the ones a test names, so many times."""

    def __init__(self, time: Waiting) -> None:
        self.time = time
        self.pace = Pace(monotonic=time, sleep=time.sleep)
        self.arrived: list[tuple[float, object]] = []
        self.on_the_way: dict[object, float] = {}
        self.refusals: dict[object, list[Exception]] = {}

    async def _receive(self, chat: object) -> str:
        if seconds := self.on_the_way.get(chat):
            await self.time.sleep(seconds)
        self.arrived.append((self.time.now - 100, chat))
        if waiting := self.refusals.get(chat):
            raise waiting.pop(0)
        return f"sent to {chat}"

    async def call(
        self, chat: object, kind: str | None = None, endpoint: str = "sendMessage"
    ) -> Any:
        data = {} if chat is None else {"chat_id": chat}
        return await self.pace.process_request(self._receive, (chat,), {}, endpoint, data, kind)

    async def alert(self, chat: object) -> Any:
        return await self.call(chat, ALERT)

    def moments(self, chat: object) -> list[float]:
        return [at for at, one in self.arrived if one == chat]


@pytest.fixture
def time() -> Waiting:
    return Waiting()


@pytest.fixture
def telegram(time: Waiting) -> Telegram:
    return Telegram(time)


async def test_answers_go_at_once_however_many(telegram: Telegram, time: Waiting) -> None:
    await time.until_done(*(telegram.call(chat) for chat in range(500)))
    assert {at for at, _ in telegram.arrived} == {0}


async def test_alerts_never_exceed_thirty_in_any_second(telegram: Telegram, time: Waiting) -> None:
    await time.until_done(*(telegram.alert(chat) for chat in range(200)))
    moments = sorted(at for at, _ in telegram.arrived)
    assert len(moments) == 200
    assert all(later - earlier > 1 for earlier, later in zip(moments, moments[30:], strict=False))
    assert moments[-1] < 7


async def test_alerts_in_one_chat_are_a_second_apart(telegram: Telegram, time: Waiting) -> None:
    await time.until_done(*(telegram.alert(7) for _ in range(4)), telegram.alert(8))
    moments = telegram.moments(7)
    assert all(later - earlier > 1 for earlier, later in pairwise(moments))
    assert telegram.moments(8) == [0]


async def test_answers_leave_alerts_without_room_but_not_for_long(
    telegram: Telegram, time: Waiting
) -> None:
    await time.until_done(*(telegram.call(chat) for chat in range(30)))
    await time.until_done(telegram.alert(99), telegram.call(31))
    assert telegram.moments(31) == [0]
    assert 1 < telegram.moments(99)[0] < 1.1


async def test_answers_that_never_cease_leave_alerts_a_little_room(
    telegram: Telegram, time: Waiting
) -> None:
    async def answers() -> None:
        for n in range(400):  # forty a second
            await telegram.call(f"answer {n}")
            await time.sleep(0.025)

    async def alerts() -> None:
        await time.sleep(2)
        await asyncio.gather(*(telegram.alert(chat) for chat in range(12)))

    await time.until_done(answers(), alerts())
    told = sorted(at for at, chat in telegram.arrived if isinstance(chat, int))
    assert len(told) == 12
    assert told[-1] < 7
    assert all(later - earlier > 1 for earlier, later in zip(told, told[3:], strict=False))
    assert telegram.moments("answer 399") == [pytest.approx(399 * 0.025)]


async def test_a_429_holds_the_alerts_own_room_too(telegram: Telegram, time: Waiting) -> None:
    telegram.refusals[7] = [RetryAfter(2)]
    await time.until_done(*(telegram.call(chat) for chat in range(40)))
    await time.until_done(telegram.alert(99))
    assert telegram.moments(99)[0] > 1


async def test_an_alert_waits_a_second_after_an_answer_in_its_chat(
    telegram: Telegram, time: Waiting
) -> None:
    await time.until_done(telegram.call(7), telegram.call(7), telegram.call(7), telegram.alert(7))
    assert telegram.moments(7)[:3] == [0, 0, 0]
    assert 1 < telegram.moments(7)[3] < 1.1


async def test_what_is_no_message_costs_alerts_nothing(telegram: Telegram, time: Waiting) -> None:
    await time.until_done(
        *(telegram.call(None, endpoint="answerCallbackQuery") for _ in range(100)),
        *(telegram.call(5, endpoint="sendChatAction") for _ in range(100)),
        telegram.alert(5),
    )
    assert telegram.moments(5)[-1] == 0


async def test_a_call_told_to_wait_waits_and_goes_through(
    telegram: Telegram, time: Waiting
) -> None:
    telegram.refusals[7] = [RetryAfter(3), RetryAfter(2)]
    assert await time.until_done(telegram.call(7)) == ["sent to 7"]
    assert telegram.moments(7) == [0, 3, 5]


async def test_a_chat_told_to_wait_holds_its_other_calls_and_nobody_elses(
    telegram: Telegram, time: Waiting
) -> None:
    telegram.refusals[7] = [RetryAfter(3)]
    await time.until_done(telegram.call(7), telegram.call(7), telegram.call(8))
    assert telegram.moments(8) == [0]
    assert telegram.moments(7) == [0, 3, 3]


async def test_a_wait_that_grew_longer_meanwhile_is_waited_out(
    telegram: Telegram, time: Waiting
) -> None:
    telegram.refusals[7] = [RetryAfter(3), RetryAfter(10)]
    await time.until_done(telegram.call(7), telegram.call(7, endpoint="getChat"))
    assert telegram.moments(7) == [0, 3, 13, 13]


async def test_after_three_refusals_the_caller_is_told(telegram: Telegram, time: Waiting) -> None:
    telegram.refusals[7] = [RetryAfter(1)] * 5
    (told,) = await time.until_done(telegram.call(7))
    assert isinstance(told, RetryAfter)
    assert telegram.moments(7) == [0, 1, 2]


async def test_a_wait_beyond_patience_is_not_waited_for(telegram: Telegram, time: Waiting) -> None:
    telegram.refusals[7] = [RetryAfter(600)]
    told = await time.until_done(telegram.call(7), telegram.alert(7))
    assert [type(one) for one in told] == [RetryAfter, RetryAfter]
    assert time.now == 100


async def test_an_alert_that_finds_no_room_is_given_back(time: Waiting) -> None:
    telegram = Telegram(time)
    told = await time.until_done(*(telegram.alert(chat) for chat in range(1000)))
    late = [one for one in told if isinstance(one, RetryAfter)]
    assert 0 < len(late) < 200
    assert time.now - 100 <= 30


async def test_a_refusal_of_another_kind_is_the_callers(telegram: Telegram, time: Waiting) -> None:
    telegram.refusals[7] = [BadRequest("message is not modified")]
    (told,) = await time.until_done(telegram.call(7))
    assert isinstance(told, BadRequest)
    assert telegram.moments(7) == [0]


async def test_chats_answered_long_ago_are_forgotten(telegram: Telegram, time: Waiting) -> None:
    await time.until_done(*(telegram.call(chat) for chat in range(1000)))
    time.now += 60
    await time.until_done(telegram.call(1))
    assert len(telegram.pace._chat_free) == 1


async def test_alerts_that_were_long_on_the_way_are_not_followed_too_closely(
    telegram: Telegram, time: Waiting
) -> None:
    telegram.on_the_way = dict.fromkeys(range(30), 0.7)  # they had a connection to open first
    await time.until_done(*(telegram.alert(chat) for chat in range(90)))
    arrived = sorted(at for at, _ in telegram.arrived)
    assert len(arrived) == 90
    assert all(later - earlier >= 1 for earlier, later in zip(arrived, arrived[30:], strict=False))
