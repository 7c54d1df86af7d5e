"""How often barcodes, printed numbers and PINs are read right off cards drawn for the purpose."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from bench import photos
from bot import optical, pictures, printed
from bot.issuers import CATALOG, Issuers

if TYPE_CHECKING:
    from collections.abc import Sequence

WHAT: Final = {"barcode": "barcodes", "number": "printed numbers", "pin": "printed PINs"}
MOST_WRONG: Final = 0.02
"""Of all pictures: a number is shown, and what the card says is not among what is shown."""


@dataclass(slots=True)
class Tally:
    """How many were read right; right but only the second or third offered; wrong; not at all."""

    right: int = 0
    among: int = 0
    wrong: int = 0
    nothing: int = 0

    def count(self, said: Sequence[str], truth: str) -> None:
        """Count one picture: what was read of it beside what it shows."""
        if not said:
            self.nothing += 1
        elif said[0] == truth:
            self.right += 1
        elif truth in said:
            self.among += 1
        else:
            self.wrong += 1

    @property
    def all(self) -> int:
        """Of how many pictures."""
        return self.right + self.among + self.wrong + self.nothing

    def __str__(self) -> str:
        among = f" + {self.among} as a second guess" if self.among else ""
        return (
            f"{self.right}{among} of {self.all} right, {self.wrong} wrong, {self.nothing} nothing"
        )


@dataclass(slots=True)
class Read:
    """Tallies by what was read, level and harm ("all" over all of a level); milliseconds each."""

    tallies: dict[str, dict[str, dict[str, Tally]]] = field(default_factory=dict)
    barcode_ms: list[float] = field(default_factory=list)
    printed_ms: list[float] = field(default_factory=list)

    def count(self, what: str, made: photos.Made, said: Sequence[str], truth: str) -> None:
        """Count what was said of a picture."""
        levels = self.tallies.setdefault(what, {}).setdefault(made.level, {})
        for group in ("all", made.harm):
            levels.setdefault(group, Tally()).count(said, truth)


def measure(each: int = photos.EACH) -> Read:
    """Read all of them, one after another, as a bot with the catalogue's issuers."""
    issuers, told = asyncio.run(_issuers()), Read()
    for level in photos.LEVELS:
        for made in photos.cards(level, coded=True, each=each):
            assert made.code is not None
            start = time.perf_counter()
            codes = pictures.codes_in(made.picture)
            told.barcode_ms.append((time.perf_counter() - start) * 1000)
            told.count("barcode", made, [code.value for code in codes], made.code.value)
        for made in photos.cards(level, coded=False, each=each):
            start = time.perf_counter()
            lines = optical.read(made.picture)
            told.printed_ms.append((time.perf_counter() - start) * 1000)
            told.count("number", made, printed.numbers(lines, issuers), made.number)
            told.count("pin", made, printed.pins(lines), made.pin)
    return told


async def _issuers() -> Issuers:
    async with aiohttp.ClientSession() as http:
        return Issuers.load([CATALOG], {}, http)


def figures(told: Read) -> dict[str, Any]:
    """Give all of it for the JSON file."""
    return asdict(told)


def line(told: Read) -> str:
    """Say it in sentences, and as a table of what each harm does."""
    sentences = [
        f"{name[0].upper()}{name[1:]}: "
        + "; ".join(f"{groups['all']} ({level})" for level, groups in told.tallies[what].items())
        + "."
        for what, name in WHAT.items()
    ]
    for name, ms in (("barcodes", told.barcode_ms), ("print", told.printed_ms)):
        sentences.append(
            f"Looking for {name} takes {median(ms):.0f} ms (at most {max(ms):.0f}) a picture."
        )
    rows = ["| picture | " + " | ".join(WHAT.values()) + " |", "| --- " * 4 + "|"]
    for level, harms in photos.LEVELS.items():
        for harm in harms:
            cells = [str(told.tallies[what][level].get(harm, "")) for what in WHAT]
            rows.append(f"| {harm} ({level}) | {' | '.join(cells)} |")
    return " ".join(sentences) + "\n\n" + "\n".join(rows)


def target(told: Read) -> tuple[str, str, bool]:
    """Compare how often what is offered as a number is wrong with what is claimed."""
    groups = [levels["all"] for levels in told.tallies["number"].values()]
    share = sum(one.wrong for one in groups) / sum(one.all for one in groups)
    what = "printed numbers offered wrongly, of all pictures"
    return what, f"{share:.3f} (at most {MOST_WRONG})", share <= MOST_WRONG
