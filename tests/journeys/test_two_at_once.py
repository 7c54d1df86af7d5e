"""Several people do at once what concerns the same card; on either database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.money import Money
from storage import NewCard
from tests.house import Guest, House
from tests.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from storage import Card


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres | None]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, server: Postgres | None
) -> AsyncIterator[House]:
    """A running bot on either database."""
    if request.param == "sqlite":
        url = None
    elif server is None:
        pytest.skip("this machine has no PostgreSQL server")
    else:
        url = await server.new_database()
    async with House(tmp_path, url) as opened:
        yield opened


async def at_once(house: House, *acts: object) -> None:
    """Let several people act before the bot has done anything, and wait for all of it."""
    updates = await asyncio.gather(*acts)  # type: ignore[call-overload]
    async with asyncio.timeout(30):
        for update in updates:
            await house.settled(update)


async def keeps(house: House, guest: Guest, name: str, number: str, minor: int = 5000) -> Card:
    """Give somebody a card that they keep by hand."""
    parts = house.kabao.parts
    await parts.store.people.arrive(guest.id, name=guest.person.name, language="en")
    new = NewCard(
        issuer="other",
        label=name,
        tail=number[-4:],
        secrets={"number": number},
        number=number,
        currency="CNY",
    )
    card = await parts.store.cards.add(guest.id, new)
    booked = await parts.bookings.set(guest.id, card.id, Money(minor, "CNY"))
    assert booked is not None
    return booked.card


async def left(house: House, *guests: Guest) -> int:
    """Count what is on all their cards together, and see that entries add up to it."""
    store, total = house.kabao.parts.store, 0
    for guest in guests:
        for card in await store.cards.list(guest.id):
            entries = await store.ledger.page(guest.id, card.id, limit=200)
            assert sum(entry.amount_minor for entry in entries) == card.balance_minor
            total += card.balance_minor or 0
    return total


async def test_two_who_pay_with_the_same_two_cards_wait_for_each_other_and_both_pay(
    house: House, alice: Guest, bob: Guest
) -> None:
    parts = house.kabao.parts
    tea = await keeps(house, alice, "Tea", "1111222233334444")
    books = await keeps(house, bob, "Books", "5555666677778888")
    await parts.store.shares.give(alice.id, tea.id, bob.id, "spend")
    await parts.store.shares.give(bob.id, books.id, alice.id, "spend")
    for _ in range(4):  # each begins with a card of their own
        plans = [await guest.says("/pay 60") for guest in (alice, bob)]
        pressed = [
            guest.person.presses("Paid", message=plan)
            for guest, plan in zip((alice, bob), plans, strict=True)
        ]
        await at_once(house, *pressed)
        assert not alice.sees("Sorry")
        assert not bob.sees("Sorry")
        assert await left(house, alice, bob) == 4000
        for card in (tea, books):
            await parts.bookings.set(card.owner_id, card.id, Money(5000, "CNY"))


async def test_more_pay_at_one_moment_than_there_are_connections(house: House) -> None:
    guests = [house.guest(f"Guest {n}", "en") for n in range(12)]
    pressed = []
    for n, guest in enumerate(guests):
        await keeps(house, guest, "Tea", f"11112222333344{n:02}")
        await keeps(house, guest, "Books", f"55556666777788{n:02}")
        plan = await guest.says("/pay 60")
        pressed.append(guest.person.presses("Paid", message=plan))
    await at_once(house, *pressed)
    assert await left(house, *guests) == 12 * 4000


async def test_who_is_erased_while_somebody_books_on_their_card_is_erased(
    house: House, alice: Guest, bob: Guest
) -> None:
    store = house.kabao.parts.store
    tea = await keeps(house, alice, "Tea", "1111222233334444")
    await keeps(house, bob, "Books", "5555666677778888")
    booking = asyncio.Event()

    async def books() -> bool:
        async with store.transaction() as tx:
            await tx.cards.lock(alice.id, tea.id)
            booking.set()
            await asyncio.sleep(0.2)  # the erasing waits for the card by now
            owed = {"key": "low", "not_before": house.clock(), "recipient_id": bob.id}
            return await tx.outbox.put(alice.id, tea.id, "low", {}, **owed)  # type: ignore[arg-type]

    async def erases() -> bool:
        await booking.wait()
        return await store.people.forget(alice.id)

    assert all(await asyncio.gather(books(), erases()))
    assert await store.people.get(alice.id) is None


async def test_two_who_said_what_is_on_each_others_cards_are_erased_at_once(
    house: House, alice: Guest, bob: Guest
) -> None:
    store = house.kabao.parts.store
    tea = await keeps(house, alice, "Tea", "1111222233334444")
    books = await keeps(house, bob, "Books", "5555666677778888")
    await store.cards.change(alice.id, tea.id, balance_by=bob.id)
    await store.cards.change(bob.id, books.id, balance_by=alice.id)
    assert all(await asyncio.gather(*(store.people.forget(one.id) for one in (alice, bob))))
    assert await store.people.ids() == []


async def test_a_button_pressed_twice_at_once_books_once(house: House, alice: Guest) -> None:
    await keeps(house, alice, "Tea", "1111222233334444")
    plan = await alice.says("/pay 10")
    await at_once(house, *(alice.person.presses("Paid", message=plan) for _ in range(2)))
    assert await left(house, alice) == 4000
    assert not alice.sees("Sorry")


async def test_who_may_not_any_more_when_they_press_books_nothing(
    house: House, alice: Guest, bob: Guest
) -> None:
    store = house.kabao.parts.store
    tea = await keeps(house, alice, "Tea", "1111222233334444")
    await keeps(house, bob, "Books", "5555666677778888", 100)
    await store.shares.give(alice.id, tea.id, bob.id, "spend")
    plan = await bob.says("/pay 10")
    await store.shares.revoke(alice.id, tea.id, bob.id)
    await bob.presses("Paid", message=plan)
    assert await left(house, alice, bob) == 5100
    assert "A balance has changed since" in bob.person.notices[-1]


async def test_whose_card_goes_while_somebody_types_about_it_ends_the_question(
    house: House, alice: Guest, bob: Guest
) -> None:
    tea = await keeps(house, alice, "Tea", "1111222233334444")
    await bob.says("/start")
    await house.kabao.parts.store.shares.give(alice.id, tea.id, bob.id, "manage")
    await bob.forges(f"rename:{tea.id}")
    await alice.says("/forget")
    await alice.presses("Yes, erase everything")
    assert "That card is no longer here." in (await bob.says("Green tea")).text
    assert "You have no card yet" in (await bob.says("/balance")).text
