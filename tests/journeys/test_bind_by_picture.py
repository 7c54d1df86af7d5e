"""A card is bound by a photo, a screenshot or a PDF of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageFilter

from bot import barcodes
from storage import Barcode
from tests.house import DOLLARS, KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_chinese import english_in

if TYPE_CHECKING:
    from pathlib import Path

    from bot.playground import Seen

CLUB = "4006381333931"
"""An EAN-13 that is no issuer's number here."""


def code(value: str, kind: str = "QRCode") -> Image.Image:
    return Image.open(io.BytesIO(barcodes.draw(Barcode(kind, value)))).convert("L")


def card(*codes: Image.Image, angle: float = 0) -> Image.Image:
    whole = Image.new("L", (1300, 40 + sum(one.height + 60 for one in codes)), 200)
    top = 40
    for one in codes:
        whole.paste(one, (60, top))
        top += one.height + 60
    return whole.rotate(angle, expand=True, fillcolor=90)


def saved(picture: Image.Image, kind: str) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, kind)
    return kept.getvalue()


def photo(*codes: Image.Image, angle: float = 0) -> bytes:
    return saved(card(*codes, angle=angle), "JPEG")


async def sends(house: House, guest: Guest, name: str, content: bytes, caption: str = "") -> Seen:
    await house.settled(await guest.person.sends(name, content, caption=caption))
    return guest.newest


def pictures_of(guest: Guest) -> list[Seen]:
    return [
        one
        for one in guest.person.chat
        if not one.by_bot and ("photo" in one.raw or "document" in one.raw)
    ]


async def kept(house: House, guest: Guest) -> list[Barcode | None]:
    cards = house.kabao.parts.store.cards
    return [await cards.barcode(guest.id, one.id) for one in await cards.list(guest.id)]


async def test_a_photo_of_a_qr_code_binds_a_card_after_its_pin_and_a_look_at_all_of_it(
    house: House, alice: Guest
) -> None:
    asked = await sends(house, alice, "card.jpg", photo(code(YUAN), angle=7))
    assert "Panda Gift Card ·1001" in asked.text
    assert "PIN" in asked.text
    assert pictures_of(alice) == []
    looked = await alice.says(PIN)
    assert "Is this right?" in looked.text
    assert "Barcode: QR ·1001" in looked.text
    assert await kept(house, alice) == []
    bound = await alice.presses("Save")
    assert "Bound" in bound.text
    assert "CN¥200.00" in bound.text
    assert await kept(house, alice) == [Barcode("QRCode", YUAN)]
    assert YUAN not in "".join(alice.told)


async def test_a_screenshot_with_an_ean_code_becomes_a_card_whose_holder_keeps_the_ledger(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind")
    asked = await sends(house, alice, "shot.png", saved(card(code(CLUB, "EAN13")), "PNG"))
    assert "called" in asked.text
    looked = await alice.says("Supermarket", "50")
    assert "Another card ·3931" in looked.text
    assert "Name: Supermarket" in looked.text
    assert "Balance: CN¥50.00" in looked.text
    shown = await alice.says("Save")
    assert "Supermarket ·3931" in shown.text
    assert "CN¥50.00" in shown.text
    assert await kept(house, alice) == [Barcode("EAN13", CLUB)]
    assert alice.wrote == ["/bind", "Supermarket", "50", "Save"]


async def test_of_two_codes_in_a_pdf_the_card_s_is_chosen_by_its_last_digits_after_a_restart(
    house: House, alice: Guest, tmp_path: Path
) -> None:
    pages = [card(code(CLUB, "EAN13")), card(code(KIOSK, "Code128"))]
    content = io.BytesIO()
    pages[0].save(content, "PDF", save_all=True, append_images=pages[1:])
    asked = await sends(house, alice, "card.pdf", content.getvalue())
    assert "I found 2 codes" in asked.text
    assert asked.labels == ["EAN-13 ·3931", "Code 128 ·2001", "Cancel"]
    await house.restart()
    for file in tmp_path.iterdir():
        if file.is_file():
            assert KIOSK.encode() not in file.read_bytes()
    looked = await alice.presses("Code 128")
    assert "Kiosk Card ·2001" in looked.text
    await house.restart()
    assert "CN¥161.50" in (await alice.presses("Save")).text
    assert await kept(house, alice) == [Barcode("Code128", KIOSK)]


async def test_two_cards_on_one_photo_are_bound_one_after_the_other(
    house: House, alice: Guest, ming: Guest
) -> None:
    both = photo(code(KIOSK, "Code128"), code(YUAN))
    asked = await sends(house, alice, "cards.jpg", both)
    assert asked.text == "I found 2 cards in it. Which one first?"
    await alice.presses("Code 128")
    await alice.presses("Save")
    assert alice.newest.labels == ["QR ·1001", "Cancel"]
    await alice.presses("QR")
    await alice.says(PIN)
    await alice.presses("Save")
    assert len(await kept(house, alice)) == 2
    assert (await sends(house, ming, "a.jpg", both)).text == "图里有 2 张卡。先绑哪一张？"


async def test_a_film_is_no_picture(house: House, alice: Guest) -> None:
    told = await sends(house, alice, "party.mp4", b"\0\0\0 ftypmp42")
    assert "this I cannot" in told.text
    assert len(pictures_of(alice)) == 1


async def test_a_link_in_a_code_gives_its_number_and_is_kept_as_the_barcode(
    house: House, alice: Guest
) -> None:
    link = f"https://kiosk.example/c?n={KIOSK}"
    looked = await sends(house, alice, "card.png", saved(code(link), "PNG"))
    assert "Kiosk Card ·2001" in looked.text
    assert "I keep both" in looked.text
    await alice.presses("Save")
    assert await kept(house, alice) == [Barcode("QRCode", link)]


async def test_a_code_without_a_number_is_kept_and_the_number_asked_for(
    house: House, alice: Guest
) -> None:
    asked = await sends(house, alice, "a.png", saved(code("https://shop.example/app"), "PNG"))
    assert "Send me the card number" in asked.text
    await alice.says("8800 5566 1234", "Club", "Skip")
    await alice.presses("Save")
    assert await kept(house, alice) == [Barcode("QRCode", "https://shop.example/app")]
    assert alice.sees("Club ·1234")


@pytest.mark.parametrize("blurred", [False, True], ids=["no code", "blurry"])
async def test_where_no_code_is_found_the_person_is_told_what_to_do(
    house: House, alice: Guest, blurred: bool
) -> None:
    picture = card(code(YUAN)).filter(ImageFilter.GaussianBlur(30)) if blurred else card()
    told = await sends(house, alice, "cat.jpg", saved(picture, "JPEG"))
    assert "no barcode or QR code" in told.text
    assert "I left the picture" in told.text
    assert len(pictures_of(alice)) == 1
    await alice.says("/bind")
    await sends(house, alice, "card.jpg", saved(picture, "JPEG"))
    assert len(pictures_of(alice)) == 1
    assert "Bound" in (await alice.says(YUAN, PIN)).text


def bomb() -> bytes:
    return saved(Image.new("1", (20_000, 20_000)), "PNG")


def locked_pdf() -> bytes:
    """A PDF that says it is encrypted, by a method with a password."""
    blank = saved(Image.new("L", (9, 9)), "PDF")
    key = "<" + "41" * 32 + ">"
    encrypt = f"/Encrypt <</Filter/Standard/V 1/R 2/P -4/O {key}/U {key}>> /ID[<41><41>] /Root"
    return blank.replace(b"/Root", encrypt.encode(), 1)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bomb.png", bomb(), "larger than I can look at"),
        ("huge.jpg", b"\0" * (20 * 1024 * 1024 + 1), "larger than I can look at"),
        ("broken.pdf", b"%PDF-1.4 nothing", "cannot open this"),
        ("locked.pdf", locked_pdf(), "password"),
        ("text.png", b"not a picture at all", "cannot open this"),
    ],
    ids=["bomb", "20 MB", "broken", "locked", "text"],
)
async def test_what_cannot_be_looked_at_is_called_so_and_nothing_breaks(
    house: House, alice: Guest, name: str, content: bytes, said: str
) -> None:
    assert said in (await sends(house, alice, name, content)).text
    assert "Panda" in (await alice.says(YUAN)).text


async def test_if_the_picture_cannot_be_deleted_nothing_is_kept(house: House, alice: Guest) -> None:
    house.telegram.fail("deleteMessage", status=400, description="message can't be deleted")
    told = await sends(house, alice, "card.jpg", photo(code(KIOSK)))
    assert "kept nothing of it" in told.text
    assert "nothing to cancel" in (await alice.says("/cancel")).text
    assert await kept(house, alice) == []


async def test_pictures_sent_together_are_bound_one_after_another_each_once(
    house: House, alice: Guest
) -> None:
    first = await alice.person.sends("1.jpg", photo(code(KIOSK)))
    second = await alice.person.sends("2.jpg", photo(code(CLUB, "EAN13")))
    third = await alice.person.sends("3.jpg", photo(code(CLUB, "EAN13")))
    for update in (first, second, third):
        await house.settled(update)
    assert pictures_of(alice) == []
    asked = await alice.presses("Save")
    assert asked.labels == ["EAN-13 ·3931", "Cancel"]
    await alice.presses("EAN-13")
    await alice.says("Skip", "Skip")
    await alice.presses("Save")
    assert sorted(one.format for one in await kept(house, alice) if one) == [
        "EAN13",
        "QRCode",
    ]
    assert "nothing to cancel" in (await alice.says("/cancel")).text


async def test_the_picture_of_a_card_that_is_here_gives_it_its_barcode_if_wanted(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    asked = await sends(house, alice, "card.jpg", photo(code(KIOSK)))
    assert "You have this card already: Kiosk Card ·2001" in asked.text
    assert await kept(house, alice) == [None]
    await alice.presses("Save")
    assert await kept(house, alice) == [Barcode("QRCode", KIOSK)]
    await sends(house, alice, "card.jpg", photo(code(KIOSK)))
    assert alice.sees("Here it is")


async def test_a_picture_after_the_number_was_typed_brings_its_barcode(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", DOLLARS)
    told = await sends(house, alice, "card.jpg", photo(code("X-99-77", "Code128")))
    assert "I have the barcode" in told.text
    assert "I keep both" in (await alice.says(PIN)).text
    assert "$50.00" in (await alice.presses("Save")).text
    assert await kept(house, alice) == [Barcode("Code128", "X-99-77")]


async def test_xiaoming_binds_a_card_by_its_photo(house: House, ming: Guest) -> None:
    await sends(house, ming, "card.jpg", photo(code(YUAN)))
    looked = await ming.says(PIN)
    assert "条码：" in looked.text
    await ming.presses("保存")
    assert ming.sees("¥200.00")
    await sends(house, ming, "cat.jpg", photo())
    assert ming.told[-1].count("\n") == 1
    assert english_in(ming) == []


async def test_a_photo_sent_while_balances_are_covered_stays_in_no_chat(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/lock")
    await alice.presses(1)
    await alice.says("swordfish 9", "swordfish 9", "/lock")
    await alice.presses("balance")
    await house.passes(hours=1)
    photo = barcodes.draw(Barcode("Code128", YUAN))
    await house.settled(await alice.person.sends("card.png", photo))
    assert "Send your passcode" in alice.newest.text
    assert not any(not one.by_bot and one.file for one in alice.person.chat)
