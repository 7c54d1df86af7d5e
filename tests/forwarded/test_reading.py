from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import bot.forwarded
from bot.forwarded import Sum, from_groups, mark_of, read, whole_numbers
from bot.forwarded.parts import plain
from bot.money import Money

SHANGHAI = ZoneInfo("Asia/Shanghai")
RECEIVED = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)

FRAGMENTS = [
    *("您尾号1234的卡", "card ending 1234", "消费", "充值", "退款", "spent", "added", "余额"),
    *("balance", "38.50元", "$1,234.56", "12,50 EUR", "RMB 3", "¥", "11月20日", "18:30", "11/20"),
    *(
        "2026-11-20 18:30:22",
        "在",
        "麦当劳",
        "at ",
        "，",
        "。",
        "\n",
        "****",
        "(",
        "9" * 40,
        "-",
        ".",
    ),
    *("０１２", "1.234.567,89", "\ud800", "\u202e", "\x00", "𝟙𝟚", "٣٤", "100%", "月", "元"),
]
texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=60).map("".join)


@given(texts)
@example("卡" * 5000)
@example("9" * 5000)
@example("余额1.00元" * 900)
@example("尾号" * 2500)
@example("消费" + " " * 4000 + "1.00元，余额2.00元")
@example("在" * 4096 + "消费1.00元，余额2.00元")
@example("card " * 1000 + "ending 1234 spent $1.00")
def test_whatever_comes_no_amount_is_read_that_is_not_in_it(text: str) -> None:
    said = read(text, SHANGHAI, RECEIVED)
    if said is None:
        return
    assert (said.kind is None) == (said.amount is None)
    for one in (said.amount, said.balance):
        if one is not None:
            assert one.number in plain(text)
    assert said.amount or said.balance
    assert said.at is None or (said.at.utcoffset() == timedelta() and said.at <= RECEIVED)


def test_every_pattern_is_run_by_an_engine_that_needs_linear_time() -> None:
    for path in Path(bot.forwarded.__file__).parent.glob("*.py"):
        assert "import re\n" not in path.read_text(encoding="utf-8"), path.name


amounts = st.integers(1, 99_999_999)
written = st.sampled_from(
    [
        ("CNY", "{}元"),
        ("CNY", "人民币{}元"),
        ("CNY", "￥{}"),
        ("CNY", "RMB {}"),
        ("USD", "${}"),
        ("USD", "USD {}"),
        ("GBP", "£{}"),
        ("EUR", "{} EUR"),
        ("HKD", "HK${}"),
    ]
)
forms = st.sampled_from(
    [
        "您尾号{tail}的卡消费{amount}，余额{balance}。",
        "【店】您的储值卡（尾号{tail}）消费{amount}，卡内余额为{balance}，谢谢",
        "Your card ending in {tail} was charged {amount} at Lotus. Balance: {balance}.",
        "{amount} spent with card ****{tail}. New balance {balance}",
    ]
)


@given(forms, written, amounts, amounts, st.integers(0, 9999), st.sampled_from([",", ""]))
def test_amounts_are_read_to_the_last_digit(
    form: str, mark: tuple[str, str], spent: int, left: int, tail: int, grouping: str
) -> None:
    currency, pattern = mark
    shown = [pattern.format(f"{one // 100:{grouping}}.{one % 100:02}") for one in (spent, left)]
    text = form.format(tail=f"{tail:04}", amount=shown[0], balance=shown[1])
    said = read(text, SHANGHAI, RECEIVED)
    assert said is not None
    assert said.amount is not None
    assert said.balance is not None
    assert said.amount.money(currency) == Money(spent, currency)
    assert said.balance.money(currency) == Money(left, currency)
    assert said.tails == (f"{tail:04}",)
    assert said.kind == "spent"


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("11月20日18:30", "2026-11-20 18:30"),
        ("12月31日18:30", "2025-12-31 18:30"),
        ("2026年11月20日18时30分", "2026-11-20 18:30"),
        ("11-20 08:05", "2026-11-20 08:05"),
        ("今天10:30", "2026-11-24 10:30"),
        ("昨日22:10", "2026-11-23 22:10"),
        ("11月24日12:20", "2026-11-24 12:00"),  # its clock is a little ahead
        ("2026-11-25 12:00", None),
        ("2026-13-45 99:99", None),
        ("", None),
    ],
)
def test_a_time_is_completed_and_never_to_come(when: str, at: str | None) -> None:
    said = read(f"您尾号1234的卡{when}消费1.00元，余额2.00元", SHANGHAI, RECEIVED)
    assert said is not None
    assert (said.at and f"{said.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}") == at


@pytest.mark.parametrize(
    "text",
    [
        "您尾号1234的卡消费38.50元，消费40.00元，余额161.50元",
        "您尾号1234的卡消费38.50元，余额161.50元，余额160.00元",
        "您尾号1234的卡消费38.50元，退款20.00元",
        "您尾号1234的卡消费1.234元，余额2.345元",
    ],
)
def test_what_says_two_things_is_not_guessed_at(text: str) -> None:
    said = read(text, SHANGHAI, RECEIVED)
    assert said is None or said.amount is None or said.amount.money("CNY") is None


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("$38.50", "HKD", 3850),
        ("$38.50", "EUR", None),
        ("¥1,500", "JPY", 1500),
        ("€12,50", "EUR", 1250),
        ("1,234", "CNY", 123400),
        ("1.234", "CNY", None),
        ("38.50", None, None),
    ],
)
def test_an_amount_is_read_in_the_card_s_currency(
    text: str, currency: str | None, minor: int | None
) -> None:
    money = Sum.of(text).money(currency)
    assert (money and money.minor) == minor


def test_the_same_message_is_known_again_however_it_was_copied() -> None:
    text = "【店】您尾号1234的卡消费38.50元，余额161.50元。"
    assert mark_of(text) == mark_of(f" {text.replace('，', ', ')}\n".replace("1234", "１２３４"))
    assert mark_of(text) != mark_of(text.replace("38.50", "385.0"))
    assert "1234" not in mark_of("尾号1234")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("您的卡号6222021234561234消费1.50元", True),
        ("card 6222 0212 3456 1234 was charged", True),
        ("京东E卡 ABCD1234-5678-9012-3456 已使用", True),
        ("您尾号1234的卡2026-11-20 18:30:22消费1,234,567.00元", False),
        ("6221****5566 于今日支付58.60元，余额141.40元", False),
        ("如有疑问请致电400-812-3123或13812341234", False),
    ],
)
def test_a_whole_card_number_is_told_from_what_is_none(text: str, *, whole: bool) -> None:
    assert bool(whole_numbers(text)) == whole


def test_what_an_issuer_s_own_pattern_found_is_put_together() -> None:
    groups = {"tail": "9k2d", "spent": "38,50", "currency": "EUR", "place": "Lotus", "at": "11/20"}
    said = from_groups(groups, SHANGHAI, RECEIVED)
    assert said is not None
    assert said.amount is not None
    assert said.amount.money("EUR") == Money(3850, "EUR")
    assert (said.tails, said.place) == (("9K2D",), "Lotus")
    assert from_groups({"spent": "1", "added": "2"}, SHANGHAI, RECEIVED) is None
    assert from_groups({"tail": "1234"}, SHANGHAI, RECEIVED) is None
    late = from_groups(groups, SHANGHAI, RECEIVED, RECEIVED + timedelta(days=1))
    assert late is not None
    assert late.at is None
