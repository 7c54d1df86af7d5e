"""Whatever becomes of an answer on its way, money that is read from it is money that is in it.

What is expected is worked out apart from the program: decimal arithmetic of any precision over the
raw digits at the declared place.
"""

from __future__ import annotations

import copy
import json
import tomllib
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.issuers import IssuerEntry, IssuerFault, Reading
from bot.issuers.answers import Unreadable, parse_json
from bot.issuers.balance import BalanceReader
from bot.issuers.fields import Field
from bot.issuers.format.history import History
from bot.issuers.format.reading import Balance
from bot.issuers.history import read_history
from bot.money import exponent

NOW = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
NUMBER = "628800001001"
FIELD = Field("number", {"en": "Number"}, "[0-9]{12}")
EXACT = Context(prec=5000)

FORMS = ("minor", "hundredths", "decimal", "number")
GOOD_VALUES = {"minor": 3766, "hundredths": 3760, "decimal": "37.66", "number": 37.66}

BALANCE = """
request = { path = "/card" }
card = "cards"
number = "no"
amount = "PLACE"
amount_format = "FORM"
sum = SUM
currency = "currency"
state = "state"
states = { good = "active" }
expires = "until"
starts = "from"
keep = { id = "id" }
"""
HISTORY = """
entries = "cards[0].lines"
id = "id"
at = "at"
amount = "value"
amount_format = "FORM"
kind = "kind"
kinds = { use = "-purchase", load = "+top-up", note = "skip" }
text = ["words", "more.words"]
balance_after = "after"
"""


def good(form: str) -> dict[str, Any]:
    """Write an answer that is as declared."""
    value = GOOD_VALUES[form]
    lines = [
        {"id": n, "at": f"2026-11-2{n}", "value": value, "kind": kind, "after": value, "words": "x"}
        for n, kind in enumerate(("use", "load", "note", "use"))
    ]
    card = {"no": NUMBER, "id": 7, "value": value, "currency": "EUR", "state": "good"}
    dates = {"until": "2027-11-24", "from": None}
    accounts = [{"value": value}, {"value": value}]
    return {"cards": [card | dates | {"accounts": accounts, "lines": lines}]}


DIGITS = st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,12})?|-?[0-9]{1,4}\.[0-9]{1,4}", fullmatch=True)
NUMBERS = (
    st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats()  # infinities and NaN too, which JSON has not and some write all the same
    | st.integers(-(2**54), 2**54)
    | st.sampled_from([0, -0.0, 37.665, 1e22, 5e-324, 2**53, 2**53 + 1, -1])
)
SCALARS = (
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text(max_size=12)
    | DIGITS
    | st.sampled_from(["", "37.66", "1e3", " 5", "+5.10", "1,5", "٣", NUMBER, "JPY", "KWD", "XAU"])
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cards", "no", "value", "currency", "lines", "accounts", "id", "at"]),
            inner,
        )
    ),
    max_leaves=15,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every place in a document but its top."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    found: list[tuple[Any, ...]] = []
    for key in keys:
        found.append((*path, key))
        if isinstance(node[key], dict | list):
            found += places(node[key], (*path, key))
    return found


@st.composite
def answers(draw: st.DrawFn, form: str) -> bytes:
    """Change a good answer in some places, or write anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return json.dumps(draw(ANYTHING)).encode()
    answer = good(form)
    for _ in range(draw(st.integers(0, 3))):
        there = places(answer)
        if not there:
            break
        money = [place for place in there if place[-1] in ("value", "after")]
        *path, key = draw(st.sampled_from(there) | st.sampled_from(money or there))
        node = answer
        for step in path:
            node = node[step]
        _change(draw, node, key)
    body = json.dumps(answer)
    if draw(st.integers(0, 19)) == 0:
        body = body[: draw(st.integers(0, len(body)))]
    return body.encode()


def _change(draw: st.DrawFn, node: Any, key: Any) -> None:
    how = draw(st.sampled_from(["other", "other", "number", "gone", "doubled", "deep"]))
    if how == "gone":
        del node[key]
    elif how == "doubled":
        twice = copy.deepcopy(node[key])
        node[key] = twice * 2 if isinstance(twice, str | list) else [twice, copy.deepcopy(twice)]
    elif how == "deep":
        for _ in range(draw(st.sampled_from([1, 2, 60]))):
            node[key] = [node[key]]
    else:
        node[key] = draw(NUMBERS | DIGITS if how == "number" else ANYTHING)


def raw(body: bytes) -> Any:
    """Read a body with every number as the decimal its digits say."""
    return json.loads(body, parse_float=_digits, parse_int=_digits)


class Whole(Decimal):
    """A number of JSON that was written without a point."""


def _digits(text: str) -> Decimal:
    return Whole(text) if text.lstrip("-").isdigit() else Decimal(text)


def exact(value: Any, form: str, currency: str) -> Decimal:
    """Work out an amount's minor units; an assertion fails where there is no such amount."""
    if form == "decimal":
        assert isinstance(value, str)
        return EXACT.scaleb(EXACT.create_decimal(value), exponent(currency))
    assert isinstance(value, Decimal)
    if form == "number":
        return EXACT.scaleb(value, exponent(currency))
    assert isinstance(value, Whole)  # a whole number
    return EXACT.scaleb(value, 0 if form == "minor" else exponent(currency) - 2)


def reading_of(body: bytes, form: str, *, added: bool) -> Reading | None:
    text = BALANCE.replace("FORM", form).replace("SUM", str(added).lower())
    declared = tomllib.loads(text.replace("PLACE", "accounts[*].value" if added else "value"))
    balance = Balance.model_validate(declared)
    reader = BalanceReader(balance, FIELD, None, ZoneInfo("Asia/Shanghai"), lambda: NOW)
    try:
        return reader.read(parse_json(body), NUMBER)[0]
    except (Unreadable, IssuerFault):
        return None


@settings(max_examples=1500, deadline=None)
@given(data=st.data(), form=st.sampled_from(FORMS), added=st.booleans())
def test_a_balance_is_what_stands_at_its_place_exactly(
    data: st.DataObject, form: str, added: bool
) -> None:
    body = data.draw(answers(form))
    reading = reading_of(body, form, added=added)
    if reading is None:
        return
    (card,) = raw(body)["cards"] if isinstance(raw(body)["cards"], list) else [raw(body)["cards"]]
    assert "".join(str(card["no"]).split()).replace("-", "") == NUMBER
    assert reading.balance is not None
    currency = reading.balance.currency
    assert card["currency"].upper() == currency
    if not added:
        assert exact(card["value"], form, currency) == reading.balance.minor
        return
    assert card["accounts"]
    values = [exact(account["value"], form, currency) for account in card["accounts"]]
    assert sum(values) == reading.balance.minor


@settings(max_examples=1000, deadline=None)
@given(data=st.data(), form=st.sampled_from(FORMS))
async def test_an_entry_is_a_line_of_the_answer_exactly(data: st.DataObject, form: str) -> None:
    body = data.draw(answers(form))
    history = History.model_validate(tomllib.loads(HISTORY.replace("FORM", form)))
    nobody: Any = None  # nothing is asked: the entries are in this answer
    try:
        entries = await read_history(
            history, nobody, {}, "EUR", ZoneInfo("UTC"), answer=parse_json(body), now=NOW
        )
    except (Unreadable, IssuerFault):
        return
    lines = raw(body)["cards"][0]["lines"]
    assert len({entry.id for entry in entries}) == len(entries)
    for entry in entries:
        assert any(_says(line, entry, form) for line in lines)


def _says(line: Any, entry: IssuerEntry, form: str) -> bool:
    if not isinstance(line, dict) or line.get("kind") not in ("use", "load"):
        return False
    said = str(line["id"])
    if (said.lower() if isinstance(line["id"], bool) else said.strip()) != entry.id:
        return False
    try:
        value, after = exact(line["value"], form, "EUR"), line.get("after")
        left = None if after is None else exact(after, form, "EUR")
    except AssertionError:
        return False  # another line with the same identity
    kept = None if entry.balance_after is None else entry.balance_after.minor
    signed = -abs(value) if line["kind"] == "use" else value
    return signed == entry.amount.minor and left == kept


@given(form=st.sampled_from(FORMS), added=st.booleans())
def test_the_answer_that_all_of_these_begin_with_is_read(form: str, added: bool) -> None:
    reading = reading_of(json.dumps(good(form)).encode(), form, added=added)
    assert reading is not None
    assert reading.balance is not None
    assert reading.balance.minor in (3766, 3760, 7532, 7520)
