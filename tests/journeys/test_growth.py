"""What is over is swept out: no table grows for ever by what nobody will look at again."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_expiring import with_date
from tests.journeys.test_import import catima, sends
from tests.journeys.test_sharing import link_of, share

SWEPT = (
    *("dialogues", "inbox", "invitations", "outbox", "receipts", "share_links"),
    *("ticket_messages", "tickets", "tries", "vanishing"),
)


def rows(house: House) -> dict[str, int]:
    """Count what stands in each table that is swept."""
    with closing(sqlite3.connect(house.database)) as raw:
        count = "SELECT count(*) FROM "
        return {name: raw.execute(count + name).fetchone()[0] for name in SWEPT}


async def test_of_a_life_with_everything_in_it_only_what_is_still_of_use_is_left(
    house: House, alice: Guest, bob: Guest
) -> None:
    await with_date(alice)
    await alice.says("/show 2001")
    await share(house, alice, bob, "manage")
    await link_of(house, alice, "see")
    await bob.binds(YUAN, PIN)
    await bob.says("/feedback I like it", "/import")
    await sends(house, bob, "catima.zip", catima())
    await bob.person.blocks()
    house.issuer.spend(KIOSK, 14000)
    for _ in range(4):
        await house.passes(hours=48)
    before = rows(house)
    assert before["outbox"] > 2  # some are owed to Bob, who blocked the bot
    assert all(before[name] for name in ("share_links", "ticket_messages", "tickets", "tries"))
    house.clock.advance(100 * 24 * 3600)
    await house.kabao._jobs.clean()
    assert rows(house)["outbox"] > 0  # he may yet come back
    house.clock.advance(300 * 24 * 3600)
    await house.kabao._jobs.clean()
    assert rows(house) == dict.fromkeys(SWEPT, 0)
    assert len(await house.kabao.parts.store.cards.list(bob.id)) == 1


async def test_who_comes_back_after_months_is_told_what_still_matters_once(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.person.blocks()
    house.issuer.spend(KIOSK, 14000)
    for _ in range(10):
        await house.passes(hours=10 * 24)
        await house.kabao._jobs.clean()
    await alice.person.unblocks()
    await alice.says("/help")
    await house.passes(seconds=1)
    assert sum("runs low" in text for text in alice.told) == 1
