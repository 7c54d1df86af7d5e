"""Which of a card's secrets is its number, and what of it may be shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.numbers import number_of, tail_of

NUMBER, PIN = "6288000000001234", "1234"
CARD = cast("Any", SimpleNamespace(issuer="shop", tail="1234"))


def issuers(*fields: str) -> Any:
    """Know one issuer that asks for these; none without any."""
    asks = SimpleNamespace(fields=[SimpleNamespace(name=name) for name in fields])
    return {"shop": asks} if fields else {}


@pytest.mark.parametrize(
    ("number", "tail"),
    [(NUMBER, "1234"), ("12345678", "5678"), ("123456", "456"), ("12", "2"), ("7", ""), ("", "")],
)
def test_no_more_than_half_of_a_number_and_four_characters_are_shown(
    number: str, tail: str
) -> None:
    assert tail_of(number) == tail


def test_a_pin_that_looks_like_the_last_digits_is_not_taken_for_the_number() -> None:
    secrets = {"pin": PIN, "number": NUMBER}
    assert number_of(issuers("number", "pin"), CARD, secrets) == NUMBER


def test_of_an_issuer_that_is_gone_or_was_written_anew_the_number_is_found_by_its_end() -> None:
    secrets = {"code": "9999", "card": NUMBER}
    assert number_of(issuers(), CARD, secrets) == NUMBER
    assert number_of(issuers("account"), CARD, secrets) == NUMBER
    assert number_of(issuers(), CARD, {"token": "other"}) == "other"
    assert number_of(issuers("number"), CARD, {}) == ""
