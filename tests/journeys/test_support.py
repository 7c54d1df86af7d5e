"""Help begins with the bot itself: it asks the issuer and says what is wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


async def test_who_has_it_shared_is_told_who_can_bind_it_again(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await bob.says("/start")
    card = (await house.kabao.parts.store.cards.list(alice.id))[0]
    await house.kabao.parts.store.shares.give(alice.id, card.id, bob.id, "spend")
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(hours=7)
    said = await bob.says("payment was declined")
    assert "Only who shares the card with you can bind it again." in said.text
    assert "Bind again" not in said.labels


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


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("小店卡刷不了", "付款被拒"),
        ("小店查不到余额", "查不到余额"),
        ("小店余额不对", "余额看起来不对"),
        ("小店卡的记录不见了", "流水少了记录"),
        ("2001 payment was declined", "付款被拒"),
    ],
)
async def test_a_trouble_told_in_free_words_is_looked_into_at_the_card_that_is_named(
    ming: Guest, said: str, found: str
) -> None:
    await ming.binds(KIOSK)
    await ming.binds(YUAN, PIN)
    newest = (await ming.says(said)).text
    assert "小店卡 ·2001" in newest
    assert found in newest


async def test_an_issuers_message_about_a_payment_is_nobodys_trouble(
    house: House, ming: Guest
) -> None:
    await ming.binds(KIOSK)
    sent = int(house.clock().timestamp())
    await house.settled(await ming.person.forwards("支付失败", sender="小店", sent_at=sent))
    assert "付款被拒" not in ming.newest.text


async def test_chinese_reads_chinese(ming: Guest) -> None:
    await ming.binds(KIOSK)
    said = (await ming.says("/support 余额不对")).text
    assert "小店卡" in said
    assert "一致" in said
