"""A ledger its holder keeps: spent, topped up, refunded, set, undone."""

from __future__ import annotations

import pytest

from tests.house import DOLLARS, KIOSK, PIN, YEN, YUAN, Guest, House, refusing
from tests.journeys.test_chinese import english_in

MARKET, CAFE = "9900112233440001", "9900112233440002"


async def keeps(guest: Guest, number: str, name: str, balance: str | None) -> None:
    """Bind a card that has no issuer to ask."""
    await guest.says("/bind", number, name)
    if balance is None:
        await guest.presses(1)
    else:
        await guest.says(balance)


async def card_id(guest: Guest, tail: str) -> str:
    await guest.says(f"/cards {tail}")
    return guest.offered("rename:").partition(":")[2]


async def test_xiaoming_keeps_a_ledger_in_chinese(ming: Guest) -> None:
    await keeps(ming, MARKET, "超市卡", "200")
    spent = await ming.says("/spent 38.50 麦当劳")
    assert spent.text == "超市卡 ·0001 消费 ¥38.50\n麦当劳\n200.00 - 38.50 = 161.50"
    assert spent.labels == ["↩️ 撤销", "💳 查看卡"]
    earlier = await ming.says("/spent 三十八块五 前天")
    assert "2026年11月22日\n161.50 - 38.50 = 123.00" in earlier.text
    assert "123.00 + 100.00 = 223.00" in (await ming.says("/topup 一百块")).text
    assert "223.00 + 12.00 = 235.00" in (await ming.says("/refund 12元 咖啡")).text
    assert "余额 ¥161.50\n235.00 - 73.50 = 161.50" in (await ming.says("/set 161.50")).text
    undone = await ming.presses("撤销")
    assert undone.text == "↩️ 超市卡 ·0001 已撤销 -¥73.50\n161.50 + 73.50 = 235.00"
    history = (await ming.says("/history")).text
    assert "-¥38.50  麦当劳" in history
    assert history.index("麦当劳") < history.index("11月22日")
    assert english_in(ming) == []


async def test_what_is_missing_is_asked_in_chinese(ming: Guest) -> None:
    assert "还没有卡" in (await ming.says("/spent 38")).text
    await keeps(ming, MARKET, "超市卡", "200")
    asked = await ming.says("/spent 麦当劳 昨天")
    assert "超市卡 ·0001 · 麦当劳 昨天\n消费了多少" in asked.text
    assert "不是人民币金额" in (await ming.says("-5")).text.replace(" ", "")
    booked = await ming.says("38块5")
    assert "麦当劳 · 2026年11月23日\n200.00 - 38.50 = 161.50" in booked.text
    asked = await ming.says("/spent 1,234 房租")
    assert asked.labels == ["¥1,234.00 · 房租", "¥1.23 · 房租", "取消"]
    assert "161.50 - 1.23 = 160.27" in (await ming.presses(2)).text
    asked = await ming.says("/spent 12 7-11")
    assert asked.labels == [
        "¥12.00 · 2026年7月11日",
        "¥12.00 · 2026年11月7日",
        "¥12.00 · 7-11",
        "取消",
    ]
    assert "7-11\n160.27 - 12.00 = 148.27" in (await ming.presses(3)).text
    assert "只有 ¥148.27" in (await ming.says("/spent 999")).text
    tomorrow = await ming.says("/spent 8 明天")
    assert "还没有到" in tomorrow.text
    assert "148.27 - 8.00 = 140.27" in (await ming.presses(1)).text
    assert "140.27 - 5.00 = 135.27" in (await ming.says("/spent包子 5")).text
    await keeps(ming, CAFE, "咖啡卡", None)
    which = await ming.says("/spent 20 午饭")
    assert which.labels == ["超市卡 ·0001", "咖啡卡 ·0002", "取消"]
    unknown = await ming.presses("咖啡卡")
    assert "还不知道" in unknown.text
    assert unknown.labels == ["✏️ 填写余额", "↩️ 撤销", "💳 查看卡"]
    assert "哪张卡" in (await ming.says("/set")).text
    await ming.presses("咖啡卡")
    assert "咖啡卡 ·0002 余额 ¥30.00" in (await ming.says("30")).text
    assert english_in(ming) == []


async def test_one_card_is_booked_at_once_with_the_sum(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    spent = await alice.says("/spent 38.50 McDonald's 2")
    assert spent.text == "Market ·0001: CN¥38.50 spent\nMcDonald's 2\n200.00 - 38.50 = 161.50"
    assert "161.50 - 1.50 = 160.00" in (await alice.says("/spent 1,5")).text
    assert "160.00 + 1,234.50 = 1,394.50" in (await alice.says("/topup 1 234.50")).text
    opened = await alice.presses("The card")
    assert "Market ·0001  CN¥1,394.50" in opened.text


async def test_the_note_of_a_booking_is_shown_as_typed(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    assert "<b>&{x}" in (await alice.says("/spent 1 <b>&{x}")).text
    long = await alice.says(f"/spent 1 {'x' * 300}")
    assert f"\n{'x' * 99}…\n" in long.text


async def test_of_several_cards_the_one_that_is_pressed_is_booked(
    house: House, alice: Guest
) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await house.passes(seconds=1)
    await keeps(alice, CAFE, "Café", "50")
    await alice.binds(KIOSK)
    await house.passes(seconds=1)
    await alice.says("/spent 5 tea")
    assert alice.newest.labels == ["Café ·0002", "Market ·0001", "Kiosk Card ·2001", "Cancel"]
    question = alice.newest
    booked = await alice.presses("Market")
    assert booked.id == question.id
    assert "200.00 - 5.00 = 195.00" in booked.text
    await house.passes(seconds=1)
    await alice.says("/spent 5")
    assert alice.newest.labels[0] == "Market ·0001"
    assert "50.00 - 5.00 = 45.00" in (await alice.says("café")).text


async def test_words_that_are_a_cards_name_choose_it(alice: Guest) -> None:
    await keeps(alice, MARKET, "My Market", "200")
    await keeps(alice, CAFE, "Café", "50")
    assert "Café ·0002: CN¥5.00 spent\n50.00 - 5.00" in (await alice.says("/spent 5 CAFÉ")).text
    told = await alice.says("/spent 5 tea my market yesterday")
    assert "My Market ·0001: CN¥5.00 spent\ntea · Nov 23, 2026\n200.00 - 5.00" in told.text
    assert "45.00 - 5.00" in (await alice.says("/spent 5 0002 cake")).text
    assert "How much was topped up?" in (await alice.says("/topup café")).text
    assert "40.00 + 8.00" in (await alice.says("8")).text


async def test_a_currency_says_which_card_it_can_be(alice: Guest) -> None:
    await alice.binds(DOLLARS, PIN)
    await alice.binds(YEN, PIN)
    await keeps(alice, MARKET, "Market", "200")
    assert "·1002: $5.00 spent" in (await alice.says("/spent $5 tea")).text
    assert "·1003: ¥5 spent" in (await alice.says("/spent 5 yen")).text
    await alice.says("/spent 5.5")
    assert "1003" not in "".join(alice.newest.labels)
    assert "not an amount in Japanese Yen" in (await alice.says("/spent 5.5 tea 1003")).text
    assert "·1003: ¥50 spent\ntea" in (await alice.says("50")).text


async def test_many_cards_are_paged(alice: Guest) -> None:
    for n in range(10, 20):
        await keeps(alice, f"99001122334400{n}", f"Shop {n}", "20")
    await alice.says("/spent 5 tea")
    assert len([label for label in alice.newest.labels if "Shop" in label]) == 8
    assert "1 of 2" in alice.newest.labels
    await alice.presses("▶")
    assert "20.00 - 5.00 = 15.00" in (await alice.presses(1)).text


async def test_a_card_with_an_issuer_is_booked_until_the_issuer_speaks(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    booked = await alice.says("/spent 61.50 shirt")
    assert "161.50 - 61.50 = 100.00" in booked.text
    assert "The next answer from Kiosk Card has the last word." in booked.text
    await house.passes(minutes=5)
    await alice.says("/balance")
    assert alice.sees("CN¥161.50")


async def test_a_balance_that_is_not_known_stays_so(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", None)
    booked = await alice.says("/spent 5 tea")
    assert "not known yet" in booked.text
    assert "=" not in booked.text
    await alice.presses("Set balance")
    assert "CN¥30.00" in (await alice.says("30")).text
    assert "30.00 - 5.00 = 25.00" in (await alice.says("/spent 5")).text


async def test_more_than_there_is_books_nothing(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "20")
    refused = await alice.says("/spent 20.01 shirt")
    assert "only CN¥20.00 on Market ·0001, so nothing is booked" in refused.text
    assert "shirt" not in (await alice.says("/history")).text
    await alice.says("/spent 20")
    assert alice.sees("20.00 - 20.00 = 0.00")
    await keeps(alice, CAFE, "Café", "50")
    await alice.says("/spent 99")
    assert "so nothing is booked" in (await alice.presses("Café")).text
    assert "nothing to cancel" in (await alice.says("/cancel")).text


@pytest.mark.parametrize("text", ["0", "-5", "12,34,56", "1e3", "NaN", "one hundred", "38.5555"])
async def test_what_is_no_amount_is_asked_again_and_loses_nothing(alice: Guest, text: str) -> None:
    await keeps(alice, MARKET, "Market", "200")
    asked = await alice.says(f"/spent {text} yesterday")
    assert "Send" in asked.text
    assert "Send" in (await alice.says("-3 tea 7")).text
    booked = await alice.says("5")
    assert "Nov 23, 2026" in booked.text
    assert "200.00 - 5.00 = 195.00" in booked.text


async def test_an_amount_of_zero_changes_nothing(alice: Guest, ming: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    assert "of zero changes nothing" in (await alice.says("/topup 0.00 gift")).text
    assert "gift\n200.00 + 5.00 = 205.00" in (await alice.says("5")).text
    await keeps(ming, MARKET, "超市卡", "200")
    assert "金额为 0" in (await ming.says("/spent 零元")).text
    assert english_in(ming) == []


async def test_a_day_that_can_be_two_is_asked_about(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    asked = await alice.says("/spent 38.50 lunch 03/04")
    assert asked.labels[:2] == [
        "CN¥38.50 · Mar 4, 2026 · lunch",
        "CN¥38.50 · Apr 3, 2026 · lunch",
    ]
    booked = await alice.presses("Apr 3")
    assert "lunch · Apr 3, 2026\n200.00 - 38.50 = 161.50" in booked.text
    assert "Apr 3, 12:00" in (await alice.says("/history")).text.replace("\u202f", " ")


@pytest.mark.parametrize(
    "day", ["11-20", "11月20日", "4天前", "2026-11-20", "20.11.", "Nov 20", "last Friday"]
)
async def test_an_earlier_day_stands_at_its_place_in_the_history(
    house: House, alice: Guest, day: str
) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await house.passes(hours=1)
    await alice.says("/spent 10 today's", f"/spent 38.50 lunch {day}")
    assert "lunch · Nov 20, 2026\n190.00 - 38.50 = 151.50" in alice.newest.text
    history = (await alice.says("/history")).text
    assert history.index("today's") < history.index("First balance") < history.index("lunch")


async def test_yesterday_is_the_persons_own(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await alice.says("/timezone America/Los_Angeles")
    booked = await alice.says("/spent 38.50 lunch yesterday")
    assert "Nov 22, 2026" in booked.text


async def test_undo_works_once_and_after_a_restart(house: House, alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    booked = await alice.says("/spent 38.50 lunch")
    press = alice.offered("unspent:")
    await house.restart()
    undone = await alice.presses("Undo", message=booked)
    assert undone.id == booked.id
    assert undone.text == "↩️ Market ·0001: -CN¥38.50 undone\nlunch\n161.50 + 38.50 = 200.00"
    assert undone.labels == ["💳 The card"]
    assert (await alice.forges(press))[-1] == "That cannot be undone any more. See /history."
    assert "lunch" not in (await alice.says("/history")).text
    await alice.says("/spent 7 tea")
    assert "cannot be undone" in (await alice.forges(press))[-1]
    assert "tea" in (await alice.says("/history")).text


async def test_a_top_up_that_was_spent_since_cannot_be_undone(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "10")
    topped_up = await alice.says("/topup 90")
    await alice.says("/spent 95")
    await alice.presses("Undo", message=topped_up)
    assert "cannot be undone" in alice.person.notices[-1]
    assert "CN¥5.00" in (await alice.says("/balance")).text


async def test_nobody_presses_somebody_elses_buttons(alice: Guest, bob: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await alice.says("/spent 38.50 lunch")
    undo = alice.offered("unspent:")
    hers = await card_id(alice, "0001")
    await alice.says("/spent 1,234")
    meant = alice.offered("meant:")
    nonce = meant.split(":")[1]
    await keeps(bob, CAFE, "Café", "50")
    await bob.says("/spent 5,500")
    for data in (undo, meant, f"pay:{nonce}:{hers}", f"payees:{nonce}:0"):
        assert "out of date" in (await bob.forges(data))[-1]
    his = bob.offered("meant:").split(":")[1]
    assert "out of date" in (await bob.forges(f"pay:{his}:{hers}"))[-1]
    assert "CN¥161.50" in (await alice.says("/balance")).text
    assert "CN¥50.00" in (await bob.says("/balance")).text


async def test_a_question_is_answered_once_and_for_a_quarter_of_an_hour(
    house: House, alice: Guest
) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await keeps(alice, CAFE, "Café", "50")
    await alice.says("/spent 5 tea")
    press = alice.offered("pay:")
    await alice.says("/spent 6 cake")
    assert "out of date" in (await alice.forges(press))[-1]
    press = alice.offered("pay:")
    await house.restart()
    await alice.presses("Market")
    assert "200.00 - 6.00 = 194.00" in alice.newest.text
    assert "out of date" in (await alice.forges(press))[-1]
    await alice.says("/spent 7")
    press = alice.offered("pay:")
    await house.passes(minutes=16)
    assert "out of date" in (await alice.forges(press))[-1]
    await alice.says("/spent 1,500")
    assert "out of date" in (await alice.forges(alice.offered("pay:") + "0"))[-1]
    await alice.presses("Café")
    forged = alice.offered("meant:").rpartition(":")[0]
    assert "out of date" in (await alice.forges(f"{forged}:9"))[-1]
    await alice.says("/cancel")
    history = (await alice.says("/history")).text
    assert "cake" in history
    assert "tea" not in history


async def test_a_booking_that_cannot_be_written_is_still_asked_about(
    house: House, alice: Guest
) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await alice.says("/spent 1,234 tea")
    question = alice.newest
    for what in ("INSERT ON ledger", "DELETE ON dialogues"):
        with refusing(house, what):
            await alice.presses(2, message=question)
        assert "CN¥200.00" in (await alice.says("/balance")).text
    await alice.presses(2, message=question)
    assert alice.sees("200.00 - 1.23 = 198.77")
    assert (await alice.says("/history")).text.count("tea") == 1


async def test_an_update_that_comes_again_books_once(house: House, alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    update = await alice.person.says("/spent 38.50 lunch")
    assert update is not None
    await house.settled(update)
    await house.stop()
    house.telegram.redeliver(update)
    await house.start()
    await house.settled(update)
    assert "CN¥161.50" in (await alice.says("/balance")).text
    assert (await alice.says("/history")).text.count("lunch") == 1


@pytest.mark.parametrize("text", ["5 USD tea", "5美元", "tea 5 yen", "USD 5", "$ 5", "5 EUR"])
async def test_another_currency_is_not_taken_for_the_cards_own(alice: Guest, text: str) -> None:
    await keeps(alice, MARKET, "Market", "200")
    asked = await alice.says(f"/spent {text}")
    assert asked.text == f"“{text}”: do you mean this?"
    assert asked.labels[0].startswith("CN¥5.00 · ")
    assert "not an amount in Chinese Yuan" in (await alice.says("/spent $5")).text


async def test_a_card_without_a_currency_takes_the_one_that_is_named(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", None)
    assert "the balance is $200.00" in (await alice.says("/set 200 USD")).text
    assert "200.00 - 5.50 = 194.50" in (await alice.says("/spent 5.5")).text


async def test_a_new_command_takes_the_place_of_an_open_question(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await alice.says("/spent")
    await alice.says("/spent 5 tea")
    assert not alice.sees("How much was spent?")
    assert "200.00 - 5.00 = 195.00" in alice.newest.text
    assert "nothing to cancel" in (await alice.says("/cancel")).text
    await alice.says("/spent")
    assert "195.00 + 5.00 = 200.00" in (await alice.says("/topup包子 5")).text


async def test_a_word_in_the_place_of_a_card_is_asked_again(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await keeps(alice, CAFE, "Café", "50")
    await alice.says("/spent 5 tea")
    assert "Press one of the cards" in (await alice.says("Bakery")).text
    assert "50.00 - 5.00 = 45.00" in (await alice.says("0002")).text


async def test_a_day_that_passes_meanwhile_is_still_that_day(house: House, alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await house.passes(hours=11, minutes=55)
    await alice.says("/spent 1,234 today")
    await house.passes(minutes=10)
    assert "Nov 24, 2026\n200.00 - 1.23 = 198.77" in (await alice.presses(2)).text


async def test_a_very_long_text_is_answered_like_any_other(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await keeps(alice, CAFE, "Café", "50")
    await alice.says(f"/spent 1,234 {'&<' * 1900}")
    await alice.presses("Café")
    assert "50.00 - 1.23 = 48.77" in (await alice.presses(2)).text


async def test_a_card_that_runs_low_by_a_booking_is_warned_about(
    house: House, alice: Guest
) -> None:
    await keeps(alice, MARKET, "Market", "200")
    await alice.says("/spent 150 shoes")
    await house.passes(minutes=1)
    assert not any("runs low" in told for told in alice.told)
    await alice.says("/spent 20 socks")
    await house.passes(minutes=1)
    assert sum("runs low" in told for told in alice.told) == 1
    await alice.says("/spent 5 tea")
    await house.passes(minutes=1)
    assert sum("runs low" in told for told in alice.told) == 1


async def test_a_card_number_behind_the_command_is_no_amount(alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    asked = await alice.says(f"/spent {YUAN}")
    assert "How much was spent?" in asked.text
    assert "200.00 - 5.00 = 195.00" in (await alice.says("5 tea")).text
    await alice.says(f"/spent 5 tea {YUAN}")
    assert "I deleted it" in alice.newest.text
    assert not any(YUAN in text for text in alice.wrote)
    assert "CN¥195.00" in (await alice.says("/balance")).text


async def test_setting_a_balance_for_a_card_that_is_chosen(alice: Guest) -> None:
    await keeps(alice, MARKET, "Market", "200")
    assert "How much is on the card now?" in (await alice.says("/set")).text
    assert "200.00 - 38.50 = 161.50" in (await alice.says("161.50")).text
    same = await alice.says("/set 161.50")
    assert "That is what I knew already." in same.text
    assert same.labels == ["💳 The card"]
    await alice.says("/set 0")
    assert alice.sees("161.50 - 161.50 = 0.00")
    await keeps(alice, CAFE, "Café", "50")
    await alice.says("/set")
    assert "How much is on" in (await alice.presses("Café")).text
    assert "50.00 - 8.00 = 42.00" in (await alice.says("42")).text
    await alice.says("/set 40")
    assert "42.00 - 2.00 = 40.00" in (await alice.presses("Café")).text
    late = await alice.says("/set 10 yesterday café")
    assert "A later balance is known" in late.text


async def test_the_commands_are_in_the_menu(alice: Guest) -> None:
    told = (await alice.says("/help")).text
    for command in ("/spent", "/topup", "/refund", "/set"):
        assert f"{command} — " in told


async def test_what_was_spent_is_written_down_from_the_card_itself(alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.says("/cards ·1001")
    asked = await alice.presses("Spent")
    assert "How much was spent?" in asked.text
    assert "Panda Gift Card ·1001" in asked.text
    assert "- 38.50 = " in (await alice.says("38.50 lunch")).text


async def test_a_button_for_another_verb_or_another_persons_card_books_nothing(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    mine = (await house.kabao.parts.store.cards.list(alice.id))[0].id
    bob = house.guest("Bob")
    await bob.says("/start")
    for guest, data in ((alice, f"book:steal:{mine}"), (bob, f"book:spent:{mine}")):
        assert "This button is out of date" in (await guest.forges(data))[-1]


async def test_what_was_spent_before_the_first_known_balance_shows_none_below_zero(
    alice: Guest,
) -> None:
    await alice.says("8800 5566 1234", "Market", "200")
    await alice.says("/spent 38.50 groceries yesterday")
    told = (await alice.says("/history")).text
    assert "→ CN¥161.50" in told
    assert "→ -" not in told
