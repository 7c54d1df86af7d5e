"""The main journeys once more, on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.playground.world import stable_id
from storage import receipt
from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_hand_over import link_of as hand_link_of
from tests.journeys.test_import import catima, sends
from tests.journeys.test_sharing import share
from tests.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres | None]:
    with postgres() as running:
        yield running


@pytest.fixture
async def house(tmp_path: Path, server: Postgres | None) -> AsyncIterator[House]:
    """A running bot on PostgreSQL, closed, with one admin."""
    if server is None:
        pytest.skip("this machine has no PostgreSQL server")
    url = await server.new_database()
    carol = str(stable_id("Carol"))
    async with House(tmp_path, url, access="closed", admins=carol) as opened:
        yield opened


@pytest.fixture
async def alice(house: House) -> Guest:
    """Somebody who was invited."""
    carol, alice = house.guest("Carol", "en"), house.guest("Alice", "en")
    link = (await carol.says("/invite")).text.rpartition("?start=")[2]
    await alice.says(f"/start {link.split()[0]}")
    return alice


async def test_a_person_binds_asks_reads_history_and_is_warned(house: House, alice: Guest) -> None:
    assert "CN¥200.00" in (await alice.binds(YUAN, PIN)).text
    assert "CN¥161.50" in (await alice.binds(KIOSK)).text
    house.issuer.spend(YUAN, 17000, "Feast")
    await house.passes(hours=7)
    assert alice.sees("runs low") or alice.sees("CN¥30.00")
    panel = await alice.says("/balance")
    assert "Total: CN¥191.50" in panel.text
    await alice.says("/history 1001", "/history 1001")
    assert alice.newest.text.count("Feast") == 1


async def test_cards_are_renamed_removed_and_brought_back(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    assert "Lunch ·2001" in (await alice.says("Lunch")).text
    await alice.presses("Remove")
    await alice.presses("Yes, remove")
    assert "Lunch ·2001" in (await alice.presses("Undo")).text
    await house.restart()
    assert "Lunch ·2001" in (await alice.says("/balance lunch")).text


async def test_an_old_pin_is_renewed_and_a_failure_keeps_the_balance(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(minutes=1)
    panel = await alice.says("/balance")
    assert "no longer accepts the PIN" in panel.text
    assert "CN¥200.00" in panel.text
    assert "⚠️" not in (await alice.binds(YUAN, "4321")).text


async def test_a_card_kept_by_hand_and_a_half_finished_bind(house: House, alice: Guest) -> None:
    await alice.says("/bind", "AB-778899001", "Corner shop", "20")
    await alice.presses("Set balance")
    assert "CN¥15.50" in (await alice.says("15.5")).text
    await alice.says("/bind", YUAN)
    await house.restart()
    assert "Bound" in (await alice.says(PIN)).text


async def test_whoever_is_forgotten_is_gone(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/forget")
    await alice.presses("Yes, erase everything")
    assert await house.kabao.parts.store.people.get(alice.id) is None
    assert "private card wallet" in (await alice.says("/balance")).text


async def test_an_invitation_lets_in_one_person(house: House, alice: Guest) -> None:
    erin = house.guest("Erin", "en")
    await erin.says("/start in-guessed")
    assert await house.kabao.parts.store.people.get(erin.id) is None
    await erin.presses("Ask to be let in")
    await house.guest("Carol", "en").says("/invite")
    await house.guest("Carol", "en").presses("Let in Erin")
    assert "no card yet" in (await erin.says("/balance")).text
    assert "no card yet" in (await alice.says("/balance")).text


async def test_a_panel_noted_while_one_of_its_cards_is_written_holds_up_nothing(
    house: House, alice: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    await alice.binds(KIOSK)
    parts, update = house.kabao.parts, 77
    (card,) = await parts.store.cards.list(alice.id)
    parts.journal.handled(update)
    parts.journal.panel_shown(alice.id, 1, {card.id: 16150})
    receipt.set(update)
    async with parts.store.transaction() as tx:
        await tx.cards.lock(alice.id, card.id)
        noting = asyncio.create_task(parts.journal.write())
        await asyncio.wait({noting}, timeout=0.3)
        await tx.cards.change(alice.id, card.id, label="Lunch")
    await noting
    assert "deadlock" not in caplog.text
    assert "Lunch ·2001" in (await alice.says("/balance")).text


async def let_in(house: House, guest: Guest) -> None:
    link = (await house.guest("Carol", "en").says("/invite")).text.rpartition("?start=")[2]
    await guest.says(f"/start {link.split()[0]}")


async def test_a_card_is_paid_with_shared_told_of_and_handed_over(
    house: House, alice: Guest, bob: Guest
) -> None:
    await let_in(house, bob)
    await alice.binds(KIOSK)
    await alice.says("/expiring Kiosk 2026-12-02", "/digest daily")
    await share(house, alice, bob, "spend")
    await bob.says("/pay 60")
    await bob.presses("Paid")
    await house.passes(hours=48)
    assert any(text.startswith("Today") and "Kiosk Card" in text for text in alice.told)
    card, payload = await hand_link_of(house, alice)
    await bob.says(f"/start {payload}")
    await bob.presses("Take it")
    assert "👤 Alice" not in (await bob.says("/balance")).text
    assert "You have no card yet" in (await alice.says("/balance")).text
    entries = await house.kabao.parts.store.ledger.page(bob.id, card.id, limit=9)
    assert sum(entry.amount_minor == -6000 for entry in entries) == 1
    assert any("It is theirs now." in text for text in alice.told)


async def test_cards_move_in_and_a_notice_and_a_request_arrive(house: House, alice: Guest) -> None:
    carol = house.guest("Carol", "en")
    await alice.says("/import")
    await sends(house, alice, "catima.zip", catima())
    await alice.presses("Save")
    assert len(await house.kabao.parts.store.cards.list(alice.id)) == 2
    await alice.says("/feedback I like it")
    assert any("I like it" in text for text in carol.told)
    await carol.says("/announce Maintenance tonight")
    await carol.presses("Send it")
    assert alice.told.count("📣 Maintenance tonight") == 1
    await house.passes(minutes=2)
    assert carol.sees("📣 2 people got the notice.")
    await alice.says("/insights")
    assert not alice.sees("Sorry")
