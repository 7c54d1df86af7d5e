"""Cards that hold points or visits: counted beside money, never with it, and spent by one tap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.journeys.test_pay import by_hand

if TYPE_CHECKING:
    from tests.house import Guest, House


async def test_a_card_for_ten_visits_is_punched_by_one_tap(house: House, alice: Guest) -> None:
    await by_hand(alice, "1111222233334444", "Pool", "10 visits")
    assert alice.sees("10 visits")
    told = await alice.presses("⚡ 1 visit")
    assert told.text == "⚡ Pool ·4444: 1 visit spent\n10 - 1 = 9"
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    assert (card.balance_minor, card.currency) == (9, "visits")
    await alice.presses("Undo")
    opened = await alice.presses("The card")
    assert "10 visits" in opened.text
    assert "⚡ 1 visit" in opened.labels


async def test_how_many_visits_one_tap_books_is_chosen_or_none(alice: Guest) -> None:
    await by_hand(alice, "1111222233334444", "Pool", "10 visits")
    await alice.presses("More")
    asked = await alice.presses("One-tap")
    assert "one tap book as spent on Pool ·4444? For example 1 visit." in asked.text
    told = await alice.says("2")
    assert told.text == "One tap on Pool ·4444 now books 2 visits."
    assert (await alice.presses("⚡ 2 visits")).text.endswith("10 - 2 = 8")
    await alice.presses("The card")
    await alice.presses("More")
    await alice.presses("One-tap")
    await alice.presses("Switch it off")
    opened = await alice.presses("The card")
    assert not any("⚡" in label for label in opened.labels)


async def test_points_are_not_added_to_money(house: House, alice: Guest) -> None:
    await by_hand(alice, "1111222233334444", "Air", "300 points")
    await by_hand(alice, "5555666677778888", "Tea", "50")
    assert "Total: CN¥50.00 + 300 points" in (await alice.says("/balance")).text
    assert "Air" not in (await alice.says("/pay 40")).text
    told = await alice.says("/pay 40 points")
    assert "Pay with Air ·4444; 260 points stays on it." in told.text
    told = await alice.says("/pay 90 CNY")
    assert not any("90 points" in label for label in told.labels)
    await alice.says("/set 120 points Air")
    cards = {one.label: one for one in await house.kabao.parts.store.cards.list(alice.id)}
    assert (cards["Air"].balance_minor, cards["Tea"].balance_minor) == (120, 5000)


async def test_xiaoming_counts_in_chinese(ming: Guest) -> None:
    await ming.says("/bind")
    await ming.presses("其他卡")
    shown = await ming.says("1111222233334444", "游泳", "10次")
    assert "10 次" in shown.text
