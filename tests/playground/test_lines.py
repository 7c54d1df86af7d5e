"""What is typed into the chat is understood."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from bot.playground import Clock
from bot.playground.entities import formatted
from bot.playground.lines import (
    Album,
    Become,
    Block,
    Contact,
    Line,
    Open,
    Press,
    Say,
    Send,
    Wait,
    read_line,
)
from bot.playground.looks import HIDDEN, body, clean, keyboard, lines, paragraph, plain
from bot.playground.script import read_lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/balance 麦当劳", Say("/balance 麦当劳")),
        ("  hi \n", Say("hi")),
        ("#2", Press(2)),
        ("#12^^", Press(12, 2)),
        ("#two", Say("#two")),
        ("# 2", Say("# 2")),
        ("\\#2", Say("#2")),
        ("@小明", Become("小明", None)),
        ("@Bob zh-hans", Become("Bob", "zh-hans")),
        ("@Bob how are you", Say("@Bob how are you")),
        ("me@example.com", Say("me@example.com")),
        ("!wait 90", Wait(90)),
        ("!wait soon", Say("!wait soon")),
        ("!send a b.png", Send("a b.png")),
        ("!album a b.png, c.jpg", Album(("a b.png", "c.jpg"))),
        ("!contact", Contact()),
        ("!open", Open()),
        ("!contact Bob", Say("!contact Bob")),
        ("!block", Block(blocked=True)),
        ("!unblock", Block(blocked=False)),
        ("!# a comment", None),
        (" ", None),
    ],
)
def test_a_line_is_an_order_or_a_message(text: str, line: Line | None) -> None:
    assert read_line(text) == line


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c")))
def test_whatever_is_said_with_a_backslash_is_said(text: str) -> None:
    assert read_line("\\" + text) == Say(text.rstrip()) or not text.strip()


@pytest.mark.parametrize("buffered", [True, False])
async def test_lines_are_read_from_pipes_and_from_memory(*, buffered: bool) -> None:
    text = "小明\n\nlast"
    if buffered:
        assert [line.strip() async for line in read_lines(io.StringIO(text))] == text.split("\n")
        return
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert [line async for line in read_lines(pipe)] == text.split("\n")


def message(text: str) -> dict[str, object]:
    shown, entities = formatted(text, "HTML", None)
    return {"text": shown, "entities": entities}


def test_a_spoiler_is_as_wide_as_what_it_hides() -> None:
    hidden = plain(body(message("PIN <tg-spoiler>12余\n3</tg-spoiler>.")))
    assert hidden == f"PIN {HIDDEN * 4}\n{HIDDEN}."


def test_markup_becomes_style_and_links_say_where_they_lead() -> None:
    fragments = body(message('<b>a<i>b</i></b> <a href="https://a.b/">c</a>'))
    assert fragments == [
        ("bold", "a"),
        ("bold italic", "b"),
        ("", " "),
        ("underline", "c"),
        ("", " (https://a.b/)"),
    ]


@given(st.text(st.characters(codec="utf-8")))
def test_no_text_moves_the_cursor(text: str) -> None:
    shown = clean(text)
    assert len(shown) == len(text)
    assert not set(shown) & set("\x1b\r\b\x07\x9b\u202e")


def test_lines_begin_below_each_other_after_a_wide_name() -> None:
    written = plain(paragraph("小明", "", lines([("", "one\n\ntwo")])))
    first, empty, second, _ = written.split("\n")
    assert (first, empty) == ("小明: one", "")
    assert get_cwidth(second.removesuffix("two")) == get_cwidth("小明: ")


def test_buttons_are_numbered_through_their_rows_and_say_what_they_do() -> None:
    rows = [
        [{"text": "a", "callback_data": "x"}, {"text": "b", "url": "https://a.b/"}],
        [{"text": "c", "copy_text": {"text": "12 34"}}],
    ]
    shown = [plain(row) for row in keyboard({"reply_markup": {"inline_keyboard": rows}})]
    assert shown == ["[1 a] [2 b → https://a.b/]", "[3 c ⧉ 12 34]"]


def test_a_clock_with_a_start_stands_until_it_is_advanced() -> None:
    start = datetime(2026, 11, 24, 12, tzinfo=UTC)
    clock = Clock(start)
    assert clock() == clock() == start
    assert clock.advance(90) == clock() == start + timedelta(seconds=90)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="aware"):
        Clock(datetime(2026, 11, 24))  # noqa: DTZ001 - the point


def test_a_clock_without_a_start_runs() -> None:
    clock = Clock()
    clock.advance(3600)
    ahead = clock() - datetime.now(UTC)
    assert timedelta(minutes=59) < ahead <= timedelta(hours=1)
