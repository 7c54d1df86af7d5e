"""Where the operator switched it on, a number printed on a card is read, and asked back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.photos import cards
from bot import optical, printed
from bot.config import ConfigError
from tests.house import PIN, YUAN, House
from tests.journeys.test_bind_by_picture import card, kept, pictures_of, saved, sends

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image


def with_number(*lines: str) -> Image.Image:
    from PIL import Image as Pictures  # noqa: PLC0415 - only this draws
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415 - as above

    whole = Pictures.new("RGB", (1100, 600), (215, 225, 235))
    for place, line in enumerate(lines):
        at = (60, 200 + 140 * place)
        ImageDraw.Draw(whole).text(at, line, fill=0, font=ImageFont.load_default(60))
    return whole


async def test_a_printed_number_and_pin_are_taken_once_the_person_says_they_are_right(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, ocr="on") as house:
        alice = house.guest("Alice", "en")
        picture = saved(with_number("6288 0000 0000 1001", f"PIN {PIN}"), "JPEG")
        shown = await sends(house, alice, "card.jpg", picture)
        assert alice.sees("digit by digit")
        assert YUAN in shown.text
        assert shown.protected
        assert pictures_of(alice) == []
        assert await kept(house, alice) == []
        asked = await alice.presses(YUAN)
        assert YUAN not in "".join(alice.told)
        assert asked.labels[0] == PIN
        await alice.presses(PIN)
        assert alice.sees("CN¥200.00")
        assert not alice.sees("maybe wrongly")
        assert not alice.sees("One moment")


async def test_without_it_no_printed_number_is_looked_for(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        alice = house.guest("Alice", "en")
        told = await sends(house, alice, "card.jpg", saved(with_number(YUAN), "JPEG"))
        assert "no barcode" in told.text


async def test_a_picture_with_nothing_printed_is_answered_as_before(tmp_path: Path) -> None:
    async with House(tmp_path, ocr="on") as house:
        alice = house.guest("Alice", "en")
        told = await sends(house, alice, "cat.jpg", saved(card(), "JPEG"))
        assert "no barcode" in told.text


def test_switched_on_without_its_package_the_operator_is_told_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printed, "PACKAGE", "not_there")
    with pytest.raises(ConfigError, match=r"KABAO_OCR.*kabao\[ocr\]"):
        _ = House(tmp_path, ocr="on").settings


def test_a_plain_card_s_pin_and_number_are_read() -> None:
    made = next(cards("easy", coded=False, each=1))
    lines = optical.read(made.picture)
    assert made.pin in printed.pins(lines)
    assert made.number in "".join(line.text for line in lines).replace(" ", "")
