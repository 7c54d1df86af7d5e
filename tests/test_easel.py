"""Charts are drawn apart from the bot: nobody waits, nothing secret goes there, it may die."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from bot import easel
from bot.easel import Easel, NotDrawnError, serve
from tests.test_charts import picture

PNG = b"\x89PNG"


def framed(content: bytes) -> bytes:
    return len(content).to_bytes(4) + content


async def test_it_is_drawn_elsewhere_without_secrets_and_after_a_kill_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KABAO_MASTER_KEY", "not-for-others")
    mine = Easel()
    assert (await mine.draw(picture())).startswith(PNG)
    assert mine._process is not None
    first = mine._process.pid
    if Path("/proc").exists():
        assert b"KABAO" not in Path(f"/proc/{first}/environ").read_bytes()
        assert os.getpriority(os.PRIO_PROCESS, first) > os.getpriority(os.PRIO_PROCESS, 0)
    os.kill(first, signal.SIGKILL)
    pictures = await asyncio.gather(*(mine.draw(picture(lines=n)) for n in (1, 2)))
    assert [content[:4] for content in pictures] == [PNG, PNG]
    second = mine._process
    assert second.pid != first
    await mine.stop()
    assert second.returncode == -signal.SIGKILL


def test_one_that_cannot_be_drawn_is_named_and_the_next_is_drawn() -> None:
    asked = io.BytesIO(framed(b"{}") + framed(orjson.dumps(picture(lines=1))))
    answers = io.BytesIO()
    serve(asked, answers)
    said = answers.getvalue()
    first = framed(b"KeyError")
    assert said.startswith(first)
    assert said[len(first) + 4 :].startswith(PNG)


def test_it_ends_when_nobody_asks() -> None:
    code = "import sys; from bot.easel import _read; _read(sys.stdin.buffer, 0.05); sys.exit(1)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as resting:  # noqa: S603
        assert resting.wait(20) == 0


async def test_who_would_wait_too_long_is_told_and_the_process_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(easel, "MOST_SECONDS", 0.2)
    mine = Easel()
    await mine.ready()
    assert mine._process is not None
    os.kill(mine._process.pid, signal.SIGSTOP)
    with pytest.raises(NotDrawnError, match="too long"):
        await mine.draw(picture())
    assert mine._process is None
    monkeypatch.setattr(easel, "MOST_WAITING", 0)
    with pytest.raises(NotDrawnError, match="too many"):
        await mine.draw(picture())


async def test_where_no_process_can_be_started_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    mine = Easel()
    await mine.ready()
    with pytest.raises(NotDrawnError, match="No such file"):
        await mine.draw(picture())
