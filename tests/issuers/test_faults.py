"""Everything that can come instead of an answer has a name, and none of it is a balance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.issuers import CardState, FaultKind, IssuerFault
from bot.money import Money

if TYPE_CHECKING:
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
    # Looking twice does no harm; where the issuer is only out of order, it may help.
    assert len(counter.heard) == (3 if kind is FaultKind.ISSUER_DOWN else 1)


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
