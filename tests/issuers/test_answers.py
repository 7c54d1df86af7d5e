"""What is in an answer is read exactly, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issuers.amounts import AmountFormat, amount
from bot.issuers.answers import (
    Expression,
    TimeFormat,
    Unreadable,
    moment,
    parse_json,
    phrase,
    word,
)
from bot.money import Money, exponent

SHANGHAI = ZoneInfo("Asia/Shanghai")
CURRENCIES = st.sampled_from(["CNY", "USD", "EUR", "JPY", "KWD", "CLF"])
MINOR = st.integers(-(2**53), 2**53)


@pytest.mark.parametrize(
    ("raw", "form", "currency", "minor"),
    [
        ("3766", "minor", "USD", 3766),
        ("12000", "minor", "JPY", 12000),
        ("25500", "minor", "KWD", 25500),
        ("1200000", "hundredths", "JPY", 12000),
        ("3766", "hundredths", "EUR", 3766),
        ("2550", "hundredths", "KWD", 25500),
        ('"37.66"', "decimal", "EUR", 3766),
        ('"12000.00"', "decimal", "JPY", 12000),
        ('"500.0000"', "decimal", "USD", 50000),
        ('"-12.34"', "decimal", "EUR", -1234),
        ("37.66", "number", "CNY", 3766),
        ("0.1", "number", "CNY", 10),
        ("90071992547409.91", "number", "CNY", 9007199254740991),
        ("37", "number", "CNY", 3700),
        ("29.900000000000002", "float", "CNY", 2990),
        ("29.9", "float", "CNY", 2990),
        ("-0.30000000000000004", "float", "CNY", -30),
        ("1000", "float", "JPY", 1000),
        ("3.766e1", "number", "CNY", 3766),
    ],
)
def test_every_way_to_write_an_amount(
    raw: str, form: AmountFormat, currency: str, minor: int
) -> None:
    assert amount(parse_json(raw.encode()), form, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("null", "decimal"),
        ("37.66", "decimal"),
        ('"37.66"', "number"),
        ('"3766"', "minor"),
        ("37.66", "minor"),
        ("3766.0", "hundredths"),
        ("true", "minor"),
        ("true", "number"),
        ("[1]", "number"),
        ('"1,234.50"', "decimal"),
        ('"1_000"', "decimal"),
        ('" 5"', "decimal"),
        ('"NaN"', "decimal"),
        ('"1e3"', "decimal"),
        ('"٣٧"', "decimal"),
        ('""', "decimal"),
        ("37.660000000000004", "number"),
        ("29.906", "float"),
        ("29.90002", "float"),
        ('"29.9"', "float"),
        ("true", "float"),
        ("1.0000000000000000000000000000000000001", "number"),
        ("1e400", "number"),
        ("1e-400", "number"),
        ("1e-999999999", "number"),
        ("1e999999999", "number"),
        ("99999999999999999999", "minor"),
    ],
)
def test_an_amount_in_another_form_is_not_guessed(raw: str, form: AmountFormat) -> None:
    with pytest.raises(Unreadable):
        amount(parse_json(raw.encode()), form, "CNY")


@given(minor=MINOR, currency=CURRENCIES)
def test_an_amount_survives_each_form_unchanged(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    digits = exponent(currency)
    written = f"{Decimal(minor).scaleb(-digits):f}"
    assert amount(parse_json(str(minor).encode()), "minor", currency) == money
    assert amount(parse_json(written.encode()), "number", currency) == money
    assert amount(written, "decimal", currency) == money


@pytest.mark.parametrize(
    ("raw", "form", "at"),
    [
        ('"2026-11-24T18:40:00Z"', "text", datetime(2026, 11, 24, 18, 40, tzinfo=UTC)),
        ('"2026-11-24T18:40:00.5+08:00"', "text", datetime(2026, 11, 24, 10, 40, 0, 500000, UTC)),
        ('"2026-11-24 18:40:00"', "text", datetime(2026, 11, 24, 10, 40, tzinfo=UTC)),
        ('"2026-11-24"', "text", datetime(2026, 11, 24, 16, 0, tzinfo=UTC)),
        ("1763980800", "seconds", datetime(2025, 11, 24, 10, 40, tzinfo=UTC)),
        ('"1763980800"', "seconds", datetime(2025, 11, 24, 10, 40, tzinfo=UTC)),
        ("1763980800000", "milliseconds", datetime(2025, 11, 24, 10, 40, tzinfo=UTC)),
        ("null", "text", None),
        ('""', "text", None),
        ("null", "seconds", None),
    ],
)
def test_every_way_to_write_when_a_card_expires(
    raw: str, form: TimeFormat, at: datetime | None
) -> None:
    assert moment(parse_json(raw.encode()), form, SHANGHAI, end_of_day=True) == at


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ('"soon"', "text"),
        ("20261124", "text"),
        ('"20261124"', "text"),
        ('"2026-13-01"', "text"),
        ("true", "seconds"),
        ("{}", "seconds"),
        ('"2026-11-24"', "seconds"),
        ("1e400", "seconds"),
        ("9999999999999999", "seconds"),
    ],
)
def test_a_time_in_another_form_is_not_guessed(raw: str, form: TimeFormat) -> None:
    with pytest.raises(Unreadable):
        moment(parse_json(raw.encode()), form, SHANGHAI, end_of_day=True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!doctype html><p>Sorry", "HTML"),
        (b'{"value": "37.', "broken"),
        (b'{"value": NaN}', "broken"),
        (b"\xff\xfe\xfd", "broken"),
        (b"[" * 100_000, "broken"),
        (b"9" * 5_000, "broken"),
    ],
)
def test_what_is_not_json_is_named_for_what_it_is(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        parse_json(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=10,
)


@given(data=JSON, text=st.sampled_from(["a", "a.b", "a.b.c", "a[0]", "a[*].b", "@", "b || a"]))
def test_the_quick_way_to_a_place_finds_what_jmespath_finds(data: object, text: str) -> None:
    assert Expression(text).of(data) == jmespath.search(text, data)


@pytest.mark.parametrize("text", ["!a.b", "c && !a.b.d", "x[?!a.b]", "length(!a.b)"])
def test_a_not_that_would_look_inside_a_truth_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match=r"!\(a\.b\)"):
        Expression(text)


@pytest.mark.parametrize(
    "text", ["!(a.b)", "!a", "!a && b.c", "!a[0]", "x[?!(a.b)]", "`true` && a.b"]
)
def test_a_not_of_a_whole_place_is_none(text: str) -> None:
    Expression(text)


def test_an_expression_that_does_not_fit_is_a_fault_of_the_answer() -> None:
    with pytest.raises(Unreadable):
        Expression("length(a)").of({"a": 5})


@given(st.text())
def test_an_issuers_words_are_safe_to_store_and_show(text: str) -> None:
    words = phrase(text)
    assert len(words) <= 200
    assert not any(ord(c) < 32 for c in words)
    words.encode()


def test_states_may_be_booleans_and_identities_numbers() -> None:
    assert word(True) == "true"
    assert word(17) == "17"
    assert word({"a": 1}) is None
    assert word(None) is None
