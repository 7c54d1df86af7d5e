"""A card goes over to somebody for good, with everything of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from storage import Card


async def link_of(house: House, owner: Guest) -> tuple[Card, str]:
    (card,) = await house.kabao.parts.store.cards.list(owner.id)
    await owner.says("/share")
    await owner.presses("Hand over for good")
    await owner.presses("Make the link")
    found = re.search(r"\?start=(\S+)", owner.newest.text)
    assert found is not None
    return card, found[1]


async def test_alice_hands_a_card_over_and_has_it_no_longer(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.says("/spent 12.50 lunch")
    card, payload = await link_of(house, alice)
    assert "hands Panda Gift Card ·1001 over to you" in (await bob.says(f"/start {payload}")).text
    await bob.presses("Take it")
    store = house.kabao.parts.store
    assert await store.cards.get(alice.id, card.id) is None
    assert (await store.cards.secrets(bob.id, card.id))["number"] == YUAN
    assert any("It is theirs now" in one for one in alice.told)
    assert "You have no card yet" in (await alice.says("/balance")).text
    for word in ("card", "reveal", "refresh", "sharing"):
        assert (await alice.forges(f"{word}:{card.id}"))[-1].startswith("This button is out")
    history = (await bob.says("/history 1001")).text
    assert "lunch · 👤 Alice" in history
    await bob.says("/show")
    assert bob.sees(YUAN)
    actions = [one.action for one in await store.audit.of(alice.id, limit=9)]
    assert "handed over" in actions


async def test_whom_it_was_shared_with_has_it_no_longer_either(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    await carol.says("/start")
    await alice.binds(YUAN, PIN)
    card, payload = await link_of(house, alice)
    await house.kabao.parts.store.shares.give(alice.id, card.id, carol.id, "manage")
    await bob.says(f"/start {payload}")
    await bob.presses("Take it")
    assert await house.kabao.parts.store.shares.card(carol.id, card.id, "see") is None
    assert await house.kabao.parts.store.shares.people(bob.id, card.id) == []


async def test_a_card_bob_has_himself_is_kindly_refused_and_stays(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    await bob.binds(KIOSK)
    card, payload = await link_of(house, alice)
    await bob.says(f"/start {payload}")
    assert "You have this card yourself already" in (await bob.presses("Take it")).text
    assert await house.kabao.parts.store.cards.get(alice.id, card.id) is not None


@pytest.mark.parametrize(
    "way", [["Hand over for good", "Make the link"], ["Share with somebody", "May see"]]
)
async def test_a_link_is_made_only_after_the_passcode(
    house: House, alice: Guest, way: list[str]
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/lock")
    await alice.presses(1)
    await alice.says("8305", "8305")
    await alice.says("/lock now")
    await alice.says("/share")
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    for button in way:
        await alice.presses(button)
    assert "Send your passcode" in alice.newest.text
    await alice.says("7419")
    assert await house.kabao.parts.store.shares.links(alice.id, card.id) == []
    assert not alice.sees("?start=")
    await alice.says("8305")
    assert len(await house.kabao.parts.store.shares.links(alice.id, card.id)) == 1
    assert alice.sees("?start=")
    assert not any("8305" in one for one in alice.wrote)
