"""Issuers' files are taken in as they change, and what did not change stays what it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bot.issuers import CATALOG, IssuerFault, Issuers
from bot.issuers.contract import FaultKind
from tests.issuers.conftest import named

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

    from tests.issuers.conftest import Counter

MANUAL = """kind = "manual"
name = "{name}"
currency = "CNY"
fields = [{{ name = "number", label = "Number", pattern = "[0-9]{{6}}" }}]
"""
HTTP = """kind = "http"
name = "Shop"
currency = "CNY"
fields = [{ name = "number", label = "Number", pattern = "[0-9]{6}" }]
server = { url = "URL" }

[balance]
request = { path = "/PATH/{number}" }
amount = "balance"
amount_format = "decimal"
"""


def wrote(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.toml").write_text(text)


@pytest.fixture
def issuers(tmp_path: Path, http: aiohttp.ClientSession) -> Issuers:
    """Two shops of an operator, beside those that come with Kabao."""
    wrote(tmp_path, "one", MANUAL.format(name="One"))
    wrote(tmp_path, "two", MANUAL.format(name="Two"))
    return Issuers.load([CATALOG, tmp_path], {}, http)


def test_nothing_is_read_where_nothing_has_changed(
    issuers: Issuers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del tmp_path
    monkeypatch.setattr("bot.issuers.shelf.text_of", lambda path: pytest.fail(f"read {path}"))
    assert issuers.reload() == []


def test_a_changed_file_changes_its_issuer_and_no_other(issuers: Issuers, tmp_path: Path) -> None:
    one, two = issuers.get("one"), issuers.get("two")
    wrote(tmp_path, "one", MANUAL.format(name="Uno"))
    assert [(change.slug, change.what) for change in issuers.reload()] == [("one", "changed")]
    assert named(issuers, "one").name["en"] == "Uno"
    assert issuers.get("one") is not one
    assert issuers.get("two") is two


def test_a_file_that_was_only_touched_keeps_its_issuer(issuers: Issuers, tmp_path: Path) -> None:
    one = issuers.get("one")
    os.utime(tmp_path / "one.toml", ns=(1, 1))
    assert issuers.reload() == []
    assert issuers.get("one") is one


def test_files_come_and_go(issuers: Issuers, tmp_path: Path) -> None:
    wrote(tmp_path, "three", MANUAL.format(name="Three"))
    (tmp_path / "two.toml").unlink()
    told = {change.slug: change.what for change in issuers.reload()}
    assert told == {"three": "new", "two": "gone"}
    assert named(issuers, "three").name["en"] == "Three"
    assert issuers.get("two") is None
    assert issuers.reload() == []


def test_without_the_operators_own_version_the_one_that_comes_with_kabao_is_back(
    issuers: Issuers, tmp_path: Path
) -> None:
    wrote(tmp_path, "other", MANUAL.format(name="Canteen"))
    issuers.reload()
    assert named(issuers, "other").name["en"] == "Canteen"
    (tmp_path / "other.toml").unlink()
    issuers.reload()
    assert named(issuers, "other").name["en"] == "Another card"


def test_a_broken_version_leaves_the_old_one_and_is_told_once_a_version(
    issuers: Issuers, tmp_path: Path
) -> None:
    one = issuers.get("one")
    wrote(tmp_path, "one", MANUAL.format(name="One") + "min = 1")
    (change,) = issuers.reload()
    assert (change.slug, change.what) == ("one", "broken")
    assert "one.toml, line 5: min: no key of this table is called so" in change.said
    assert issuers.reload() == []
    wrote(tmp_path, "one", "[")
    assert [change.what for change in issuers.reload()] == ["broken"]
    assert issuers.get("one") is one
    wrote(tmp_path, "one", MANUAL.format(name="One"))
    assert [change.what for change in issuers.reload()] == ["mended"]
    assert issuers.get("one") is one


def test_a_folder_that_is_lost_takes_no_issuer_with_it(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    wrote(folder, "one", MANUAL.format(name="One"))
    issuers = Issuers.load([CATALOG, folder], {}, http)
    folder.rename(tmp_path / "away")
    assert [change.what for change in issuers.reload()] == ["broken"]
    assert issuers.reload() == []
    assert issuers.get("one") is not None
    (tmp_path / "away").rename(folder)
    assert [change.what for change in issuers.reload()] == ["mended"]


def test_a_file_that_leads_in_a_circle_is_broken_and_stops_no_other(
    issuers: Issuers, tmp_path: Path
) -> None:
    (tmp_path / "circle.toml").symlink_to("circle.toml")
    wrote(tmp_path, "three", MANUAL.format(name="Three"))
    told = {change.slug: (change.what, change.said) for change in issuers.reload()}
    assert told["circle"][0] == "broken"
    assert "symbolic links" in told["circle"][1]
    assert issuers.get("three") is not None
    assert issuers.reload() == []


def test_a_folder_may_come_later(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    issuers = Issuers.load([tmp_path / "own"], {}, http)
    (tmp_path / "own").mkdir()
    wrote(tmp_path / "own", "one", MANUAL.format(name="One"))
    assert [change.what for change in issuers.reload()] == ["new"]


def test_a_file_that_needs_a_secret_is_off_and_says_which(issuers: Issuers, tmp_path: Path) -> None:
    text = MANUAL.format(name="One").replace('"CNY"', '"{secret:ONE_CURRENCY}"')
    wrote(tmp_path, "one", text)
    (change,) = issuers.reload()
    assert (change.what, change.missing) == ("changed", ("ONE_CURRENCY",))
    assert issuers.get("one") is None
    assert issuers.off["one"] == ("ONE_CURRENCY",)
    wrote(tmp_path, "one", MANUAL.format(name="One"))
    issuers.reload()
    assert "one" not in issuers.off


async def test_a_reading_under_way_ends_with_the_issuer_it_began_with(
    tmp_path: Path, http: aiohttp.ClientSession, counter: Counter
) -> None:
    old = HTTP.replace("URL", counter.url).replace("PATH", "old")
    wrote(tmp_path, "shop", old)
    issuers = Issuers.load([tmp_path], {}, http)
    begun = named(issuers, "shop")
    wrote(tmp_path, "shop", old.replace("old", "new"))
    issuers.reload()
    counter.says('{"balance": "1.00"}')
    for issuer in (begun, named(issuers, "shop")):
        reading = await issuer.read({"number": "123456"})
        assert reading.balance is not None
    assert [heard.target for heard in counter.heard] == ["/old/123456", "/new/123456"]


async def test_what_the_http_kind_cannot_do_is_told_with_its_line(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    wrote(tmp_path, "shop", HTTP.replace("URL", "https://shop.example"))
    issuers = Issuers.load([tmp_path], {}, http)
    wrote(tmp_path, "shop", HTTP.replace("URL", "ftp://shop.example"))
    (change,) = issuers.reload()
    assert "shop.toml, line 5: server.url: expected an address" in change.said
    with pytest.raises(IssuerFault) as caught:
        await named(issuers, "shop").read({"number": "x"})
    assert caught.value.kind is FaultKind.NOT_FOUND
