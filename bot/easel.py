"""Where charts are drawn: in a process of its own, which is told what is written in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from bot.apart import Apart, NotDoneError, run

if TYPE_CHECKING:
    from bot.charts import Picture

MOST_SECONDS: Final = 30


class NotDrawnError(Exception):
    """A picture could not be drawn now; the words hold nothing of what was to be in it."""


class Easel(Apart):
    """Draws one picture at a time; those who come meanwhile wait, up to a bound."""

    def __init__(self) -> None:
        super().__init__("bot.easel", MOST_SECONDS)

    async def draw(self, picture: Picture) -> bytes:
        """Draw a picture as PNG, 1080 pixels wide. Raises `NotDrawnError` within a minute."""
        try:
            return await self.ask(orjson.dumps(picture))
        except NotDoneError as error:
            raise NotDrawnError(str(error)) from None


def _main() -> None:
    from bot import charts  # noqa: PLC0415 - the library belongs in this process alone

    charts.load()
    run(lambda content: charts.drawn(charts.unpacked(content)), MOST_SECONDS)


if __name__ == "__main__":
    _main()
