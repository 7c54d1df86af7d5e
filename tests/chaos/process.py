"""The real bot and the real command line, each a process of its own that can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import pyrage  # type: ignore[import-untyped]

from bot.playground.issuer import ISSUERS
from tests import quick_age
from tests.command import FORKED, live

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from bot.playground import Telegram
    from bot.playground.issuer import DemoIssuer


class Running(Protocol):
    """A process, whichever way it was started."""

    def kill(self) -> None:
        """Send it SIGKILL."""

    def terminate(self) -> None:
        """Send it SIGTERM."""

    async def wait(self) -> int:
        """Wait for its end; the exit status, negative for a signal."""


class _Forked:
    """A process that began with the modules read; all else is its own."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.kill = process.kill
        self.terminate = process.terminate

    async def wait(self) -> int:
        await asyncio.to_thread(self._process.join)
        status = self._process.exitcode
        assert status is not None
        return status


def _live_quickly(*told: Any) -> None:
    """Be it with passphrases that are quick to try."""
    pyrage.passphrase.encrypt = quick_age.encrypt
    live(*told)


class Programs:
    """Starts `kabao WORDS` as an operator does, on one database.

    Reading the modules is most of a start, so a process begins with them read, unless it is to be
    killed while it reads them. `quick`: it locks backups by passphrases that are quick to try.
    """

    def __init__(
        self,
        folder: Path,
        telegram: Telegram,
        issuer: DemoIssuer,
        key: str,
        *,
        quick: bool = False,
    ) -> None:
        self.folder = folder
        self.database = folder / "kabao.db"
        self.log = folder / "bot.log"
        self.key = key
        self.more: dict[str, str] = {}
        self._telegram = telegram
        self._issuer = issuer
        self._target = _live_quickly if quick else live

    @property
    def environment(self) -> dict[str, str]:
        """What the operator has set."""
        kept = {name: value for name, value in os.environ.items() if name[:6] != "KABAO_"}
        return kept | {
            "KABAO_BOT_TOKEN": self._telegram.token,
            "KABAO_BOT_API_URL": self._telegram.url,
            "KABAO_DATABASE_URL": f"sqlite:///{self.database}",
            "KABAO_MASTER_KEY": self.key,
            "KABAO_ISSUERS_DIR": str(ISSUERS),
            "KABAO_ACCESS": "open",
            "KABAO_LOG_LEVEL": "DEBUG",
            "KABAO_TICK_SECONDS": "0.05",
            **{f"KABAO_SECRET_{name}": value for name, value in self._issuer.secrets.items()},
            **self.more,
        }

    async def start(
        self, *words: str, more: Mapping[str, str] | None = None, anew: bool = False
    ) -> Running:
        """Start one; what it writes goes into the log."""
        environment = self.environment | dict(more or {})
        if not anew:
            told = (words, environment, str(self.folder), str(self.log))
            process = FORKED.Process(target=self._target, args=told)
            process.start()
            return _Forked(process)
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *words),
                cwd=self.folder,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def finish(self, *words: str, more: Mapping[str, str] | None = None) -> int:
        """Run one to its end; its exit status."""
        return await (await self.start(*words, more=more)).wait()

    async def listening(self, within: float = 60.0) -> Running:
        """Start the bot, and wait for its first question to Telegram."""
        listens = asyncio.create_task(self._telegram.next_call("getUpdates"))
        bot = await self.start("run")
        await asyncio.wait_for(listens, within)
        return bot


async def kill(process: Running) -> bool:
    """Kill it as `kill -9` does; False if it had ended by itself before."""
    with suppress(ProcessLookupError):
        process.kill()
    return await process.wait() == -signal.SIGKILL


async def stop(process: Running) -> None:
    """Stop it as an operator does."""
    process.terminate()
    assert await process.wait() == 0
