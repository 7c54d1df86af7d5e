"""No answer, however broken, yields a balance that is not in it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.issuers import FaultKind, IssuerFault
from tests.issuers.test_faults import CODE, card, cards

if TYPE_CHECKING:
    from bot.issuers import Issuer
    from tests.issuers.conftest import Counter

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["37.66", "EUR", CODE["number"], "k7qx9bhwcm38", "", "2020-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["results", "secret", "value", "currency"]), inner)
    ),
    max_leaves=12,
)
GOOD = cards(card()).encode()


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    """Cut, repeat and overwrite pieces of a good answer."""
    body = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 20)))
        body[start:end] = draw(st.binary(max_size=6) | st.just(bytes(body[start:end]) * 2))
    return bytes(body)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """Replace one value of a card by anything, or the list of cards by anything."""
    key = draw(st.sampled_from(["secret", "value", "currency", "expires", "results"]))
    value = draw(JSON)
    if key == "results":
        return json.dumps({"results": value}).encode()
    return cards(card(**{key: value})).encode()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
@given(body=mutilated() | changed() | JSON.map(lambda data: json.dumps(data).encode()))
async def test_a_balance_is_in_the_answer_or_there_is_none(
    body: bytes, pretix: Issuer, counter: Counter
) -> None:
    counter.says(body)
    try:
        balance = (await pretix.read(CODE)).balance
    except IssuerFault as fault:
        expected = (FaultKind.BAD_ANSWER, FaultKind.NOT_FOUND)
        if fault.kind not in expected:
            raise
        return
    (only,) = json.loads(body)["results"]
    assert balance is not None
    assert only["secret"].upper().replace(" ", "") == CODE["number"]
    assert isinstance(only["value"], str)
    assert balance.amount == Decimal(only["value"])
    assert balance.currency == only["currency"].upper()
