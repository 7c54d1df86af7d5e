"""What somebody sends may hang or break what opens it: that costs nobody else anything."""

from __future__ import annotations

import asyncio
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import apart
from bot.apart import Apart
from bot.loupe import CROWDED, Loupe
from tests.house import KIOSK, Guest, House
from tests.journeys.test_bind_by_picture import code, kept, photo, pictures_of, sends
from tests.journeys.test_chinese import english_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SOURCE = """
import os, signal, time
from bot import loupe
from bot.apart import run

def look(asked):
    if b"hang" in asked:
        time.sleep(60)
    if b"crash" in asked:
        os.kill(os.getpid(), signal.SIGSEGV)
    return loupe.look(asked)

run(look, loupe.MOST_SECONDS, busy=loupe.MOST_BUSY, memory=loupe.MOST_MEMORY)
"""


@pytest.fixture
async def glass(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Loupe]:
    """A loupe of real processes, whose libraries hang or break over some pictures."""
    (tmp_path / "strange_loupe.py").write_text(textwrap.dedent(SOURCE))
    roads = f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"
    usual = apart._environment()
    monkeypatch.setattr(apart, "_environment", lambda: {**usual, "PYTHONPATH": roads})
    loupe = house.loupe = Loupe()
    loupe._lanes = [Apart("strange_loupe", 30) for _ in loupe._lanes]
    await house.restart()
    yield loupe
    await loupe.stop()


async def test_over_what_hangs_others_get_their_answers_and_their_pictures_read(
    house: House, alice: Guest, bob: Guest, glass: Loupe
) -> None:
    await glass.codes(photo())  # started
    hanging = asyncio.create_task(sends(house, alice, "evil.jpg", photo(code(KIOSK)) + b"hang"))
    while not glass._lanes[0].wanted:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.01)
    await bob.person.says("/balance")
    await bob.person.finds("no card yet")
    await bob.person.sends("card.jpg", photo(code(KIOSK)))
    await bob.person.finds("Is this right?", within=60)
    assert not hanging.done()
    while not hanging.done():  # it is tried once more; what ends it at last is in test_apart.py
        process = glass._lanes[0]._process
        if process is not None and process.returncode is None:
            process.kill()
        await asyncio.sleep(0.05)
    assert "could not look at this file to its end" in (await hanging).text
    assert len(pictures_of(alice)) == 1
    assert "Is this right?" in (await sends(house, alice, "card.jpg", photo(code(KIOSK)))).text


async def test_over_what_breaks_its_reader_xiaoming_is_told_so_and_the_next_is_read(
    house: House, ming: Guest, glass: Loupe
) -> None:
    told = await sends(house, ming, "evil.jpg", photo(code(KIOSK)) + b"crash")
    assert "截图" in told.text
    await sends(house, ming, "card.jpg", photo(code(KIOSK)))
    await ming.presses("保存")
    assert len(await kept(house, ming)) == 1
    assert english_in(ming) == []
    ended = [one._process for one in glass._lanes if one._process]
    await house.restart()
    assert ended
    assert all(one.returncode is not None for one in ended)


async def test_while_too_many_pictures_wait_the_next_is_asked_for_later(
    house: House, alice: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.loupe = Loupe()
    await house.restart()
    monkeypatch.setattr(apart, "MOST_WAITING", 0)
    assert CROWDED in (await sends(house, alice, "card.jpg", photo(code(KIOSK)))).text


async def test_a_photo_as_an_iphone_keeps_it_is_read(house: House, alice: Guest) -> None:
    content = (Path(__file__).parent / "card.heic").read_bytes()
    looked = await sends(house, alice, "IMG_0001.HEIC", content)
    assert "Kiosk Card ·2001" in looked.text
    assert pictures_of(alice) == []
