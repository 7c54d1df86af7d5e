"""However an issuer pages its history, each entry is there once, and the newest are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from bot.issuers import EntryKind, FaultKind, Issuers, Reading
from bot.money import Money
from tests.issuers.conftest import named
from tests.issuers.test_faults import CODE, card, cards

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import aiohttp

    from bot.issuers import Issuer
    from tests.issuers.conftest import Counter


def transaction(number: int, **changes: Any) -> dict[str, Any]:
    at = f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}T10:00:00Z"
    plain = {"id": number, "datetime": at, "value": "-1.00", "event": None, "order": None}
    return plain | {"text": None, "info": None, "acceptor": "kabao"} | changes


def pretix_with(counter: Counter, ledger: list[dict[str, Any]]) -> None:
    """Answer like pretix: oldest first, 50 a page."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if "transactions" not in request.path:
            return web.Response(text=cards(card()))
        page = int(request.query["page"])
        listed = ledger[(page - 1) * 50 : page * 50]
        found = {"count": len(ledger), "next": "http://elsewhere.example/", "results": listed}
        return web.Response(text=json.dumps(found))

    counter.answer = answer


def pages_asked(counter: Counter) -> list[str]:
    targets = [urlsplit(heard.target) for heard in counter.heard]
    return [parse_qs(t.query)["page"][0] for t in targets if "transactions" in t.path]


async def test_a_short_history_is_one_request(pretix: Issuer, counter: Counter) -> None:
    used = transaction(2, value="-12.34", order="ABC", event="summer", text="coffee")
    pretix_with(counter, [transaction(1, value="50.00"), used])
    reading = await pretix.read(CODE, history=True)
    assert reading.entries is not None
    newest, oldest = reading.entries
    assert (newest.id, newest.amount) == ("2", Money(-1234, "EUR"))
    assert (newest.kind, newest.text) == (EntryKind.PURCHASE, "ABC summer coffee")
    assert (oldest.kind, oldest.amount) == (EntryKind.TOP_UP, Money(5000, "EUR"))
    assert (oldest.text, newest.balance_after) == ("", None)
    assert pages_asked(counter) == ["1"]


async def test_no_history_at_all_is_an_empty_one(pretix: Issuer, counter: Counter) -> None:
    pretix_with(counter, [])
    assert (await pretix.read(CODE, history=True)).entries == ()


@pytest.mark.parametrize("count", [50, 51, 120, 249, 250])
async def test_all_pages_are_read_when_the_newest_are_on_the_last(
    pretix: Issuer, counter: Counter, count: int
) -> None:
    pretix_with(counter, [transaction(n) for n in range(count)])
    reading = await pretix.read(CODE, history=True)
    assert reading.entries is not None
    assert [int(entry.id) for entry in reading.entries] == list(range(count))[::-1]


async def test_of_a_very_long_history_the_newest_pages_are_read(
    pretix: Issuer, counter: Counter
) -> None:
    pretix_with(counter, [transaction(n) for n in range(300)])
    entries = (await pretix.read(CODE, history=True)).entries
    assert entries is not None
    assert {int(entry.id) for entry in entries} == set(range(50, 300))
    assert pages_asked(counter) == ["1", "6", "5", "4", "3", "2"]


@pytest.mark.parametrize(
    "broken",
    [
        transaction(1, id=None),
        transaction(1, datetime=None),
        transaction(1, datetime="yesterday"),
        transaction(1, value=None),
        transaction(1, value=-1.0),
        {},
    ],
)
async def test_one_entry_that_cannot_be_read_is_a_fault_of_the_history_only(
    pretix: Issuer, counter: Counter, broken: dict[str, Any]
) -> None:
    pretix_with(counter, [transaction(0), broken])
    reading = await pretix.read(CODE, history=True)
    assert reading.balance == Money(3766, "EUR")
    assert reading.entries is None
    assert reading.history_fault is not None
    assert reading.history_fault.kind is FaultKind.BAD_ANSWER


LINKED = """
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
request = {{ path = "/lines" }}
entries = "lines"
id = "id"
at = "at"
at_format = "seconds"
amount = "minor"
amount_format = "minor"
kind = "type"
kinds = {{ LOAD = "+top-up", USE = "-purchase", BACK = "+refund", BLOCK = "skip" }}
newest = "{newest}"
max_pages = 3
paging = {{ kind = "next-link", next = "next" }}
"""


def line(number: int, kind: str = "USE", minor: int = 5) -> dict[str, Any]:
    return {"id": f"t{number}", "at": 1_760_000_000 + number, "type": kind, "minor": minor}


async def read_pages(
    folder: Path,
    counter: Counter,
    http: aiohttp.ClientSession,
    pages: Sequence[tuple[list[dict[str, Any]], str | None]],
    newest: str = "first",
) -> Reading:
    bodies = [json.dumps({"lines": lines, "next": link}) for lines, link in pages]
    counter.says_in_turn('{"money": 100}', *bodies)
    (folder / "shop.toml").write_text(LINKED.format(url=counter.url, newest=newest))
    issuer = named(Issuers.load([folder], {}, http), "shop")
    return await issuer.read({"number": "1"}, history=True)


async def test_links_are_followed_and_an_entry_met_twice_is_kept_once(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    first = ([line(3), line(2)], f"{counter.url}/lines?after=2")
    second = ([line(2), line(1, "LOAD")], None)
    reading = await read_pages(tmp_path, counter, http, [first, second])
    assert reading.entries is not None
    assert [(e.id, e.amount.minor, e.kind) for e in reading.entries] == [
        ("t3", -5, EntryKind.PURCHASE),
        ("t2", -5, EntryKind.PURCHASE),
        ("t1", 5, EntryKind.TOP_UP),
    ]
    assert counter.heard[-1].target == "/lines?after=2"


async def test_a_link_may_be_relative(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    await read_pages(tmp_path, counter, http, [([], "?page=2"), ([], "/other/lines"), ([], None)])
    assert [h.target for h in counter.heard] == ["/card", "/lines", "/lines?page=2", "/other/lines"]


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:1/lines", "//127.0.0.2/lines", "https://127.0.0.1/", "file:///etc"]
)
async def test_a_link_to_another_server_is_not_followed(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession, link: str
) -> None:
    reading = await read_pages(tmp_path, counter, http, [([line(1)], link)])
    assert reading.history_fault is not None
    assert reading.history_fault.kind is FaultKind.BAD_ANSWER
    assert len(counter.heard) == 2


async def test_a_link_cannot_bring_credentials_of_its_own(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    link = counter.url.replace("http://", "http://somebody:else@") + "/lines"
    reading = await read_pages(tmp_path, counter, http, [([line(1)], link)])
    assert reading.history_fault is not None
    assert len(counter.heard) == 2


async def test_pages_without_end_are_bounded(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    endless = [([line(9 - n)], f"/lines?page={n}") for n in range(9)]
    reading = await read_pages(tmp_path, counter, http, endless)
    assert reading.entries is not None
    assert [entry.id for entry in reading.entries] == ["t9", "t8", "t7"]


async def test_newest_entries_beyond_the_bound_are_not_silently_missing(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    endless = [([line(n)], f"/lines?page={n}") for n in range(9)]
    reading = await read_pages(tmp_path, counter, http, endless, newest="last")
    assert reading.entries is None
    assert reading.history_fault is not None


async def test_oldest_first_by_links_ends_newest_first(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    pages = [([line(1), line(2)], "/lines"), ([line(3)], None)]
    reading = await read_pages(tmp_path, counter, http, pages, newest="last")
    assert reading.entries is not None
    assert [entry.id for entry in reading.entries] == ["t3", "t2", "t1"]


async def test_lines_that_move_no_money_are_skipped_and_unknown_ones_never_guessed(
    tmp_path: Path, counter: Counter, http: aiohttp.ClientSession
) -> None:
    skipped = await read_pages(
        tmp_path, counter, http, [([line(2, "BLOCK"), line(1, "BACK")], None)]
    )
    assert skipped.entries is not None
    assert [(e.id, e.kind) for e in skipped.entries] == [("t1", EntryKind.REFUND)]
    unknown = await read_pages(tmp_path, counter, http, [([line(1, "SURPRISE")], None)])
    assert unknown.entries is None
    assert unknown.history_fault is not None
