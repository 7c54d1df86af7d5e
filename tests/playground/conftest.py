from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from telegram import Bot

from bot.playground import Clock, Person, Telegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[Telegram]:
    async with Telegram(clock=clock) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    bot = Bot(telegram.token, base_url=telegram.api_url, base_file_url=telegram.file_url)
    async with bot:
        yield bot


@pytest.fixture
async def alice(telegram: Telegram) -> Person:
    """Somebody who has written to the bot."""
    alice = telegram.person("Alice", language="en")
    await alice.says("/start")
    return alice
