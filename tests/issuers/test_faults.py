"""Everything that can come instead of an answer has a name, and none of it is a balance."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.issuers import CardState, FaultKind, IssuerFault, Issuers
from bot.money import Money
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

    from bot.issuers import Issuer
    from tests.issuers.conftest import Counter, Hands

CODE = {"number": "K7QX9BHWCM38"}


def cards(*cards: dict[str, Any]) -> str:
    return json.dumps({"count": len(cards), "next": None, "previous": None, "results": cards})


def card(**changes: Any) -> dict[str, Any]:
    plain = {"id": 7, "secret": "K7QX9BHWCM38", "value": "37.66", "currency": "EUR"}
    return plain | {"expires": None, "testmode": False} | changes


async def fault_of(issuer: Issuer) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        await issuer.read(CODE)
    return caught.value


async def test_a_pretix_card_is_asked_for_as_pretix_documents(
    pretix: Issuer, counter: Counter
) -> None:
    counter.says(cards(card()))
    reading = await pretix.read({"number": " k7qx9bhwcm38 "})
    assert reading.balance == Money(3766, "EUR")
    (heard,) = counter.heard
    assert heard.target == "/api/v1/organizers/kabao/giftcards/?secret=K7QX9BHWCM38"
    assert heard.headers["Authorization"] == "Token its-token"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, FaultKind.BAD_ANSWER),
        (302, FaultKind.BAD_ANSWER),
        (400, FaultKind.BAD_ANSWER),
        (401, FaultKind.REFUSED),
        (403, FaultKind.REFUSED),
        (404, FaultKind.BAD_ANSWER),
        (408, FaultKind.ISSUER_DOWN),
        (429, FaultKind.RATE_LIMITED),
        (500, FaultKind.ISSUER_DOWN),
        (502, FaultKind.ISSUER_DOWN),
        (503, FaultKind.ISSUER_DOWN),
    ],
)
@pytest.mark.parametrize("body", ["{}", "<h1>Sorry</h1>", "", cards(card())])
async def test_a_status_means_what_http_says_whatever_the_body(
    pretix: Issuer, counter: Counter, status: int, kind: FaultKind, body: str
) -> None:
    counter.says(body, status, {"Location": "http://127.0.0.1:1/elsewhere"})
    fault = await fault_of(pretix)
    assert fault.kind is kind
    assert str(status) in str(fault)
    assert len(counter.heard) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("Tue, 24 Nov 2026 10:03:30 GMT", 90.0),
        ("Tue, 24 Nov 2020 10:03:30 GMT", 0.0),
        ("99999999", 86_400.0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
async def test_how_long_to_wait_is_read_as_seconds_or_a_date(
    pretix: Issuer, counter: Counter, header: str | None, seconds: float | None
) -> None:
    counter.says("{}", 429, {"Retry-After": header} if header else None)
    assert (await fault_of(pretix)).retry_after == seconds


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!doctype html><title>Log in</title>",
        cards(card())[:-20],
        "{}",
        "[]",
        "null",
        "37.66",
        '"37.66"',
        '{"results": null}',
        '{"results": {}}',
        '{"results": [null]}',
        '{"results": [37.66]}',
        cards(card(), card()),
        cards(card(secret="SOMEBODYELSE")),
        cards(card(secret=None)),
        cards(card(value=None)),
        cards(card(value=37.66)),
        cards(card(value="37.665")),
        cards(card(value="")),
        cards(card(value="37.66 EUR")),
        cards(card(currency=None)),
        cards(card(currency="EURO")),
        cards(card(currency={})),
        cards(card(expires="some day")),
    ],
)
async def test_an_answer_that_is_not_as_declared_yields_no_balance(
    pretix: Issuer, counter: Counter, body: str
) -> None:
    counter.says(body)
    fault = await fault_of(pretix)
    assert fault.kind is FaultKind.BAD_ANSWER
    assert not fault.permanent
    assert CODE["number"] not in str(fault)
    assert "its-token" not in str(fault)


async def test_an_empty_list_means_the_card_does_not_exist(
    pretix: Issuer, counter: Counter
) -> None:
    counter.says(cards())
    assert (await fault_of(pretix)).kind is FaultKind.NOT_FOUND


async def test_the_card_in_the_answer_may_be_written_in_another_case(
    pretix: Issuer, counter: Counter
) -> None:
    counter.says(cards(card(secret="k7qx9bhwcm38")))
    assert (await pretix.read(CODE)).balance == Money(3766, "EUR")


async def test_a_card_past_its_date_is_expired_though_it_shows_its_value(
    pretix: Issuer, counter: Counter, clock: Hands
) -> None:
    counter.says(cards(card(expires="2026-11-24T23:59:59+01:00")))
    assert (await pretix.read(CODE)).state is CardState.ACTIVE
    clock.advance(days=1)
    reading = await pretix.read(CODE)
    assert (reading.state, reading.balance) == (CardState.EXPIRED, Money(3766, "EUR"))


async def test_ten_megabytes_are_not_read(pretix: Issuer, counter: Counter) -> None:
    sent = 0

    async def flood(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(160):
            await response.write(b" " * 65536)
            sent += 65536
        return response

    counter.answer = flood
    fault = await fault_of(pretix)
    assert fault.kind is FaultKind.BAD_ANSWER
    assert "bytes" in str(fault)
    assert sent < 160 * 65536


async def test_a_compressed_answer_that_nobody_asked_for_is_not_unfolded(
    pretix: Issuer, counter: Counter
) -> None:
    counter.says(b"\x1f\x8b" + b"\0" * 100, headers={"Content-Encoding": "gzip"})
    assert (await fault_of(pretix)).kind is FaultKind.BAD_ANSWER
    assert counter.heard[0].headers["Accept-Encoding"] == "identity"


async def test_an_answer_that_breaks_off_is_a_fault(pretix: Issuer, counter: Counter) -> None:
    async def break_off(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(cards(card()).encode())
        assert request.transport is not None
        request.transport.close()
        return response

    counter.answer = break_off
    assert (await fault_of(pretix)).kind in (FaultKind.BAD_ANSWER, FaultKind.NETWORK)


async def test_a_redirect_is_not_followed_so_no_credential_travels(
    pretix: Issuer, counter: Counter
) -> None:
    counter.says("", 307, {"Location": f"{counter.url}/login"})
    assert (await fault_of(pretix)).kind is FaultKind.BAD_ANSWER
    assert [heard.target.split("?")[0] for heard in counter.heard] == [
        "/api/v1/organizers/kabao/giftcards/"
    ]


SHOP = """
kind = "http"
name = "Shop"
currency = "CNY"
fields = [{{ name = "number", label = "Number", pattern = "[0-9]+" }}]
server = {{ url = "{url}", timeout_seconds = {timeout}, concurrency = {concurrency} }}
balance = {{ request = {{ path = "/" }}, amount = "money", amount_format = "number"{more} }}
{rest}
"""


def shop(
    folder: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    *,
    rest: str = "",
    more: str = "",
    timeout: float = 10,
    concurrency: int = 4,
) -> Issuer:
    text = SHOP.format(
        url=counter.url, timeout=timeout, concurrency=concurrency, more=more, rest=rest
    )
    (folder / "shop.toml").write_text(text)
    return named(Issuers.load([folder], {}, http), "shop")


async def test_an_issuer_that_never_answers_is_given_up(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    counter.answer = counter.hang
    with pytest.raises(IssuerFault) as caught:
        await shop(tmp_path, counter, http, timeout=0.05).read({"number": "1"})
    assert caught.value.kind is FaultKind.NETWORK


async def test_no_more_than_the_declared_number_of_requests_at_once(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    now, most = 0, 0

    async def busy(_request: web.BaseRequest) -> web.StreamResponse:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return web.Response(text='{"money": 12.5}')

    counter.answer = busy
    issuer = shop(tmp_path, counter, http, concurrency=3)
    readings = await asyncio.gather(*(issuer.read({"number": str(n)}) for n in range(1, 30)))
    assert {reading.balance for reading in readings} == {Money(1250, "CNY")}
    assert most <= 3


ERRORS = """
errors = [
  { when = "code == 'LOCKED'", is = "blocked" },
  { when = "code == 'OLD'", is = "expired" },
  { status = [400, 404], when = "code == 'NONE'", is = "not_found" },
  { status = 402, is = "refused" },
]
"""


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ((200, '{"code": "LOCKED"}'), FaultKind.BLOCKED),
        ((200, '{"code": "OLD", "money": 5}'), FaultKind.EXPIRED),
        ((400, '{"code": "NONE"}'), FaultKind.NOT_FOUND),
        ((200, '{"code": "NONE"}'), FaultKind.BAD_ANSWER),
        ((404, '{"code": "TYPO"}'), FaultKind.BAD_ANSWER),
        ((404, "<html>"), FaultKind.BAD_ANSWER),
        ((402, ""), FaultKind.REFUSED),
        ((500, '{"code": "LOCKED"}'), FaultKind.BLOCKED),
    ],
)
async def test_an_issuer_has_its_own_ways_to_say_no(
    tmp_path: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    said: tuple[int, str],
    kind: FaultKind,
) -> None:
    counter.says(said[1], said[0])
    with pytest.raises(IssuerFault) as caught:
        await shop(tmp_path, counter, http, rest=ERRORS).read({"number": "1"})
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ('"ok"', CardState.ACTIVE),
        ("true", CardState.ACTIVE),
        ("false", CardState.DEACTIVATED),
        ("3", CardState.BLOCKED),
        ('"new word"', CardState.UNKNOWN),
        ("null", CardState.UNKNOWN),
    ],
)
async def test_an_issuers_words_for_a_state_are_translated(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession, said: str, state: CardState
) -> None:
    more = (
        ', state = "state", states = { ok = "active", true = "active", false = "deactivated",'
        ' 3 = "blocked" }'
    )
    counter.says(f'{{"money": 1, "state": {said}}}')
    assert (await shop(tmp_path, counter, http, more=more).read({"number": "1"})).state is state
