"""`kabao WORDS` in a process of its own that has read its modules: reading them is most of a start.

That the command starts from nothing is shown by the stories that run `python -m bot`.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_READ_FIRST = [
    *("bot.cli", "bot.app", "bot.logs", "bot.check", "bot.trial", "bot.features"),
    *("storage.rotating", "storage.restore", "storage.verify", "tests.command"),
]
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(_READ_FIRST)


def live(words: Sequence[str], environment: Mapping[str, str], folder: str, log: str) -> None:
    """Be `kabao WORDS` from here on; what it says goes to the end of a file."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number in (1, 2):
        os.dup2(written, number)
    from bot.cli import main  # noqa: PLC0415 - read already, by the process this one began as

    main(list(words), prog_name="kabao")


def _answer(
    words: Sequence[str], environment: Mapping[str, str], folder: str, log: str, typed: str
) -> None:
    sys.stdin = io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="utf-8")
    live(words, environment, folder, log)


def kabao(
    words: Sequence[str], folder: Path, settings: Mapping[str, str], typed: str = ""
) -> tuple[int, str]:
    """Run the command to its end, with these settings and no others: its status, all it said."""
    kept = {name: value for name, value in os.environ.items() if name[:6] != "KABAO_"}
    with tempfile.TemporaryDirectory(prefix="kabao-said-") as apart:
        log = Path(apart) / "said"
        told = (words, kept | dict(settings), str(folder), str(log), typed)
        process = FORKED.Process(target=_answer, args=told)
        process.start()
        process.join()
        said = log.read_text(encoding="utf-8")
    assert process.exitcode is not None
    assert "Traceback" not in said, said
    return process.exitcode, said


async def kabao_beside(
    words: Sequence[str], folder: Path, settings: Mapping[str, str], typed: str = ""
) -> tuple[int, str]:
    """Run the command while what this process serves goes on."""
    return await asyncio.to_thread(kabao, words, folder, settings, typed)
