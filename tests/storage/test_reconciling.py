"""Bookings beside an issuer's readings, on both databases; the stories are told in the chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot import readings, reconcile
from bot.bookings import Bookings, NotEnough
from bot.issuers import Issuers, Reading
from bot.money import Money
from storage import MasterKey, NewEntry, Store, open_store
from tests.storage.conftest import LI, WANG, Clock, with_card

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from storage import Card


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def listed(clock: Clock, number: int, amount: int) -> NewEntry:
    """Make an entry of the issuer's, of now."""
    return NewEntry(
        clock.now, amount, "CNY", "purchase", f"POS {number}", "issuer", external_id=f"t{number}"
    )


async def says(
    store: Store, clock: Clock, card: Card, balance: int, read: Sequence[NewEntry] | None
) -> None:
    """Let the issuer say a balance, with its entries or without a history."""
    async with store.transaction() as tx:
        locked = await tx.cards.lock(LI, card.id)
        assert locked is not None
        if read is None:
            explained = await reconcile.without_history(tx, locked, yuan(balance), clock.now)
            before = locked.balance_minor or 0
            if not explained and balance != before:
                change = NewEntry(clock.now, balance - before, "CNY", "observed", "", "observed")
                await tx.ledger.add(LI, card.id, [change])
        else:
            await reconcile.with_history(tx, locked, read, yuan(balance), clock.now)
        await readings.keep(tx, locked, Reading(yuan(balance)), "issuer", clock.now)


async def total(store: Store, card: Card) -> int:
    return (await store.ledger.sums(LI, card.id, "CNY", card.created_at)).total


async def owed(store: Store, clock: Clock) -> list[str]:
    kinds = []
    while items := await store.outbox.claim(clock.now, 60, 9):
        for item in items:
            kinds.append(item.kind)
            await store.outbox.sent(item.id, item.lease, clock.now)
    return kinds


async def test_a_booking_and_the_issuers_entry_become_one(store: Store, clock: Clock) -> None:
    card, bookings = await with_card(store), Bookings(store, Issuers([]), clock)
    await says(store, clock, card, 1000, [listed(clock, 0, 1000)])
    clock.advance(hours=1)
    booked = await bookings.book(
        LI,
        card.id,
        kind="purchase",
        change=yuan(-250),
        text="茶",
        source="message",
        external_id="m",
    )
    assert booked is not None
    clock.advance(hours=1)
    await says(store, clock, card, 750, [listed(clock, 1, -250)])
    newest, _ = await store.ledger.page(LI, card.id, limit=9)
    assert (newest.text, newest.source, newest.at) == ("茶", "issuer", clock.now)
    assert await owed(store, clock) == []
    again = await bookings.book(
        LI, card.id, kind="purchase", change=yuan(-250), source="message", external_id="m"
    )
    assert again is not None
    assert again.already
    assert await bookings.undo(LI, card.id, newest.id) is None


async def test_what_does_not_add_up_is_owed_once(store: Store, clock: Clock) -> None:
    card, bookings = await with_card(store), Bookings(store, Issuers([]), clock)
    await says(store, clock, card, 1000, None)
    await bookings.book(LI, card.id, kind="purchase", change=yuan(-250))
    for _ in range(2):
        clock.advance(hours=1)
        await says(store, clock, card, 700, None)
    assert await owed(store, clock) == ["mismatch"]
    assert await total(store, card) == 700


async def test_an_undo_and_a_reading_at_the_same_time_leave_the_issuers_balance(
    store: Store, clock: Clock
) -> None:
    card, bookings = await with_card(store), Bookings(store, Issuers([]), clock)
    await says(store, clock, card, 1000, None)
    booked = await bookings.book(LI, card.id, kind="purchase", change=yuan(-250))
    assert booked is not None
    await asyncio.gather(
        bookings.undo(LI, card.id, booked.entries[0].id), says(store, clock, card, 750, None)
    )
    found = await store.cards.get(LI, card.id)
    assert found is not None
    assert found.balance_minor == await total(store, card) == 750


async def test_nobody_reaches_anothers_entries(store: Store, clock: Clock) -> None:
    card, bookings = await with_card(store), Bookings(store, Issuers([]), clock)
    await with_card(store, WANG)
    booked = await bookings.set(LI, card.id, yuan(5))
    assert booked is not None
    (entry,), ledger = booked.entries, store.ledger
    assert await ledger.entry(LI, card.id, entry.id) == entry
    assert await ledger.entry(WANG, card.id, entry.id) is None
    assert await ledger.book(WANG, card.id, listed(clock, 1, -1)) is None
    assert not await ledger.rewrite(WANG, entry)
    assert not await ledger.remove(WANG, card.id, entry.id)
    await ledger.replace(WANG, entry, entry)
    assert await ledger.outstanding(WANG, card.id) == []
    assert await ledger.bookings(WANG, card.id, entry.at) == []
    assert await ledger.reconciled(WANG, card.id, clock.now) == 0
    assert (await ledger.sums(WANG, card.id, "CNY", entry.at)).total == 0
    assert await ledger.highest(WANG, card.id, "CNY") == 0
    assert await ledger.outstanding(LI, card.id) == [entry]


async def test_cards_that_were_never_due_fall_due_from_when_they_were_last_known(
    store: Store, clock: Clock
) -> None:
    card, bookings = await with_card(store), Bookings(store, Issuers([]), clock)
    clock.advance(days=3)
    await bookings.set(LI, card.id, yuan(5))
    assert await store.cards.plan("demo", clock.in_(days=30) - clock.now) == 1
    assert await store.cards.plan("demo", clock.in_(days=60) - clock.now) == 0
    due = clock.in_(days=30)
    assert await store.cards.claim_due("demo", clock.in_(days=29), due, 9) == []
    (claimed,) = await store.cards.claim_due("demo", due, clock.in_(days=99), 9)
    assert claimed.id == card.id


FEW = st.sampled_from([-300, -100, 100, 300])  # so that some are taken for each other
STEP = st.one_of(
    st.tuples(st.just("book"), FEW),
    st.tuples(st.just("happens"), FEW),
    st.tuples(st.just("read"), st.just(0)),
    st.tuples(st.just("undo"), st.integers(0, 9)),
)


@pytest.mark.parametrize("history", [True, False])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, max_size=16))
@example([("book", -300), ("book", 300), ("read", 0), ("happens", -300)])
@example([("book", -300), ("book", 300), ("read", 0), ("happens", -300), ("undo", 1)])
def test_whatever_is_booked_and_read_the_issuers_balance_is_what_the_entries_add_up_to(
    tmp_path_factory: pytest.TempPathFactory, history: bool, steps: list[tuple[str, int]]
) -> None:
    asyncio.run(_whatever(tmp_path_factory.mktemp("whatever"), history, steps))


async def _whatever(folder: Path, history: bool, steps: list[tuple[str, int]]) -> None:
    clock = Clock()
    store = await open_store(f"sqlite:///{folder}/kabao.db", MasterKey.generate(), clock=clock)
    bookings = Bookings(store, Issuers([]), clock)
    card = await with_card(store)
    happened = [listed(clock, 0, 1000)]
    await says(store, clock, card, 1000, happened if history else None)
    done: list[int] = []
    try:
        for what, number in [*steps, ("read", 0)]:
            clock.advance(hours=5)
            balance = sum(entry.amount_minor for entry in happened)
            if what == "happens" and balance + number >= 0:
                happened.append(listed(clock, len(happened), number))
            elif what == "undo" and done:
                await bookings.undo(LI, card.id, done[number % len(done)])
            elif what == "read":
                await says(store, clock, card, balance, happened[::-1] if history else None)
                assert await total(store, card) == balance
            elif what == "book":
                try:
                    booked = await bookings.book(LI, card.id, kind="purchase", change=yuan(number))
                except NotEnough:
                    continue
                assert booked is not None
                done.append(booked.entries[0].id)
            found = await store.cards.get(LI, card.id)
            assert found is not None
            assert found.balance_minor == await total(store, card)
    finally:
        await store.close()
