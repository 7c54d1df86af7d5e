from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum import ean, luhn

from bot.issuers import Field

NUMBER = Field("number", {"en": "Number"}, "6288[0-9]{12}", secret=True)
CODE = Field("number", {"en": "Code"}, "[A-Z0-9.-]+", case="upper", keep_dashes=True)
LUHN = Field("number", {"en": "Number"}, "[0-9]{8,19}", check_digit="luhn")
EAN = Field("number", {"en": "Number"}, "[0-9]{8,18}", check_digit="ean")
LETTERS = Field("number", {"en": "Code"}, "[A-Z0-9]+", check_digit="luhn")

DIGITS = st.text("0123456789", min_size=7, max_size=17)


@pytest.mark.parametrize(
    "typed",
    [
        "6288000000001001",
        " 6288 0000 0000 1001\n",
        "6288-0000-0000-1001",
        "6288–0000—0000−1001",
        "６２８８００００００００１００１",
        "6288\u00a00000\u200b0000\ufeff1001",
    ],
)
def test_a_number_is_the_same_however_it_is_grouped_or_typed(typed: str) -> None:
    assert NUMBER.normalise(typed) == "6288000000001001"
    assert NUMBER.accepts(typed)


@pytest.mark.parametrize("typed", ["", "   ", "628800000000100", "62880000000010011", "nonsense"])
def test_a_number_of_another_shape_is_not_accepted(typed: str) -> None:
    assert not NUMBER.accepts(typed)
    assert NUMBER.mistake(typed) == "shape"


def test_a_code_can_keep_its_dashes_and_fold_its_case() -> None:
    assert CODE.normalise(" ab-cd.9 ") == "AB-CD.9"


@given(st.text())
def test_cleaning_a_value_twice_changes_nothing(text: str) -> None:
    for field in (NUMBER, CODE):
        once = field.normalise(text)
        assert field.normalise(once) == once


@pytest.mark.parametrize("typed", ["7783 3224 0000 0002", "7783-3224-0000-0002", "79927398713"])
def test_a_number_whose_check_digit_is_right_is_accepted(typed: str) -> None:
    assert LUHN.mistake(typed) is None


@pytest.mark.parametrize(
    "typed", ["4006381333931", "73513537", "036000291452", "376104250021234569"]
)
def test_a_barcode_is_checked_whatever_its_length(typed: str) -> None:
    assert EAN.mistake(typed) is None


@given(body=DIGITS, place=st.integers(0, 16), other=st.sampled_from("0123456789"))
def test_one_digit_mistyped_is_always_noticed(body: str, place: int, other: str) -> None:
    for field, calculate in ((LUHN, luhn.calc_check_digit), (EAN, ean.calc_check_digit)):
        good = body + calculate(body)
        at = place % len(good)
        assume(good[at] != other)
        assert field.mistake(good) is None
        assert field.mistake(good[:at] + other + good[at + 1 :]) == "check_digit"


def test_what_is_of_another_shape_is_not_called_mistyped() -> None:
    assert LUHN.mistake("7783 322") == "shape"
    assert LUHN.mistake("abc") == "shape"
    assert LUHN.mistake("") == "shape"


@given(st.text())
def test_nothing_that_can_be_typed_breaks_the_check(text: str) -> None:
    for field in (LUHN, EAN, LETTERS):
        assert field.accepts(text) == (field.mistake(text) is None)


def test_letters_where_only_digits_can_be_checked_are_a_mistake_not_a_crash() -> None:
    assert LETTERS.mistake("AB12") == "check_digit"
