"""Where charts are drawn: a process of its own, so that nobody's chat waits for somebody's picture.

It starts with the first picture, ends when nothing was drawn for a while or when the bot ends, and
makes way for the bot where both want the same core. It is told what is written in the picture and
nothing else: no environment, no key, no open file of the bot's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from typing import BinaryIO

    from bot.charts import Picture

REST_SECONDS: Final = 600
MOST_SECONDS: Final = 30
MOST_WAITING: Final = 20
NICENESS: Final = 10
_PNG: Final = b"\x89PNG"
_LENGTH: Final = 4

log = logging.getLogger(__name__)


class NotDrawnError(Exception):
    """A picture could not be drawn now; the words hold nothing of what was to be in it."""


class Easel:
    """Draws one picture at a time; those who come meanwhile wait, up to a bound."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._wanted = 0
        self._process: Process | None = None

    async def ready(self) -> None:
        """Start the process if there is none, because a picture is to be expected."""
        with suppress(NotDrawnError):
            async with self._turn:
                await self._started()

    async def draw(self, picture: Picture) -> bytes:
        """Draw a picture as PNG, 1080 pixels wide. Raises `NotDrawnError` within half a minute."""
        if self._wanted >= MOST_WAITING:
            raise NotDrawnError("too many wait for a picture")
        self._wanted += 1
        try:
            async with asyncio.timeout(MOST_SECONDS), self._turn:
                return await self._drawn(orjson.dumps(picture))
        except TimeoutError:
            raise NotDrawnError("it took too long") from None
        finally:
            self._wanted -= 1

    async def stop(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    async def _drawn(self, content: bytes) -> bytes:
        for _ in range(2):  # it may have gone to rest just now, which is no fault of the picture's
            process = await self._started()
            try:
                answer = await _exchanged(process, content)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.stop()
            except BaseException:
                await self.stop()  # what it still says would be taken for the next answer
                raise
            else:
                if answer.startswith(_PNG):
                    return answer
                raise NotDrawnError(answer.decode())
        raise NotDrawnError("the process that draws has ended")

    async def _started(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "bot.easel"),
                env=_environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise NotDrawnError(f"no process could be started: {error.strerror}") from None
        log.info("a process that draws was started")
        return self._process


def _environment() -> dict[str, str]:
    """Name what Python and the library look for; none of it is the bot's."""
    return {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(Path.home()),
        "TMPDIR": tempfile.gettempdir(),
        "OPENBLAS_NUM_THREADS": "1",
    }


async def _exchanged(process: Process, content: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(len(content).to_bytes(_LENGTH) + content)
    await process.stdin.drain()
    length = int.from_bytes(await process.stdout.readexactly(_LENGTH))
    return await process.stdout.readexactly(length)


def serve(asked: BinaryIO, answers: BinaryIO, rest: float = REST_SECONDS) -> None:
    """Draw what is asked for until nobody asks any more, or for `rest` seconds nobody has."""
    from bot import charts  # noqa: PLC0415 - the library belongs in this process alone

    charts.load()
    while content := _read(asked, rest):
        try:
            answer = charts.drawn(charts.unpacked(content))
        except Exception as error:  # noqa: BLE001 - the bot is told, and the next one is drawn
            answer = type(error).__name__.encode()
        answers.write(len(answer).to_bytes(_LENGTH) + answer)
        answers.flush()


def _read(asked: BinaryIO, rest: float) -> bytes:
    """Wait for the next picture; nothing once the bot has gone."""
    watch = threading.Timer(rest, os._exit, (0,))
    watch.daemon = True
    watch.start()
    length = asked.read(_LENGTH)
    watch.cancel()
    return asked.read(int.from_bytes(length))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the bot ends it when its own chats have ended
    with suppress(OSError):  # where the system does not let it, it draws as everybody else
        os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)
