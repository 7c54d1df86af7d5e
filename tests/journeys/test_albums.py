"""Front and back of a card are sent together: they are one card, whichever comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.features.bind import album
from storage import Barcode
from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_bind_by_picture import card, code, kept, photo, pictures_of, saved
from tests.journeys.test_chinese import english_in
from tests.journeys.test_printed import with_number

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(album, "QUIET_SECONDS", 0.05)


async def sends_together(house: House, guest: Guest, *pictures: bytes) -> None:
    """Send an album: all of it is on its way before the bot has looked at any."""
    updates = [
        await guest.person.sends(f"{n}.jpg", content, album="7")
        for n, content in enumerate(pictures)
    ]
    for update in updates:
        await house.settled(update)


def blank() -> bytes:
    return saved(card(), "JPEG")


@pytest.mark.parametrize("back_first", [False, True], ids=["front first", "back first"])
async def test_the_side_without_a_code_goes_with_the_other_and_nobody_hears_of_it(
    house: House, alice: Guest, back_first: bool
) -> None:
    sides = [blank(), photo(code(YUAN))]
    await sends_together(house, alice, *(reversed(sides) if back_first else sides))
    assert len(alice.told) == 1
    assert "Panda Gift Card ·1001" in alice.told[0]
    assert pictures_of(alice) == []
    await alice.says(PIN)
    assert "Bound" in (await alice.presses("Save")).text
    assert await kept(house, alice) == [Barcode("QRCode", YUAN)]


async def test_an_album_without_any_code_is_answered_once_and_left(
    house: House, ming: Guest
) -> None:
    await sends_together(house, ming, blank(), blank(), blank())
    assert len(ming.told) == 1
    assert "这几张图片" in ming.told[0]
    assert len(pictures_of(ming)) == 3
    assert english_in(ming) == []
    assert "没有" in (await ming.says("/cancel")).text


async def test_codes_on_both_sides_are_one_choice_or_one_after_the_other(
    house: House, alice: Guest
) -> None:
    product = code("4006381333931", "EAN13")
    await sends_together(
        house, alice, photo(product, code("X-99-77", "Code128")), photo(code(KIOSK))
    )
    assert alice.newest.labels == ["EAN-13 ·3931", "Code 128 ·77", "QR ·2001", "Cancel"]
    assert pictures_of(alice) == []
    await alice.presses("QR")
    assert "CN¥161.50" in (await alice.presses("Save")).text


async def test_while_a_number_is_asked_for_an_album_is_answered_once_too(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind")
    await alice.presses("Panda")
    before = len(alice.told)
    await sends_together(house, alice, blank(), blank())
    assert len(alice.told) == before + 1
    assert pictures_of(alice) == []
    await sends_together(house, alice, blank(), photo(code(YUAN)))
    assert "".join(alice.told).count("no barcode") == 1
    assert "PIN" in alice.newest.text


async def test_if_a_side_cannot_be_deleted_nothing_is_kept(house: House, alice: Guest) -> None:
    first = await alice.person.sends("1.jpg", blank(), album="7")
    second = await alice.person.sends("2.jpg", photo(code(KIOSK)), album="7")
    house.telegram.fail("deleteMessage", status=400, description="message can't be deleted")
    await house.settled(first)
    await house.settled(second)
    assert alice.sees("kept nothing of it")
    assert "nothing to cancel" in (await alice.says("/cancel")).text


@pytest.mark.parametrize("code_first", [False, True], ids=["PIN first", "code first"])
async def test_the_pin_printed_on_one_side_goes_with_the_code_on_the_other(
    tmp_path: Path, code_first: bool
) -> None:
    async with House(tmp_path, ocr="on") as house:
        alice = house.guest("Alice", "en")
        printed = saved(with_number("6288 0000 0000 1001", f"PIN {PIN}"), "JPEG")
        sides = [printed, photo(code(YUAN))]
        await sends_together(house, alice, *(reversed(sides) if code_first else sides))
        assert pictures_of(alice) == []
        assert not alice.sees("digit by digit: I misread")
        assert alice.newest.labels[0] == PIN
        looked = await alice.presses(PIN)
        assert "Is this right?" in looked.text
        assert "CN¥200.00" in (await alice.presses("Save")).text


async def test_a_number_printed_on_one_of_two_sides_is_asked_back_once(tmp_path: Path) -> None:
    async with House(tmp_path, ocr="on") as house:
        alice = house.guest("Alice", "en")
        picture = saved(with_number("6288 0000 0000 1001"), "JPEG")
        await sends_together(house, alice, blank(), picture)
        assert pictures_of(alice) == []
        asked = await alice.presses(YUAN)
        assert "PIN" in asked.text
