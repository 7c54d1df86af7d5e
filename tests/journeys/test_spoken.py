"""People write as they speak; what they want is done as by the command, and as carefully."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.house import PIN, YUAN

if TYPE_CHECKING:
    from tests.house import Guest


async def keeps_a_card(guest: Guest, name: str, amount: str) -> None:
    await guest.says("8800 5566 1234", name, amount)


async def test_a_newcomer_who_asks_is_led_to_the_first_card(ming: Guest) -> None:
    assert "还没有卡" in (await ming.says("能付120吗")).text
    assert ming.newest.labels == ["绑卡"]


async def test_a_greeting_is_answered_with_what_this_is(ming: Guest, alice: Guest) -> None:
    for guest, said in ((ming, "你好"), (alice, "Hello!")):
        told = await guest.says(said)
        assert all(way in told.text for way in ("/balance", "/privacy", "/help"))
        assert len(told.labels) == 1


async def test_questions_in_chinese(ming: Guest) -> None:
    await keeps_a_card(ming, "星巴克", "120")
    await ming.binds(YUAN, PIN)
    assert "¥120.00" in (await ming.says("星巴克还有多少")).text
    assert "¥120.00" in (await ming.says("星巴克卡还剩多少钱？")).text
    assert "你的卡" in (await ming.says("余额")).text
    assert "120.00 - 12.00 = 108.00" in (await ming.says("星巴克花了12块")).text
    assert "108.00 + 50.00 = 158.00" in (await ming.says("星巴克充值¥50")).text
    assert "有效期" in (await ming.says("卡过期了吗")).text
    assert "哪张卡" in (await ming.says("分享给老婆")).text
    assert "口令" in (await ming.says("备份")).text
    await ming.says("/cancel")
    assert "6288000000001001" in (await ming.says("出示熊猫")).text
    assert (await ming.says("谢谢")).text == "不客气。"


async def test_questions_in_english(alice: Guest) -> None:
    await keeps_a_card(alice, "Coffee card", "60")
    await alice.binds(YUAN, PIN)
    assert "CN¥60.00" in (await alice.says("how much is left on my coffee card")).text
    assert "880055661234" in (await alice.says("show my coffee card")).text
    told = await alice.says("I spent 5 on my coffee card")
    assert "60.00 - 5.00 = 55.00" in told.text
    assert "CN¥20.00 to pay" in (await alice.says("can I pay 20?")).text


async def test_another_wish_ends_no_question_but_is_heard(ming: Guest) -> None:
    await keeps_a_card(ming, "星巴克", "120")
    await ming.says("/pay")
    assert "¥120.00" in (await ming.says("余额")).text
    assert "要付 ¥30.00" in (await ming.says("付30块")).text


async def test_a_name_that_sounds_like_a_wish_is_a_name(ming: Guest) -> None:
    await ming.says("8800 5566 1234", "备份", "120")
    assert "备份 ·1234" in ming.newest.text
    assert "备份 ·1234" in (await ming.says("备份")).text  # a card called so comes first


async def test_a_number_in_a_question_does_not_stay(ming: Guest) -> None:
    await keeps_a_card(ming, "星巴克", "120")
    await ming.says(f"查 {YUAN} 余额")
    assert not any(YUAN in text for text in ming.wrote + ming.told)


async def test_what_is_locked_asks_for_the_passcode_and_is_then_done(ming: Guest) -> None:
    await keeps_a_card(ming, "星巴克", "120")
    await ming.says("/lock")
    await ming.presses(1)
    await ming.says("7391", "7391", "/lock now")
    told = await ming.says("出示星巴克")
    assert "密码" in told.text
    assert "880055661234" in (await ming.says("7391")).text
