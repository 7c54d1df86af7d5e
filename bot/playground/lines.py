r"""What can be typed into the chat.

| line | does |
|---|---|
| text | is sent as a message |
| `#2` | presses button 2 of the newest message with buttons |
| `#2^`, `#2^^` | presses button 2 of the message with buttons before that, and so on |
| `@NAME`, `@NAME zh` | somebody else speaks from here on, in the language given or guessed |
| `!wait 90` | lets 90 seconds pass |
| `!send PATH` | sends a file; a PNG or JPEG as a picture |
| `!album PATH, PATH` | sends several together |
| `!open` | opens the newest link to the bot that anybody there was given |
| `!contact` | gives one's own number by the button below the chat |
| `!block`, `!unblock` | blocks the bot, or lets it write again |
| `\#2` | is sent as it stands, without the backslash |
| nothing, or `!# ...` | nothing: a comment |
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """Send text."""

    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """Press button `number` of the newest message with buttons but `back`."""

    number: int
    back: int = 0


@dataclass(frozen=True, slots=True)
class Become:
    """Let somebody else speak."""

    name: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass on the playground's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Send:
    """Send a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Album:
    """Send several files together."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Block the bot, or unblock it."""

    blocked: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """Give one's own number by the button below the chat."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open the newest link to the bot that anybody there was given."""


Line = Say | Press | Become | Wait | Send | Album | Block | Contact | Open

_PRESS = re.compile(r"#(\d{1,3})(\^*)")
_BECOME = re.compile(r"@(\w[\w-]*)(?:\s+([a-z]{2,3}(?:-\w+)?))?")
_WAIT = re.compile(r"!wait\s+(\d{1,9}(?:\.\d+)?)")
_SEND = re.compile(r"!send\s+(.+)")
_ALBUM = re.compile(r"!album\s+(.+)")


def read_line(line: str) -> Line | None:
    """Understand one line; None for blank lines and comments."""
    line = line.strip()
    if not line or line.startswith("!#"):
        return None
    if found := _PRESS.fullmatch(line):
        return Press(int(found[1]), len(found[2]))
    if found := _BECOME.fullmatch(line):
        return Become(found[1], found[2])
    return _order(line) or Say(line.removeprefix("\\"))


def _order(line: str) -> Line | None:
    if found := _WAIT.fullmatch(line):
        return Wait(float(found[1]))
    if found := _SEND.fullmatch(line):
        return Send(found[1])
    if found := _ALBUM.fullmatch(line):
        return Album(tuple(re.split(r"\s*,\s*", found[1])))
    if line in {"!contact", "!open"}:
        return Contact() if line == "!contact" else Open()
    return Block(line == "!block") if line in {"!block", "!unblock"} else None
