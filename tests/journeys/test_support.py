"""Help begins with the bot itself: it asks the issuer and says what is wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.house import BLOCKED, KIOSK, PIN, YUAN

if TYPE_CHECKING:
    from tests.house import Guest, House


async def test_a_card_that_works_is_said_to_work_after_it_was_really_asked_for(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 1000)
    await alice.says("/support")
    said = (await alice.presses("The balance looks wrong")).text
    assert "Kiosk Card answers" in said
    assert "entries and balance agree" in said
    assert "last read: just now" in said
    card = (await house.kabao.parts.store.cards.list(alice.id))[0]
    assert card.balance_minor == 15150
    await alice.presses("History")
    assert "10.00" in alice.newest.text


async def test_a_wrong_pin_leads_to_binding_again_and_is_not_tried_again(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(hours=7)
    tries = house.issuer.requests
    said = await alice.says("/support cannot refresh")
    assert "did not accept the number or PIN" in said.text
    assert "Bind again" in said.labels
    assert house.issuer.requests == tries


async def test_an_issuer_that_is_down_is_named_and_which_card_is_asked_for(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.binds(YUAN, PIN)
    house.issuer.down = True
    await alice.says("/support")
    await alice.says("The balance cannot be read")
    assert "Which card is it?" in alice.newest.text
    said = (await alice.says("1001")).text
    assert "⚠️ Panda Gift Card" in said
    assert "I keep trying" in said
    assert "Last read: " in said


async def test_a_refused_payment_with_a_card_that_was_blocked_is_explained(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).status = house.issuer.card(BLOCKED).status
    said = (await alice.says("/support payment refused")).text
    assert "⚠️" in said
    assert "Blocked by the issuer" in said
    assert "Ask there." in said


async def test_chinese_reads_chinese(ming: Guest) -> None:
    await ming.binds(KIOSK)
    said = (await ming.says("/support 余额不对")).text
    assert "小店卡" in said
    assert "一致" in said
