"""The `kabao` command, as an operator meets it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from bot.check import passing
from bot.playground import Telegram
from storage import MasterKey
from tests.command import kabao_beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Shell:
    """A folder to run the command in, with nothing of this machine's own settings."""

    def __init__(self, folder: Path, telegram: Telegram) -> None:
        self._folder = folder
        self._started: list[asyncio.subprocess.Process] = []
        self.telegram = telegram
        self.settings = {
            "KABAO_BOT_TOKEN": telegram.token,
            "KABAO_MASTER_KEY": MasterKey.generate().text(),
            "KABAO_BOT_API_URL": telegram.url,
            "KABAO_DATABASE_URL": f"sqlite:///{folder / 'kabao.db'}",
            "KABAO_ADMINS": "42",
        }

    async def start(self, *arguments: str, **changed: str) -> asyncio.subprocess.Process:
        """Start the command."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KABAO_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments),
            cwd=self._folder,
            env={**kept, **self.settings, **changed},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._started.append(process)
        return process

    async def close(self) -> None:
        """End what still runs after a test that failed."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def run(self, *arguments: str, **changed: str) -> tuple[int, str]:
        """Run the command to its end: its status, and all it said."""
        return await kabao_beside(arguments, self._folder, self.settings | changed)


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    """A shell beside a Telegram."""
    async with Telegram() as telegram:
        opened = Shell(tmp_path, telegram)
        yield opened
        await opened.close()


async def test_a_fresh_master_key_is_another_each_time_and_can_be_used(shell: Shell) -> None:
    status, key = await shell.run("key", "new")
    assert status == 0
    assert MasterKey.parse(key.strip())
    assert (await shell.run("key", "new"))[1] != key


async def test_help_names_what_can_be_done(shell: Shell) -> None:
    process = await shell.start("--help")
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0
    for command in ("check", "demo", "key", "run"):
        assert f"  {command} " in said
    assert "kabao demo" in said


async def test_check_is_content_with_a_configuration_that_can_run(shell: Shell) -> None:
    status, said = await shell.run("check")
    assert status == 0, said
    assert "✓ database" in said
    assert "✓ telegram: the token is @kabao_demo_bot's" in said
    assert "✓ access: closed, 1 admin" in said
    assert "off until KABAO_SECRET_PRETIX_ORGANIZER" in said


async def test_check_says_line_by_line_what_cannot_run(shell: Shell, tmp_path: Path) -> None:
    await shell.run("check")
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers" / "shop.toml").write_text('kind = "http"\n')
    status, said = await shell.run(
        "check",
        KABAO_MASTER_KEY=MasterKey.generate().text(),
        KABAO_BOT_TOKEN="7000000002:another-token-that-nobody-was-given",
        KABAO_ADMINS="",
        KABAO_ADMIN="42",
    )
    assert status == 1
    assert "did you mean KABAO_ADMINS?" in said
    for what in ("database", "telegram", "access", "issuers"):
        assert f"✗ {what}" in said
    assert "shop.toml: name: expected, but not there" in said
    assert "issuer other: no API" in said
    assert "Traceback" not in said


async def test_an_issuer_that_cannot_be_reached_fails_the_check(shell: Shell) -> None:
    pretix = {"URL": "http://127.0.0.1:9", "ORGANIZER": "x", "TOKEN": "sesame"}
    status, said = await shell.run(
        "check", **{f"KABAO_SECRET_PRETIX_{name}": value for name, value in pretix.items()}
    )
    assert status == 1
    assert "✗ issuer pretix: network" in said
    assert "sesame" not in said


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KABAO_BOT_TOKEN", "", "KABAO_BOT_TOKEN is missing"),
        ("KABAO_MASTER_KEY", "", "KABAO_MASTER_KEY is missing"),
        ("KABAO_DATABASE_URL", "mysql://localhost/kabao", "KABAO_DATABASE_URL is not right"),
        ("KABAO_ISSUERS_DIR", "/nowhere/issuers", "KABAO_ISSUERS_DIR is not right"),
        ("KABAO_DATABASE_URL", "sqlite:////dev/null/kabao.db", "database"),
    ],
)
async def test_a_start_that_cannot_be_is_one_line(
    shell: Shell, name: str, value: str, says: str
) -> None:
    status, said = await shell.run("run", **{name: value})
    assert status == 1
    assert says in said
    assert len(said.strip().splitlines()) == 1, said


async def test_another_key_than_the_database_s_is_recognised_at_the_start(shell: Shell) -> None:
    await shell.run("check")
    status, said = await shell.run("run", KABAO_MASTER_KEY=MasterKey.generate().text())
    assert status == 1
    assert len(said.strip().splitlines()) == 1, said


async def test_a_mistyped_name_is_noticed_in_the_env_file_too(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KABAO_CURENCY=CNY\n")
    meant = "KABAO_CURENCY is not a setting, did you mean KABAO_CURRENCY?"
    assert f"! settings: {meant}" in (await shell.run("check"))[1]
    _, said = await shell.run("run", KABAO_DATABASE_URL="sqlite:////dev/null/kabao.db")
    assert meant in said


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
async def test_a_running_bot_answers_and_stops_cleanly_when_told_to(
    shell: Shell, name: str
) -> None:
    process = await shell.start("run", KABAO_ACCESS="open")
    alice = shell.telegram.person("Alice", "en")
    await alice.says("/start")
    await alice.finds("keeps your gift cards", within=60)  # a start waits for a busy machine
    process.send_signal(signal.Signals[name])
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert b"Traceback" not in said
    assert shell.telegram.token.encode() not in said


@pytest.mark.parametrize(
    ("url", "lost_with"),
    [
        ("sqlite:////data/kabao.db", None),
        ("sqlite:////srv/kabao.db", "overlay"),
        ("sqlite:////data/kept here/kabao.db", "tmpfs"),
        ("postgresql://kabao@db/kabao", None),
    ],
)
def test_a_database_that_goes_with_its_container_is_noticed(
    tmp_path: Path, url: str, lost_with: str | None
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "overlay / overlay rw,relatime 0 0\n"
        "/dev/vdb /data ext4 rw 0 0\n"
        "tmpfs /data/kept\\040here tmpfs rw 0 0\n"
    )
    assert passing(url, mounts) == lost_with
