"""Work that is done in a process of its own, so that nobody's chat waits for it or ends with it.

The process starts with the first piece of work, ends when there was none for a while or when the
bot ends, and makes way for the bot where both want the same core. It is told what it has to do and
nothing else: no environment, no key, no open file of the bot's. What takes too long or too much
memory, or breaks a library, costs that process alone; the next piece of work gets a new one.
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

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable
    from typing import BinaryIO

REST_SECONDS: Final = 600
WAIT_SECONDS: Final = 30
"""For the turn; the work has its own bound."""
MOST_WAITING: Final = 20
GRACE_SECONDS: Final = 10
"""After its bound, in which the bot ends the process; afterwards it ends by itself."""
NICENESS: Final = 10
_LENGTH: Final = 4
_DONE, _FAILED = b"\0", b"\1"

log = logging.getLogger(__name__)


class NotDoneError(Exception):
    """Work could not be done; the words hold nothing of what it was about."""


class CrowdedError(NotDoneError):
    """So many wait that it was not begun."""


class Apart:
    """Has one piece of work done at a time; those who come meanwhile wait, up to a bound."""

    def __init__(self, module: str, seconds: float) -> None:
        """Name a module that calls `run` when it is run, and the most a piece of work may take."""
        self._module = module
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self.wanted = 0
        """How many wait or are served."""

    async def ready(self) -> None:
        """Start the process if there is none, because there is work to be expected."""
        with suppress(NotDoneError):
            async with self._turn:
                await self._started()

    async def ask(self, content: bytes) -> bytes:
        """Have something done. `NotDoneError` if it cannot be; `CrowdedError` if it must wait."""
        if self.wanted >= MOST_WAITING:
            raise CrowdedError("too many wait")
        self.wanted += 1
        try:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._turn.acquire()
            except TimeoutError:
                raise CrowdedError("others took too long") from None
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._answered(content)
            except TimeoutError:
                raise NotDoneError("it took too long") from None
            finally:
                self._turn.release()
        finally:
            self.wanted -= 1

    async def stop(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    async def _answered(self, content: bytes) -> bytes:
        again = self._process is not None  # it may go to rest just now: no fault of the work's
        while True:
            process = await self._started()
            try:
                how, answer = await _exchanged(process, content)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.stop()
                if not again:
                    raise NotDoneError("the process has ended") from None
                again = False
            except BaseException:
                await self.stop()  # what it still says would be taken for the next answer
                raise
            else:
                if how == _DONE:
                    return answer
                raise NotDoneError(answer.decode())

    async def _started(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", self._module),
                env=_environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise NotDoneError(f"no process could be started: {error.strerror}") from None
        log.info("a process was started: %s", self._module)
        return self._process


def _environment() -> dict[str, str]:
    """Name what Python and its libraries look for; none of it is the bot's."""
    return {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(Path.home()),
        "TMPDIR": tempfile.gettempdir(),
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",  # with what is next: memory a picture took goes back at once
        "MALLOC_TRIM_THRESHOLD_": "1000000",
    }


async def _exchanged(process: Process, content: bytes) -> tuple[bytes, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(len(content).to_bytes(_LENGTH) + content)
    await process.stdin.drain()
    how = await process.stdout.readexactly(1)
    length = int.from_bytes(await process.stdout.readexactly(_LENGTH))
    return how, await process.stdout.readexactly(length)


def run(
    work: Callable[[bytes], bytes],
    seconds: float,
    *,
    busy: float | None = None,
    memory: int | None = None,
) -> None:
    """Be such a process: do what the bot asks for until it has gone, or asked nothing for long.

    `seconds` is what the bot gives a piece of work, and `busy` how many of them it may compute,
    which on a busy machine comes later. `memory` is the most bytes this process takes; what needs
    more fails. Where the system cannot bound these, the bot's own bound is left.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the bot ends it when its own chats have ended
    with suppress(OSError):  # where the system does not let it, it works as everybody else
        os.nice(NICENESS)
    # A library that prints something must not be taken for an answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    _bound(memory)
    serve(sys.stdin.buffer, answers, work, seconds, busy=busy)


def _bound(memory: int | None) -> None:
    """Bound this process's memory, and leave no picture of it on disk when it breaks."""
    with suppress(ImportError, ValueError, OSError):  # not every system can
        import resource  # noqa: PLC0415 - as above

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def serve(
    asked: BinaryIO,
    answers: BinaryIO,
    work: Callable[[bytes], bytes],
    seconds: float,
    *,
    busy: float | None = None,
    rest: float = REST_SECONDS,
) -> None:
    """Do what is asked for until nobody asks any more, or for `rest` seconds nobody has."""
    while content := _read(asked, rest):
        _end_after(seconds + GRACE_SECONDS, busy or 0)
        try:
            how, answer = _DONE, work(content)
        except Exception as error:  # noqa: BLE001 - the bot is told, and the next one is done
            how, answer = _FAILED, type(error).__name__.encode()
        _end_after(0, 0)
        answers.write(how + len(answer).to_bytes(_LENGTH) + answer)
        answers.flush()


def _read(asked: BinaryIO, rest: float) -> bytes:
    """Wait for the next piece of work; nothing once the bot has gone."""
    watch = threading.Timer(rest, os._exit, (0,))
    watch.daemon = True
    watch.start()
    length = asked.read(_LENGTH)
    watch.cancel()
    return asked.read(int.from_bytes(length))


def _end_after(seconds: float, busy: float) -> None:
    """Have the system end this process, whatever a library does then; 0 takes that back.

    After so many seconds, which the bot does sooner if it is there, or so many of computing.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        signal.setitimer(signal.ITIMER_PROF, busy)
