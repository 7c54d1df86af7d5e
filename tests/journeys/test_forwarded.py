from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.house import KIOSK, Guest, House

if TYPE_CHECKING:
    from pathlib import Path

SPENT = "您尾号1234的卡消费38.50元，余额161.50元"
AT_MCDONALDS = (
    "【商超卡】您尾号1234的卡于11月24日12:30在麦当劳消费38.50元，余额161.50元，感谢惠顾。"
)
CHARGED = "Your card ending in 1234 was charged CN¥38.50 at Lotus. Balance: CN¥161.50."
WHOLE, OTHER = "6222021234561234", "6222029876540007"


async def has_card(
    house: House, guest: Guest, number: str = "SM880001234", label: str = "Lotus"
) -> None:
    """Bind a card nobody can be asked about, with 200 on it; an hour later the story begins."""
    for text in ("/bind", number, label, "200"):
        await guest.says(text)
    assert any(f"{label} ·{number[-4:]}" in told for told in guest.told)
    await house.passes(hours=1)


async def history(guest: Guest) -> str:
    return (await guest.says("/history")).text


async def test_a_pasted_message_books_the_entry_and_the_new_balance(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    told = await alice.says(AT_MCDONALDS)
    assert told.text.splitlines() == [
        "Lotus ·1234: CN¥38.50 spent",
        "麦当劳 · 12:30\u202fPM",
        "200.00 - 38.50 = 161.50",
    ]
    assert "CN¥161.50" in (await alice.says("/balance")).text
    listed = await history(alice)
    assert "-CN¥38.50  麦当劳" in listed
    assert AT_MCDONALDS in alice.wrote


async def test_a_message_is_answered_in_chinese(house: House, ming: Guest) -> None:
    await has_card(house, ming, label="超市卡")
    told = await ming.says(SPENT)
    assert told.text.splitlines() == ["超市卡 ·1234 消费 ¥38.50", "200.00 - 38.50 = 161.50"]
    assert "这条消息已经入过账了" in (await ming.says(SPENT)).text
    listed = await ming.says("/history")
    assert listed.text.count("38.50") == 1


async def test_an_english_message_is_read_as_well(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    told = await alice.says(CHARGED)
    assert told.text.splitlines()[1:] == ["Lotus", "200.00 - 38.50 = 161.50"]


async def test_a_message_sent_twice_is_booked_once(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    await alice.says(AT_MCDONALDS)
    again = await alice.says(f"  {AT_MCDONALDS.replace('，', ', ')} ")
    assert "this message is booked already" in again.text
    assert "Balance: CN¥161.50" in again.text
    assert (await history(alice)).count("麦当劳") == 1


async def test_a_message_that_comes_in_again_from_telegram_is_booked_once(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    update_id = await alice.person.says(SPENT)
    await house.settled(update_id)
    await house.restart()
    again = house.telegram.world.updates.put("message", alice.person.where.messages()[-2])
    await house.settled(again)
    assert (await history(alice)).count("CN¥38.50") == 1


async def test_a_forwarded_message_is_dated_by_when_it_was_first_sent(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await house.passes(hours=4)
    sent = datetime(2026, 11, 24, 5, 15, tzinfo=UTC)
    await house.settled(
        await alice.person.forwards(SPENT, sender="Shop", sent_at=int(sent.timestamp()))
    )
    assert "1:15\u202fPM" in alice.newest.text


async def test_of_two_cards_with_the_same_last_digits_the_person_chooses(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await has_card(house, alice, "QX990001234", "Canteen")
    asked = await alice.says(SPENT)
    assert "CN¥38.50 spent · balance CN¥161.50" in asked.text
    assert "Which card is it about?" in asked.text
    assert asked.labels == ["Lotus ·1234", "Canteen ·1234", "Cancel"]
    told = await alice.presses("Canteen")
    assert told.text.splitlines()[0] == "Canteen ·1234: CN¥38.50 spent"
    assert "booked already" in (await alice.says(SPENT)).text


async def test_two_messages_that_ask_at_once_are_both_answered(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    await has_card(house, alice, "QX990001234", "Canteen")
    first = await alice.says(SPENT)
    second = await alice.says("您尾号1234的卡消费1.50元，余额160.00元")
    await alice.presses("Lotus", message=first)
    await alice.presses("Lotus", message=second)
    assert "161.50 - 1.50 = 160.00" in alice.told[-1]
    pressed_again = len(alice.person.notices)
    await alice.forges("forwarded:0123456789ab:nothing")
    assert len(alice.person.notices) == pressed_again + 1


async def test_the_shop_s_name_tells_two_cards_with_the_same_digits_apart(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await has_card(house, alice, "QX990001234", "商超卡")
    told = await alice.says(AT_MCDONALDS)
    assert told.text.startswith("商超卡 ·1234")


async def test_a_card_is_found_by_its_name_where_no_digits_are_given(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice, label="江城大学")
    told = await alice.says("【江城大学】您的校园卡消费12.50元，余额187.50元")
    assert "200.00 - 12.50 = 187.50" in told.text


async def test_without_digits_or_a_name_nothing_is_guessed(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    asked = await alice.says("您的储值账户扣款45元，余额155元。")
    assert "Which card is it about?" in asked.text
    assert "CN¥200.00" in (await alice.says("/balance")).text


async def test_who_has_no_such_card_can_bind_it(alice: Guest) -> None:
    asked = await alice.says(SPENT)
    assert "I have no card of yours that ends in ·1234" in asked.text
    assert asked.labels == ["Bind a card"]
    await alice.presses("Bind a card")
    assert alice.sees("Whose card is it?")


async def test_a_message_about_money_the_card_does_not_hold_is_no_guess_either(
    house: House,
    alice: Guest,
) -> None:
    await has_card(house, alice)
    asked = await alice.says("Card ending 1234: GBP 3.00 spent at Pret. Balance GBP 7.00")
    assert "I have no card of yours that ends in ·1234" in asked.text


async def test_what_does_not_add_up_is_told_and_the_message_has_the_last_word(
    house: House,
    alice: Guest,
) -> None:
    await has_card(house, alice)
    told = await alice.says("您尾号1234的卡消费38.50元，余额150.00元")
    assert "by my count it would be CN¥161.50" in told.text
    assert "the difference of -CN¥11.50 as an adjustment" in told.text
    listed = await history(alice)
    assert "-CN¥11.50  Adjusted by a message" in listed
    assert "CN¥150.00" in (await alice.says("/balance")).text


async def test_an_older_message_does_not_change_a_newer_balance(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    told = await alice.says("您尾号1234的卡于11月20日18:30消费20.00元，余额220.00元")
    assert "older than the last word on the balance, which stays CN¥200.00" in told.text
    assert "CN¥200.00" in (await alice.says("/balance")).text
    assert "-CN¥20.00" in await history(alice)


async def test_a_later_word_stands_also_where_it_changed_nothing(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await alice.says("/set 200")
    told = await alice.says("您尾号1234的卡于11月24日12:20消费10元，余额190.00元")
    assert "older than the last word on the balance, which stays CN¥200.00" in told.text
    assert "CN¥200.00" in (await alice.says("/balance")).text


async def test_a_later_message_that_added_up_is_not_overturned_by_an_older_one(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await alice.says("您尾号1234的卡于11月24日12:40消费38.50元，余额161.50元")
    told = await alice.says("您尾号1234的卡于11月24日12:20消费10元，余额190.00元")
    assert "older than the last word on the balance, which stays CN¥161.50" in told.text
    await alice.presses("Undo")
    assert "CN¥161.50" in (await alice.says("/balance")).text


async def test_an_older_message_without_a_balance_does_not_change_a_newer_one(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    told = await alice.says("您尾号1234的卡于11月20日18:30消费20.00元")
    assert "older than the last word on the balance, which stays CN¥200.00" in told.text
    assert "-CN¥20.00" in await history(alice)


async def test_messages_forwarded_in_the_wrong_order_end_at_the_newest_balance(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await house.passes(hours=3)
    await alice.says("您尾号1234的卡于11月24日14:30消费20.00元，余额150.00元")
    await alice.says("您尾号1234的卡于11月24日12:30消费30.00元，余额170.00元")
    assert "CN¥150.00" in (await alice.says("/balance")).text
    listed = await history(alice)
    assert "-CN¥20.00" in listed
    assert "-CN¥30.00" in listed


async def test_what_an_issuer_that_was_read_later_says_stands(alice: Guest) -> None:
    await alice.binds(KIOSK)
    shown = alice.newest.text
    told = await alice.says("您尾号2001的卡于11月23日18:30消费20.00元，余额9.00元")
    assert "this is in the balance from the issuer already" in told.text
    assert "Balance: CN¥161.50" in told.text
    assert "CN¥161.50" in shown


async def test_undo_takes_a_message_back(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    await alice.says(SPENT)
    undone = await alice.presses("Undo")
    assert "-CN¥38.50 undone" in undone.text
    assert "CN¥200.00" in (await alice.says("/balance")).text
    assert "CN¥38.50" not in await history(alice)


async def test_a_balance_that_falls_under_its_threshold_by_a_message_is_told(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await alice.says("您尾号1234的卡消费190.00元，余额10.00元")
    await house.passes(minutes=2)
    (alert,) = [m for m in alice.person.chat if any("💤" in label for label in m.labels)]
    assert "Lotus ·1234" in alert.text
    assert "CN¥10.00" in alert.text


async def test_a_message_with_the_last_digits_stays_and_one_with_a_whole_number_goes(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice, WHOLE)
    await alice.says(AT_MCDONALDS)
    assert AT_MCDONALDS in alice.wrote
    whole = f"【商超卡】您的卡号{WHOLE}消费1.50元，余额160.00元"
    await alice.says(whole)
    assert whole not in alice.wrote
    assert "161.50 - 1.50 = 160.00" in alice.told[-2]
    assert "I deleted your message" in alice.told[-1]
    assert WHOLE not in "".join(alice.told)


async def test_a_balance_alone_is_taken_over(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    told = await alice.says("您尾号1234的卡余额为180.00元，请及时充值。")
    assert "200.00 - 20.00 = 180.00" in told.text


@pytest.mark.parametrize(
    "text",
    [
        "【招商银行】验证码302817，您正在使用尾号1234的卡支付38.50元，切勿告知他人。",
        "Your payment of CN¥38.50 with card ending 1234 was declined.",
        "晚上一起吃饭吗？我请客，上次你花了128元，下次轮到你好不好",
    ],
)
async def test_what_is_no_issuer_s_message_is_answered_as_ever(
    house: House, alice: Guest, text: str
) -> None:
    await has_card(house, alice)
    told = await alice.says(text)
    assert "I did not understand that" in told.text
    assert text in alice.wrote


ITS_OWN = """
kind = "manual"
name = { en = "Lotus Market", zh = "莲花超市" }
currency = "CNY"

[[fields]]
name = "number"
label = { en = "Card number", zh = "卡号" }
pattern = 'LO[0-9]{8}'
example = "LO00001234"
secret = true

[[messages]]
pattern = '(?P<tail>[0-9]{4})购(?P<spent>[0-9.]+)结(?P<balance>[0-9.]+)@(?P<place>\\S+)'
example = "莲花1234购38.50结161.50@南山店"
"""


async def test_an_issuer_s_own_pattern_reads_what_nothing_else_can_and_is_of_its_cards_only(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "issuers"
    folder.mkdir()
    (folder / "lotus.toml").write_text(ITS_OWN, encoding="utf-8")
    async with House(tmp_path, issuers_dir=str(folder)) as house:
        alice = house.guest("Alice", "en")
        await has_card(house, alice, "SM880001234", "Canteen")
        await alice.says("/bind", "LO00001234")
        await alice.presses("Lotus Market")
        await alice.says("Market", "200")
        told = await alice.says("莲花1234购38.50结161.50@南山店")
        assert told.text.splitlines() == [
            "Market ·1234: CN¥38.50 spent",
            "南山店",
            "200.00 - 38.50 = 161.50",
        ]
        stranger = house.guest("Bob", "en")
        await has_card(house, stranger, "SM880001234", "Canteen")
        asked = await stranger.says("莲花1234购38.50结161.50@南山店")
        assert "I have no card of yours that ends in ·1234" in asked.text
        assert asked.labels == ["Bind a card"]


async def test_while_a_card_is_asked_for_other_words_are_no_answer(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await has_card(house, alice, "QX990001234", "Canteen")
    await alice.says(SPENT)
    assert "Choose the card with a button above" in (await alice.says("hello there")).text
    assert "Canteen ·1234: CN¥38.50 spent" in (await alice.says("Canteen ·1234")).text


async def test_a_card_without_a_balance_takes_it_from_the_message(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", "SM880001234", "Lotus")
    await alice.presses("Skip")
    await house.passes(hours=1)
    first = await alice.says("您尾号1234的卡消费5.00元")
    assert "What is on the card is not known yet" in first.text
    told = await alice.says(SPENT)
    assert "Balance: CN¥161.50" in told.text


async def test_more_than_is_on_the_card_is_not_booked(house: House, alice: Guest) -> None:
    await has_card(house, alice)
    told = await alice.says("您尾号1234的卡消费300.00元")
    assert "There is only CN¥200.00 on Lotus ·1234" in told.text
    assert "CN¥300.00" not in await history(alice)


async def test_a_refund_and_a_top_up_add_to_the_balance(house: House, ming: Guest) -> None:
    await has_card(house, ming, label="超市卡")
    added = await ming.says("【超市】您尾号1234的卡充值成功，充值金额：100.00元，余额300.00元")
    assert "200.00 + 100.00 = 300.00" in added.text
    refunded = await ming.says("【超市】您尾号1234的卡已退款20.00元，余额320.00元")
    assert "300.00 + 20.00 = 320.00" in refunded.text
    assert "退款" in refunded.text


async def test_words_that_may_come_again_are_told_how_to_be_booked_again(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await alice.says("您尾号1234的卡消费5.00元")
    again = await alice.says("您尾号1234的卡消费5.00元")
    assert "If it happened once more, book it with /spent 5.00" in again.text
    assert "195.00 - 5.00 = 190.00" in (await alice.says("/spent 5.00")).text


async def test_nothing_of_a_whole_number_is_kept_while_the_card_is_asked_for(
    house: House, ming: Guest
) -> None:
    await has_card(house, ming, label="超市卡")
    whole = f"【便利店】您的卡号{OTHER}在{OTHER}店消费1.50元，余额160.00元"
    await ming.says(whole)
    asked = ming.told[-2]
    assert "发卡方的消息：消费 ¥1.50 · 余额 ¥160.00。" in asked
    assert "你没有尾号 ·0007 的卡。" in asked
    assert "是哪张卡？" in asked
    assert whole not in ming.wrote
    kept = b"".join(path.read_bytes() for path in house.folder.glob("kabao.db*"))
    assert OTHER.encode() not in kept
    question = next(m for m in ming.person.chat if m.text == asked)
    await ming.presses("超市卡", message=question)
    assert ming.sees("超市卡 ·1234 消费 ¥1.50")
    assert OTHER not in "".join(ming.told)


async def test_undo_of_what_did_not_add_up_takes_the_adjustment_with_it(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await alice.says("您尾号1234的卡消费38.50元，余额150.00元")
    await alice.presses("Undo")
    assert "CN¥200.00" in (await alice.says("/balance")).text
    listed = await history(alice)
    assert "38.50" not in listed
    assert "11.50" not in listed


async def test_a_message_that_comes_while_something_is_asked_is_booked_and_the_question_stays(
    house: House, alice: Guest
) -> None:
    await has_card(house, alice)
    await alice.says("/spent tea")
    told = await alice.says(SPENT)
    assert "200.00 - 38.50 = 161.50" in told.text
    assert "161.50 - 3.00 = 158.50" in (await alice.says("3")).text
    again = await alice.says("/spent coffee", SPENT)
    assert "Balance: CN¥158.50" in again.text
    assert (await history(alice)).count("38.50") == 1
