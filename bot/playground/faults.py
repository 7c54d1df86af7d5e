"""Things that go wrong between a bot and Telegram, on command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.playground.refusals import Refusal

Match = Callable[[dict[str, Any]], bool]

DESCRIPTIONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class Reset(Exception):  # noqa: N818 - an event, not an error of this code
    """The connection breaks: `done` tells whether the call takes effect nevertheless."""

    def __init__(self, *, done: bool) -> None:
        super().__init__()
        self.done = done


class Garbage(Exception):  # noqa: N818 - see above
    """Something between here and there answers with what is not JSON."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.status = status
        self.body = body


@dataclass(eq=False, slots=True)
class Fault:
    """One kind of failure; `left` calls of the method will meet it (None: all), `hits` did."""

    method: str
    what: Exception | None
    left: int | None
    match: Match | None
    hits: int = 0

    def end(self) -> None:
        """Let it be over."""
        self.left = 0

    def _meets(self, method: str, params: dict[str, Any]) -> bool:
        return (
            self.left != 0
            and self.method in {method, "*"}
            and (self.match is None or self.match(params))
        )


class Faults:
    """The failures in force. Methods are given by name in any case, "*" is every method."""

    def __init__(self) -> None:
        self._all: list[Fault] = []
        self._healed = asyncio.Event()

    def fail(
        self,
        method: str,
        *,
        status: int = 500,
        description: str | None = None,
        retry_after: int | None = None,
        times: int | None = 1,
        match: Match | None = None,
    ) -> Fault:
        """Refuse with a status, in Telegram's words unless others are given."""
        if retry_after is not None:
            refusal = Refusal(
                429,
                description or f"Too Many Requests: retry after {retry_after}",
                retry_after=retry_after,
            )
        else:
            refusal = Refusal(status, description or DESCRIPTIONS.get(status, "Error"))
        return self._add(method, refusal, times, match)

    def hang(self, method: str, *, times: int | None = 1, match: Match | None = None) -> Fault:
        """Never answer, until `heal` is called or the server stops."""
        return self._add(method, None, times, match)

    def reset(self, method: str, *, times: int | None = 1, match: Match | None = None) -> Fault:
        """Break the connection; the call has no effect."""
        return self._add(method, Reset(done=False), times, match)

    def lose(self, method: str, *, times: int | None = 1, match: Match | None = None) -> Fault:
        """Break the connection after the call took effect: the bot cannot know."""
        return self._add(method, Reset(done=True), times, match)

    def garble(
        self,
        method: str,
        *,
        status: int = 502,
        body: bytes = b"<html><h1>502 Bad Gateway</h1></html>",
        times: int | None = 1,
        match: Match | None = None,
    ) -> Fault:
        """Answer with what a broken proxy would say."""
        return self._add(method, Garbage(status, body), times, match)

    def heal(self) -> None:
        """End every failure; what hangs goes on."""
        self._all.clear()
        self._healed.set()
        self._healed = asyncio.Event()

    def _add(
        self, method: str, what: Exception | None, times: int | None, match: Match | None
    ) -> Fault:
        fault = Fault(method.lower(), what, times, match)
        self._all.append(fault)
        return fault

    def __bool__(self) -> bool:
        return bool(self._all)

    async def meet(self, method: str, params: dict[str, Any]) -> None:
        """Go wrong here if it is this call's turn: raises, or waits, or does nothing."""
        for fault in self._all:
            if fault._meets(method, params):  # noqa: SLF001 - its own collection
                fault.hits += 1
                if fault.left is not None:
                    fault.left -= 1
                break
        else:
            return
        self._all = [one for one in self._all if one.left != 0]
        if fault.what is None:
            await self._healed.wait()
        else:
            raise fault.what
