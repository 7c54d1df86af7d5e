"""A session that is logged in to: by a token in the answer or by cookies, once for all."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.issuers.auth import schemes
from bot.issuers.auth.scheme import Answer, Request
from bot.issuers.contract import FaultKind, IssuerFault
from tests.issuers.auth.exchange import exchanged, made, sending

if TYPE_CHECKING:
    import aiohttp

    from bot.issuers.auth.scheme import Scheme
    from tests.issuers.conftest import Counter, Hands

WORD = 'open "sesame" & {more}'
BY_TOKEN = {
    "kind": "session",
    "request": {"path": "/login", "json": {"user": "kabao", "password": "{secret:WORD}"}},
    "token": "data.token",
    "headers": {"Authorization": "Bearer {token}", "X-Shop": "{secret:SHOP}"},
}
BY_COOKIE = {
    "kind": "session",
    "request": {"path": "/login", "form": {"password": "{secret:WORD}"}},
}


@dataclass
class Shop:
    """A shop with sessions, of which it knows the last it began."""

    logins: int = 0
    word: str = WORD
    over: int = 401
    over_says: dict[str, Any] = field(default_factory=dict)
    open: bool = False

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/login":
            return await self._login(request)
        mine = f"s-{self.logins}"
        found = request.headers.get("Authorization") == f"Bearer {mine}"
        found = found or (request.cookies.get("sid"), request.cookies.get("csrf")) == (mine, "a b")
        if self.open and found:
            return web.json_response({"ok": True})
        return web.json_response(self.over_says, status=self.over)

    async def _login(self, request: web.BaseRequest) -> web.StreamResponse:
        self.logins += 1
        await asyncio.sleep(0)
        form = request.content_type.endswith("urlencoded")
        sent = await request.post() if form else await request.json()
        if sent["password"] != self.word:
            return web.json_response({"error": "credentials"}, status=401)
        self.open = True
        if not form:
            return web.json_response({"data": {"token": f"s-{self.logins}"}})
        answer = web.Response(status=302, headers={"Location": "/home"})
        answer.set_cookie("sid", f"s-{self.logins}", httponly=True, samesite="Lax")
        answer.set_cookie("csrf", "a b")
        answer.del_cookie("flash")
        return answer


@pytest.fixture
def shop(counter: Counter) -> Shop:
    shop = Shop()
    counter.answer = shop.answer
    return shop


def session(counter: Counter, clock: Hands, table: dict[str, Any], **more: Any) -> Scheme:
    return made(counter.url, clock, {**table, **more}, WORD=WORD, SHOP="7")


async def asked(scheme: Scheme, counter: Counter, http: aiohttp.ClientSession) -> Answer:
    request = Request("GET", f"{counter.url}/card", {"authorization": "none"})
    return await exchanged(scheme, request, sending(http))


@pytest.mark.parametrize("table", [BY_TOKEN, BY_COOKIE])
async def test_one_login_serves_all_and_one_more_when_the_session_is_over(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop, table: dict[str, Any]
) -> None:
    scheme = session(counter, clock, table)
    for logins in (1, 2):
        answers = await asyncio.gather(*(asked(scheme, counter, http) for _ in range(20)))
        assert {answer.status for answer in answers} == {200}
        assert shop.logins == logins
        shop.open = False


async def test_what_is_sent_with_a_session_is_what_the_file_says(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    await asked(session(counter, clock, BY_TOKEN), counter, http)
    login, card = counter.heard
    assert json.loads(login.body) == {"user": "kabao", "password": shop.word}
    assert card.headers["X-Shop"] == "7"
    assert card.headers["Authorization"] == "Bearer s-1"


async def test_cookies_go_back_but_for_those_that_were_taken_away(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    await asked(session(counter, clock, BY_COOKIE), counter, http)
    assert shop.open
    sent = counter.heard[1].headers["Cookie"]
    assert sent == 'sid=s-1; csrf="a b"'


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("sid=s-1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned", "sid=s-1"),
        ("sid=s-1; Priority=High", "sid=s-1"),
        (" a[b] = x=y== ;Expires=Wed, 25 Nov 2026 07:28:00 GMT", "a[b]=x=y=="),
    ],
)
async def test_a_cookie_goes_back_whatever_is_said_beside_it(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, said: str, sent: str
) -> None:
    counter.says("{}", headers={"Set-Cookie": said})
    await asked(session(counter, clock, BY_COOKIE), counter, http)
    assert counter.heard[1].headers["Cookie"] == sent


async def test_a_late_refusal_does_not_end_the_session_that_another_began(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    scheme = session(counter, clock, BY_TOKEN)
    send = sending(http)
    early = await scheme.sign(Request("GET", f"{counter.url}/card", {}), send)
    shop.open = False
    await asked(scheme, counter, http)
    assert scheme.stale(early, await send(early))
    await asked(scheme, counter, http)
    assert shop.logins == 2


@pytest.mark.parametrize(
    ("status", "says", "more"),
    [
        (302, {}, {"stale_status": [401, 302]}),
        (200, {"error": {"code": 100}}, {"stale_when": "error.code == `100`"}),
        (500, {"error": {"code": 100}}, {"stale_when": "error.code == `100`", "stale_status": []}),
    ],
)
async def test_a_session_is_over_when_the_file_says_so(
    counter: Counter,
    http: aiohttp.ClientSession,
    clock: Hands,
    shop: Shop,
    status: int,
    says: dict[str, Any],
    more: dict[str, Any],
) -> None:
    shop.over, shop.over_says = status, says
    scheme = session(counter, clock, BY_COOKIE, **more)
    await asked(scheme, counter, http)
    shop.open = False
    assert (await asked(scheme, counter, http)).status == 200
    assert shop.logins == 2


async def test_an_answer_that_says_nothing_of_the_session_does_not_end_it(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    scheme = session(counter, clock, BY_TOKEN, stale_when="length(error) > `0`")
    await asked(scheme, counter, http)
    shop.open, shop.over = False, 404
    assert (await asked(scheme, counter, http)).status == 404
    assert shop.logins == 1


async def test_a_wrong_password_is_tried_once_a_minute_whoever_waits(
    counter: Counter, http: aiohttp.ClientSession, clock: Hands, shop: Shop
) -> None:
    shop.word = "another"
    scheme = session(counter, clock, BY_TOKEN)
    faults = await asyncio.gather(
        *(asked(scheme, counter, http) for _ in range(5)), return_exceptions=True
    )
    assert {getattr(fault, "kind", None) for fault in faults} == {FaultKind.REFUSED}
    assert not any(WORD in str(fault) for fault in faults)
    assert shop.logins == 1
    clock.advance(minutes=1)
    shop.word = WORD
    assert (await asked(scheme, counter, http)).status == 200


@pytest.mark.parametrize(
    ("table", "body", "status", "kind"),
    [
        (BY_TOKEN, '{"data": {"token": null}}', 200, FaultKind.BAD_ANSWER),
        (BY_TOKEN, '{"data": {"token": true}}', 200, FaultKind.BAD_ANSWER),
        (BY_TOKEN, '{"data": {"token": "a\\r\\nX: b"}}', 200, FaultKind.BAD_ANSWER),
        (BY_TOKEN, '{"error": 1}', 200, FaultKind.REFUSED),
        (BY_TOKEN, "<html>", 302, FaultKind.BAD_ANSWER),
        (BY_TOKEN, "", 503, FaultKind.ISSUER_DOWN),
        (BY_COOKIE, "<html>", 200, FaultKind.BAD_ANSWER),
        (BY_COOKIE, "", 403, FaultKind.REFUSED),
    ],
)
async def test_a_login_that_gives_nothing_to_go_on_with_has_a_clear_name(
    counter: Counter,
    http: aiohttp.ClientSession,
    clock: Hands,
    table: dict[str, Any],
    body: str,
    status: int,
    kind: FaultKind,
) -> None:
    counter.says(body, status)
    scheme = session(counter, clock, table, refused_when="error")
    with pytest.raises(IssuerFault, match="logging in") as fault:
        await asked(scheme, counter, http)
    assert fault.value.kind is kind
    assert len(counter.heard) == 1


@pytest.mark.parametrize(
    "more", [{"token": None}, {"headers": {}}, {"headers": {"X-Token": "token"}}]
)
def test_a_token_without_a_header_or_a_header_without_one_is_a_mistake(
    more: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match="expected token, and headers with it"):
        schemes()["session"].model_validate({**BY_TOKEN, **more})


def test_only_the_token_of_its_own_headers_is_known_to_it() -> None:
    table = schemes()["session"].model_validate(BY_TOKEN)
    assert table.names() == {"secret:WORD", "secret:SHOP"}
    request = {"path": "/login", "query": {"t": "{token}"}}
    assert "token" in schemes()["session"].model_validate({**BY_TOKEN, "request": request}).names()
