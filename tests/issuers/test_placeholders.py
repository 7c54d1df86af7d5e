"""No value, however hostile, changes the shape of a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.issuers import FaultKind, IssuerFault
from bot.issuers.calls import Caller
from bot.issuers.format.request import Call
from bot.issuers.manners import Manners
from bot.issuers.placeholders import JsonTemplate, Template, Unsayable, in_header

if TYPE_CHECKING:
    import aiohttp

    from tests.issuers.conftest import Counter, Hands

HOSTILE = st.one_of(
    st.text(min_size=1, max_size=40),
    st.text(alphabet="/?#&=%.\\:@;+ \"'{}\r\n\0é卡", min_size=1, max_size=12),
    st.sampled_from(
        [
            "..",
            ".",
            "../admin",
            "%2e%2e",
            "a&secret=",
            "1?x=1#",
            '","amount":1,"',
            "\r\nX: y",
            "{n}",
        ]
    ),
)

CALL = Call.model_validate(
    {
        "method": "POST",
        "path": "/cards/{number}/balance",
        "query": {"code": "{number}", "fixed": "1"},
        "headers": {"X-Shop": "kabao"},
        "json": {"card": {"number": "{number}", "amount": 0}, "list": ["n={number}", True]},
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=HOSTILE)
async def test_a_number_stays_where_it_was_put_whatever_is_in_it(
    value: str, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    counter.heard.clear()
    counter.says("{}")
    caller = Caller(counter.url, {}, [], http, clock, manners=Manners(None, 1, clock))
    if value in (".", "..") or any("\ud800" <= c <= "\udfff" for c in value):
        # It cannot be said in a URL: no card has such a number, and nothing is sent.
        with pytest.raises(IssuerFault, match=FaultKind.NOT_FOUND):
            await caller.ask(CALL, {"number": value})
        assert not counter.heard
        return
    await caller.ask(CALL, {"number": value})
    (heard,) = counter.heard
    parts = urlsplit(heard.target)
    segments = parts.path.split("/")
    assert [segments[0], segments[1], segments[3:]] == ["", "cards", ["balance"]]
    assert unquote(segments[2]) == value
    assert parse_qsl(parts.query, keep_blank_values=True) == [("code", value), ("fixed", "1")]
    assert json.loads(heard.body) == {
        "card": {"number": value, "amount": 0},
        "list": [f"n={value}", True],
    }
    assert heard.headers["X-Shop"] == "kabao"
    assert "X" not in heard.headers


@given(value=st.text())
def test_a_header_takes_only_what_cannot_end_it(value: str) -> None:
    template = Template("Card {number}")
    if value and value.isascii() and value.isprintable():
        assert template.fill({"number": value}, in_header) == f"Card {value}"
    else:
        with pytest.raises(Unsayable):
            template.fill({"number": value}, in_header)


def test_an_empty_value_is_never_sent() -> None:
    with pytest.raises(Unsayable):
        Template("/cards/{number}").path({"number": ""})
    with pytest.raises(Unsayable):
        JsonTemplate({"a": "{number}"}).fill({"number": ""})


def test_braces_are_written_twice() -> None:
    assert Template("{{{number}}}").path({"number": "1"}) == "{1}"


@pytest.mark.parametrize("text", ["{", "}", "{number", "{Number}", "{secret:lower}", "{a b}"])
def test_a_broken_placeholder_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        Template(text)
