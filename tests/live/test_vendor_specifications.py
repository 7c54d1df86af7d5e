"""Square's and Adyen's declarations against the vendors' own OpenAPI files, served by Prism.

Prism's mock knows no cards: what counts is that each request is allowed by the vendor's file, and
that whatever has the file's shape is read truly or refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from bot.issuers import CATALOG, FaultKind, IssuerFault, Issuers
from bot.money import Money
from tests.live.prism import Prism

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from bot.issuers import Issuer, Reading

pytestmark = pytest.mark.live

TURNS = 500
NUMBER = "6036280000000000000"
CHECKOUT = {
    "ADYEN_API_KEY": "a-key",
    "ADYEN_MERCHANT": "KabaoShop",
    "ADYEN_CURRENCY": "EUR",
}
STORED_VALUE = {
    "ADYEN_STORED_VALUE_API_KEY": "a-key",
    "ADYEN_STORED_VALUE_MERCHANT": "KabaoShop",
    "ADYEN_STORED_VALUE_TYPE": "svs",
}


@pytest.fixture(scope="module")
def square(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    paths = ["/v2/gift-cards", "/v2/gift-cards/from-gan", "/v2/gift-cards/activities"]
    server = Prism(tmp_path_factory.mktemp("square"), "square", paths)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    paths = ["/paymentMethods/balance"]
    server = Prism(tmp_path_factory.mktemp("checkout"), "adyen-checkout", paths)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stored_value(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    paths = ["/checkBalance"]
    server = Prism(tmp_path_factory.mktemp("stored"), "adyen-stored-value", paths)
    yield server
    server.stop()


@dataclass
class Desk:
    """Hands requests on to Prism, asking it to answer as `prefer` says, and keeps the answers."""

    http: aiohttp.ClientSession
    target: str = ""
    url: str = ""
    prefer: str = ""
    answers: list[tuple[str, int, Any]] = field(default_factory=list)
    change: Callable[[Any], None] | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {k: v for k, v in request.headers.items() if k not in ("Host", "Content-Length")}
        if self.prefer:
            headers["Prefer"] = self.prefer
        async with self.http.request(
            request.method,
            self.target + request.raw_path,
            headers=headers,
            data=await request.read(),
        ) as answer:
            said = json.loads(await answer.read(), parse_float=Decimal)
            if self.change:
                self.change(said)
            self.answers.append((request.path, answer.status, said))
            body = json.dumps(said, default=float).encode()
            return web.Response(body=body, status=answer.status, content_type="application/json")


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def desk(http: aiohttp.ClientSession) -> AsyncIterator[Desk]:
    desk = Desk(http)
    runner = web.ServerRunner(web.Server(desk.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    desk.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield desk
    await runner.cleanup()


def issuer_of(slug: str, http: aiohttp.ClientSession, **secrets: str) -> Issuer:
    issuer = Issuers.load([CATALOG], secrets, http).get(slug)
    assert issuer is not None
    return issuer


def hurried(slug: str, folder: Path, http: aiohttp.ClientSession, **secrets: str) -> Issuer:
    """Load a declaration without its limit on requests in a minute: 500 would take several."""
    text = (CATALOG / f"{slug}.toml").read_text("utf-8")
    (folder / f"{slug}.toml").write_text(re.sub(r"per_minute = [0-9]+\n", "", text), "utf-8")
    issuer = Issuers.load([folder], secrets, http).get(slug)
    assert issuer is not None
    return issuer


async def read(issuer: Issuer, *, history: bool = False, **values: str) -> Reading | IssuerFault:
    try:
        return await issuer.read(values, history=history)
    except IssuerFault as fault:
        return fault


async def test_squares_file_allows_each_request_and_its_examples_are_read(
    square: Prism, desk: Desk, http: aiohttp.ClientSession
) -> None:
    desk.target = square.url
    issuer = issuer_of("square", http, SQUARE_URL=desk.url, SQUARE_TOKEN="a-token")
    await issuer.check()
    desk.answers.clear()
    number = "7783320001001635"  # the number of the file's own example
    reading = await issuer.read({"number": number}, history=True)
    assert [status for _, status, _ in desk.answers] == [200, 200]
    card, listed = (said for _, _, said in desk.answers)
    money = card["gift_card"]["balance_money"]
    assert reading.balance == Money(money["amount"], money["currency"])
    assert reading.history_fault is None
    assert reading.entries is not None
    assert {entry.id for entry in reading.entries} == {
        activity["id"] for activity in listed["gift_card_activities"]
    }
    by_id = {entry.id: entry for entry in reading.entries}
    for activity in listed["gift_card_activities"]:
        after = activity["gift_card_balance_money"]
        assert by_id[activity["id"]].balance_after == Money(after["amount"], after["currency"])


async def test_squares_mock_answers_any_number_with_one_card_and_none_of_them_is_believed(
    square: Prism, desk: Desk, http: aiohttp.ClientSession
) -> None:
    desk.target = square.url
    issuer = issuer_of("square", http, SQUARE_URL=desk.url, SQUARE_TOKEN="a-token")
    found = await read(issuer, number="7783320000000000")
    assert isinstance(found, IssuerFault)
    assert found.kind is FaultKind.BAD_ANSWER


async def test_adyens_file_allows_each_request_and_its_examples_are_read(
    checkout: Prism, stored_value: Prism, desk: Desk, http: aiohttp.ClientSession
) -> None:
    desk.target = checkout.url
    issuer = issuer_of("adyen-checkout", http, ADYEN_CHECKOUT_URL=desk.url, **CHECKOUT)
    for desk.prefer in ("", "example=not-enough"):
        reading = await issuer.read({"number": NUMBER, "pin": "100"})
        _, status, said = desk.answers[-1]
        assert status == 200
        assert reading.balance == Money(said["balance"]["value"], said["balance"]["currency"])
    for desk.prefer, kind in {
        "code=401": FaultKind.REFUSED,
        "code=403": FaultKind.REFUSED,
        "code=500": FaultKind.ISSUER_DOWN,
    }.items():
        fault = await read(issuer, number=NUMBER, pin="100")
        assert isinstance(fault, IssuerFault)
        assert fault.kind is kind
    desk.target, desk.prefer = stored_value.url, ""
    secrets = {"ADYEN_STORED_VALUE_URL": desk.url, **STORED_VALUE}
    await read(issuer_of("adyen-stored-value", http, **secrets), number=NUMBER, pin="100")
    assert desk.answers[-1][:2] == ("/checkBalance", 200)


def _lead(path: list[str], **values: object) -> Callable[[Any], None]:
    """Put values into a random answer, every other time, so that reading gets further."""
    turn = 0

    def change(said: Any) -> None:
        nonlocal turn
        turn += 1
        if turn % 2:
            return
        node = said
        for key in path:
            if not isinstance(node.get(key), dict):
                return
            node = node[key]
        for key, value in values.items():
            if isinstance(value, dict) and isinstance(node.get(key), dict):
                node[key].update(value)
            else:
                node[key] = value

    return change


async def _many(
    desk: Desk, issuer: Issuer, place: list[str], amount: str, values: dict[str, str]
) -> int:
    """Read `TURNS` random answers; each balance is the one that stands in its answer."""
    desk.prefer = "dynamic=true"
    read_well = 0
    for _ in range(TURNS):
        desk.answers.clear()
        found = await read(issuer, history=False, **values)
        if isinstance(found, IssuerFault):
            assert found.kind in FaultKind
            continue
        said = desk.answers[-1][2]
        for key in place:
            said = said[key]
        assert found.balance == Money(said[amount], said["currency"].upper())
        read_well += 1
    return read_well


async def test_random_answers_in_squares_shape_never_give_a_wrong_balance(
    square: Prism, desk: Desk, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    desk.target, number = square.url, "7783320001001635"
    desk.change = _lead(["gift_card"], gan=number, balance_money={"currency": "USD"})
    issuer = hurried("square", tmp_path, http, SQUARE_URL=desk.url, SQUARE_TOKEN="a-token")
    well = await _many(desk, issuer, ["gift_card", "balance_money"], "amount", {"number": number})
    assert 0 < well < TURNS


async def test_random_answers_in_adyens_shapes_never_give_a_wrong_balance(
    checkout: Prism, stored_value: Prism, desk: Desk, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    values = {"number": NUMBER, "pin": "100"}
    desk.target, desk.change = checkout.url, _lead(["balance"], currency="EUR")
    issuer = hurried("adyen-checkout", tmp_path, http, ADYEN_CHECKOUT_URL=desk.url, **CHECKOUT)
    assert 0 < await _many(desk, issuer, ["balance"], "value", values) < TURNS
    desk.target, desk.change = stored_value.url, _lead(["currentBalance"], currency="EUR")
    secrets = {"ADYEN_STORED_VALUE_URL": desk.url, **STORED_VALUE}
    issuer = hurried("adyen-stored-value", tmp_path, http, **secrets)
    assert 0 < await _many(desk, issuer, ["currentBalance"], "value", values) < TURNS
