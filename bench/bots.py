"""The bots that are measured, each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from bench.cards import BALANCE_SHOWN

if TYPE_CHECKING:
    from bot.playground.telegram import Telegram
    from storage import MasterKey

ROOT = Path(__file__).parent.parent
ECHOES = ROOT / "bench" / "echoes"
AIOGRAM_HOME = ROOT / ".venv-bench"
LOAD_CPU, BOT_CPU = 0, 1
STOP_SECONDS = 15
LINES_SHOWN = 20
CORES = sorted(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Bot:
    """How to start one bot, what to write to it and what its answer must hold."""

    name: str
    command: tuple[str, ...]
    expected: str = "/balance"
    environment: dict[str, str] = field(default_factory=dict)


def aiogram_python() -> str:
    """Give the Python that has aiogram, installed on first use as `requirements.txt` pins it."""
    python = AIOGRAM_HOME / "bin" / "python"
    pinned = ROOT / "bench" / "requirements.txt"
    stamp = AIOGRAM_HOME / ".installed"
    if not stamp.exists() or stamp.read_text() != pinned.read_text():
        print("installing aiogram into .venv-bench", file=sys.stderr)
        venv.create(AIOGRAM_HOME, with_pip=True, clear=True, symlinks=True)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(pinned)], check=True)  # noqa: S603 - our own list
        stamp.write_text(pinned.read_text())
    return str(python)


def kabao(telegram: Telegram, name: str, database: Path, key: MasterKey, **settings: str) -> Bot:
    """Give Kabao itself on that server and database; `settings` are its own, by their names."""
    given = {
        "BOT_TOKEN": telegram.token,
        "BOT_API_URL": telegram.url,
        "DATABASE_URL": f"sqlite:///{database}",
        "MASTER_KEY": key.text(),
        "ACCESS": "open",
        **settings,
    }
    environment = {f"KABAO_{setting}": value for setting, value in given.items()}
    command = (sys.executable, "-m", "bot", "run")
    return Bot(name, command, BALANCE_SHOWN, {"PYTHONPATH": str(ROOT), **environment})


def echoes(telegram: Telegram) -> list[Bot]:
    """List the bare bots on that server."""
    where = (telegram.url, telegram.token)
    here = {"PYTHONPATH": str(ROOT)}
    return [
        Bot("aiogram echo", (aiogram_python(), str(ECHOES / "aiogram_echo.py"), *where)),
        Bot("PTB echo, defaults", (sys.executable, str(ECHOES / "ptb_echo.py"), *where)),
        Bot(
            "PTB echo, Kabao's transport",
            (sys.executable, str(ECHOES / "transport_echo.py"), *where),
            environment=here,
        ),
    ]


class Running:
    """A bot while it runs: `async with Running(bot, folder) as running`.

    What it writes goes to a file in `folder`; on two or more cores it has one for itself.
    """

    def __init__(self, bot: Bot, folder: Path) -> None:
        self._bot = bot
        self._folder = folder
        self._log: IO[bytes] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._log = (self._folder / "bot.log").open("ab")
        self._process = await asyncio.create_subprocess_exec(
            *self._bot.command,
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], **self._bot.environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        pin(self._process.pid, BOT_CPU)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._process is not None
        assert self._log is not None
        if kind is not None:
            said = (self._folder / "bot.log").read_text(errors="replace").splitlines()
            print(f"{self._bot.name} said last:", *said[-LINES_SHOWN:], sep="\n", file=sys.stderr)
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._log.close()

    def memory(self) -> dict[str, float]:
        """Give resident megabytes: "now" and at the "peak". Linux only."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return {
            name: int(lines[key].split()[0]) / 1024
            for name, key in (("now", "VmRSS"), ("peak", "VmHWM"))
        }

    def cpu(self) -> float:
        """Give the seconds of CPU it has used so far. Linux only."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pin(pid: int, cpu: int) -> None:
    """Keep a process on one core, where there is more than one."""
    if len(CORES) > 1:
        os.sched_setaffinity(pid, {CORES[cpu]})
