"""A chat that is typed, in a real terminal."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

Open = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Open]:
    opened: list[pexpect.spawn[str]] = []

    def open_terminal(who: str, *url: str) -> pexpect.spawn[str]:
        chat = pexpect.spawn(
            sys.executable,
            ["-m", "tests.playground.parrot", who, str(tmp_path), *url],
            env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"},
            cwd=Path(__file__).parents[2],
            encoding="utf-8",
            timeout=20,
            dimensions=(40, 100),
        )
        opened.append(chat)
        chat.expect_exact(f"{who}:")
        return chat

    yield open_terminal
    for chat in opened:
        chat.close(force=True)


def url_of(chat: pexpect.spawn[str]) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", (chat.before or "") + (chat.buffer or ""))
    assert found is not None
    return found[0]


def ends(chat: pexpect.spawn[str]) -> None:
    """Ctrl-D, once the line to type in stands there again."""
    chat.expect_exact("Alice:")
    chat.sendeof()
    chat.expect(pexpect.EOF)
    chat.close()
    assert chat.exitstatus == 0


def test_a_person_types_presses_and_sees_what_happens(terminal: Open, tmp_path: Path) -> None:
    chat = terminal("Alice")
    chat.sendline("/start")
    chat.expect_exact("The code is ▒▒▒▒.")
    chat.expect_exact("[3 Site → https://example.com/]")
    chat.sendline("#1")
    chat.expect_exact("(notice: Fine)")
    chat.expect_exact("pressed: 1")
    chat.sendline("PIN 1234")
    chat.expect_exact("(Alice's message was deleted)")
    chat.expect_exact("I took it.")
    chat.sendline("/picture")
    chat.expect_exact(f"(picture saved: {tmp_path}/dot.png)")
    chat.sendline("#9")
    chat.expect_exact("there is no button 9")
    ends(chat)


def test_ctrl_c_ends_it_cleanly(terminal: Open) -> None:
    chat = terminal("Alice")
    chat.send("half a li")
    chat.sendintr()
    chat.expect(pexpect.EOF)
    chat.close()
    assert chat.exitstatus == 0
    assert "Traceback" not in (chat.before or "")


def test_a_second_person_joins_and_sees_their_own_chat(terminal: Open) -> None:
    chat = terminal("Alice")
    bob = terminal("Bob", url_of(chat))
    bob.sendline("hello")
    bob.expect_exact("hello?")
    bob.sendline("@Alice")
    bob.expect_exact("Alice:")
    chat.sendline("PIN 1")
    bob.expect_exact("I took it.")
    chat.expect_exact("I took it.")
    ends(chat)
    bob.expect_exact("(the playground has ended)")
    bob.expect(pexpect.EOF)


def test_an_earlier_chat_is_shown_to_whoever_comes_back(terminal: Open) -> None:
    chat = terminal("Alice")
    url = url_of(chat)
    chat.sendline("/start")
    chat.expect_exact("The code is")
    again = terminal("Alice", url)
    assert "The code is" in (again.before or "")


def test_a_playground_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    chat = pexpect.spawn(
        sys.executable,
        ["-m", "tests.playground.parrot", "Bob", str(tmp_path), "http://127.0.0.1:9"],
        cwd=Path(__file__).parents[2],
        encoding="utf-8",
    )
    chat.expect_exact("ClientConnectorError")
    chat.expect(pexpect.EOF)


def test_tab_completes_the_bots_commands(terminal: Open) -> None:
    chat = terminal("Alice")
    chat.sendline("hi")
    chat.expect_exact("hi?")
    chat.send("/sta\t")
    chat.expect("/start")
    chat.sendline("")
    chat.expect_exact("The code is")
