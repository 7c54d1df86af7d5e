"""A chat that is typed: what happens appears above the line that is being written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import CompleteStyle

from bot.playground.lines import (
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
from bot.playground.script import pressed
from bot.playground.teller import QUIET, Teller
from bot.playground.visitor import Event, Refused, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_toolkit.document import Document

    from bot.playground.clock import Clock
    from bot.playground.looks import Fragment

EARLIER = 10
"""How many messages of an older chat are shown to whoever comes back."""
POLL = 30.0


class Menu(Completer):
    """The bot's commands, completed by Tab."""

    def __init__(self) -> None:
        self.commands: list[dict[str, str]] = []

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterator[Completion]:
        """Offer the commands that begin like the line."""
        typed = document.text_before_cursor
        if typed.startswith("/"):
            for one in self.commands:
                command = f"/{one['command']}"
                if command.startswith(typed):
                    yield Completion(command, -len(typed), display_meta=one["description"])


class Terminal:
    """One terminal; whoever speaks in it sees their own chat."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        who: str,
        folder: Path,
        clock: Clock | None,
    ) -> None:
        self._http = http
        self._url = url
        self._folder = folder
        self._clock = clock
        self._who = who
        self._tellers: dict[str, Teller] = {}
        self._lines: asyncio.Queue[Line] = asyncio.Queue()
        self._menu = Menu()
        self._typed = ""

    async def run(self) -> None:
        """Chat until Ctrl-C, Ctrl-D or the end of the playground."""
        session: PromptSession[str] = PromptSession(
            completer=self._menu,
            complete_style=CompleteStyle.READLINE_LIKE,
            complete_while_typing=False,
            reserve_space_for_menu=0,
        )
        first = await self._enter(Become(self._who, None))
        with patch_stdout():
            work = asyncio.create_task(self._work(first, session))
            try:
                while True:
                    text = await session.prompt_async(lambda: f"{self._who}: ")
                    if (line := read_line(text)) is not None:
                        self._lines.put_nowait(line)
            except (EOFError, KeyboardInterrupt):
                return
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def _work(self, teller: Teller, session: PromptSession[str]) -> None:
        """Do what the lines say, one after the other, while the next can be typed already."""
        watch = asyncio.create_task(self._watch(teller))
        try:
            while True:
                line = await self._next(watch)
                if isinstance(line, Become):
                    watch.cancel()
                    teller = await self._enter(line)
                    watch = asyncio.create_task(self._watch(teller))
                    session.app.invalidate()
                else:
                    await self._turn(teller.visitor, line)
        except aiohttp.ClientError:
            _show([(QUIET, "(the playground has ended)\n")])
            session.app.exit(exception=EOFError)
        finally:
            watch.cancel()

    async def _next(self, watch: asyncio.Task[None]) -> Line:
        line = asyncio.create_task(self._lines.get())
        await asyncio.wait({line, watch}, return_when="FIRST_COMPLETED")
        if not line.done():
            line.cancel()
            watch.result()
        return await line

    async def _enter(self, line: Become) -> Teller:
        teller = self._tellers.get(line.name)
        if teller is None:
            teller = Teller(Visitor(self._http, self._url, line.name), self._folder)
            self._tellers[line.name] = teller
            await teller.visitor.arrive(line.language)
            for message in (await teller.visitor.catch_up())[-EARLIER:]:
                _show(await teller.message(message))
        elif line.language:
            await teller.visitor.arrive(line.language)
        self._who = line.name
        return teller

    async def _watch(self, teller: Teller) -> None:
        while True:
            self._menu.commands = await teller.visitor.menu()
            for event in await teller.visitor.events(wait=POLL):
                if not self._echo(event):
                    _show(await teller.event(event))

    def _echo(self, event: Event) -> bool:
        """Tell whether it is the line just typed, which stands there already."""
        own = event.what == "message" and not event.message["from"]["is_bot"]
        return own and event.message.get("text") == self._typed

    async def _turn(self, visitor: Visitor, line: Line) -> None:
        try:
            await self._act(visitor, line)
        except (Refused, OSError) as refused:
            _show([(QUIET, f"({refused})\n")])

    async def _act(self, visitor: Visitor, line: Line) -> None:
        match line:
            case Say(text):
                self._typed = text
                await visitor.say(text)
            case Press(number, back):
                await visitor.press(number, await pressed(visitor, back))
            case Send(path):
                content = await asyncio.to_thread(Path(path).read_bytes)
                await visitor.send(Path(path).name, content)
            case Contact():
                await visitor.share_contact()
            case Block(blocked):
                await visitor.block(blocked=blocked)
            case Wait(seconds) if self._clock is not None:
                self._clock.advance(seconds)
            case Open():
                raise Refused("paste the link of somebody else's window here")
            case Wait():
                raise Refused("time cannot be made to pass from here")


def _show(fragments: list[Fragment]) -> None:
    print_formatted_text(FormattedText(fragments), end="")
