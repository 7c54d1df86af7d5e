"""What a person wrote behind /spent, and how it is taken apart. Today is a Tuesday."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.money import Money
from bot.said import Said, Understood, understand

TODAY, YESTERDAY, FRIDAY = date(2026, 11, 24), date(2026, 11, 23), date(2026, 11, 20)


def told(found: Understood) -> list[tuple[int, str, date | None]]:
    return [(said.amount.minor, said.words, said.day) for said in found.readings]


@pytest.mark.parametrize(
    ("text", "minor", "words", "day"),
    [
        ("38.5", 3850, "", None),
        ("38.50 麦当劳", 3850, "麦当劳", None),
        ("38块5 早饭", 3850, "早饭", None),
        ("三十八块五 早饭", 3850, "早饭", None),
        ("38.50麦当劳", 3850, "麦当劳", None),
        ("38块麦当劳", 3800, "麦当劳", None),
        ("¥38麦当劳", 3800, "麦当劳", None),
        ("麦当劳 38块5", 3850, "麦当劳", None),
        ("麦当劳38.5元", 3850, "麦当劳", None),
        ("麦当劳38.5元 套餐", 3850, "麦当劳 套餐", None),
        ("38.5，麦当劳，昨天", 3850, "麦当劳", YESTERDAY),
        ("38.5, lunch, yesterday", 3850, "lunch", YESTERDAY),
        ("３８．５　麦当劳", 3850, "麦当劳", None),
        ("１，２３４．５０ 房租", 123450, "房租", None),
        ("3D电影 45", 4500, "3D电影", None),
        ("5 3000天前", 500, "3000天前", None),
        ("38.5 MacDonald 2", 3850, "MacDonald 2", None),
        ("1 234.50 rent", 123450, "rent", None),
        ("1.234,50 Miete", 123450, "Miete", None),
        ("CN¥ 1 234 567.80 rent", 123456780, "rent", None),
        ("38.5 CNY lunch", 3850, "lunch", None),
        ("¥ 38.5 lunch", 3850, "lunch", None),
        ("38 元祖蛋糕", 3800, "元祖蛋糕", None),
        ("12 7-11 milk", 1200, "7-11 milk", None),
        ("20 Nov", 2000, "Nov", None),
        ("38.50 麦当劳 昨天", 3850, "麦当劳", YESTERDAY),
        ("昨天 38.5 麦当劳", 3850, "麦当劳", YESTERDAY),
        ("38.5 昨天 麦当劳", 3850, "麦当劳", YESTERDAY),
        ("麦当劳 38块5 昨天", 3850, "麦当劳", YESTERDAY),
        ("38 lunch 4 days ago", 3800, "lunch", FRIDAY),
        ("4 days ago 38 lunch", 3800, "lunch", FRIDAY),
        ("38 lunch Nov 20", 3800, "lunch", FRIDAY),
        ("11-20 38.5", 3850, "", FRIDAY),
        ("38 20.11. lunch", 3800, "lunch", FRIDAY),
    ],
)
def test_a_text_is_taken_apart(text: str, minor: int, words: str, day: date | None) -> None:
    found = understand(text, "CNY", TODAY)
    assert found.readings == (Said(Money(minor, "CNY"), words, day),)
    assert found.sure


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1,234 rent", [(123400, "rent", None), (123, "rent", None)]),
        ("5 711 milk", [(571100, "milk", None), (500, "711 milk", None)]),
        ("38麦当劳", [(3800, "麦当劳", None)]),
        ("38 块 5", [(3850, "", None), (3800, "5", None)]),
        ("7天酒店 200", [(700, "天酒店 200", None), (20000, "7天酒店", None)]),
        ("五芳斋 38", [(500, "芳斋 38", None), (3800, "五芳斋", None)]),
        ("三元里", [(300, "里", None)]),
        ("三十八块五早饭", [(3850, "早饭", None), (3800, "五早饭", None)]),
        ("38块5杯奶茶", [(3850, "杯奶茶", None), (3800, "5杯奶茶", None)]),
        ("星巴克 2 杯 38", [(200, "星巴克 杯 38", None), (3800, "星巴克 2 杯", None)]),
        ("38 11.20", [(3800, "", FRIDAY), (3800, "11.20", None)]),
        ("38 麦当劳昨天", [(3800, "麦当劳", YESTERDAY), (3800, "麦当劳昨天", None)]),
        ("38 昨天麦当劳", [(3800, "麦当劳", YESTERDAY), (3800, "昨天麦当劳", None)]),
        ("昨天麦当劳38.5", [(3850, "麦当劳", YESTERDAY), (3850, "昨天麦当劳", None)]),
        (
            "12 7-11",
            [
                (1200, "", date(2026, 7, 11)),
                (1200, "", date(2026, 11, 7)),
                (1200, "7-11", None),
            ],
        ),
        ("5 USD tea", [(500, "USD tea", None)]),
        ("tea USD 5", [(500, "tea USD", None)]),
    ],
)
def test_what_can_be_meant_otherwise_is_not_acted_on(
    text: str, readings: list[tuple[int, str, date | None]]
) -> None:
    found = understand(text, "CNY", TODAY)
    assert told(found) == readings
    assert not found.sure


def test_a_day_to_come_is_told_apart_from_the_note() -> None:
    found = understand("38 lunch tomorrow", "CNY", TODAY)
    assert (told(found), found.sure) == ([(3800, "lunch", None)], False)
    assert found.coming == date(2026, 11, 25)


@pytest.mark.parametrize(
    "text", ["", "麦当劳", "昨天", "-5 tea 3", "12,34,56 tea 3", "$5", "20.11.", "一二三 豆浆"]
)
def test_a_text_without_an_amount_has_none(text: str) -> None:
    assert understand(text, "CNY", TODAY).readings == ()


words = st.lists(
    st.sampled_from(
        ["麦当劳", "lunch", "7-11", "2", "昨天", "711", "38块5", "三十", "3/4", "USD", "tea"]
    ),
    max_size=5,
)


@given(st.integers(1, 10**7), words)
def test_an_amount_that_comes_first_is_always_among_the_readings(
    minor: int, note: list[str]
) -> None:
    amount = Money(minor, "CNY")
    found = understand(" ".join([f"{amount.amount}", *note]), "CNY", TODAY)
    assert amount in {said.amount for said in found.readings}


@given(st.one_of(st.text(max_size=60), words.map(" ".join)), st.sampled_from(["CNY", "JPY"]))
def test_nothing_is_made_up(text: str, currency: str) -> None:
    found = understand(text, currency, TODAY)
    assert found.sure <= (len(found.readings) == 1)
    for said in found.readings:
        assert said.day is None or said.day <= TODAY
        assert Counter("".join(said.words.split())) <= Counter("".join(text.split()))
