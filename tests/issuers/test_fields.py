from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issuers import Field

NUMBER = Field("number", {"en": "Number"}, "6288[0-9]{12}", secret=True)
CODE = Field("number", {"en": "Code"}, "[A-Z0-9.-]+", case="upper", keep_dashes=True)


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


def test_a_code_can_keep_its_dashes_and_fold_its_case() -> None:
    assert CODE.normalise(" ab-cd.9 ") == "AB-CD.9"


@given(st.text())
def test_cleaning_a_value_twice_changes_nothing(text: str) -> None:
    for field in (NUMBER, CODE):
        once = field.normalise(text)
        assert field.normalise(once) == once
