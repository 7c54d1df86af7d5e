"""The database takes nothing for a while: it is said, nothing is half done, and it works after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.house import PIN, YUAN, Guest, House, refusing
from tests.journeys.test_expiring import reminders, with_date
from tests.journeys.test_import import catima, sends
from tests.journeys.test_sharing import link_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

FULL = "Sorry, I cannot write to my database just now"


def full(house: House, what: str) -> AbstractContextManager[None]:
    return refusing(house, f"INSERT ON {what}")


async def test_cards_that_could_not_be_saved_are_saved_by_the_same_button(
    house: House, alice: Guest
) -> None:
    await alice.says("/import")
    shown = await sends(house, alice, "catima.zip", catima())
    store = house.kabao.parts.store.cards
    with full(house, "barcodes"):  # the last of what belongs to them
        await alice.presses("Save", message=shown)
        assert FULL in alice.newest.text
        assert await store.list(alice.id) == []
    await alice.presses("Save", message=shown)
    assert alice.sees("✅ 3 cards moved in.")
    assert len([*await store.list(alice.id), *await store.archived(alice.id)]) == 3


async def test_a_link_that_could_not_be_taken_is_not_used_up(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await bob.says(f"/start {await link_of(house, alice, 'spend')}")
    offer = bob.newest
    for what in ("shares", "outbox"):  # the share, and that its giver is told
        with full(house, what):
            await bob.presses("Take it", message=offer)
            assert FULL in bob.newest.text
            assert not alice.sees("took your link")
    await bob.presses("Take it", message=offer)
    assert bob.sees("👤 Alice's card · you may spend")
    assert alice.sees("took your link")


async def test_nothing_is_shown_sent_or_asked_that_cannot_be_written_down(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    with full(house, "vanishing"):
        await alice.says("/show 1001")
        assert FULL in alice.newest.text
        await alice.says("/export")
        await alice.presses("Without a passphrase")
        await alice.presses("Yes, without a passphrase")
        assert FULL in alice.newest.text
    assert not alice.sees(YUAN)
    assert not alice.sees("One moment")
    assert not any("document" in message.raw for message in alice.person.chat)
    with full(house, "ticket_messages"):
        assert FULL in (await alice.says("/feedback I like it")).text
    assert await house.kabao.parts.store.tickets.of(alice.id, limit=9) == []
    assert "Request #" in (await alice.says("/feedback I like it")).text


async def test_a_reminder_that_could_not_be_owed_comes_once_there_is_room(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    with full(house, "outbox"):
        await house.passes(hours=3 * 24)
        assert reminders(alice) == []
    await house.passes(minutes=6)
    assert len(reminders(alice)) == 1
