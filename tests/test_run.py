from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from bot.playground import Telegram
from storage import MasterKey

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

SOON = 30.0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What an operator would have set, with a Telegram that is not there."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("KABAO_")},
        "KABAO_BOT_TOKEN": "7000000001:playground-on-loopback-no-secret",
        "KABAO_BOT_API_URL": "http://127.0.0.1:9",
        "KABAO_DATABASE_URL": f"sqlite:///{tmp_path / 'kabao.db'}",
        "KABAO_MASTER_KEY": MasterKey.generate().text(),
    }


async def run(folder: Path, environment: dict[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=folder,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )


async def said_until(bot: Process, words: str) -> str:
    """Read what the bot says until these words, or its end."""
    assert bot.stderr is not None
    said = ""
    async with asyncio.timeout(SOON):
        while words not in said and (line := await bot.stderr.readline()):
            said += line.decode()
    return said


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_bot_that_waits_for_telegram_can_be_stopped(
    tmp_path: Path, environment: dict[str, str], name: signal.Signals
) -> None:
    bot = await run(tmp_path, environment)
    assert "cannot be reached yet" in await said_until(bot, "cannot be reached yet")
    bot.send_signal(name)
    assert await asyncio.wait_for(bot.wait(), SOON) == 0
    assert "Traceback" not in await said_until(bot, "Traceback")


async def test_a_bot_that_listens_can_be_stopped(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    async with Telegram() as telegram:
        environment["KABAO_BOT_API_URL"] = telegram.url
        bot = await run(tmp_path, environment)
        assert "and listens" in await said_until(bot, "and listens")
        bot.terminate()
        assert await asyncio.wait_for(bot.wait(), SOON) == 0
        assert "Traceback" not in await said_until(bot, "Traceback")


async def test_a_token_telegram_does_not_know_ends_the_start_in_one_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    async with Telegram(token="7000000002:the-real-one-is-another-one") as telegram:
        environment["KABAO_BOT_API_URL"] = telegram.url
        bot = await run(tmp_path, environment)
        said = await said_until(bot, "no such words")
        assert await asyncio.wait_for(bot.wait(), SOON) == 1
        assert said.splitlines()[-1].startswith("Error: KABAO_BOT_TOKEN is not accepted")
        assert "no-secret" not in said
        assert "Traceback" not in said


async def test_a_database_of_another_key_ends_the_start_in_one_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    async with Telegram() as telegram:
        environment["KABAO_BOT_API_URL"] = telegram.url
        bot = await run(tmp_path, environment)
        await said_until(bot, "and listens")
        bot.terminate()
        await bot.wait()
        environment["KABAO_MASTER_KEY"] = MasterKey.generate().text()
        bot = await run(tmp_path, environment)
        said = await said_until(bot, "no such words")
        assert await asyncio.wait_for(bot.wait(), SOON) == 1
        assert "another master key" in said.splitlines()[-1]
        assert "Traceback" not in said
