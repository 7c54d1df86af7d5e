"""Work is done apart from the bot: nobody waits, nothing secret goes there, it may die."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bot import apart
from bot.apart import Apart, CrowdedError, NotDoneError, serve


def framed(content: bytes) -> bytes:
    return len(content).to_bytes(4) + content


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apart:
    """A process that does what it is told: turn text round, print, hang, crash, take memory."""
    source = """
        import os, signal, time
        from bot.apart import run

        def work(content):
            match content:
                case b"who": return str(os.getpid()).encode()
                case b"noise": os.write(1, b"a library's chatter")
                case b"hang": signal.pthread_sigmask(signal.SIG_BLOCK, {2, 15}); time.sleep(60)
                case b"spin":
                    while True: pass
                case b"crash": os.kill(os.getpid(), signal.SIGSEGV)
                case b"eat": return str(len(b"x" * 2**30)).encode()
                case b"fail": raise KeyError("a secret")
            return content[::-1]

        run(work, 20, busy=0.2, memory=2**29)
    """
    (tmp_path / "strange_work.py").write_text(textwrap.dedent(source))
    roads = f"{tmp_path}{os.pathsep}{Path(__file__).parents[1]}"
    usual = apart._environment()
    monkeypatch.setattr(apart, "_environment", lambda: {**usual, "PYTHONPATH": roads})
    return Apart("strange_work", 20)


async def test_it_is_done_elsewhere_without_secrets_and_after_a_kill_too(
    mine: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KABAO_MASTER_KEY", "not-for-others")
    first = int(await mine.ask(b"who"))
    assert first != os.getpid()
    if Path("/proc").exists():
        assert b"KABAO" not in Path(f"/proc/{first}/environ").read_bytes()
        assert os.getpriority(os.PRIO_PROCESS, first) > os.getpriority(os.PRIO_PROCESS, 0)
    os.kill(first, signal.SIGKILL)
    told = await asyncio.gather(mine.ask(b"one"), mine.ask(b"two"), mine.ask(b"who"))
    assert list(told[:2]) == [b"eno", b"owt"]
    assert int(told[2]) != first
    process = mine._process
    await mine.stop()
    assert process is not None
    assert process.returncode == -signal.SIGKILL


async def test_what_hangs_crashes_fails_prints_or_takes_much_memory_ends_nothing_else(
    mine: Apart,
) -> None:
    assert await mine.ask(b"noise") == b"esion"
    for bad, why in [
        (b"hang", "too long"),
        (b"crash", "has ended"),
        (b"spin", "has ended"),
        (b"eat", "MemoryError"),
        (b"fail", "^KeyError$"),
    ]:
        mine._seconds = 0.5 if bad == b"hang" else 20
        with pytest.raises(NotDoneError, match=why):
            await mine.ask(bad)
        mine._seconds = 20
        assert await mine.ask(b"next") == b"txen"
    await mine.stop()


async def test_who_would_wait_too_long_is_told(
    mine: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "WAIT_SECONDS", 0.1)
    mine._seconds = 0.5
    first = asyncio.create_task(mine.ask(b"hang"))
    await asyncio.sleep(0)
    with pytest.raises(CrowdedError, match="too long"):
        await mine.ask(b"one")
    with pytest.raises(NotDoneError, match="too long"):
        await first
    assert mine._process is None
    monkeypatch.setattr(apart, "MOST_WAITING", 0)
    with pytest.raises(CrowdedError, match="too many"):
        await mine.ask(b"one")


async def test_where_no_process_can_be_started_that_is_said(
    mine: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    await mine.ready()
    with pytest.raises(NotDoneError, match="No such file"):
        await mine.ask(b"one")


def test_it_ends_when_nobody_asks() -> None:
    code = "import sys; from bot.apart import _read; _read(sys.stdin.buffer, 0.05); sys.exit(1)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as resting:  # noqa: S603
        assert resting.wait(20) == 0


def test_it_ends_by_itself_when_it_hangs_and_the_bot_is_gone() -> None:
    code = "import time; from bot.apart import _end_after; _end_after(0.05, 0); time.sleep(60)"
    ended = subprocess.run([sys.executable, "-c", code], timeout=20, check=False)  # noqa: S603
    assert ended.returncode == -signal.SIGALRM


def test_when_the_bot_has_gone_it_ends() -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(framed(b"once")), answers, bytes.upper, 1)
    assert answers.getvalue() == b"\0" + framed(b"ONCE")
