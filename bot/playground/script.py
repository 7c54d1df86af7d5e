"""A chat that is piped in: line after line, each answered before the next is read."""

from __future__ import annotations

import asyncio
import codecs
import io
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

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
from bot.playground.looks import Fragment, clean, paragraph, plain
from bot.playground.sight import buttons
from bot.playground.teller import Teller
from bot.playground.visitor import Event, Refused, Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import aiohttp

    from bot.playground.clock import Clock

_LINK = re.compile(r"https://t\.me/\w+\?start=([\w-]+)")

SILENCE = 1.0
"""Seconds without a word from the bot after which it is taken to be done."""


class Script:
    """Writes down who says what. Several edits of a message between two lines are one."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        *,
        folder: Path,
        clock: Clock | None,
        settled: Callable[[int | None], Awaitable[None]] | None,
        stdout: TextIO,
    ) -> None:
        self._http = http
        self._url = url
        self._folder = folder
        self._clock = clock
        self._settled = settled
        self._stdout = stdout
        self._tellers: dict[str, Teller] = {}
        self._told: dict[tuple[int, int], str] = {}
        self._typed = ""
        self._begun = False

    async def run(self, who: str, stdin: TextIO) -> None:
        """Chat until the input ends."""
        speaker = await self._speaker(Become(who, None))
        async for text in read_lines(stdin):
            line = read_line(text)
            if isinstance(line, Become):
                speaker = await self._speaker(line)
            elif line is not None:
                await self._turn(speaker, line)

    async def _speaker(self, line: Become) -> Teller:
        teller = self._tellers.get(line.name)
        if teller is None or line.language:
            visitor = teller.visitor if teller else Visitor(self._http, self._url, line.name)
            await visitor.arrive(line.language)
            if teller is None:
                await visitor.catch_up()
                teller = self._tellers[line.name] = Teller(visitor, self._folder)
        for one in self._tellers.values():
            one.apart = len(self._tellers) > 1
        return teller

    async def _turn(self, speaker: Teller, line: Line) -> None:
        if self._begun:
            self._write([("", "\n")])
        self._begun, self._typed = True, ""
        try:
            update = await self._act(speaker.visitor, line)
        except (Refused, OSError) as refused:
            self._write([("", f"({refused})\n")])
            return
        if self._settled is not None:
            await self._settled(update)
        for teller in self._tellers.values():
            await self._tell(teller)

    async def _act(self, visitor: Visitor, line: Line) -> int | None:
        update: int | None = None
        match line:
            case Say(text):
                self._typed = text
                self._write(paragraph(visitor.name, "", [[("", clean(text))]]))
                update = await visitor.say(text)
            case Press(number, back):
                message = await pressed(visitor, back)
                update, label = await visitor.press(number, message)
                self._write([("", f"{visitor.name} presses [{label}]\n")])
            case Send(path):
                content = await asyncio.to_thread(Path(path).read_bytes)
                update = await visitor.send(Path(path).name, content)
            case Album(paths):
                for path in paths:
                    content = await asyncio.to_thread(Path(path).read_bytes)
                    update = await visitor.send(Path(path).name, content, album=str(id(line)))
            case Open():
                update = await self._open(visitor)
            case Contact():
                update = await visitor.share_contact()
            case Block(blocked):
                words = "blocks" if blocked else "unblocks"
                self._write([("", f"({visitor.name} {words} the bot)\n")])
                update = await visitor.block(blocked=blocked)
            case Wait(seconds):
                self._pass(seconds)
        return update

    async def _open(self, visitor: Visitor) -> int | None:
        """Follow the newest link; what it says is nobody else's to read, so it is left out."""
        texts = [
            (message["date"], message["message_id"], message.get("text", ""))
            for teller in self._tellers.values()
            for message in await teller.visitor.messages()
        ]
        links = [link[1] for *_, text in sorted(texts) for link in _LINK.finditer(text)]
        if not links:
            raise Refused("nobody was given a link")
        self._typed = f"/start {links[-1]}"
        self._write([("", f"{visitor.name} opens the link\n")])
        return await visitor.say(self._typed)

    def _pass(self, seconds: float) -> None:
        if self._clock is None:
            raise Refused("time cannot be made to pass from here")
        self._clock.advance(seconds)
        self._write([("", f"({seconds:g} seconds pass)\n")])

    async def _tell(self, teller: Teller) -> None:
        events = await self._new(teller.visitor)
        for event in events:
            if event.what in {"notice", "alert"}:
                self._write(await teller.event(event))
        latest = {_key(one): one for one in events if "message_id" in one.message}
        marks = {key: self._mark(event) for key, event in latest.items()}
        for mark in ("own", "deleted", "edited", "message"):
            for key, event in latest.items():
                if marks[key] == mark:
                    await self._say(teller, event, mark)

    def _mark(self, event: Event) -> str:
        """Tell what there is to say of a message after all that happened to it since."""
        known = _key(event) in self._told
        person = not event.message["from"]["is_bot"]
        if event.what == "deleted":
            return "deleted" if person or known else ""
        if person:
            typed = known or event.message.get("text") == self._typed
            return "" if typed else "own"
        return "edited" if known else "message"

    async def _new(self, visitor: Visitor) -> list[Event]:
        events = await visitor.events()
        if self._settled is None:
            while more := await visitor.events(wait=SILENCE):
                events += more
        return events

    async def _say(self, teller: Teller, event: Event, what: str) -> None:
        if what == "deleted":
            self._write(teller.deletion(event.message))
            return
        now = plain(await teller.message(event.message))
        if self._told.get(_key(event)) != now:
            self._told[_key(event)] = now
            self._write(await teller.event(Event(what, event.message)))

    def _write(self, fragments: list[Fragment]) -> None:
        self._stdout.write(plain(fragments))
        self._stdout.flush()


def _key(event: Event) -> tuple[int, int]:
    return event.message["chat"]["id"], event.message["message_id"]


async def pressed(visitor: Visitor, back: int) -> int | None:
    """Find the message with buttons that lies so many before the newest."""
    if not back:
        return None
    with_buttons = [one for one in await visitor.messages() if buttons(one)]
    if back >= len(with_buttons):
        raise Refused("there is no such message with buttons")
    number: int = with_buttons[-1 - back]["message_id"]
    return number


async def read_lines(stdin: TextIO) -> AsyncIterator[str]:
    """Read lines without stopping the loop, whatever kind of file the input is.

    By a thread of its own on the bare file descriptor: a regular file cannot be waited for, and
    a thread that holds the lock of a buffered stdin could not be left behind at the end.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    try:
        descriptor = stdin.fileno()
    except io.UnsupportedOperation:
        for line in stdin:
            yield line
        return

    def read() -> None:
        piece = b"-"
        while piece:
            piece = os.read(descriptor, 65536)
            loop.call_soon_threadsafe(queue.put_nowait, piece)

    threading.Thread(target=read, daemon=True).start()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while piece := await queue.get():
        *complete, rest = (rest + decoder.decode(piece)).split("\n")
        for line in complete:
            yield line
    if rest:
        yield rest
