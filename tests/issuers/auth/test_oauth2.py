"""A token for the client's credentials, given by a token endpoint that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest
from aiohttp import web
from oauthlib.oauth2 import BackendApplicationServer, RequestValidator

from bot.issuers.auth import schemes
from bot.issuers.auth.scheme import Request
from bot.issuers.contract import FaultKind, IssuerFault
from tests.issuers.auth.exchange import exchanged, made, sending

if TYPE_CHECKING:
    import aiohttp

    from bot.issuers.auth.scheme import Scheme
    from tests.issuers.conftest import Counter, Hands

TABLE = {
    "kind": "oauth2",
    "token_url": "/oauth/token",
    "client_id": "{secret:CLIENT}",
    "client_secret": "{secret:SECRET}",
    "scope": "cards history",
}
CLIENT, SECRET = "shop:7", "s&cret=1 +/%é"


class Clients(RequestValidator):  # type: ignore[misc]
    """What oauthlib's server is told of its clients; it knows one."""

    def __init__(self) -> None:
        self.good: dict[str, list[str]] = {}

    def authenticate_client(self, request: Any, *_args: Any, **_more: Any) -> bool:
        header = request.headers.get("Authorization", "")
        if header.startswith("Basic "):
            pair = b64decode(header.removeprefix("Basic ")).decode().split(":")
            found = tuple(map(unquote_plus, pair))
        else:
            found = (request.client_id, request.client_secret)
        request.client = self
        self.client_id = found[0]
        return found == (CLIENT, SECRET)

    def validate_grant_type(self, *_args: Any, **_more: Any) -> bool:
        return True

    def validate_scopes(self, _client: str, scopes: list[str], *_args: Any) -> bool:
        return set(scopes) <= {"cards", "history"}

    def get_default_scopes(self, *_args: Any) -> list[str]:
        return ["cards"]

    def save_bearer_token(self, token: dict[str, Any], *_args: Any) -> None:
        self.good[token["access_token"]] = token["scope"].split()

    def validate_bearer_token(self, token: str, _scopes: list[str], _request: Any) -> bool:
        return token in self.good


class Shop:
    """A shop's server whose tokens are given and checked by oauthlib."""

    def __init__(self) -> None:
        self.clients = Clients()
        self.server = BackendApplicationServer(self.clients, token_expires_in=600)
        self.given = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = (await request.read()).decode()
        about = (str(request.url), request.method, body, dict(request.headers))
        if request.path == "/oauth/token":
            self.given += 1
            headers, text, status = self.server.create_token_response(*about)
            return web.Response(text=text, status=status, headers=headers)
        good, _ = self.server.verify_request(*about, scopes=["cards"])
        return web.json_response({"good": good}, status=200 if good else 401)


@pytest.fixture
def shop(counter: Counter) -> Shop:
    shop = Shop()
    counter.answer = shop.answer
    return shop


async def asked(scheme: Scheme, counter: Counter, http: aiohttp.ClientSession) -> int:
    request = Request("GET", f"{counter.url}/card", {})
    return (await exchanged(scheme, request, sending(http))).status


@pytest.mark.parametrize("send", ["basic", "body"])
async def test_a_token_is_asked_for_once_and_shared(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop, send: str
) -> None:
    scheme = made(counter.url, clock, {**TABLE, "send": send}, CLIENT=CLIENT, SECRET=SECRET)
    statuses = await asyncio.gather(*(asked(scheme, counter, http) for _ in range(20)))
    assert set(statuses) == {200}
    assert shop.given == 1
    assert list(shop.clients.good.values()) == [["cards", "history"]]


async def test_a_token_is_renewed_before_its_time_is_over(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    scheme = made(counter.url, clock, TABLE, CLIENT=CLIENT, SECRET=SECRET)
    for seconds, given in [(0, 1), (530, 1), (20, 2)]:
        clock.advance(seconds=seconds)
        assert await asked(scheme, counter, http) == 200
        assert shop.given == given


async def test_a_token_that_was_withdrawn_is_renewed_by_one_of_many_once(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    scheme = made(counter.url, clock, TABLE, CLIENT=CLIENT, SECRET=SECRET)
    await asked(scheme, counter, http)
    shop.clients.good.clear()
    statuses = await asyncio.gather(*(asked(scheme, counter, http) for _ in range(20)))
    assert set(statuses) == {200}
    assert shop.given == 2


async def test_a_server_that_refuses_every_token_is_asked_twice_and_no_more(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        given = await shop.answer(request)
        shop.clients.good.clear()
        return given

    counter.answer = answer
    scheme = made(counter.url, clock, TABLE, CLIENT=CLIENT, SECRET=SECRET)
    assert await asked(scheme, counter, http) == 401
    assert len(counter.heard) == 4


@pytest.mark.parametrize("wrong", [{"SECRET": "guessed"}, {"CLIENT": "someone"}])
@pytest.mark.parametrize("send", ["basic", "body"])
async def test_a_refused_client_is_the_operators_to_mend_and_asked_for_once_a_minute(
    counter: Counter,
    http: aiohttp.ClientSession,
    clock: Hands,
    shop: Shop,
    send: str,
    wrong: dict[str, str],
) -> None:
    secrets = {"CLIENT": CLIENT, "SECRET": SECRET} | wrong
    scheme = made(counter.url, clock, {**TABLE, "send": send}, **secrets)
    for _ in range(2):
        with pytest.raises(IssuerFault) as refused:
            await asked(scheme, counter, http)
        assert refused.value.kind is FaultKind.REFUSED
        assert "guessed" not in str(refused.value)
    assert shop.given == 1
    clock.advance(minutes=2)
    with pytest.raises(IssuerFault):
        await asked(scheme, counter, http)
    assert shop.given == 2


async def test_a_scope_that_is_not_given_out_is_the_operators_to_mend(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    scheme = made(counter.url, clock, {**TABLE, "scope": "tills"}, CLIENT=CLIENT, SECRET=SECRET)
    with pytest.raises(IssuerFault, match="refused: a token: invalid_scope"):
        await asked(scheme, counter, http)
    assert not shop.clients.good


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<html>", FaultKind.BAD_ANSWER),
        (200, "[]", FaultKind.BAD_ANSWER),
        (200, '{"access_token": 7}', FaultKind.BAD_ANSWER),
        (200, '{"access_token": "a\\nX: b"}', FaultKind.BAD_ANSWER),
        (200, '{"access_token": "a", "token_type": "mac"}', FaultKind.BAD_ANSWER),
        (200, '{"error": "invalid_client"}', FaultKind.REFUSED),
        (400, '{"error": "temporarily_unavailable"}', FaultKind.ISSUER_DOWN),
        (401, "", FaultKind.REFUSED),
        (302, "", FaultKind.BAD_ANSWER),
        (503, "", FaultKind.ISSUER_DOWN),
        (429, "", FaultKind.RATE_LIMITED),
    ],
)
async def test_an_answer_without_a_token_has_a_clear_name(
    counter: Counter,
    http: aiohttp.ClientSession,
    clock: Hands,
    status: int,
    body: str,
    kind: FaultKind,
) -> None:
    counter.says(body, status, {"Retry-After": "7"})
    scheme = made(counter.url, clock, TABLE, CLIENT=CLIENT, SECRET=SECRET)
    with pytest.raises(IssuerFault) as fault:
        await asked(scheme, counter, http)
    assert fault.value.kind is kind
    assert fault.value.retry_after == (7 if status == 429 else None)
    assert len(counter.heard) == 1


async def test_a_wait_without_end_is_not_believed(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    counter.says("", 429, {"Retry-After": "9" * 400})
    scheme = made(counter.url, clock, TABLE, CLIENT=CLIENT, SECRET=SECRET)
    with pytest.raises(IssuerFault) as fault:
        await asked(scheme, counter, http)
    assert fault.value.retry_after == 86_400


@pytest.mark.parametrize("seconds", ['"90"', "null", "0", "-1", "1e3", '"soon"', "true", "9" * 30])
async def test_a_token_serves_whatever_is_said_of_its_life(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, seconds: str
) -> None:
    counter.says(f'{{"access_token": "a", "expires_in": {seconds}}}')
    scheme = made(counter.url, clock, TABLE, CLIENT=CLIENT, SECRET=SECRET)
    for _ in range(2):
        await asked(scheme, counter, http)
    assert [heard.target for heard in counter.heard] == ["/oauth/token", "/card", "/card"]


@pytest.mark.parametrize(
    "url", ["http://id.example/token", "https://me:word@id.example/token", "https:///token"]
)
def test_a_token_is_not_asked_for_where_anybody_can_listen(clock: Hands, url: str) -> None:
    with pytest.raises(ValueError, match=r"auth\.token_url: expected an address with https://"):
        made("https://shop.example", clock, {**TABLE, "token_url": url}, CLIENT="a", SECRET="b")


@pytest.mark.parametrize("url", ["{server}/oauth/token", "{secret:ID}/oauth/token", "/oauth/token"])
async def test_a_token_url_is_an_address_or_a_path_under_the_servers(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop, url: str
) -> None:
    table = {**TABLE, "token_url": url.replace("{server}", counter.url)}
    scheme = made(counter.url, clock, table, CLIENT=CLIENT, SECRET=SECRET, ID=counter.url)
    assert await asked(scheme, counter, http) == 200
    assert shop.given == 1


def test_a_token_url_that_is_neither_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="or a path that begins with /"):
        schemes()["oauth2"].model_validate({**TABLE, "token_url": "oauth/token"})


async def test_an_error_of_the_servers_own_words_is_not_repeated(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    counter.says(json.dumps({"error": f"no client {SECRET}"}), 400)
    scheme = made(counter.url, clock, TABLE, CLIENT=CLIENT, SECRET=SECRET)
    with pytest.raises(IssuerFault, match="a token: an error") as fault:
        await asked(scheme, counter, http)
    assert SECRET not in str(fault.value)
