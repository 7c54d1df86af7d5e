"""How long others wait while somebody has pictures drawn or read, one a second."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from bench.bots import Running, kabao
from bench.cards import fill
from bench.load import Load
from bot import barcodes
from storage import Barcode, MasterKey, NewEntry, open_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from bench.load import Answers, Server
    from bot.playground.people import Person

RATE: Final = 50
ROUNDS: Final = 5
MOST_TIMES: Final = 1.5
PHOTO_PIXELS: Final = (1280, 960)
CODE: Final = Barcode("Code128", "6035710000000018")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for; `method` is the call of the bot that shows it was done."""

    what: str
    method: str
    ask: Callable[[Person], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Beside:
    """How others were answered without and with somebody who wants something every second.

    Both in turn, as often as there are rounds, so that what else the machine does falls on both.
    """

    what: str
    done: int
    calm: list[Answers]
    meanwhile: list[Answers]

    @property
    def ratio(self) -> float:
        """How many times what it was others' p99 is meanwhile; of each the rounds' median."""
        return _p99(self.meanwhile) / _p99(self.calm)


async def measure(
    telegram: Server, readers: Sequence[Person], seconds: float, folder: Path
) -> list[Beside]:
    """Measure others' /balance in a running bot; the last of the people wants the pictures."""
    key, database = MasterKey.generate(), folder / "beside.db"
    *others, artist = readers
    await fill(database, key, [reader.id for reader in readers])
    await _live(database, key, artist.id)
    photo = await asyncio.to_thread(_photo)
    bot = kabao(telegram, "Kabao", database, key)
    load = Load(telegram, others, "/balance", bot.expected)
    told = []
    async with Running(bot, folder):
        await load.one()
        for wanted in (
            Wanted("charts were drawn", "sendPhoto", lambda one: one.says("/insights")),
            Wanted(
                "barcodes were shown", "editMessageMedia", lambda one: one.says("/show Lunch 0")
            ),
            Wanted("photos were read", "getFile", lambda one: one.sends("card.jpg", photo)),
        ):
            await wanted.ask(artist)  # the first loads a library
            await load.paced(RATE, 3)
            told.append(await _one(telegram, load, wanted, artist, seconds))
    return told


async def _one(
    telegram: Server, load: Load, wanted: Wanted, artist: Person, seconds: float
) -> Beside:
    async def ask() -> None:
        while True:
            await wanted.ask(artist)
            await asyncio.sleep(1)

    calm, meanwhile, done = [], [], 0
    for _ in range(ROUNDS):
        calm.append(await load.paced(RATE, seconds / ROUNDS))
        before = len(telegram.called(wanted.method))
        asking = asyncio.create_task(ask())
        meanwhile.append(await load.paced(RATE, seconds / ROUNDS))
        asking.cancel()
        done += len(telegram.called(wanted.method)) - before
    if done < seconds / 2:
        raise RuntimeError(f"only {done} times {wanted.what}")
    return Beside(wanted.what, done, calm, meanwhile)


def _p99(rounds: list[Answers]) -> float:
    return median(one.p99 for one in rounds)


def line(told: Beside) -> str:
    """Say it in a sentence."""
    return (
        f"Others' /balance: p99 {_p99(told.calm):.1f} ms, and {_p99(told.meanwhile):.1f} ms while "
        f"{told.done} {told.what}, one a second (medians of {ROUNDS} rounds in turn)."
    )


def target(told: Beside) -> tuple[str, str, bool]:
    """Compare it with what is claimed."""
    what = f"p99 while {told.what}, times before"
    return what, f"{told.ratio:.2f} (at most {MOST_TIMES})", told.ratio <= MOST_TIMES


async def _live(database: Path, key: MasterKey, owner: int) -> None:
    """Let somebody have paid with all cards for months, and keep the barcode of one."""
    now = datetime.now(UTC)
    store = await open_store(f"sqlite:///{database}", key)
    for card in await store.cards.list(owner):
        spent = [
            NewEntry(now - timedelta(days=2 * n), -500 - n, "CNY", "purchase", "", "message")
            for n in range(1, 60)
        ]
        await store.ledger.add(owner, card.id, spent)
        if card.label == "Lunch 0":
            await store.cards.set_barcode(owner, card.id, CODE)
    await store.close()


def _photo() -> bytes:
    """Take a photo of a card: its barcode, not upright, in a picture as large as a phone sends."""
    from PIL import Image  # noqa: PLC0415 - as in the bot

    with Image.open(io.BytesIO(barcodes.draw(CODE, CODE.value))) as drawn:
        card = drawn.convert("L").resize((drawn.width * 3 // 4, drawn.height * 3 // 4))
        whole = Image.new("L", PHOTO_PIXELS, 170)
        whole.paste(card.rotate(7, expand=True, fillcolor=170), (200, 250))
    kept = io.BytesIO()
    whole.save(kept, "JPEG", quality=87)
    return kept.getvalue()
