"""Moving 1,000 cards in from a locked zip of Catima's, and out again, step by step."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import aiohttp
import pyzipper  # type: ignore[import-untyped]

from bot import arrivals, exports, imports
from bot import issuers as catalog
from bot.imports import Found, kept
from bot.imports.found import Choices
from bot.issuers import Issuers
from bot.languages import language_for
from bot.voice import Voice
from storage import MasterKey, open_store, utc_now

if TYPE_CHECKING:
    from typing import Any

CARDS = 1_000
MOST_SECONDS = 5
PASSPHRASE = "correct horse battery"  # noqa: S105 - of a file that is made up here
OWNER = 7
CATALOG = Path(catalog.__file__).parent / "catalog"
HEADER = (
    "_id,store,note,validfrom,expiry,balance,balancetype,cardid,barcodeid,barcodetype,"
    "barcodeencoding,headercolor,starstatus,lastused,archive"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Seconds: to read the file, to show what it holds, to save it; to take it out and pack it."""

    cards: int
    read: float
    shown: float
    saved: float
    packed: float

    @property
    def moved_in(self) -> float:
        """From the file's bytes to the last card saved."""
        return self.read + self.shown + self.saved


def file() -> bytes:
    """Write a file as Catima does."""
    table = io.StringIO(newline="")
    table.write(f"2\r\n\r\n_id\r\n\r\n{HEADER}\r\n")
    writer = csv.writer(table)
    for n in range(CARDS):
        row = [n, f"Shop {n % 90}", f"Note {n}\n\nmore", "", 1830211200000, f"{n}.50", "CNY"]
        row += [f"62881111{n:08}", f"Q{n:09}", "QR_CODE", "UTF-8", 1, n % 2, 1766674633, 0]
        writer.writerow(row)
    table.write("\r\ncardId,groupId\r\n")
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as made:
        made.setpassword(PASSPHRASE.encode())
        made.writestr("catima.csv", table.getvalue().encode())
    return out.getvalue()


async def measure(rounds: int, folder: Path) -> Moved:
    """Move in and out in several rounds, each with a database of its own; the slowest counts."""
    async with aiohttp.ClientSession() as http:
        issuers, _ = Issuers.gather([CATALOG], {}, http)
        moved = []
        for n in range(rounds):
            (place := folder / f"moving{n}").mkdir()
            moved.append(await _move(issuers, place))
    return max(moved, key=lambda one: one.moved_in)


def line(moved: Moved) -> str:
    """Say what it takes."""
    return (
        f"{moved.cards:,} cards move in from a locked zip of Catima's in {moved.moved_in:.2f} s "
        f"(read {moved.read:.2f}, shown {moved.shown:.2f}, saved {moved.saved:.2f}), and out into "
        f"a locked zip in {moved.packed:.2f} s."
    )


def target(moved: Moved) -> tuple[str, str, bool]:
    """Compare it with what is claimed."""
    took = moved.moved_in
    what = f"moving {moved.cards:,} cards in, s"
    return what, f"{took:.2f} (at most {MOST_SECONDS})", took <= MOST_SECONDS


async def _move(issuers: Issuers, folder: Path) -> Moved:
    """Move a file in and out as the bot does, on a database on disk."""
    content, now = file(), utc_now()
    voice = Voice(language_for("en"), ZoneInfo("Asia/Shanghai"), now)
    parts: Any = _Parts(issuers)
    store = await open_store(f"sqlite:///{folder}/moving.db", MasterKey.generate())
    try:
        await store.people.arrive(OWNER, name="Mover", language="en")
        marks = [time.perf_counter()]
        found = imports.read(content, PASSPHRASE, now.date())
        assert isinstance(found, Found)
        held = kept.as_json(found)
        marks.append(time.perf_counter())
        options = arrivals.Options("CNY")
        plan = await arrivals.plan(parts, store, OWNER, voice, kept.from_json(held), options)
        marks.append(time.perf_counter())
        async with store.transaction() as tx:
            plan = await arrivals.plan(parts, tx, OWNER, voice, kept.from_json(held), options)
            saved = await arrivals.save(tx, OWNER, plan.new)
        assert len(saved) == CARDS
        marks.append(time.perf_counter())
        wholes = exports.numbered(issuers, await store.moving.out(OWNER))
        exports.packed("all", wholes, Choices(), voice.zone, now, PASSPHRASE)
        marks.append(time.perf_counter())
    finally:
        await store.close()
    took = [after - before for before, after in pairwise(marks)]
    return Moved(CARDS, *took)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The one part of the bot that a plan asks."""

    issuers: Issuers
