"""An entry is what the issuer's line says: its identity, its direction, its kind, its words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.issuers import EntryKind, FaultKind, IssuerFileError, Issuers, Reading
from bot.money import Money
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import aiohttp

    from tests.issuers.conftest import Counter, Hands

    Reads = Callable[[str, list[Any]], Awaitable[Reading]]

SHOP = """
kind = "http"
name = "Shop"
currency = "EUR"
[[fields]]
name = "number"
label = "Number"
pattern = "[0-9]+"
[server]
url = "{url}"
[balance]
request = {{ path = "/card" }}
card = "card"
amount = "money"
amount_format = "minor"
[history]
entries = "card.lines"
at = "at"
amount_format = "number"
{more}
"""
PLAIN = 'id = "id"\namount = "change"'
COLUMNS = 'id = "id"\nup = "issued"\ndown = "used"'


def line(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "at": "2026-11-20T10:00:00Z", "change": -5} | changes


@pytest.fixture
def reads(tmp_path: Path, counter: Counter, http: aiohttp.ClientSession, clock: Hands) -> Reads:
    async def reads(more: str, lines: list[Any]) -> Reading:
        counter.says(json.dumps({"card": {"money": 100, "lines": lines}}))
        (tmp_path / "shop.toml").write_text(SHOP.format(url=counter.url, more=more))
        issuer = named(Issuers.load([tmp_path], {}, http, clock), "shop")
        reading = await issuer.read({"number": "1"}, history=True)
        assert [heard.target for heard in counter.heard] == ["/card"]  # no second request
        counter.heard.clear()
        return reading

    return reads


def unread(reading: Reading) -> bool:
    assert reading.balance == Money(100, "EUR")
    assert reading.history_fault is None or reading.history_fault.kind is FaultKind.BAD_ANSWER
    return reading.entries is None and reading.history_fault is not None


async def test_entries_can_stand_in_the_balances_own_answer(reads: Reads) -> None:
    reading = await reads(PLAIN, [line(id=2, change=-5.25), line(id=1, change=50)])
    assert reading.entries is not None
    assert [(e.id, e.amount.minor, e.kind) for e in reading.entries] == [
        ("2", -525, EntryKind.PURCHASE),
        ("1", 5000, EntryKind.TOP_UP),
    ]
    assert unread(await reads(PLAIN, [None]))


@pytest.mark.parametrize(
    ("issued", "used", "minor"),
    [
        (50, 0, 5000),
        (0, 12.34, -1234),
        (None, 12.34, -1234),
        (50, None, 5000),
        (50, "", 5000),
        (50, 1, 4900),
        (0, 0, 0),
    ],
)
async def test_of_two_columns_one_adds_and_the_other_takes(
    reads: Reads, issued: object, used: object, minor: int
) -> None:
    reading = await reads(COLUMNS, [line(issued=issued, used=used)])
    assert reading.entries is not None
    assert [entry.amount.minor for entry in reading.entries] == [minor]


@pytest.mark.parametrize(
    ("issued", "used"), [(None, None), ("", ""), (0, -5), (-5, 0), ("5", 0), (0, 1.005)]
)
async def test_columns_that_can_be_meant_either_way_are_not_read(
    reads: Reads, issued: object, used: object
) -> None:
    assert unread(await reads(COLUMNS, [line(issued=issued, used=used)]))


async def test_an_identity_can_be_put_together_from_several_places(reads: Reads) -> None:
    several = 'id = ["at", "till", "no"]\namount = "change"'
    lines = [
        line(till="a", no=1),
        line(till="a", no=1),
        line(till="a", no=2),
        line(till=None, no=1),
        line(till="1", no=None),
        line(till="a|1", no=None),
    ]
    reading = await reads(several, lines)
    assert reading.entries is not None
    assert len(reading.entries) == len({entry.id for entry in reading.entries}) == 5


@pytest.mark.parametrize("identity", [None, "", "  ", {}, [1], 1.5, "x" * 201, "a\x1fb", "a\nb"])
async def test_what_cannot_be_known_again_is_no_identity(reads: Reads, identity: object) -> None:
    assert unread(await reads(PLAIN, [line(id=identity)]))


async def test_running_balances_are_passed_on_though_they_do_not_add_up(reads: Reads) -> None:
    more = f'{PLAIN}\nbalance_after = "after"'
    reading = await reads(more, [line(id=2, after=7), line(id=1, after=100), line(id=0)])
    assert reading.entries is not None
    assert [e.balance_after for e in reading.entries] == [
        Money(700, "EUR"),
        Money(10000, "EUR"),
        None,
    ]
    assert unread(await reads(more, [line(after="7.00")]))


KINDS = f'{PLAIN}\nkind = "type"\nkinds = {{ IN = "+refund", OUT = "-purchase", x = "skip" }}'


@pytest.mark.parametrize(
    ("kind", "change", "minor"),
    [("IN", 5, 500), ("OUT", 5, -500), ("OUT", -5, -500), ("IN", 0, 0), ("OUT", 0, 0)],
)
async def test_a_kind_gives_an_amount_its_direction(
    reads: Reads, kind: str, change: int, minor: int
) -> None:
    reading = await reads(KINDS, [line(type=kind, change=change), line(type="x", change=None)])
    assert reading.entries is not None
    assert [entry.amount.minor for entry in reading.entries] == [minor]


async def test_an_amount_against_its_kinds_direction_is_not_guessed(reads: Reads) -> None:
    assert unread(await reads(KINDS, [line(type="IN", change=-5)]))
    assert unread(await reads(KINDS, [line(type="NEW", change=5)]))
    assert unread(await reads(KINDS, [line(type=None, change=5)]))


@pytest.mark.parametrize(
    "more",
    [
        'id = "id"',
        f'{PLAIN}\nup = "a"\ndown = "b"',
        f'{PLAIN}\nup = "a"',
        'id = "id"\nup = "a"',
        'id = []\namount = "change"',
        f'{COLUMNS}\nkind = "type"\nkinds = {{ IN = "+refund" }}',
        f'{PLAIN}\npaging = {{ kind = "next-link", next = "next" }}',
    ],
)
async def test_a_declaration_that_says_too_little_or_too_much_is_refused(
    reads: Reads, more: str
) -> None:
    with pytest.raises(IssuerFileError):
        await reads(more, [])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('newest = "last"\npaging = { kind = "offset", size = 5 }', "paging.total"),
        (
            'paging = { kind = "offset", size = 5, in = "body" }',
            "a json table, a form or graphql",
        ),
        (
            'paging = { kind = "cursor", parameter = "c", next = "n", in = "body" }',
            "a json table, a form or graphql",
        ),
    ],
)
async def test_pages_that_cannot_be_asked_for_are_a_mistake_of_the_file(
    reads: Reads, more: str, expected: str
) -> None:
    request = 'request = { path = "/lines", json = ["{number}"] }'
    with pytest.raises(IssuerFileError, match=expected):
        await reads(f"{PLAIN}\n{request}\n{more}", [])
