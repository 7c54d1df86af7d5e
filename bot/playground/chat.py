"""The chat in a terminal: typed by a person, or piped in and written down as a transcript."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import aiohttp

from bot.playground.script import Script
from bot.playground.terminal import Terminal

if TYPE_CHECKING:
    from bot.playground.clock import Clock

FOLDER = Path("kabao-files")

Settled = Callable[[int | None], Awaitable[None]]
"""Waits until the bot has done all that follows from an update (None: from what happened)."""


async def run_chat(
    telegram_url: str,
    *,
    who: str,
    settled: Settled | None = None,
    clock: Clock | None = None,
    stdin: TextIO,
    stdout: TextIO,
    folder: Path = FOLDER,
) -> None:
    """Chat as `who` until the input ends.

    `telegram_url` is a playground's, in this process or another. Without `settled` the piped
    chat takes the bot to be done when it has been silent for a moment; without `clock` no time
    can be made to pass. Raises `aiohttp.ClientError` if there is no playground.
    """
    interactive = stdin.isatty() and stdout.isatty()
    async with aiohttp.ClientSession() as http:
        if interactive:
            await Terminal(http, telegram_url, who, folder, clock).run()
        else:
            script = Script(
                http, telegram_url, folder=folder, clock=clock, settled=settled, stdout=stdout
            )
            await script.run(who, stdin)
