"""A user and a password, or a token, that go with every request; and how [auth] is read."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.issuers.auth import Auth, AuthTable, schemes
from bot.issuers.auth.scheme import Request
from tests.issuers.auth.exchange import exchanged, made, sending

if TYPE_CHECKING:
    import aiohttp

    from tests.issuers.conftest import Counter, Hands


@pytest.mark.parametrize("password", ["open sesame", "芝麻:开门", 'it\'s "7" {x} \\ %41'])
async def test_a_server_finds_the_user_and_the_password(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, password: str
) -> None:
    counter.says("{}")
    table = {"kind": "basic", "user": "shop-{secret:USER}", "password": "{secret:WORD}"}
    scheme = made(counter.url, clock, table, USER="7", WORD=password)
    request = Request("GET", f"{counter.url}/card?n=1", {"X-Api": "2"})
    await exchanged(scheme, request, sending(http))

    heard = counter.heard[0]
    assert _sent(counter) == f"shop-7:{password}"
    assert heard.headers["X-Api"] == "2"
    assert heard.target == "/card?n=1"


async def test_a_key_alone_goes_as_the_user_without_a_password(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    counter.says("{}")
    scheme = made(
        counter.url, clock, {"kind": "basic", "user": "{secret:KEY}", "password": ""}, KEY="k-1"
    )
    await exchanged(scheme, Request("GET", counter.url, {}), sending(http))
    assert _sent(counter) == "k-1:"


def _sent(counter: Counter) -> str:
    kind, _, credentials = counter.heard[0].headers["Authorization"].partition(" ")
    assert kind == "Basic"
    return b64decode(credentials, validate=True).decode()


@pytest.mark.parametrize(
    ("user", "password"), [("zoe:b", "pass-w"), ("zoe", "b\r\nX: y"), ("", "pass-w")]
)
def test_a_user_or_password_that_cannot_be_sent_is_refused_by_name(
    clock: Hands, user: str, password: str
) -> None:
    table = {"kind": "basic", "user": "{secret:USER}", "password": "{secret:WORD}"}
    with pytest.raises(ValueError, match=r"secret:(USER|WORD)") as refused:
        made("https://shop.example", clock, table, USER=user, WORD=password)
    assert password not in str(refused.value)
    assert "zoe" not in str(refused.value)


async def test_a_token_takes_the_place_of_any_other_authorization(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    counter.says("{}", status=401)
    scheme = made(counter.url, clock, {"kind": "bearer", "token": "{secret:TOKEN}"}, TOKEN="t.1-x")
    request = Request("GET", counter.url, {"authorization": "none"})
    answer = await exchanged(scheme, request, sending(http))
    assert counter.heard[0].headers["Authorization"] == "Bearer t.1-x"
    assert answer.status == 401
    assert len(counter.heard) == 1  # such a token does not come back by asking again


def test_a_token_that_would_end_its_header_is_refused(clock: Hands) -> None:
    with pytest.raises(ValueError, match="secret:TOKEN") as refused:
        made("", clock, {"kind": "bearer", "token": "{secret:TOKEN}"}, TOKEN="a\nX: hostile")
    assert "hostile" not in str(refused.value)


class File(BaseModel):
    auth: Auth


@pytest.mark.parametrize(
    ("table", "places"),
    [
        ({"kind": "bearer"}, {("auth", "token"): "missing"}),
        (
            {"kind": "bearer", "tokn": "a"},
            {("auth", "token"): "missing", ("auth", "tokn"): "extra"},
        ),
        (
            {"kind": "basic", "user": 7, "password": "{oops"},
            {("auth", "user"): "", ("auth", "password"): ""},
        ),
        ({"kind": "nonsense"}, {("auth",): ""}),
        ("bearer", {("auth",): ""}),
    ],
)
def test_a_mistake_keeps_its_place_in_the_table(
    table: object, places: dict[tuple[int | str, ...], str]
) -> None:
    with pytest.raises(ValidationError) as wrong:
        File.model_validate({"auth": table})
    found = {mistake["loc"]: mistake["type"] for mistake in wrong.value.errors()}
    assert found.keys() == places.keys()
    assert all(kind.startswith(places[place]) for place, kind in found.items())


def test_the_json_schema_offers_every_scheme() -> None:
    schema = File.model_json_schema()
    tables = schema["properties"]["auth"]["oneOf"]
    offered = {_kind(table, schema.get("$defs", {})) for table in tables}
    assert offered == schemes().keys()
    assert {"basic", "bearer", "header"} <= offered


def _kind(table: dict[str, Any], models: dict[str, Any]) -> str:
    model = models[table["$ref"].rpartition("/")[2]] if "$ref" in table else table
    return str(model["properties"]["kind"]["const"])


def test_a_table_that_is_read_already_is_taken_as_it_is() -> None:
    table = TypeAdapter(Auth).validate_python({"kind": "bearer", "token": "t"})
    assert isinstance(table, AuthTable)
    assert File(auth=table).auth is table
