"""A chat that is piped in comes out as a transcript, the same each time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from bot.playground import stable_id
from tests.playground.parrot import parrot, picture

if TYPE_CHECKING:
    from bot.playground import Telegram

PARROT = [sys.executable, "-m", "tests.playground.parrot"]
ROOT = Path(__file__).parents[2]


def transcript(lines: str, folder: Path, *, who: str = "Alice") -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        [*PARROT, who, str(folder)],
        cwd=ROOT,
        input=dedent(lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_a_piped_chat_reads_like_a_chat(tmp_path: Path) -> None:
    lines = """\
        !# who is there?
        /start

        #1
        PIN 1234
        /flicker
        """
    assert transcript(lines, tmp_path) == dedent("""\
        Alice: /start
        Kabao: Hello!
               The code is ▒▒▒▒.
               [1 Count] [2 Nothing]
               [3 Site → https://example.com/]

        Alice presses [Count]
        (notice: Fine)
        Kabao (edited): pressed: 1
                        [1 Count] [2 Nothing]
                        [3 Site → https://example.com/]

        Alice: PIN 1234
        (Alice's message was deleted)
        Kabao: I took it.

        Alice: /flicker
        """)


def test_several_people_speak_in_one_transcript(tmp_path: Path) -> None:
    lines = """\
        hi
        @小明 zh-hans
        你好
        @Alice
        bye"""
    assert transcript(lines, tmp_path) == dedent("""\
        Alice: hi
        Kabao: hi? �[31m/start

        小明: 你好
        Kabao → 小明: 你好? �[31m/start

        Alice: bye
        Kabao → Alice: bye? �[31m/start
        """)


def test_a_person_gives_their_number_while_the_button_is_there(tmp_path: Path) -> None:
    assert transcript("/number\n!contact\n!contact\n", tmp_path) == dedent(f"""\
        Alice: /number
        Kabao: Which?

        Alice: (contact: +86138{stable_id("Alice") % 10**8:08})
        Kabao: Yours: True

        (there is no button that shares a contact)
        """)


def test_what_cannot_be_done_is_said_and_the_chat_goes_on(tmp_path: Path) -> None:
    lines = """\
        #1
        /start
        #7
        #1^
        !send /nowhere
        !wait 90
        !block
        \\#1"""
    assert transcript(lines, tmp_path).split("\n\n", 2)[2] == dedent("""\
        (there is no button 7, or it is not clear which of many)

        (there is no such message with buttons)

        ([Errno 2] No such file or directory: '/nowhere')

        (90 seconds pass)

        (Alice blocks the bot)

        Alice: #1
        Kabao: #1? �[31m/start
        """)


def test_an_older_button_can_be_pressed(tmp_path: Path) -> None:
    told = transcript("/start\n/start\n#1^\n", tmp_path)
    assert told.endswith(
        "Kabao (edited): pressed: 1\n"
        "                [1 Count] [2 Nothing]\n"
        "                [3 Site → https://example.com/]\n"
    )


def test_pictures_are_saved_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for _ in range(2):
        told = transcript("/picture\n", folder)
        assert told == f"Alice: /picture\nKabao: (picture saved: {folder}/dot.png)\n       Look\n"
    assert (folder / "dot.png").read_bytes() == picture(3, 2)
    (folder / "dot.png").write_bytes(b"another")
    assert "dot-2.png" in transcript("/picture\n", folder)


def test_nothing_to_say_is_said_in_an_instant(tmp_path: Path) -> None:
    assert transcript("", tmp_path) == ""


async def test_a_chat_joins_from_another_process(telegram: Telegram, tmp_path: Path) -> None:
    async with parrot(telegram):
        joined = await asyncio.create_subprocess_exec(
            *PARROT,
            "Bob",
            str(tmp_path),
            telegram.url,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await joined.communicate(b"hello\n!wait 5\n")
    assert joined.returncode == 0
    assert told.decode() == (
        "Bob: hello\nKabao: hello? �[31m/start\n\n(time cannot be made to pass from here)\n"
    )
    assert telegram.person("Bob").sees("hello?")


@pytest.mark.parametrize(("name", "language"), [("小明", "zh"), ("Zoé", "en")])
async def test_a_name_suggests_a_language(telegram: Telegram, name: str, language: str) -> None:
    async with parrot(telegram):
        joined = await asyncio.create_subprocess_exec(
            *PARROT, name, "x", telegram.url, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL
        )
        assert await joined.wait() == 0
    assert telegram.person(name).language == language
