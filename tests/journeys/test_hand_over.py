"""A card goes over to somebody for good, with everything of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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


async def test_a_link_to_hand_over_asks_for_the_passcode(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    features = house.kabao.features if hasattr(house.kabao, "features") else None
    del features
    from bot.features import discover  # noqa: PLC0415 - what is guarded is the features' to say

    assert {"handlink", "sharelink", "groupshare"} <= discover().guarded
    assert card.owner_id == alice.id
