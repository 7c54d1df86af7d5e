"""WeChat's access_token: one for all, asked for again when WeChat says so or its time is near."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from bot.issuers.auth.scheme import Request
from bot.issuers.contract import FaultKind, IssuerFault
from tests.issuers.auth.exchange import exchanged, made, sending

if TYPE_CHECKING:
    import aiohttp

    from bot.issuers.auth.scheme import Answer, Scheme
    from tests.issuers.conftest import Counter, Hands

TABLE = {"kind": "wechat", "app_id": "{secret:APPID}", "secret": "{secret:SECRET}"}


@dataclass
class Wechat:
    """An account of WeChat's: a new token spoils the one before."""

    refuses: int = 40001
    given: list[str] = field(default_factory=list)
    says: str | None = None

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path in ("/cgi-bin/token", "/cgi-bin/stable_token"):
            if self.says is not None:
                return web.Response(text=self.says)
            self.given.append(f"t+/{len(self.given) + 1}")
            await asyncio.sleep(0)
            return web.json_response({"access_token": self.given[-1], "expires_in": 7200})
        good = bool(self.given) and request.query["access_token"] == self.given[-1]
        said = {"errcode": 0, "balance": 40001} if good else {"errcode": self.refuses}
        return web.json_response(said)


@pytest.fixture
def wechat(counter: Counter) -> Wechat:
    wechat = Wechat()
    counter.answer = wechat.answer
    return wechat


@pytest.fixture
def scheme(counter: Counter, clock: Hands) -> Scheme:
    return made(counter.url, clock, TABLE, APPID="wx 7", SECRET="s&cret=1")


async def asked(scheme: Scheme, counter: Counter, http: aiohttp.ClientSession) -> Answer:
    request = Request("POST", f"{counter.url}/card?n=%2F1", {}, b"{}")
    return await exchanged(scheme, request, sending(http))


async def test_a_token_is_asked_for_once_and_shared(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, scheme: Scheme
) -> None:
    answers = await asyncio.gather(*(asked(scheme, counter, http) for _ in range(20)))
    assert {json.loads(answer.body)["errcode"] for answer in answers} == {0}
    assert wechat.given == ["t+/1"]
    query = parse_qs(urlsplit(counter.heard[0].target).query)
    assert query == {"grant_type": ["client_credential"], "appid": ["wx 7"], "secret": ["s&cret=1"]}
    assert counter.heard[-1].target == "/card?n=%2F1&access_token=t%2B%2F1"


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_token_that_was_spoiled_elsewhere_is_renewed_by_one_of_many(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, scheme: Scheme, code: int
) -> None:
    await asked(scheme, counter, http)
    wechat.refuses = code
    wechat.given.append("asked for by the shop")
    answers = await asyncio.gather(*(asked(scheme, counter, http) for _ in range(20)))
    assert {json.loads(answer.body)["errcode"] for answer in answers} == {0}
    assert len(wechat.given) == 3


async def test_a_late_refusal_does_not_spoil_the_token_that_another_renewed(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, scheme: Scheme
) -> None:
    send = sending(http)
    request = Request("GET", f"{counter.url}/card", {})
    early = await scheme.sign(request, send)
    wechat.given.append("asked for by the shop")
    await asked(scheme, counter, http)
    assert scheme.stale(early, await send(early))
    await asked(scheme, counter, http)
    assert len(wechat.given) == 3


async def test_a_token_is_renewed_before_its_time_is_over(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, scheme: Scheme, clock: Hands
) -> None:
    await asked(scheme, counter, http)
    clock.advance(seconds=7100)
    await asked(scheme, counter, http)
    assert len(wechat.given) == 1
    clock.advance(seconds=50)
    await asked(scheme, counter, http)
    assert len(wechat.given) == 2


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('{"errcode":40013,"errmsg":"invalid appid"}', FaultKind.REFUSED),
        ('{"errcode":40125,"errmsg":"invalid appsecret"}', FaultKind.REFUSED),
        ('{"errcode":40164,"errmsg":"invalid ip 1.2.3.4"}', FaultKind.REFUSED),
        ('{"errcode":45009}', FaultKind.RATE_LIMITED),
        ('{"errcode":-1,"errmsg":"system busy"}', FaultKind.ISSUER_DOWN),
        ('{"errcode":77}', FaultKind.BAD_ANSWER),
        ('{"access_token":7}', FaultKind.BAD_ANSWER),
        ("<html>", FaultKind.BAD_ANSWER),
        ("", FaultKind.BAD_ANSWER),
    ],
)
async def test_no_token_is_a_fault_that_all_who_wait_share(
    counter: Counter,
    http: aiohttp.ClientSession,
    wechat: Wechat,
    scheme: Scheme,
    said: str,
    kind: FaultKind,
) -> None:
    wechat.says = said
    faults = await asyncio.gather(
        *(asked(scheme, counter, http) for _ in range(5)), return_exceptions=True
    )
    assert [isinstance(fault, IssuerFault) and fault.kind for fault in faults] == [kind] * 5
    assert len(counter.heard) == 1


async def test_refused_credentials_rest_a_minute_and_are_tried_again(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, scheme: Scheme, clock: Hands
) -> None:
    wechat.says = '{"errcode":40125}'
    for _ in range(3):
        with pytest.raises(IssuerFault, match="errcode 40125"):
            await asked(scheme, counter, http)
    assert len(counter.heard) == 1
    wechat.says = None
    clock.advance(seconds=61)
    assert json.loads((await asked(scheme, counter, http)).body)["errcode"] == 0


async def test_a_request_that_was_broken_off_leaves_the_asking_to_the_next(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, scheme: Scheme
) -> None:
    arrived = asyncio.Event()

    async def hang(request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        return await counter.hang(request)

    counter.answer = hang
    first = asyncio.ensure_future(asked(scheme, counter, http))
    await arrived.wait()
    second = asyncio.ensure_future(asked(scheme, counter, http))
    counter.answer = wechat.answer
    first.cancel()
    assert json.loads((await second).body)["errcode"] == 0
    assert first.cancelled()


async def test_a_stable_token_is_asked_for_in_a_body(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, clock: Hands
) -> None:
    scheme = made(counter.url, clock, {**TABLE, "stable": True}, APPID="wx7", SECRET='s"')
    assert json.loads((await asked(scheme, counter, http)).body)["errcode"] == 0
    heard = counter.heard[0]
    assert (heard.method, heard.target) == ("POST", "/cgi-bin/stable_token")
    said = {"grant_type": "client_credential", "appid": "wx7", "secret": 's"'}
    assert json.loads(heard.body) == said
    assert wechat.given == ["t+/1"]


async def test_a_token_that_no_address_can_carry_is_no_token(
    counter: Counter, http: aiohttp.ClientSession, wechat: Wechat, scheme: Scheme
) -> None:
    wechat.says = '{"access_token": "\\ud800", "expires_in": 7200}'
    with pytest.raises(IssuerFault) as fault:
        await asked(scheme, counter, http)
    assert fault.value.kind is FaultKind.BAD_ANSWER
