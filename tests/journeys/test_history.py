from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

WITHOUT_HISTORY = """
kind = "http"
name = { en = "Corner Card", zh = "街角卡" }
[[fields]]
name = "number"
label = { en = "Card number", zh = "卡号" }
pattern = '7700[0-9]{8}'
secret = true
[server]
url = "{secret:DEMO_URL}"
headers = { X-Api-Key = "{secret:DEMO_KEY}" }
[balance]
request = { method = "POST", path = "/v1/cards/lookup", json = { number = "{number}" } }
amount = "card.balance.amount"
amount_format = "minor"
currency = "card.balance.currency"
"""


@pytest.fixture
async def corner(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose operator added an issuer that tells balances and no history."""
    folder = tmp_path / "issuers"
    folder.mkdir()
    (folder / "corner.toml").write_text(WITHOUT_HISTORY, encoding="utf-8")
    async with House(tmp_path, issuers_dir=str(folder)) as opened:
        yield opened


async def test_entries_have_their_amount_what_it_was_the_time_and_the_balance_after(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=1)
    house.issuer.spend(KIOSK, 1250, "Noodle House")
    await alice.says("/history 2001")
    newest = alice.newest.text.split("\n\n")[1]
    assert re.fullmatch(
        r"-CN¥12\.50  Noodle House\n\d+:\d\d.PM → CN¥149\.00", newest.replace("\u202f", " ")
    )


async def test_each_kind_of_entry_is_signed_and_balances_run_from_line_to_line(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.top_up(KIOSK, 5000, "Top-up")
    house.issuer.card(KIOSK).book(house.clock(), "REFUND", 300, "Refund")
    await house.passes(minutes=1)
    text = (await alice.says("/history 2001")).text
    assert re.search(r"\+CN¥3\.00  Refund\n.*→ CN¥214\.50", text)
    assert re.search(r"\+CN¥50\.00  Top-up\n.*→ CN¥211\.50", text)


async def test_pages_are_turned_with_buttons_from_the_newest_to_the_oldest(alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    first = await alice.presses("History")
    assert [label for label in first.labels if "1 of" in label] == ["1 of 6"]
    assert "Newer" not in "".join(first.labels)
    changes = re.findall(r"^[-+]CN¥[\d.]+", first.text, re.MULTILINE)
    page = first
    while any("Older" in label for label in page.labels):
        page = await alice.presses("Older")
        changes += re.findall(r"^[-+]CN¥[\d.]+", page.text, re.MULTILINE)
    assert len(changes) == 46
    assert "Card bought" in page.text
    back = await alice.presses("Newer")
    assert "5 of 6" in back.labels


async def test_entries_are_never_doubled_however_often_they_are_read(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    for _ in range(3):
        house.issuer.spend(KIOSK, 100, "Tea")
        await house.passes(minutes=1)
        await alice.says("/balance", "/history")
        await alice.says("/history 2001")
    assert alice.newest.text.count("Tea\n") == 3
    assert alice.newest.text.count("→") == 7


async def test_history_over_all_names_the_card_and_asks_the_issuers_too(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.binds(YUAN, PIN)
    await house.passes(minutes=1)
    house.issuer.spend(YUAN, 700, "Cinema")
    house.issuer.spend(KIOSK, 300, "Bakery")
    text = (await alice.says("/history")).text
    assert "Cinema · Panda Gift Card ·1001" in text
    assert "Bakery · Kiosk Card ·2001" in text


async def test_a_change_between_two_readings_is_itself_an_entry_where_there_is_no_history(
    corner: House,
) -> None:
    alice = corner.guest("Alice")
    await alice.says("/bind", KIOSK)
    await alice.presses("Corner")
    assert "CN¥161.50" in alice.newest.text
    await corner.passes(minutes=30)
    await alice.says("/balance")
    corner.issuer.spend(KIOSK, 1250)
    await corner.passes(minutes=48)
    text = (await alice.says("/history 2001")).text.replace("\u202f", " ")
    entries = text.split("\n\n")[1:]
    assert len(entries) == 2
    assert re.fullmatch(
        r"-CN¥12\.50  Changed\nbetween 12:3\d PM and 1:1\d PM → CN¥149\.00", entries[0]
    )
    assert re.fullmatch(r"\+CN¥161\.50  First balance\n12:0\d PM → CN¥161\.50", entries[1])


async def test_a_balance_the_holder_sets_is_an_entry_too(alice: Guest) -> None:
    await alice.says("/bind", "AB-778899001", "Corner shop", "200")
    await alice.presses("Set balance")
    await alice.says("150.50")
    text = (await alice.presses("History")).text
    assert "-CN¥49.50  Set by hand" in text
    assert "+CN¥200.00  First balance" in text


async def test_the_history_of_several_cards_of_a_name_is_asked_about(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/bind", "AB-778899001", "Kiosk around the corner", "20")
    asked = await alice.says("/history kiosk")
    assert "which card" in asked.text
    assert "around the corner ·9001" in (await alice.presses("corner")).text
    assert "No card of yours" in (await alice.says("/history nowhere")).text


async def test_without_entries_that_is_said(alice: Guest) -> None:
    assert "No entries yet" in (await alice.says("/history")).text


async def test_a_page_that_is_not_there_any_more_shows_the_last(alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("History")
    await alice.forges(alice.offered("history:").rpartition(":")[0] + ":4000")
    assert "6 of 6" in alice.newest.labels


async def test_a_purchase_and_its_refund_are_read_although_the_balance_is_the_same(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 1500, "Umbrella")
    house.issuer.top_up(KIOSK, 1500, "Umbrella brought back")
    await house.passes(minutes=1)
    await alice.says("/history")
    assert alice.sees("Umbrella brought back")


async def test_a_history_that_could_not_be_read_is_not_shown_as_if_it_were_whole(
    house: House, alice: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 1250, "Flower stall")
    await house.passes(minutes=1)
    house.issuer.fail_next(503, after=1, times=9)  # the balance is told, the entries are not
    for command in ("/history 2001", "/history"):
        text = (await alice.says(command)).text
        assert "Kiosk Card's history could not be read just now" in text
        assert "Flower stall" not in text
    assert "reading a history of" in caplog.text
    house.issuer._script.clear()
    await house.passes(minutes=1)
    text = (await alice.says("/history")).text
    assert "could not be read" not in text
    assert "Flower stall" in text


async def test_that_is_said_although_the_balance_is_the_same(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=1)
    house.issuer.fail_next(503, after=1, times=9)
    assert "could not be read just now" in (await alice.says("/history")).text
