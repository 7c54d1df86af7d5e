"""At the till: can I pay this, by which card, and it is booked by one tap."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from storage import NewCard
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from bot.playground import Seen
    from storage import Card


async def by_hand(guest: Guest, number: str, name: str, amount: str) -> None:
    """Bind a card that its holder keeps by hand."""
    await guest.says("/bind")
    await guest.presses("Another card")
    await guest.says(number, name, amount)


async def cards_of(house: House, guest: Guest) -> dict[str, Card]:
    return {card.label: card for card in await house.kabao.parts.store.cards.list(guest.id)}


async def balances(house: House, guest: Guest) -> dict[str, int | None]:
    return {name: card.balance_minor for name, card in (await cards_of(house, guest)).items()}


def again(guest: Guest, message: Seen) -> Seen:
    """Look at a message anew."""
    return next(one for one in guest.person.chat if one.id == message.id)


async def three(house: House, guest: Guest) -> None:
    """Give her a Tea card with 50 that expires soon, a Books card with 90, a Shoes card with 30."""
    await by_hand(guest, "1111222233334444", "Tea", "50")
    await by_hand(guest, "5555666677778888", "Books", "90")
    await by_hand(guest, "9999000011112222", "Shoes", "30")
    tea = (await cards_of(house, guest))["Tea"]
    soon = house.clock() + timedelta(days=3)
    await house.kabao.parts.store.cards.change(guest.id, tea.id, expires_at=soon)


async def test_one_card_is_enough(house: House, alice: Guest) -> None:
    await three(house, alice)
    told = await alice.says("/pay 80")
    assert told.text == (
        "CN¥80.00 to pay\n"
        "🟢 Books ·8888  CN¥90.00  enough\n"
        "🟠 Tea ·4444  CN¥50.00  not enough  until Nov 27, 2026\n"
        "🟠 Shoes ·2222  CN¥30.00  not enough\n\n"
        "Pay with Books ·8888; CN¥10.00 stays on it."
    )
    assert told.labels == ["👁 Show Books ·8888", "✅ Paid: book CN¥80.00"]
    await alice.presses("Paid")
    done = again(alice, told)
    assert done.text == "✅ CN¥80.00 paid\nBooks ·8888: CN¥80.00, CN¥10.00 left"
    assert await balances(house, alice) == {"Tea": 5000, "Books": 1000, "Shoes": 3000}
    await alice.presses("Undo", message=done)
    assert await balances(house, alice) == {"Tea": 5000, "Books": 9000, "Shoes": 3000}


async def test_two_cards_together_the_one_that_expires_first_and_then_the_fewest(
    house: House, alice: Guest
) -> None:
    await three(house, alice)
    told = await alice.says("/pay 120.50")
    assert told.text.endswith(
        "No single card is enough. Together:\n• Tea ·4444: CN¥50.00\n• Books ·8888: CN¥70.50"
    )
    assert told.labels == ["👁 Show 2 cards, one after another", "✅ Paid: book CN¥120.50"]
    await alice.presses("Paid", message=told)
    assert await balances(house, alice) == {"Tea": 0, "Books": 1950, "Shoes": 3000}


async def test_the_cards_of_a_plan_are_shown_one_after_another_and_booked_at_the_last(
    house: House, alice: Guest
) -> None:
    await three(house, alice)
    told = await alice.says("/pay 120.50")
    first = await alice.presses("Show 2 cards")
    assert first.text.startswith("Card 1 of 2: pay CN¥50.00 with it.\nTea ·4444\n")
    assert "1111222233334444" in first.text
    assert "Next card (2 of 2) ▸" in first.labels
    second = await alice.presses("Next card", message=first)
    assert second.text.startswith("Card 2 of 2: pay CN¥70.50 with it.\nBooks ·8888\n")
    assert "5555666677778888" in second.text
    assert not alice.sees("1111222233334444")
    assert "✅ Paid: book CN¥120.50" in second.labels
    data = alice.offered("till:paid")
    await alice.presses("Paid", message=second)
    assert alice.sees("✅ CN¥120.50 paid")
    assert not alice.sees("5555666677778888")
    assert await balances(house, alice) == {"Tea": 0, "Books": 1950, "Shoes": 3000}
    await alice.forges(data)
    await alice.presses("Paid", message=told)
    assert await balances(house, alice) == {"Tea": 0, "Books": 1950, "Shoes": 3000}
    assert "A balance has changed since" in alice.person.notices[-1]


async def test_what_was_booked_at_the_shown_card_is_not_booked_again_at_the_plan(
    house: House, alice: Guest
) -> None:
    await three(house, alice)
    told = await alice.says("/pay 20")
    shown = await alice.presses("Show Tea")
    assert shown.text.startswith("Pay CN¥20.00 with this card:")
    await alice.presses("Paid", message=shown)
    after = await balances(house, alice)
    await alice.presses("Paid", message=told)
    assert await balances(house, alice) == after


async def test_a_plan_of_very_many_cards_fits_into_a_message(house: House, alice: Guest) -> None:
    await alice.says("/start")
    new = [
        NewCard(
            "other",
            f"Shop with a long name {n}",
            f"{n:04}",
            {"number": f"{n}"},
            f"{n}",
            "CNY",
            state="active",
            balance_minor=100 + n,
            balance_at=house.clock(),
        )
        for n in range(200)
    ]
    await house.kabao.parts.store.cards.add_many(alice.id, new)
    told = await alice.says("/pay 399")
    assert "• 188 more cards: CN¥" in told.text
    await alice.presses("Paid")
    done = again(alice, told)
    assert "• 188 more cards: CN¥" in done.text
    assert set((await balances(house, alice)).values()) == {0}


async def test_what_no_cards_hold_is_paid_in_cash(house: House, alice: Guest) -> None:
    await three(house, alice)
    told = await alice.says("/pay 200")
    assert told.text.endswith("• Shoes ·2222: CN¥30.00\n• in cash: CN¥30.00")
    await alice.presses("Paid")
    assert again(alice, told).text.endswith("In cash: CN¥30.00")
    assert await balances(house, alice) == {"Tea": 0, "Books": 0, "Shoes": 0}


async def test_pressed_twice_it_is_booked_once(house: House, alice: Guest) -> None:
    await three(house, alice)
    await alice.says("/pay 20")
    data = alice.offered("till:paid")
    await alice.presses("Paid")
    await alice.forges(data)
    assert sum(one or 0 for one in (await balances(house, alice)).values()) == 15000


async def test_a_balance_that_changed_since_is_planned_anew_and_not_booked(
    house: House, alice: Guest
) -> None:
    await three(house, alice)
    told = await alice.says("/pay 80")
    await alice.says("/spent 60 Books")
    await alice.presses("Paid", message=told)
    assert await balances(house, alice) == {"Tea": 5000, "Books": 3000, "Shoes": 3000}
    assert "A balance has changed since" in alice.person.notices[-1]
    assert "No single card is enough" in again(alice, told).text


async def test_only_at_the_shop_that_is_named(house: House, alice: Guest) -> None:
    await three(house, alice)
    told = await alice.says("/pay 20 tea")
    assert told.text == (
        "CN¥20.00 to pay\n🟢 Tea ·4444  CN¥50.00  enough  until Nov 27, 2026\n\n"
        "Pay with Tea ·4444; CN¥30.00 stays on it."
    )
    told = await alice.says("/pay 20 pharmacy")
    assert told.text == "“pharmacy”: no card of yours is called so."
    assert "CN¥20.00 to pay" in (await alice.presses("All cards: CN¥20.00")).text
    assert "I find no amount" in (await alice.says("/pay tea")).text


async def test_blocked_expired_unknown_and_stale_cards_are_left_out_and_named(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await three(house, alice)
    cards = await cards_of(house, alice)
    store, past = house.kabao.parts.store, house.clock() - timedelta(days=1)
    await store.cards.change(alice.id, cards["Tea"].id, expires_at=past)
    await store.cards.change(alice.id, cards["Books"].id, balance_minor=None)
    await store.cards.change(alice.id, cards["Shoes"].id, state="blocked")
    panda = next(card for card in cards.values() if card.tail == "1001")
    await store.cards.change(alice.id, panda.id, balance_at=past - timedelta(days=2))
    told = await alice.says("/pay 60")
    out = told.text.split("Left out:\n")[1]
    assert "Tea ·4444: Expired" in out
    assert "Books ·8888: Balance not known yet" in out
    assert "·1001: Balance too old: 3 days ago" in out
    assert "Shoes ·2222: Blocked by the issuer" in out
    assert "No card can pay any of it." in told.text
    told = await alice.presses("Ask the issuers")
    assert "🟢 Panda Gift Card ·1001  CN¥200.00  enough" in told.text


async def test_what_somebody_keeps_by_hand_is_never_too_old_and_what_is_empty_is_named(
    house: House, alice: Guest
) -> None:
    await by_hand(alice, "1111222233334444", "Tea", "0.01")
    await by_hand(alice, "5555666677778888", "Books", "0")
    house.clock.advance(9 * 24 * 3600)
    told = await alice.says("/pay 0.01")
    assert "🟢 Tea ·4444  CN¥0.01  enough" in told.text
    assert told.text.endswith("Left out:\n⚫ Books ·8888: Empty")


async def test_an_amount_without_a_currency_is_money_wherever_there_is_some(alice: Guest) -> None:
    for n in range(3):
        await by_hand(alice, f"888800001111222{n}", f"Points {n}", "500 points")
    await by_hand(alice, "1111222233334444", "Tokyo", "3000 JPY")
    told = await alice.says("/pay 120")
    assert told.text.startswith("¥120 to pay")
    assert "120 points to pay" in (await alice.says("/pay 120 points")).text
    assert "¥3,000 to pay" in (await alice.says("/pay 3000 JPY")).text
    assert "I find no amount" in (await alice.says("/pay 120XYZ")).text


async def test_xiaoming_asks_in_his_own_words(house: House, ming: Guest) -> None:
    await ming.binds(KIOSK)
    told = await ming.says("能付10吗？")
    assert "余额充足" in told.text
    assert "用 小店卡 ·2001 付" in told.text
    assert told.labels[-1].startswith("✅ 已付款：记账")
    assert "余额不足" in (await ming.says("付 99999")).text
    before = await balances(house, ming)
    await ming.says("付款方式是什么")
    assert await balances(house, ming) == before


async def test_half_a_yen_is_no_shop_called_jpy(house: House, alice: Guest) -> None:
    await three(house, alice)
    assert "I find no amount in “100.5 JPY”" in (await alice.says("/pay 100.5 JPY")).text
    assert "no card of yours is called so" in (await alice.says("/pay 100.5 ABC")).text


async def test_an_amount_that_can_be_read_two_ways_is_asked_about(
    house: House, alice: Guest
) -> None:
    await three(house, alice)
    asked = await alice.says("/pay 1,234")
    assert asked.labels == ["CN¥1,234.00", "CN¥1.23"]
    assert "CN¥1.23 to pay" in (await alice.presses("CN¥1.23")).text


async def test_without_an_amount_it_is_asked_for(house: House, alice: Guest) -> None:
    assert "You have no card yet." in (await alice.says("/pay")).text
    await three(house, alice)
    assert "How much is to be paid?" in (await alice.says("/pay")).text
    assert "CN¥40.00 to pay" in (await alice.says("40")).text


async def test_nothing_is_no_amount_and_a_card_number_is_none(house: House, alice: Guest) -> None:
    await three(house, alice)
    assert "amount of zero" in (await alice.says("/pay 0.00")).text
    told = await alice.says("/pay 99999999999999999999")
    assert "How much is to be paid?" in told.text
    assert not any("9999" in text for text in alice.wrote + alice.told)
