"""When an issuer is asked again by itself, and when never; what broke has a name."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from bot.issuers import FaultKind, IssuerFault, Issuers, manners
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
  {{ name = "number", label = "Number", pattern = '[0-9]+' }},
  {{ name = "pin", label = "PIN", pattern = '[0-9]+', secret = true }},
]
server = {{ url = "{url}", timeout_seconds = {budget} }}
{steps}
[balance]
request = {{ path = "/{{number}}"{request} }}
amount = "money"
amount_format = "number"
"""
GOOD = '{"money": 5}'


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "FIRST_PAUSE_SECONDS", 0.0)


def shop(
    folder: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    request: str = "",
    *,
    steps: str = "",
    budget: float = 10,
) -> Issuer:
    more = f", {request}" if request else ""
    text = SHOP.format(url=counter.url, request=more, steps=steps, budget=budget)
    (folder / "shop.toml").write_text(text)
    return named(Issuers.load([folder], {}, http), "shop")


async def fault_of(issuer: Issuer) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        await issuer.read({"number": "1", "pin": "2468"})
    return caught.value


async def reset(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        ("", 3),
        ('query = { pin = "{pin}" }', 1),
        ('query = { pin = "{pin}" }, repeat = true', 3),
        ("repeat = false", 1),
        ('json = { a = "{number}" }', 1),
        ('json = { a = "{number}" }, repeat = true', 3),
        ('graphql = "{{ a }}"', 3),
        ('graphql = "{{ a }}", variables = { pin = "{pin}" }', 1),
    ],
)
@pytest.mark.parametrize("trouble", ["out of order", "reset"])
async def test_only_what_harms_nobody_is_asked_again_and_a_pin_never_by_itself(
    tmp_path: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    request_: str,
    asked: int,
    trouble: str,
) -> None:
    counter.says("sorry", 503)
    if trouble == "reset":
        counter.answer = reset
    fault = await fault_of(shop(tmp_path, counter, http, request_))
    assert fault.kind in manners.OUT_OF_ORDER
    assert len(counter.heard) == asked


@pytest.mark.parametrize(
    ("status", "headers"), [(503, {"Retry-After": "5"}), (429, None), (401, None), (404, None)]
)
async def test_an_issuer_that_answered_is_not_asked_again_at_once(
    tmp_path: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    status: int,
    headers: dict[str, str] | None,
) -> None:
    counter.says("{}", status, headers)
    await fault_of(shop(tmp_path, counter, http))
    assert len(counter.heard) == 1


async def test_an_issuer_that_comes_back_at_the_third_time_is_read(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    async def third(request: web.BaseRequest) -> web.StreamResponse:
        if len(counter.heard) == 1:
            return await reset(request)
        return web.Response(text=GOOD, status=502 if len(counter.heard) == 2 else 200)

    counter.answer = third
    reading = await shop(tmp_path, counter, http).read({"number": "1", "pin": "2"})
    assert (reading.balance, len(counter.heard)) == (Money(500, "CNY"), 3)


async def test_a_connection_that_is_reset_has_a_name(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    counter.answer = reset
    fault = await fault_of(shop(tmp_path, counter, http))
    assert str(fault) == "network: a connection that breaks off before an answer"


async def test_nobody_there_has_a_name(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    counter.url = f"http://127.0.0.1:{unused_tcp_port}"
    assert str(await fault_of(shop(tmp_path, counter, http))) == "network: no connection"


async def test_a_chunk_that_is_cut_off_has_a_name(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    async def cut(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(GOOD.encode())
        assert request.transport is not None
        request.transport.abort()
        return response

    counter.answer = cut
    fault = await fault_of(shop(tmp_path, counter, http))
    assert fault.kind in (FaultKind.BAD_ANSWER, FaultKind.NETWORK)
    assert "breaks off" in fault.detail


async def test_an_answer_that_drips_ends_with_the_time_there_is(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    async def drip(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        return await counter.hang(request)

    counter.answer = drip
    fault = await fault_of(shop(tmp_path, counter, http, budget=0.1))
    assert str(fault) == "network: no answer within 0.1 s"


async def test_what_is_compressed_though_nobody_asked_is_named(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    counter.says(gzip.compress(GOOD.encode()), headers={"Content-Encoding": "gzip"})
    fault = await fault_of(shop(tmp_path, counter, http))
    assert str(fault) == "bad_answer: HTTP 200, compressed, though not asked to be"


async def test_a_value_of_the_issuer_s_that_cannot_be_said_is_not_the_holder_s_mistake(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    steps = '[[steps]]\nname = "find"\nrequest = { path = "/" }\nkeep = { id = "id" }'
    counter.says('{"id": "\\ud800"}')
    fault = await fault_of(
        shop(tmp_path, counter, http, 'json = { id = "{find:id}" }', steps=steps)
    )
    assert fault.kind is FaultKind.BAD_ANSWER
    assert "{find:id}" in fault.detail


async def test_a_number_beyond_64_bits_goes_out_as_it_came(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    steps = '[[steps]]\nname = "find"\nrequest = { path = "/" }\nkeep = { id = "id" }'
    counter.says_in_turn('{"id": 123456789012345678901234567890}', GOOD)
    issuer = shop(tmp_path, counter, http, 'json = { id = "{find:id}" }', steps=steps)
    await issuer.read({"number": "1", "pin": "2"})
    assert counter.heard[1].body == b'{"id":123456789012345678901234567890}'


SESSION = """
[auth]
kind = "session"
request = { path = "/login", method = "POST" }
token = "token"
headers = { Authorization = "Bearer {token}" }
[[errors]]
status = 401
when = "code == 'PIN'"
is = "wrong_pin"
"""


@pytest.mark.parametrize(("code", "asked"), [("PIN", 1), ("LATE", 2)])
async def test_a_wrong_pin_is_not_taken_for_a_session_that_is_over(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession, code: str, asked: int
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/login":
            return web.Response(text='{"token": "t"}')
        return web.Response(text=f'{{"code": "{code}"}}', status=401)

    counter.answer = answer
    issuer = shop(tmp_path, counter, http, 'json = { pin = "{pin}" }', steps=SESSION)
    fault = await fault_of(issuer)
    assert fault.kind is (FaultKind.WRONG_PIN if code == "PIN" else FaultKind.REFUSED)
    assert sum(heard.target == "/1" for heard in counter.heard) == asked
