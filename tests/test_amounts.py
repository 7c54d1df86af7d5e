"""What a person types for an amount, and what Kabao takes it for."""

import contextlib

import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from bot.amounts import AmbiguousAmount, parse_amount
from bot.languages import languages
from bot.money import LARGEST_MINOR, Money


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("38.5", 3850),
        ("38,5", 3850),
        ("38", 3800),
        ("38.", 3800),
        (".5", 50),
        ("0", 0),
        ("038.50", 3850),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("1 234.50", 123450),
        ("1\u202f234,50", 123450),
        ("1'234.50", 123450),
        ("1,234,567", 123456700),
        ("1.234.567,8", 123456780),
        ("12345", 1234500),
        ("¥38.5", 3850),
        ("￥38.5", 3850),
        ("CN¥ 38.5", 3850),
        ("38元", 3800),
        ("¥38元", 3800),
        ("38.5元。", 3850),
        ("38块", 3800),
        ("38 块钱", 3800),
        ("38块5", 3850),
        ("38块05", 3805),
        ("38元5角", 3850),
        ("38元5角2分", 3852),
        ("5毛", 50),
        ("３８．５", 3850),
        ("３８元", 3800),
        ("１，２３４．５０", 123450),
        ("38.5 CNY", 3850),
        ("cny 38.5", 3850),
        ("RMB38", 3800),
        ("人民币38.5", 3850),
        ("٣٨.٥", 3850),
        ("  38.5  ", 3850),
    ],
)
def test_an_amount_of_yuan_is_read_as_people_write_it(typed: str, minor: int) -> None:
    assert parse_amount(typed, "CNY") == Money(minor, "CNY")


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("1,234", "JPY", 1234),
        ("1.234", "JPY", 1234),
        ("500円", "JPY", 500),
        ("JP¥500", "JPY", 500),
        ("$5", "USD", 500),
        ("5美元", "USD", 500),
        ("0.234", "KWD", 234),
        ("1,234.567", "KWD", 1234567),
        ("38块5", "HKD", 3850),
    ],
)
def test_an_amount_follows_its_currency(typed: str, currency: str, minor: int) -> None:
    assert parse_amount(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("typed", "currency", "readings"),
    [
        ("1,234", "CNY", [123400, 123]),
        ("1.234", "CNY", [123400, 123]),
        ("¥1.500", "CNY", [150000, 150]),
        ("1,234", "KWD", [1234000, 1234]),
    ],
)
def test_a_mark_that_may_mean_two_things_is_asked_about(
    typed: str, currency: str, readings: list[int]
) -> None:
    with pytest.raises(AmbiguousAmount) as asked:
        parse_amount(typed, currency)
    assert asked.value.readings == [Money(minor, currency) for minor in readings]


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("", "CNY"),
        ("元", "CNY"),
        (".", "CNY"),
        ("-5", "CNY"),
        ("−5", "CNY"),
        ("+5", "CNY"),
        ("5e3", "CNY"),
        ("NaN", "CNY"),
        ("0x10", "CNY"),
        ("1_000", "CNY"),
        ("38.5555", "USD"),
        ("0.234", "CNY"),
        ("1 234,567", "CNY"),
        ("12,34,56", "CNY"),
        ("1,234.567.8", "CNY"),
        ("1.5", "JPY"),
        ("$5", "CNY"),
        ("38美元", "CNY"),
        ("38块5", "USD"),
        ("one hundred", "CNY"),
        ("90071992547410", "CNY"),
        ("9" * 40, "CNY"),
        ("1" * 100, "CNY"),
    ],
)
def test_what_is_no_amount_is_refused(typed: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|finer") as refused:
        parse_amount(typed, currency)
    assert not isinstance(refused.value, AmbiguousAmount)


def understood(typed: str, meant: Money) -> bool:
    try:
        return parse_amount(typed, meant.currency) == meant
    except AmbiguousAmount as asked:
        return meant in asked.readings


amounts = st.builds(
    Money, st.integers(0, LARGEST_MINOR), st.sampled_from(["CNY", "USD", "JPY", "KWD", "EUR"])
)


@given(amounts, st.sampled_from(["en", "de", "fr", "zh_Hans_CN"]))
def test_an_amount_written_by_any_locale_is_understood(meant: Money, locale: str) -> None:
    assert understood(format_currency(meant.amount, meant.currency, locale=locale), meant)
    assert understood(format_decimal(meant.amount, locale=locale), meant)
    assert understood(str(meant.amount), meant)


@given(amounts)
def test_an_amount_kabao_wrote_can_be_sent_back_to_it(meant: Money) -> None:
    for language in languages():
        assert understood(language.money(meant.minor, meant.currency), meant)


@given(st.text(max_size=60), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_any_text_is_an_amount_or_is_refused(typed: str, currency: str) -> None:
    with contextlib.suppress(ValueError):
        assert 0 <= parse_amount(typed, currency).minor <= LARGEST_MINOR
