"""What somebody has of an exported file, of a file made to hurt, and of requests for help."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import zipfile
from datetime import date

import pytest
import pyzipper  # type: ignore[import-untyped]

from bot import barcodes, imports
from bot.loupe import Loupe
from bot.pictures import Unreadable
from storage import Barcode
from tests.house import KIOSK, PIN, YUAN, Guest, House

PHRASE = "correct horse 42"


async def test_an_export_opens_only_with_its_passphrase_and_holds_no_card_of_others(
    house: House, alice: Guest, eve: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await eve.binds(KIOSK)
    await house.kabao.parts.store.shares.give(alice.id, card.id, eve.id, "manage")
    await eve.says("/export")
    await eve.says(PHRASE, PHRASE)
    content = house.telegram.world.files.get(eve.newest.raw["document"]["file_id"]).content
    assert KIOSK.encode() not in content
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        for wrong in (None, b"correct horse 43"):
            with pytest.raises(RuntimeError):
                archive.read("kabao.json", pwd=wrong)
        told = b"".join(archive.read(name, pwd=PHRASE.encode()) for name in archive.namelist())
    assert KIOSK.encode() in told
    assert not any(secret.encode() in told for secret in (YUAN, PIN, card.id))


def test_a_file_made_to_fill_the_memory_is_refused_before_it_is_read() -> None:
    def packed(name: str, content: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr(name, content)
        return out.getvalue()

    lists = b'{"kabao":1,"cards":[' + b"[]," * 2_100_000 + b"[]]}"
    zeros = packed("kabao.json", bytes(33 * 1024 * 1024))
    inner = packed("pass.json", bytes(2 * 1024 * 1024))
    bombs = {
        "too long for cards": (lists, packed("kabao.json", lists)),
        "more in this zip than I can": (zeros,),
        "damaged": (packed("a.pkpass", inner),),
    }
    for why, made in bombs.items():
        for bomb in made:
            with pytest.raises(imports.Unreadable, match=why):
                imports.read(bomb, None, date(2026, 11, 26))


async def test_who_answers_requests_reads_no_number_or_pin_of_a_card_that_the_bot_knows(
    house: House, alice: Guest, eve: Guest, carol: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.store.shares.give(alice.id, card.id, eve.id, "spend")
    grouped = f"{YUAN[:4]} {YUAN[4:8]}-{YUAN[8:]}"
    for guest in (alice, eve):
        await guest.says(f"/feedback 卡号{YUAN}不行, {grouped} neither, it says {PIN} is wrong")
        assert not any(YUAN in text for text in guest.wrote)
    await house.passes(minutes=1)
    read = [text for text in carol.told if "#1" in text or "#2" in text]
    assert len(read) == 2
    for text in read:
        assert "is wrong" in text
        assert not any(secret in text for secret in (YUAN, grouped, PIN))


async def test_a_picture_that_hangs_what_opens_it_costs_nobody_else_their_answer() -> None:
    code = Barcode("Code128", KIOSK)
    picture, loupe = barcodes.draw(code), Loupe()
    lane = loupe._lanes[0]
    await loupe.ready()
    assert lane._process is not None
    os.kill(lane._process.pid, signal.SIGSTOP)
    lane._seconds = 1
    hanging = asyncio.create_task(loupe.codes(picture))
    await asyncio.sleep(0)
    assert await loupe.codes(picture) == [code]
    with pytest.raises(Unreadable, match="to its end"):
        await hanging
    lane._seconds = 60
    assert await loupe.codes(picture) == [code]
    await loupe.stop()
