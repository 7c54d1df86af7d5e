"""Manners towards an issuer in trouble, and towards one that counts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.issuers import FaultKind, IssuerFault, Issuers
from bot.money import Money
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp
    from aiohttp import web

    from bot.issuers import Issuer
    from tests.issuers.conftest import Counter, Hands

SHOP = """
kind = "http"
name = "Shop"
currency = "CNY"
fields = [{{ name = "number", label = "Number", pattern = '[0-9]+' }}]
server = {{ url = "{url}", timeout_seconds = {budget}, concurrency = 8{server} }}
[balance]
request = {{ path = "/", method = "POST" }}
amount = "money"
amount_format = "number"
"""
GOOD = '{"money": 5}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def shop(
    folder: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    clock: Hands,
    *,
    server: str = "",
    budget: float = 5,
) -> Issuer:
    text = SHOP.format(url=counter.url, server=server, budget=budget)
    (folder / "shop.toml").write_text(text)
    return named(Issuers.load([folder], {}, http, clock), "shop")


async def fault_of(issuer: Issuer) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        await issuer.read({"number": "1"})
    return caught.value


async def broken(issuer: Issuer, counter: Counter, times: int = 5) -> None:
    counter.says("sorry", 503)
    for _ in range(times):
        assert (await fault_of(issuer)).detail == "HTTP 503"


async def test_an_issuer_out_of_order_five_times_is_left_alone_for_half_a_minute(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    issuer = shop(folder, counter, http, clock)
    await broken(issuer, counter)
    counter.says(GOOD)
    counter.heard.clear()
    clock.advance(seconds=10)
    fault = await fault_of(issuer)
    assert (fault.kind, fault.retry_after) == (FaultKind.ISSUER_DOWN, 20.0)
    assert not counter.heard
    clock.advance(seconds=20)
    assert (await issuer.read({"number": "1"})).balance == Money(500, "CNY")
    assert len(counter.heard) == 1


async def test_one_reading_finds_out_and_each_failure_doubles_the_rest_up_to_ten_minutes(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    issuer = shop(folder, counter, http, clock)
    await broken(issuer, counter)
    rests = []
    for _ in range(7):
        counter.heard.clear()
        left = (await fault_of(issuer)).retry_after
        assert left is not None
        rests.append(left)
        clock.advance(seconds=left)
        faults = await asyncio.gather(*(fault_of(issuer) for _ in range(5)))
        assert len(counter.heard) == 1
        assert {fault.kind for fault in faults} == {FaultKind.ISSUER_DOWN}
    assert rests == [30, 60, 120, 240, 480, 600, 600]


@pytest.mark.parametrize("status", [404, 401, 403])
async def test_an_issuer_that_says_no_is_not_out_of_order(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands, status: int
) -> None:
    issuer = shop(folder, counter, http, clock)
    await broken(issuer, counter, 4)
    counter.says("{}", status)
    await fault_of(issuer)
    await broken(issuer, counter, 4)
    counter.says(GOOD)
    assert (await issuer.read({"number": "1"})).balance == Money(500, "CNY")


async def test_an_issuer_that_has_too_many_requests_is_not_back_in_order(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    issuer = shop(folder, counter, http, clock)
    await broken(issuer, counter, 4)
    counter.says("{}", 429, {"Retry-After": "9"})
    await fault_of(issuer)
    assert "not asked" in (await fault_of(issuer)).detail
    clock.advance(seconds=9)
    await broken(issuer, counter, 1)
    assert (await fault_of(issuer)).retry_after == 30.0


async def test_a_reading_broken_off_from_here_does_not_leave_the_issuer_unasked_for_good(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    issuer = shop(folder, counter, http, clock)
    await broken(issuer, counter)
    clock.advance(seconds=30)
    arrived = asyncio.Event()

    async def never(_: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    counter.answer = never
    probing = asyncio.create_task(issuer.read({"number": "1"}))
    await arrived.wait()
    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing
    counter.says(GOOD)
    assert (await issuer.read({"number": "1"})).balance == Money(500, "CNY")


async def test_an_issuer_that_says_when_to_come_back_is_not_asked_before_for_any_card(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    issuer = shop(folder, counter, http, clock)
    counter.says("{}", 429, {"Retry-After": "90"})
    await fault_of(issuer)
    counter.says(GOOD)
    counter.heard.clear()
    clock.advance(seconds=60)
    fault = await fault_of(issuer)
    assert (fault.kind, fault.retry_after) == (FaultKind.RATE_LIMITED, 30.0)
    assert not counter.heard
    clock.advance(seconds=30)
    assert (await issuer.read({"number": "1"})).balance == Money(500, "CNY")


async def test_more_than_a_minute_holds_is_said_to_be_too_much_by_us_and_not_sent(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    issuer = shop(folder, counter, http, clock, server=", per_minute = 20", budget=0.2)
    counter.says(GOOD)
    answers = await asyncio.gather(
        *(issuer.read({"number": str(n)}) for n in range(6)), return_exceptions=True
    )
    faults = [fault for fault in answers if isinstance(fault, IssuerFault)]
    assert len(counter.heard) == 2  # a tenth of a minute's at once, the others in their time
    assert len(faults) == 4
    assert {(fault.kind, fault.retry_after) for fault in faults} == {(FaultKind.RATE_LIMITED, 3.0)}


@pytest.mark.parametrize(
    ("declared", "headers", "seconds"),
    [
        ("[]", {"Retry-After": "5"}, None),
        ('[{ header = "X-Retry-After" }]', {"X-Retry-After": "7", "Retry-After": "5"}, 7.0),
        ('[{ header = "X" }, { header = "Retry-After" }]', {"Retry-After": "5"}, 5.0),
        ('[{ header = "X-Reset", as = "epoch" }]', {"X-Reset": "1795514580"}, 60.0),
        ('[{ header = "X-Ms", as = "milliseconds" }]', {"X-Ms": "1500"}, 1.5),
        (
            '[{ as = "date" }]',
            {"Retry-After": "Tue, 24 Nov 2026 10:03:00 GMT"},
            60.0,
        ),
        ('[{ as = "date" }]', {"Retry-After": "5"}, None),
        ('[{ as = "seconds" }]', {"Retry-After": "Tue, 24 Nov 2026 10:03:00 GMT"}, None),
    ],
)
async def test_when_to_come_back_is_read_from_the_header_the_file_names(
    folder: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    clock: Hands,
    declared: str,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    issuer = shop(folder, counter, http, clock, server=f", retry_after = {declared}")
    counter.says("{}", 429, headers)
    assert (await fault_of(issuer)).retry_after == seconds


async def test_no_more_cards_are_read_at_once_than_have_their_turn_in_time(
    folder: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands
) -> None:
    for per_minute, at_once in ((100, 8), (30, 2), (1, 1)):
        server = f", per_minute = {per_minute}"
        issuer = shop(folder, counter, http, clock, server=server, budget=10)
        assert issuer.concurrency == at_once
