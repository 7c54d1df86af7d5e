"""What goes out: every kind of body, values kept on the way, and nothing a value could change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.issuers import FaultKind, IssuerFault, Issuers
from bot.issuers.format.request import Call
from bot.issuers.requests import prepare
from bot.money import Money
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

    from bot.issuers import Issuer
    from tests.issuers.conftest import Counter

SHOP = """
kind = "http"
name = "Shop"
currency = "CNY"
fields = [
  {{ name = "number", label = "Number", pattern = '(?s).+', keep_dashes = true }},
  {{ name = "pin", label = "PIN", pattern = '(?s).+', keep_dashes = true }},
]
[server]
url = "{url}"
{steps}
[balance]
amount = "money"
amount_format = "number"
{keep}
[balance.request]
{request}
{rest}
"""
GRAPHQL = """
path = "/graphql"
graphql = "query Card($code: String!) { card(code: $code) { money } }"
variables = { code = "{number}", pin = ["{pin}"] }
"""
EVERYWHERE = """
path = "/shops/9/cards/{number}/at/{pin}"
query = { a = "{number}", "b c" = "x{pin}y", fixed = "1" }
[balance.request.json]
"{{key}}" = { number = "{number}", list = ["{pin}", 1, true] }
text = "n={number};p={pin}"
"""
FORMED = """
path = "/form"
[balance.request.form]
number = "{number}"
both = "{number}{pin}"
table = { number = "{number}", list = ["{pin}"] }
"""


def shop(
    folder: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    request: str,
    *,
    steps: str = "",
    keep: str = "",
    rest: str = "",
) -> Issuer:
    text = SHOP.format(url=counter.url, request=request, steps=steps, keep=keep, rest=rest)
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    return named(Issuers.load([folder], {}, http), "shop")


async def fault_of(issuer: Issuer, **values: str) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        await issuer.read({"number": "1", "pin": "2"} | values)
    return caught.value


async def test_a_form_is_sent_as_a_browser_would_and_a_table_in_it_as_json(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    counter.says('{"money": 5}')
    issuer = shop(tmp_path, counter, http, FORMED)
    assert (await issuer.read({"number": "8 8&", "pin": "é"})).balance == Money(500, "CNY")
    (heard,) = counter.heard
    assert heard.method == "POST"
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert parse_qsl(heard.body.decode()) == [
        ("number", "88&"),
        ("both", "88&é"),
        ("table", '{"number":"88&","list":["é"]}'),
    ]


async def test_graphql_is_sent_with_its_variables_and_its_errors_are_no_balance(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    issuer = shop(tmp_path, counter, http, GRAPHQL)
    counter.says('{"money": 5, "data": {}}')
    assert (await issuer.read({"number": '1"}', "pin": "2"})).balance == Money(500, "CNY")
    assert json.loads(counter.heard[0].body) == {
        "query": "query Card($code: String!) { card(code: $code) { money } }",
        "variables": {"code": '1"}', "pin": ["2"]},
    }
    counter.says('{"money": 5, "errors": [{"message": "not allowed"}]}')
    assert (await fault_of(issuer)).kind is FaultKind.BAD_ANSWER


async def test_a_step_s_answer_gives_the_next_request_its_values_as_they_were(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    steps = """
[[steps]]
name = "cart"
request = { method = "POST", path = "/carts" }
keep = { id = "@" }
[[steps]]
name = "card"
request = { path = "/carts/{cart:id}/find", query = { q = "{number}" } }
keep = { id = "id" }
"""
    rest = """
[history]
days = 30
request = { path = "/entries", json = { card = "{balance:id}", from = "{history:from}" } }
entries = "@"
id = "id"
at = "at"
amount = "amount"
amount_format = "number"
"""
    counter.says_in_turn('"c/1"', '{"id": 7}', '{"money": 5, "id": 12345678901234567890}', "[]")
    request = 'path = "/cards"\njson = { id = "{card:id}", text = "no. {card:id}" }'
    issuer = shop(
        tmp_path, counter, http, request, steps=steps, keep='keep = { id = "id" }', rest=rest
    )
    reading = await issuer.read({"number": "1", "pin": "2"}, history=True)
    assert (reading.balance, reading.entries) == (Money(500, "CNY"), ())
    assert [heard.target for heard in counter.heard] == [
        "/carts",
        "/carts/c%2F1/find?q=1",
        "/cards",
        "/entries",
    ]
    assert json.loads(counter.heard[2].body) == {"id": 7, "text": "no. 7"}
    said = json.loads(counter.heard[3].body)
    assert said["card"] == 12345678901234567890
    assert said["from"].endswith("Z")


async def test_a_step_without_what_the_next_needs_is_a_bad_answer_and_ends_there(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    steps = """
[[steps]]
name = "card"
request = { path = "/find" }
keep = { id = "id" }
"""
    counter.says("{}")
    issuer = shop(tmp_path, counter, http, 'path = "/cards/{card:id}"', steps=steps)
    fault = await fault_of(issuer)
    assert fault.kind is FaultKind.BAD_ANSWER
    assert "{card:id}" in str(fault)
    assert len(counter.heard) == 1


def shape(node: Any) -> Any:
    """What a document is but for the texts in it."""
    if isinstance(node, dict):
        return {key: shape(value) for key, value in node.items()}
    if isinstance(node, list):
        return [shape(value) for value in node]
    return "text" if isinstance(node, str) else node


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from(
        [
            "..",
            "../../admin",
            "%2e%2e%2f",
            '"}, "x": {"',
            "a&b=c",
            "a\r\nX: y",
            "{number}",
            "{secret:X}",
            "?#/;=",
            "\u2028\u0000",
            "１２３",
            "a+b c",
            "💳" * 20,
        ]
    ),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(number=HOSTILE, pin=HOSTILE)
async def test_no_value_changes_the_shape_of_a_request(
    number: str, pin: str, tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    for request in (EVERYWHERE, FORMED, GRAPHQL):
        counter.heard.clear()
        counter.says('{"money": 5}')
        issuer = shop(tmp_path, counter, http, request)
        first, second = issuer.fields
        values = {"number": first.normalise(number), "pin": second.normalise(pin)}
        try:
            await issuer.read({"number": number, "pin": pin})
        except IssuerFault as fault:
            # Said to be no card, and never sent.
            assert not counter.heard, fault  # noqa: PT017 - either outcome is right here
            continue
        (heard,) = counter.heard
        target = urlsplit(heard.target)
        assert heard.method == "POST"
        if request is EVERYWHERE:
            segments = target.path.split("/")
            assert [*segments[:4], segments[5], len(segments)] == [
                "",
                "shops",
                "9",
                "cards",
                "at",
                7,
            ]
            assert [unquote(segments[4]), unquote(segments[6])] == [*values.values()]
            query = parse_qsl(target.query, keep_blank_values=True, errors="strict")
            assert query == [
                ("a", values["number"]),
                ("b c", f"x{values['pin']}y"),
                ("fixed", "1"),
            ]
            said = json.loads(heard.body)
            assert shape(said) == {
                "{{key}}": {"number": "text", "list": ["text", 1, True]},
                "text": "text",
            }
            assert said["{{key}}"]["number"] == values["number"]
        elif request is FORMED:
            fields = parse_qsl(heard.body.decode(), keep_blank_values=True, errors="strict")
            assert [name for name, _ in fields] == ["number", "both", "table"]
            assert fields[0][1] == values["number"]
            assert json.loads(fields[2][1]) == {
                "number": values["number"],
                "list": [values["pin"]],
            }
        else:
            said = json.loads(heard.body)
            assert said["variables"] == {"code": values["number"], "pin": [values["pin"]]}
            assert said["query"].startswith("query Card($code: String!)")
        assert "X" not in heard.headers


def test_a_kind_of_json_that_the_server_wants_is_what_it_gets() -> None:
    call = Call.model_validate({"path": "/", "json": {}})
    wanted = {"content-type": "application/vnd.api+json"}
    assert prepare("https://shop.example", wanted, call, {}).headers == wanted
    assert prepare("https://shop.example", {}, call, {}).headers == {
        "Content-Type": "application/json"
    }
