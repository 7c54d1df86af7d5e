# ruff: noqa: PT012 (the story is that a whole transaction fails)
"""What is booked, on both databases: the entries of a card always add up to its balance."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.bookings import Bookings, NotEnough
from bot.issuers import Issuers
from bot.money import Money
from storage import MasterKey, NewEntry, open_store, receipt
from tests.storage.conftest import LI, WANG, Clock, with_card

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Card, Entry, Store


@pytest.fixture
def bookings(store: Store, clock: Clock) -> Bookings:
    return Bookings(store, Issuers([]), clock)


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


async def entries_of(store: Store, card: Card) -> list[Entry]:
    """The entries as they are shown, oldest first."""
    return (await store.ledger.page(LI, card.id, limit=1000))[::-1]


async def lines_of(store: Store, card: Card) -> list[tuple[str, int, int | None]]:
    return [
        (entry.kind, entry.amount_minor, entry.balance_after_minor)
        for entry in await entries_of(store, card)
    ]


async def adds_up(store: Store, card: Card) -> None:
    """The entries sum to the balance, and each running balance is the one before and the amount."""
    found = await store.cards.get(LI, card.id)
    assert found is not None
    shown = await entries_of(store, card)
    if found.balance_minor is None:
        assert {entry.balance_after_minor for entry in shown} <= {None}
        return
    assert found.balance_minor >= 0
    assert sum(entry.amount_minor for entry in shown) == found.balance_minor
    running = [0, *(entry.balance_after_minor for entry in shown)]
    for (before, after), entry in zip(pairwise(running), shown, strict=True):
        assert before is not None
        assert after == before + entry.amount_minor


async def test_what_is_spent_is_taken_off_and_undo_puts_it_back(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(20000))
    clock.advance(hours=1)
    spent = await bookings.book(LI, card.id, kind="purchase", change=yuan(-3850), text="麦当劳")
    assert spent is not None
    assert (spent.before, spent.after) == (yuan(20000), yuan(16150))
    assert spent.entries[0].text == "麦当劳"
    assert (spent.card.balance_minor, spent.card.balance_source) == (16150, "holder")
    assert (spent.card.told_minor, spent.card.told_at) == (16150, clock.now)
    assert await store.cards.get(LI, card.id) == spent.card
    undone = await bookings.undo(LI, card.id, spent.entries[0].id)
    assert undone is not None
    assert (undone.before, undone.after) == (yuan(16150), yuan(20000))
    assert await lines_of(store, card) == [("opening", 20000, 20000)]
    assert await bookings.undo(LI, card.id, spent.entries[0].id) is None


async def test_an_undone_entrys_id_is_never_given_to_another(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(20000))
    first = await bookings.book(LI, card.id, kind="purchase", change=yuan(-1))
    assert first is not None
    await bookings.undo(LI, card.id, first.entries[0].id)
    await bookings.book(LI, card.id, kind="purchase", change=yuan(-2))
    assert await bookings.undo(LI, card.id, first.entries[0].id) is None


async def test_more_than_is_on_the_card_is_not_taken(store: Store, bookings: Bookings) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(1000))
    with pytest.raises(NotEnough) as refused:
        await bookings.book(LI, card.id, kind="purchase", change=yuan(-1001))
    assert refused.value.balance == yuan(1000)
    assert await lines_of(store, card) == [("opening", 1000, 1000)]
    emptied = await bookings.book(LI, card.id, kind="purchase", change=yuan(-1000))
    assert emptied is not None
    assert emptied.after == yuan(0)


async def test_a_top_up_that_was_spent_meanwhile_is_not_undone(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(0))
    top_up = await bookings.book(LI, card.id, kind="top-up", change=yuan(500))
    assert top_up is not None
    await bookings.book(LI, card.id, kind="purchase", change=yuan(-400))
    assert await bookings.undo(LI, card.id, top_up.entries[0].id) is None
    await adds_up(store, card)


async def test_an_unknown_balance_stays_unknown_and_is_never_zero(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    spent = await bookings.book(LI, card.id, kind="purchase", change=yuan(-300))
    assert spent is not None
    assert (spent.before, spent.after, spent.card.balance_minor) == (None, None, None)
    assert await lines_of(store, card) == [("purchase", -300, None)]
    await bookings.set(LI, card.id, yuan(700))
    assert await lines_of(store, card) == [("opening", 1000, 1000), ("purchase", -300, 700)]
    undone = await bookings.undo(LI, card.id, spent.entries[0].id)
    assert undone is not None
    assert undone.after == yuan(1000)


async def test_without_its_opening_a_balance_is_unknown_again(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    opened = await bookings.set(LI, card.id, yuan(1000))
    assert opened is not None
    await bookings.book(LI, card.id, kind="purchase", change=yuan(-100))
    undone = await bookings.undo(LI, card.id, opened.entries[0].id)
    assert undone is not None
    assert (undone.before, undone.after) == (yuan(900), None)
    found = await store.cards.get(LI, card.id)
    assert found == undone.card
    assert (found.balance_minor, found.balance_at, found.peak_minor) == (None, None, None)


async def test_a_message_is_booked_once_however_often_it_is_forwarded(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(20000))
    for again in (False, True, True):
        clock.advance(minutes=1)
        booked = await bookings.book(
            LI,
            card.id,
            kind="purchase",
            change=yuan(-3850),
            balance=yuan(16150),
            source="message",
            external_id="m1",
        )
        assert booked is not None
        assert booked.already is again
        assert booked.after == yuan(16150)
    assert len(await entries_of(store, card)) == 2
    assert booked is not None
    await bookings.undo(LI, card.id, booked.entries[0].id)
    once_more = await bookings.book(
        LI, card.id, kind="purchase", change=yuan(-3850), source="message", external_id="m1"
    )
    assert once_more is not None
    assert not once_more.already


async def test_an_issuers_entry_of_the_same_id_keeps_no_message_out(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    booked = await bookings.set(LI, card.id, yuan(5), source="message", external_id="1")
    assert booked is not None
    theirs = replace(_new(booked.entries[0], clock), source="issuer", external_id="1")
    assert await store.ledger.add(LI, card.id, [theirs]) == 1


def _new(entry: Entry, clock: Clock) -> NewEntry:
    return NewEntry(clock.now, entry.amount_minor, "CNY", "purchase", "", "issuer")


async def test_the_balance_a_message_says_wins_and_both_are_undone_together(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(20000))
    clock.advance(hours=1)
    booked = await bookings.book(
        LI, card.id, kind="purchase", change=yuan(-3850), balance=yuan(15000), source="message"
    )
    assert booked is not None
    assert (booked.before, booked.after) == (yuan(20000), yuan(15000))
    assert booked.card.balance_source == "message"
    assert await lines_of(store, card) == [
        ("opening", 20000, 20000),
        ("adjustment", -1150, 18850),
        ("purchase", -3850, 15000),
    ]
    undone = await bookings.undo(LI, card.id, booked.entries[0].id)
    assert undone is not None
    assert undone.after == yuan(20000)
    assert await lines_of(store, card) == [("opening", 20000, 20000)]


async def test_the_first_message_says_what_was_on_the_card(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    booked = await bookings.book(
        LI, card.id, kind="purchase", change=yuan(-3850), balance=yuan(16150), source="message"
    )
    assert booked is not None
    assert (booked.before, booked.after) == (None, yuan(16150))
    assert await lines_of(store, card) == [("opening", 20000, 20000), ("purchase", -3850, 16150)]
    clock.advance(hours=1)
    undone = await bookings.undo(LI, card.id, booked.entries[0].id)
    assert undone is not None
    assert undone.after is None


async def test_messages_forwarded_the_wrong_way_round_end_as_those_in_order(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    """The earlier one explains what the later one could not."""
    card = await with_card(store)
    monday, tuesday = clock.in_(days=-2), clock.in_(days=-1)
    told = [(tuesday, -1000, 9000), (monday, -5000, 10000)]
    for at, change, left in told:
        booked = await bookings.book(
            LI,
            card.id,
            kind="purchase",
            change=yuan(change),
            balance=yuan(left),
            at=at,
            source="message",
        )
        assert booked is not None
        assert booked.after == yuan(9000)
    assert await lines_of(store, card) == [
        ("opening", 15000, 15000),
        ("purchase", -5000, 10000),
        ("purchase", -1000, 9000),
    ]
    assert booked is not None
    undone = await bookings.undo(LI, card.id, booked.entries[0].id)
    assert undone is not None
    assert undone.after == yuan(9000)
    assert await lines_of(store, card) == [("opening", 10000, 10000), ("purchase", -1000, 9000)]


async def test_an_adjustment_that_a_message_explains_is_not_shown_any_more(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(20000), at=clock.in_(days=-3))
    await bookings.set(LI, card.id, yuan(15000))
    booked = await bookings.book(
        LI,
        card.id,
        kind="purchase",
        change=yuan(-5000),
        balance=yuan(15000),
        at=clock.in_(days=-1),
        source="message",
    )
    assert booked is not None
    assert booked.after == yuan(15000)
    assert await lines_of(store, card) == [("opening", 20000, 20000), ("purchase", -5000, 15000)]
    assert await store.ledger.count(LI, card.id) == 2


async def test_a_message_of_this_minute_is_newer_than_what_was_set_in_it(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    """Messages tell no seconds."""
    card = await with_card(store)
    minute = clock.now
    clock.advance(seconds=30)
    await bookings.set(LI, card.id, yuan(20000))
    clock.advance(minutes=5)
    booked = await bookings.book(
        LI,
        card.id,
        kind="purchase",
        change=yuan(-3850),
        balance=yuan(16150),
        at=minute,
        source="message",
    )
    assert booked is not None
    assert booked.after == yuan(16150)


async def test_a_balance_set_to_what_it_was_is_no_entry_but_known_anew(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(20000))
    clock.advance(days=1)
    again = await bookings.set(LI, card.id, yuan(20000))
    assert again is not None
    assert again.entries == ()
    assert again.card.balance_at == clock.now


async def test_another_currency_is_refused_and_nothing_is_booked(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(20000))
    dollars = Money(-100, "USD")
    with pytest.raises(ValueError, match="USD"):
        await bookings.book(LI, card.id, kind="purchase", change=dollars)
    with pytest.raises(ValueError, match="USD"):
        await bookings.book(LI, card.id, kind="purchase", change=yuan(-1), balance=dollars)
    with pytest.raises(ValueError, match="USD"):
        await bookings.set(LI, card.id, Money(100, "USD"))
    assert await lines_of(store, card) == [("opening", 20000, 20000)]


async def test_a_card_without_a_currency_takes_the_first_that_is_booked(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store, currency=None)
    booked = await bookings.book(LI, card.id, kind="purchase", change=Money(-100, "JPY"))
    assert booked is not None
    assert booked.card.currency == "JPY"
    with pytest.raises(ValueError, match="CNY"):
        await bookings.book(LI, card.id, kind="purchase", change=yuan(-1))


async def test_nobody_books_on_anothers_card_or_undoes_there(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    await with_card(store, WANG)
    booked = await bookings.set(LI, card.id, yuan(20000))
    assert booked is not None
    assert await bookings.book(WANG, card.id, kind="purchase", change=yuan(-1)) is None
    assert await bookings.set(WANG, card.id, yuan(1)) is None
    assert await bookings.undo(WANG, card.id, booked.entries[0].id) is None
    (other,) = await store.cards.list(WANG)
    assert await bookings.undo(WANG, other.id, booked.entries[0].id) is None
    assert not await store.ledger.remove(WANG, card.id, booked.entries[0].id)
    assert await lines_of(store, card) == [("opening", 20000, 20000)]


async def test_a_card_removed_meanwhile_is_not_booked_on(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store)
    booked = await bookings.set(LI, card.id, yuan(20000))
    assert booked is not None
    await store.cards.remove(LI, card.id, clock.now)
    assert await bookings.book(LI, card.id, kind="purchase", change=yuan(-1)) is None
    assert await bookings.set(LI, card.id, yuan(1)) is None
    assert await bookings.undo(LI, card.id, booked.entries[0].id) is None
    await store.cards.restore(LI, card.id)
    assert await lines_of(store, card) == [("opening", 20000, 20000)]


async def test_bookings_at_the_same_time_are_all_counted(store: Store, bookings: Bookings) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(1000))
    spends = (
        bookings.book(LI, card.id, kind="purchase", change=yuan(-minor)) for minor in range(1, 11)
    )
    await asyncio.gather(*spends)
    found = await store.cards.get(LI, card.id)
    assert found is not None
    assert found.balance_minor == 945
    await adds_up(store, card)


async def test_one_message_forwarded_twice_at_the_same_time_is_booked_once(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(1000))

    async def forwarded() -> bool:
        booked = await bookings.book(
            LI, card.id, kind="purchase", change=yuan(-1), source="message", external_id="m"
        )
        assert booked is not None
        return booked.already

    assert sorted(await asyncio.gather(*(forwarded() for _ in range(4)))) == [False, *[True] * 3]


async def test_an_entry_undone_twice_at_the_same_time_is_undone_once(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(1000))
    booked = await bookings.book(LI, card.id, kind="purchase", change=yuan(-1))
    assert booked is not None
    entry_id = booked.entries[0].id
    undone = await asyncio.gather(*(bookings.undo(LI, card.id, entry_id) for _ in range(3)))
    assert sum(one is not None for one in undone) == 1
    await adds_up(store, card)


async def test_a_booking_cut_off_in_the_middle_leaves_nothing(
    store: Store, bookings: Bookings
) -> None:
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(1000))
    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await bookings.book(
                LI, card.id, kind="purchase", change=yuan(-1), balance=yuan(500), store=tx
            )
            raise ZeroDivisionError
    assert await lines_of(store, card) == [("opening", 1000, 1000)]
    for cut in range(0, 40, 3):
        task = asyncio.create_task(
            bookings.book(LI, card.id, kind="purchase", change=yuan(-1), balance=yuan(900 - cut))
        )
        for _ in range(cut):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await adds_up(store, card)


async def test_a_booking_is_kept_with_the_receipt_of_its_update_or_not_at_all(
    store: Store, bookings: Bookings
) -> None:
    """So an update that Telegram delivers again has had its effect, or has it then."""
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(1000))
    receipt.set(71)
    with pytest.raises(NotEnough):
        await bookings.book(LI, card.id, kind="purchase", change=yuan(-1001))
    receipt.set(72)
    booked = await bookings.book(LI, card.id, kind="purchase", change=yuan(-1))
    assert booked is not None
    receipt.set(73)
    await bookings.undo(LI, card.id, booked.entries[0].id)
    receipt.set(None)
    assert await store.receipts.recent(9) == {72, 73}


async def test_a_mistaken_top_up_leaves_no_highest_balance_behind(
    store: Store, bookings: Bookings
) -> None:
    """A share of it would be the threshold ever after."""
    card = await with_card(store)
    await bookings.set(LI, card.id, yuan(1000))
    booked = await bookings.book(LI, card.id, kind="top-up", change=yuan(2_000_000))
    assert booked is not None
    assert booked.card.peak_minor == 2_001_000
    undone = await bookings.undo(LI, card.id, booked.entries[0].id)
    assert undone is not None
    assert undone.card.peak_minor == 1000


async def test_a_booking_that_falls_under_the_threshold_is_owed_an_alert(
    store: Store, clock: Clock, bookings: Bookings
) -> None:
    card = await with_card(store, threshold_percent=20)
    await bookings.set(LI, card.id, yuan(10000))
    await bookings.book(LI, card.id, kind="purchase", change=yuan(-8001))
    (owed,) = await store.outbox.claim(clock.now, 60, 9)
    assert (owed.kind, owed.payload["balance"]) == ("low", 1999)


STEP = st.one_of(
    st.tuples(
        st.just("book"),
        st.integers(-3000, 3000),
        st.none() | st.integers(0, 5000),
        st.integers(0, 9),
    ),
    st.tuples(st.just("set"), st.integers(0, 5000), st.none(), st.integers(0, 9)),
    st.tuples(st.just("undo"), st.integers(0, 30), st.none(), st.just(0)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, max_size=14))
def test_whatever_is_booked_set_and_undone_the_entries_add_up(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int | None, int]]
) -> None:
    folder = tmp_path_factory.mktemp("whatever")
    asyncio.run(_whatever(folder, steps))


async def _whatever(folder: Path, steps: list[tuple[str, int, int | None, int]]) -> None:
    clock = Clock()
    store = await open_store(f"sqlite:///{folder}/kabao.db", MasterKey.generate(), clock=clock)
    bookings = Bookings(store, Issuers([]), clock)
    card = await with_card(store)
    done: list[int] = []
    try:
        for what, number, said, ago in steps:
            clock.advance(minutes=1)
            at = clock.now - timedelta(minutes=ago)
            balance = None if said is None else yuan(said)
            try:
                if what == "undo":
                    if done:
                        await bookings.undo(LI, card.id, done[number % len(done)])
                elif what == "set":
                    booked = await bookings.set(LI, card.id, yuan(number), at=at)
                    done += [entry.id for entry in booked.entries] if booked else []
                else:
                    booked = await bookings.book(
                        LI,
                        card.id,
                        kind="purchase",
                        change=yuan(number),
                        balance=balance,
                        at=at,
                        source="holder" if said is None else "message",
                    )
                    done += [entry.id for entry in booked.entries] if booked else []
            except NotEnough:
                pass
            await adds_up(store, card)
    finally:
        await store.close()
