"""Where pictures that people send are looked at: in processes of their own, told nothing else.

What somebody sends may be made to hang or to break what opens it, or to take all memory there is;
it costs such a process, its sender gets a kind answer, and the next picture a new process.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Final

import orjson

from bot import covered_codes, optical, pictures
from bot.apart import Apart, CrowdedError, NotDoneError, run
from bot.languages import mark
from bot.optical import Line
from bot.pictures import Unreadable
from storage import Barcode

LANES: Final = 2
"""So that one bad picture holds up nobody else's; the second starts when the first is at work."""

MOST_SECONDS: Final = 60
MOST_BUSY: Final = 20
"""Seconds of computing for one picture, of those: usually it takes less than one."""
MOST_MEMORY: Final = 1_500_000_000
"""In bytes, of each: the largest picture that is looked at takes half of it."""

CODES: Final = b"c"
LINES: Final = b"l"
COVER: Final = b"p"

TOO_HARD: Final = mark(
    "I could not look at this file to its end. Send the card as a photo, or a screenshot cut to "
    "it, or type its number."
)
CROWDED: Final = mark(
    "Many pictures are being looked at just now. Please send it again in a minute, or type the "
    "card number."
)


class Loupe:
    """Looks at pictures and PDFs, a few at a time; those who come meanwhile wait, up to a bound."""

    def __init__(self) -> None:
        self._lanes = [Apart("bot.loupe", MOST_SECONDS) for _ in range(LANES)]

    async def ready(self) -> None:
        """Start a process if there is none, because a picture is to be expected."""
        await self._lanes[0].ready()

    async def codes(self, content: bytes) -> list[Barcode]:
        """Read the barcodes of a picture or of a PDF's first pages, each once. `Unreadable`."""
        return [Barcode(**one) for one in await self._told(CODES + content)]

    async def lines(self, content: bytes) -> list[Line]:
        """Read what is printed on it, line by line. `Unreadable`."""
        return [Line(*one) for one in await self._told(LINES + content)]

    async def covered(self, content: bytes) -> tuple[int, bytes | None]:
        """Paint over the barcodes of a picture, as `bot.covered_codes.cover`. `Unreadable`."""
        count, painted = await self._told(COVER + content)
        return count, painted and base64.b64decode(painted)

    async def stop(self) -> None:
        """End the processes, whatever they do."""
        await asyncio.gather(*(lane.stop() for lane in self._lanes))

    async def _told(self, asked: bytes) -> Any:
        try:
            told = orjson.loads(await self._looked(asked))
        except CrowdedError:
            raise Unreadable(CROWDED) from None
        except NotDoneError:
            raise Unreadable(TOO_HARD) from None
        if isinstance(told, str):
            raise Unreadable(told)
        return told

    async def _looked(self, asked: bytes) -> bytes:
        lane = min(self._lanes, key=lambda one: one.wanted)
        return await lane.ask(asked)


def look(asked: bytes) -> bytes:
    """Look at what was sent: a list of what was read, or the reason why it cannot be, as JSON.

    What was painted over is a count and a JPEG in base64, or null.
    """
    what, content = asked[:1], asked[1:]
    try:
        if what == CODES:
            return orjson.dumps(pictures.codes_in(content))
        if what == COVER:
            count, painted = covered_codes.cover(content)
            return orjson.dumps([count, painted and base64.b64encode(painted).decode()])
        return orjson.dumps([list(line) for line in optical.read(content)])
    except Unreadable as unreadable:
        return orjson.dumps(unreadable.reason)


if __name__ == "__main__":
    run(look, MOST_SECONDS, busy=MOST_BUSY, memory=MOST_MEMORY)
