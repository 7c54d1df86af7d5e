"""A card that is used often stands first, for its owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.journeys.test_pay import by_hand

if TYPE_CHECKING:
    from tests.house import Guest, House


async def test_the_card_of_every_day_stands_first_until_it_is_let_go(
    house: House, alice: Guest, bob: Guest
) -> None:
    await by_hand(alice, "1111222233334444", "Books", "50")
    await house.passes(minutes=1)
    await by_hand(alice, "5555666677778888", "Coffee", "30")
    await alice.presses("More")
    opened = await alice.presses("⭐ Put first")
    assert opened.text.startswith("🟢⭐ Coffee ·8888")
    listed = (await alice.says("/balance")).text
    assert listed.index("Coffee") < listed.index("Books")
    assert "🟢⭐ Coffee" in listed
    store = house.kabao.parts.store
    coffee, _ = await store.cards.list(alice.id)
    await bob.says("/start")
    await store.shares.give(alice.id, coffee.id, bob.id, "see")
    assert "⭐" not in (await bob.says("/balance")).text
    await alice.presses("Coffee")
    await alice.presses("More")
    await alice.presses("☆ No longer first")
    listed = (await alice.says("/balance")).text
    assert listed.index("Books") < listed.index("Coffee")
    assert "⭐" not in listed
