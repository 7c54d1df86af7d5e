"""Long lists: in pages, with the buttons that turn them, or as much as fits into one message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from markupsafe import Markup

from bot.buttons import Button

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.voice import Voice

T = TypeVar("T")

LINE: Final = Markup("\n")
PARAGRAPH: Final = Markup("\n\n")

LONGEST: Final = 3700
"""Of a message, in UTF-16 units: Telegram takes 4096 of what is left without its markup."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: `at` is which, from 0, of `count`; `size` is what fits on one."""

    at: int
    count: int
    size: int

    @classmethod
    def of(cls, items: int, size: int, at: int) -> Page:
        """Turn to a page of so many items; beyond the last one it is the last."""
        count = -(-items // size)
        return cls(min(at, max(count - 1, 0)), count, size)

    @property
    def first(self) -> int:
        """How many items stand on the pages before."""
        return self.at * self.size

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        """Take what stands on this page of all items."""
        return items[self.first :][: self.size]

    def turns(
        self, voice: Voice, data: Callable[[int], str], back: str = "◀", on: str = "▶"
    ) -> list[list[Button]]:
        """Lay out the buttons that turn pages, with where one is; none where all is on one page.

        `data` says what a button to a page brings back.
        """
        if self.count < 2:  # noqa: PLR2004 - one page
            return []
        number = voice.language.number
        here = voice.plain("{page} of {pages}", page=number(self.at + 1), pages=number(self.count))
        row = [Button(here, data(self.at))]
        if self.at:
            row.insert(0, Button(back, data(self.at - 1)))
        if self.at + 1 < self.count:
            row.append(Button(on, data(self.at + 1)))
        return [row]


def fitted(voice: Voice, lines: Sequence[Markup], between: Markup = LINE) -> Markup:
    """Join as many lines as one message holds, the first ones; of the others how many they are."""
    kept: list[Markup] = []
    room = LONGEST
    for line in lines:
        room -= len(f"{line}{between}".encode("utf-16-le")) // 2
        if room < 0:
            left = len(lines) - len(kept)
            kept.append(voice.plural("and {n} more", "and {n} more", left))
            break
        kept.append(line)
    return between.join(kept)
