"""Telegram's limits, for a bot that wants to meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram.error import RetryAfter

from bot.playground import Clock, Telegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telegram import Bot

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[Telegram]:
    async with Telegram(clock=clock, real_limits=True) as telegram:
        yield telegram


async def sent(bot: Bot, chat_id: int, times: int) -> int:
    """How many of so many messages passed before one was refused."""
    for count in range(times):
        try:
            await bot.send_message(chat_id, str(count))
        except RetryAfter:
            return count
    return times


async def test_one_chat_takes_a_burst_and_then_one_a_second(
    telegram: Telegram, bot: Bot, clock: Clock
) -> None:
    alice = telegram.person("Alice")
    await alice.says("hi")
    assert await sent(bot, alice.id, 10) == 3
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(alice.id, "x")
    assert refused.value.retry_after == 1
    clock.advance(1)
    assert await sent(bot, alice.id, 10) == 1


async def test_all_chats_together_take_thirty_a_second(
    telegram: Telegram, bot: Bot, clock: Clock
) -> None:
    people = [telegram.person(f"Person{number}") for number in range(40)]
    for one in people:
        await one.says("hi")
    assert sum([await sent(bot, one.id, 1) for one in people]) == 30
    clock.advance(1)
    assert sum([await sent(bot, one.id, 1) for one in people]) == 30


async def test_a_group_takes_twenty_a_minute(telegram: Telegram, bot: Bot, clock: Clock) -> None:
    group = telegram.group("Family", [telegram.person("Alice")])
    assert await sent(bot, group.where.id, 30) == 20
    with pytest.raises(RetryAfter, match="3 seconds"):
        await bot.send_message(group.where.id, "x")
    clock.advance(60)
    assert await sent(bot, group.where.id, 30) == 20
