"""What a person types for an amount, and what Kabao takes it for."""

import contextlib
import re

import cn2an
import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from bot.amounts import NUMERALS, ONES, AmbiguousAmount, parse_amount
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
        ("38 块 5", 3850),
        ("38块五", 3850),
        ("38块半", 3850),
        ("38元05分", 3805),
        ("38块5毛钱", 3850),
        ("5毛5", 55),
        ("三十八", 3800),
        ("三十八块五", 3850),
        ("三十八塊五", 3850),
        ("三十八元五角", 3850),
        ("三十八块五毛二", 3852),
        ("三十八块五二", 3852),
        ("三十八块零五", 3805),
        ("三十八元零五分", 3805),
        ("三十八元零五角", 3850),
        ("三十八点五", 3850),
        ("三十八点零五元", 3805),
        ("人民币三十八", 3800),
        ("三块五", 350),
        ("三块半", 350),
        ("五毛", 50),
        ("五毛五", 55),
        ("五分", 5),
        ("十五块", 1500),
        ("二十五", 2500),
        ("两百", 20000),
        ("两块", 200),
        ("一百二", 12000),
        ("一百零二", 10200),
        ("两百五", 25000),
        ("一千零五十", 105000),
        ("一万二", 1200000),
        ("壹佰贰拾元整", 12000),
        ("叁拾捌元伍角整", 3850),
        ("〇", 0),
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
        ("三十八块五", "HKD", 3850),
        ("五百円", "JPY", 500),
        ("五美元", "USD", 500),
        ("三十八点五美元", "USD", 3850),
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
        ("块5", "CNY"),
        ("块八", "CNY"),
        ("半块", "CNY"),
        ("38块5元", "CNY"),
        ("三块二百", "CNY"),
        ("三块半毛", "CNY"),
        ("五十毛", "CNY"),
        ("三八", "CNY"),
        ("一二三", "CNY"),
        ("三十8", "CNY"),
        ("三5", "CNY"),
        ("3十", "CNY"),
        ("38万", "CNY"),
        ("十两", "CNY"),
        ("二百两", "CNY"),
        ("一百一百", "CNY"),
        ("一百零", "CNY"),
        ("负五", "CNY"),
        ("二十五,三", "CNY"),
        ("三十八点五五五", "CNY"),
        ("三十八点五", "JPY"),
        ("三十八块五", "USD"),
        ("三千万亿", "CNY"),
        ("五芳斋", "CNY"),
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


yuan = st.integers(0, LARGEST_MINOR)


def read_out(digits: str) -> str:
    return "".join(ONES[int(digit)] for digit in digits)


def spoken(minor: int) -> list[str]:
    """Say an amount of yuan the ways it is said."""
    whole, jiao, fen = cn2an.an2cn(minor // 100), minor // 10 % 10, minor % 10
    ways = [f"{whole}块{read_out(f'{jiao}{fen}')}", f"{whole}点{read_out(f'{jiao}{fen}')}元"]
    if fen == jiao == 0:
        ways = [whole, f"{whole}元", f"{whole}块钱", f"{whole}元整", f"{minor // 100}块"]
    elif fen == 0:
        ways += [f"{whole}块{ONES[jiao]}", f"{whole}元{jiao}角", f"{minor // 100}块{ONES[jiao]}毛"]
    elif jiao == 0:
        ways += [f"{whole}块零{ONES[fen]}分", f"{whole}元0{fen}分"]
    else:
        ways += [f"{whole}元{ONES[jiao]}角{ONES[fen]}分", f"{minor // 100}块{jiao}毛{fen}"]
    return ways


@given(yuan)
def test_every_amount_of_yuan_said_in_chinese_is_understood(minor: int) -> None:
    for typed in spoken(minor):
        assert parse_amount(typed, "CNY") == Money(minor, "CNY"), typed


@given(yuan)
def test_every_amount_written_as_on_a_chinese_cheque_is_understood(minor: int) -> None:
    written = cn2an.an2cn(f"{minor // 100}.{minor % 100:02}", "rmb")
    if minor >= 100:
        assert parse_amount(written, "CNY") == Money(minor, "CNY"), written


def digits_of(text: str) -> list[str]:
    """List the digits other than zero that a text names; 十 alone is one ten, 半 is five."""
    told = re.sub(f"(?<![{ONES[1:]}])十", "一十", text).replace("半", "五").replace("两", "二")
    values = {**{str(n): str(n) for n in range(10)}, **{ONES[n]: str(n) for n in range(10)}}
    return [values[char] for char in told if values.get(char, "0") != "0"]


@given(
    st.text(alphabet=f"{NUMERALS}两半元块点角毛分整钱0123456789., ¥", max_size=12),
    st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_no_text_yields_an_amount_its_digits_do_not_say(typed: str, currency: str) -> None:
    try:
        found = [parse_amount(typed, currency)]
    except AmbiguousAmount as asked:
        found = asked.readings[:1]
    except ValueError:
        found = []
    for money in found:
        assert type(money.minor) is int
        assert [d for d in str(money.minor) if d != "0"] == digits_of(typed)
