"""Whichever way an issuer's history is paged, it is read whole, or as far back as is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.issuers import FaultKind, Issuers, Reading
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import aiohttp

    from tests.issuers.conftest import Counter, Hands

SHOP = """
kind = "http"
name = "Shop"
currency = "CNY"
[[fields]]
name = "number"
label = "Number"
pattern = "[0-9]+"
[server]
url = "{url}"
[balance]
request = {{ path = "/card" }}
amount = "money"
amount_format = "minor"
[history]
request = {{ {request} }}
entries = "lines"
id = "id"
at = "at"
amount = "minor"
amount_format = "minor"
{more}
"""
SIZE = 3


@dataclass
class Ledger:
    """An issuer's history of so many lines, a day apart, and what was asked of it."""

    lines: list[dict[str, Any]]
    answer: Callable[[Ledger, dict[str, Any]], dict[str, Any]]
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/card":
            return web.json_response({"money": 100})
        told: dict[str, Any] = dict(request.query)
        if request.method == "POST":
            told = json.loads(await request.read())
        self.asked.append(told)
        return web.json_response(self.answer(self, told))


@dataclass
class Reader:
    """Reads such a ledger by a declaration."""

    folder: Path
    counter: Counter
    http: aiohttp.ClientSession
    clock: Hands

    async def __call__(self, ledger: Ledger, more: str, request: str = "") -> Reading:
        handle: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] = ledger.handle
        self.counter.answer = handle
        asked = request or 'path = "/lines"'
        text = SHOP.format(url=self.counter.url, request=asked, more=more)
        (self.folder / "shop.toml").write_text(text)
        issuer = named(Issuers.load([self.folder], {}, self.http, self.clock), "shop")
        return await issuer.read({"number": "1"}, history=True)


@pytest.fixture
def reads(tmp_path: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands) -> Reader:
    return Reader(tmp_path, counter, http, clock)


def newest_first(count: int) -> list[dict[str, Any]]:
    noon = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    return [
        {"id": count - n, "at": f"{noon - timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}", "minor": -5}
        for n in range(count)
    ]


def ids(reading: Reading) -> list[int]:
    assert reading.history_fault is None
    assert reading.entries is not None
    return [int(entry.id) for entry in reading.entries]


def fault(reading: Reading) -> str:
    assert reading.entries is None
    assert reading.history_fault is not None
    assert reading.history_fault.kind is FaultKind.BAD_ANSWER
    assert reading.balance is not None
    return str(reading.history_fault)


def by_cursor(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
    start = int(told.get("after", 0))
    page = ledger.lines[start : start + SIZE]
    more = start + SIZE < len(ledger.lines)
    return {"lines": page, "cursor": start + SIZE, "has_more": more}


CURSOR = 'paging = { kind = "cursor", parameter = "after", next = "cursor", more = "has_more" }'


@pytest.mark.parametrize("count", [0, 1, 3, 4, 15])
async def test_a_mark_is_given_back_until_there_is_no_more(reads: Reader, count: int) -> None:
    ledger = Ledger(newest_first(count), by_cursor)
    assert ids(await reads(ledger, CURSOR)) == list(range(1, count + 1))[::-1]
    expected: list[dict[str, str]] = [{}, *({"after": str(n)} for n in range(3, count, 3))]
    assert ledger.asked == expected


async def test_without_a_word_on_more_a_mark_that_is_not_there_ends_it(reads: Reader) -> None:
    def answer(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
        page = by_cursor(ledger, told)
        return {"lines": page["lines"], "cursor": page["cursor"] if page["has_more"] else ""}

    plain = CURSOR.replace(', more = "has_more"', "")
    assert ids(await reads(Ledger(newest_first(7), answer), plain)) == [7, 6, 5, 4, 3, 2, 1]


async def test_more_without_a_mark_is_a_fault_and_not_the_end(reads: Reader) -> None:
    def answer(ledger: Ledger, _told: dict[str, Any]) -> dict[str, Any]:
        return {"lines": ledger.lines[:SIZE], "has_more": True}

    assert "nothing at 'cursor'" in fault(await reads(Ledger(newest_first(9), answer), CURSOR))


@pytest.mark.parametrize("mark", [{"a": 1}, [1], True, 1.5])
async def test_a_mark_that_cannot_be_given_back_is_a_fault(reads: Reader, mark: object) -> None:
    def answer(ledger: Ledger, _told: dict[str, Any]) -> dict[str, Any]:
        return {"lines": ledger.lines[:SIZE], "has_more": True, "cursor": mark}

    fault(await reads(Ledger(newest_first(9), answer), CURSOR))


async def test_pages_that_lead_in_a_circle_end_with_a_fault(reads: Reader) -> None:
    def answer(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
        start = int(told.get("after", 0))
        return {
            "lines": ledger.lines[start : start + SIZE],
            "cursor": (start + 3) % 6,
            "has_more": True,
        }

    ledger = Ledger(newest_first(9), answer)
    assert "in a circle" in fault(await reads(ledger, CURSOR + "\nmax_pages = 50"))
    assert len(ledger.asked) <= 4


async def test_an_issuer_that_does_not_know_the_parameter_is_found_out(reads: Reader) -> None:
    def deaf(ledger: Ledger, _told: dict[str, Any]) -> dict[str, Any]:
        return {"lines": ledger.lines[:SIZE]}

    more = f'paging = {{ kind = "page-number", parameter = "p", size = {SIZE} }}'
    ledger = Ledger(newest_first(9), deaf)
    assert "the same page" in fault(await reads(ledger, more))
    assert len(ledger.asked) == 2


def by_number(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
    start = int(told["p"]) * SIZE
    return {"lines": ledger.lines[start : start + SIZE], "total": len(ledger.lines)}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7])
async def test_without_a_total_a_page_that_is_not_full_is_the_last(
    reads: Reader, count: int
) -> None:
    more = f'paging = {{ kind = "page-number", parameter = "p", first = 0, size = {SIZE} }}'
    ledger = Ledger(newest_first(count), by_number)
    assert ids(await reads(ledger, more)) == list(range(1, count + 1))[::-1]
    assert [told["p"] for told in ledger.asked] == [str(n) for n in range(count // SIZE + 1)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("newest", ["first", "last"])
async def test_offsets_lead_to_every_entry_from_either_end(
    reads: Reader, count: int, newest: str
) -> None:
    def by_offset(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
        start = int(told["offset"])
        return {"lines": ledger.lines[start : start + SIZE], "total": str(len(ledger.lines))}

    lines = newest_first(count)
    ledger = Ledger(lines if newest == "first" else lines[::-1], by_offset)
    more = f'newest = "{newest}"\npaging = {{ kind = "offset", size = {SIZE}, total = "total" }}'
    assert ids(await reads(ledger, more)) == list(range(1, count + 1))[::-1]
    assert len(ledger.asked) == max(1, -(-count // SIZE))


@pytest.mark.parametrize("total", [None, -1, 1.5, True, "many", [3], "9" * 30])
async def test_a_total_that_is_no_number_is_a_fault(reads: Reader, total: object) -> None:
    def answer(ledger: Ledger, _told: dict[str, Any]) -> dict[str, Any]:
        return {"lines": ledger.lines, "total": total}

    more = f'paging = {{ kind = "offset", size = {SIZE}, total = "total" }}'
    fault(await reads(Ledger(newest_first(2), answer), more))


async def test_a_total_beyond_belief_is_not_believed(reads: Reader) -> None:
    def answer(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
        return by_number(ledger, told) | {"total": 10**14}

    more = (
        f'paging = {{ kind = "page-number", parameter = "p", first = 0, size = {SIZE}, '
        'total = "total" }\nmax_pages = 4'
    )
    ledger = Ledger(newest_first(5), answer)
    assert ids(await reads(ledger, more)) == [5, 4, 3, 2, 1]
    assert len(ledger.asked) == 4


@pytest.mark.parametrize(
    ("paging", "answer", "asked"),
    [
        (CURSOR, by_cursor, 2),
        ('paging = {kind = "page-number", parameter = "p", size = 3}', None, 2),
    ],
)
async def test_what_is_too_long_ago_is_left_out_and_its_pages_are_not_asked_for(
    reads: Reader, paging: str, answer: Any, asked: int
) -> None:
    def from_one(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
        return by_number(ledger, {"p": int(told["p"]) - 1})

    ledger = Ledger(newest_first(15), answer or from_one)
    assert ids(await reads(ledger, f"days = 4\n{paging}")) == [15, 14, 13, 12]
    assert len(ledger.asked) == asked


async def test_an_entry_that_moves_to_the_next_page_meanwhile_is_there_once(reads: Reader) -> None:
    def moving(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
        page = by_cursor(ledger, told)
        if len(ledger.asked) == 1:
            ledger.lines.insert(0, newest_first(8)[0])
        return page

    assert ids(await reads(Ledger(newest_first(7), moving), CURSOR)) == [7, 6, 5, 4, 3, 2, 1]


async def test_of_a_history_without_end_the_newest_pages_are_read(reads: Reader) -> None:
    ledger = Ledger(newest_first(30), by_cursor)
    assert ids(await reads(ledger, CURSOR + "\nmax_pages = 2")) == [30, 29, 28, 27, 26, 25]
    assert len(ledger.asked) == 2


async def test_a_mark_can_be_given_back_in_the_body_and_a_number_stays_one(reads: Reader) -> None:
    ledger = Ledger(newest_first(7), by_cursor)
    inside = CURSOR.replace("next =", 'in = "body", next =')
    request = 'method = "POST", path = "/lines", json = { card = "{number}" }, repeat = true'
    assert ids(await reads(ledger, inside, request)) == [7, 6, 5, 4, 3, 2, 1]
    assert ledger.asked == [{"card": "1"}, {"card": "1", "after": 3}, {"card": "1", "after": 6}]


@pytest.mark.parametrize("body", ["", ', json = { a = "b" }', ', graphql = "{ a }"'])
async def test_a_mark_that_nobody_can_send_costs_the_history_and_not_the_balance(
    reads: Reader, body: str
) -> None:
    half = Ledger(newest_first(SIZE), lambda ledger, _: {"lines": ledger.lines, "cursor": "\ud800"})
    place = "body" if body else "query"
    paging = f'paging = {{ kind = "cursor", parameter = "after", next = "cursor", in = "{place}" }}'
    reading = await reads(half, paging, f'path = "/lines"{body}')
    assert "the value of {page:after} cannot stand" in fault(reading)


@pytest.mark.parametrize("served", [2, 6])
@pytest.mark.parametrize("newest", ["first", "last"])
async def test_pages_of_another_length_than_declared_are_found_out_before_entries_are_missed(
    reads: Reader, served: int, newest: str
) -> None:
    def answer(ledger: Ledger, told: dict[str, Any]) -> dict[str, Any]:
        start = (int(told["page"]) - 1) * served
        return {"lines": ledger.lines[start : start + served], "count": len(ledger.lines)}

    paging = f'paging = {{ kind = "page-number", size = {SIZE}, total = "count" }}'
    reading = await reads(Ledger(newest_first(7), answer), f'newest = "{newest}"\n{paging}')
    assert "a page of another length than paging.size, 3" in fault(reading)
