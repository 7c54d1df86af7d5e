"""Dates, zones and clocks at the ends of what there is; nobody's odd day keeps others waiting."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_digest import digests
from tests.journeys.test_expiring import reminders, with_date
from tests.journeys.test_import import sends

if TYPE_CHECKING:
    from storage import Card

WEST, EAST = "Pacific/Pago_Pago", "Pacific/Kiritimati"
"""Eleven hours behind, and fourteen ahead: it is never the same day in both for two hours."""


async def card_of(house: House, guest: Guest) -> Card:
    (card,) = await house.kabao.parts.store.cards.list(guest.id)
    return card


async def until(house: House, moment: datetime) -> None:
    await house.passes(seconds=(moment - house.clock()).total_seconds())


async def test_a_card_whose_date_cannot_be_reckoned_keeps_nobody_from_being_reminded(
    house: House, alice: Guest, bob: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    await bob.binds(YUAN, PIN)
    await with_date(alice)
    last = int(datetime(9999, 12, 31, 20, tzinfo=UTC).timestamp() * 1e6)
    with closing(sqlite3.connect(house.database)) as raw, raw:
        raw.execute(
            "UPDATE cards SET expires_at = ?, expiry_source = 'holder', next_expiry_at = 1"
            " WHERE owner_id = ?",
            (last, bob.id),
        )
    await until(house, datetime(2026, 11, 27, 2, 1, tzinfo=UTC))
    assert len(reminders(alice)) == 1
    assert "could not be looked after; the others are" in caplog.text


async def test_each_is_reminded_on_their_own_morning_at_either_end_of_the_world(
    house: House, alice: Guest, bob: Guest
) -> None:
    for guest, number, zone in ((alice, KIOSK, WEST), (bob, YUAN, EAST)):
        await guest.binds(number, *([PIN] if number == YUAN else []))
        await guest.says(f"/timezone {zone}", "/expiring 8", f"/expiring {number[-4:]} 2026-12-10")
        shown = guest.newest.text
        assert "Until Dec 10, 2026" in shown
    first = datetime(2026, 12, 1, 19, 0, tzinfo=UTC)  # nine in the morning of 2 December there
    await until(house, first - timedelta(minutes=1))
    assert reminders(bob) == []
    await until(house, first)
    assert "until Dec 10, 2026: in 8 days" in reminders(bob)[0]
    await until(house, first + timedelta(hours=24, minutes=59))
    assert reminders(alice) == []
    await until(house, first + timedelta(hours=25))
    assert "until Dec 10, 2026: in 8 days" in reminders(alice)[0]
    over = datetime(2026, 12, 10, 10, 0, tzinfo=UTC)  # midnight at the end of the day
    for guest, ends in ((bob, over), (alice, over + timedelta(hours=25))):
        card = await card_of(house, guest)
        assert card.expires_at == ends


async def test_a_reminder_moves_with_the_zone_and_is_told_once(house: House, alice: Guest) -> None:
    await with_date(alice)
    await alice.says(f"/timezone {WEST}")
    await until(house, datetime(2026, 11, 27, 3, tzinfo=UTC))
    assert reminders(alice) == []
    await until(house, datetime(2026, 11, 27, 21, tzinfo=UTC))
    assert len(reminders(alice)) == 1
    await alice.says(f"/timezone {EAST}")
    await house.passes(hours=48)
    assert len(reminders(alice)) == 1


async def test_a_clock_put_back_tells_nothing_a_second_time(house: House, alice: Guest) -> None:
    await with_date(alice)
    await alice.says("/digest daily", "/digest off")
    await until(house, datetime(2026, 11, 27, 2, 1, tzinfo=UTC))
    house.clock._ahead -= timedelta(days=2)
    for _ in range(4):
        await house.passes(hours=18)
    assert len(reminders(alice)) == 1


async def test_the_digest_comes_at_nine_on_the_mornings_when_clocks_change(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/timezone America/New_York", "/digest daily")
    for before, minor, nine in (
        (datetime(2027, 3, 13, 15, tzinfo=UTC), 13500, datetime(2027, 3, 14, 13, tzinfo=UTC)),
        (datetime(2027, 11, 6, 14, tzinfo=UTC), 100, datetime(2027, 11, 7, 14, tzinfo=UTC)),
    ):
        await until(house, before)
        seen = len(digests(alice))
        house.issuer.spend(KIOSK, minor)
        await house.passes(hours=7)
        await until(house, nine - timedelta(minutes=1))
        assert len(digests(alice)) == seen
        await until(house, nine)
        assert len(digests(alice)) == seen + (minor > 100)


@pytest.mark.parametrize("written", ["0001-01-01", "0001-01-02", "9999-12-31", "2024-02-29"])
async def test_a_table_with_a_day_that_stands_for_none_is_read(
    house: House, alice: Guest, written: str
) -> None:
    await alice.says("/import")
    table = f"name,card number,expires\nBakery,6288111122223333,{written}\n"
    await sends(house, alice, "cards.csv", table.encode())
    await alice.forges("moveread")
    assert not alice.sees("Sorry")
    assert ("until" in alice.newest.text) == written.startswith("2")
    assert "Bakery" in alice.newest.text
