"""At the till: a card's barcode as a picture, one that scans, and gone after a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.pictures import codes_in
from storage import Barcode
from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_lock import closes, locks

if TYPE_CHECKING:
    from bot.playground import Seen


async def card_of(house: House, guest: Guest) -> str:
    (card,) = await house.kabao.parts.store.cards.list(guest.id)
    return card.id


def scanned(guest: Guest, shown: Seen) -> list[Barcode]:
    return codes_in(guest.person.opens(shown))


async def test_ann_turns_her_number_into_a_qr_code_that_scans_and_goes_after_a_minute(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    asked = await alice.presses("As a barcode")
    assert "which barcode does the till scan?" in asked.text
    assert asked.labels[0] == "Code 128"
    assert YUAN not in asked.text
    done = await alice.presses("QR")
    assert done.text == "Panda Gift Card ·1001 shows this at the till: QR"
    shown = await alice.presses("Show it")
    assert shown.file == "photo"
    assert shown.protected
    assert f"Card number: {YUAN}" in shown.text
    assert scanned(alice, shown) == [Barcode("QRCode", YUAN)]
    assert shown.labels == ["📋 Copy card number", "👁 Show PIN", "Hide now"]
    assert shown.button("Copy card number").copies == YUAN
    await house.passes(minutes=1)
    assert not any(one.file for one in alice.person.chat)
    assert not alice.sees(YUAN)


async def test_a_barcode_that_holds_something_else_than_the_number_is_typed(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("More")
    await alice.presses("Barcode")
    told = await alice.says("EAN-13 4006381333932")
    assert told.text.startswith("EAN-13 cannot hold that. Its last digit, which checks the others")
    told = await alice.says("EAN-13 4006381333931")
    assert told.text == "Kiosk Card ·2001 shows this at the till: EAN-13"
    assert "4006381333931" not in "".join(alice.wrote)
    kept = await house.kabao.parts.store.cards.barcode(alice.id, await card_of(house, alice))
    assert kept == Barcode("EAN13", "4006381333931")
    shown = await alice.says("/show kiosk")
    assert f"Card number: {KIOSK}" in shown.text
    assert scanned(alice, shown) == [kept]


async def test_no_barcode_is_a_choice_too(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    card = await card_of(house, alice)
    await house.kabao.parts.store.cards.set_barcode(alice.id, card, Barcode("QRCode", "x"))
    await alice.presses("More")
    await alice.presses("Barcode")
    told = await alice.presses("No barcode")
    assert told.text == "Kiosk Card ·2001 shows its number only."
    assert (await alice.says("/show")).file is None


async def test_one_that_another_program_kept_wrongly_still_shows_the_number(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    card = await card_of(house, alice)
    await house.kabao.parts.store.cards.set_barcode(alice.id, card, Barcode("EAN13", "12"))
    shown = await alice.says("/show")
    assert (shown.file, KIOSK in shown.text) == (None, True)
    assert "The barcode kept for it cannot be drawn." in shown.text


async def test_behind_a_lock_the_passcode_comes_first(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    card = await card_of(house, alice)
    await house.kabao.parts.store.cards.set_barcode(alice.id, card, Barcode("QRCode", KIOSK))
    await locks(alice)
    await closes(alice)
    assert "passcode" in (await alice.says("/show")).text
    assert not any(one.file for one in alice.person.chat)
    assert scanned(alice, await alice.says("8305")) == [Barcode("QRCode", KIOSK)]


async def test_xiaoming_chooses_in_chinese(ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.presses("更多")
    asked = await ming.presses("条码")
    assert "收银台扫的是哪种码？" in asked.text
    assert (await ming.says("QR 星巴克 8888")).text == "小店卡 ·2001 在收银台显示：QR"
    shown = await ming.presses("显示")
    assert scanned(ming, shown) == [Barcode("QRCode", "星巴克 8888", "UTF-8")]
