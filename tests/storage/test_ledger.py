from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from storage import NewEntry, Reading, SealError
from storage.schema import ledger
from tests.storage.conftest import LI, WANG, Clock, coffee, with_card

if TYPE_CHECKING:
    from storage import Store


def spent(clock: Clock, minutes: int, amount: int, **more: object) -> NewEntry:
    entry = NewEntry(clock.in_(minutes=minutes), amount, "CNY", "purchase", "拿铁", "issuer")
    return replace(entry, **more)  # type: ignore[arg-type]


async def test_an_entry_comes_back_as_it_was_added(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    new = NewEntry(
        at=clock.now,
        amount_minor=-1250,
        currency="CNY",
        kind="observed",
        text="咖啡 & tea",
        source="observed",
        since=clock.in_(hours=-2),
        balance_after_minor=777,
    )
    assert await store.ledger.add(LI, card.id, [new]) == 1
    (entry,) = await store.ledger.page(LI, card.id, limit=10)
    assert entry.card_id == card.id
    for name in NewEntry.__dataclass_fields__:
        if name != "external_id":
            assert getattr(entry, name) == getattr(new, name)


async def test_the_issuers_entries_are_kept_once_however_often_they_are_read(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store)
    read = [spent(clock, minute, -minute, external_id=f"t{minute}") for minute in range(1, 6)]
    assert await store.ledger.add(LI, card.id, read[:3]) == 3
    assert await store.ledger.add(LI, card.id, read[:3]) == 0
    assert await store.ledger.add(LI, card.id, [*read, read[4]]) == 2
    assert await store.ledger.add(LI, card.id, []) == 0
    assert await store.ledger.count(LI, card.id) == 5


async def test_entries_read_twice_at_once_are_kept_once(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    read = [spent(clock, minute, -1, external_id=str(minute)) for minute in range(5)]
    added = await asyncio.gather(*(store.ledger.add(LI, card.id, read) for _ in range(4)))
    assert sorted(added) == [0, 0, 0, 5]
    assert await store.ledger.count(LI, card.id) == 5


async def test_entries_without_an_id_of_the_issuer_are_all_kept(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    assert await store.ledger.add(LI, card.id, [spent(clock, 0, -1)] * 2) == 2


async def test_two_cards_may_have_entries_of_the_same_id(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    other = await store.cards.add(LI, coffee("77"))
    for each in (card, other):
        assert await store.ledger.add(LI, each.id, [spent(clock, 0, -1, external_id="1")]) == 1


async def test_history_is_newest_first_and_in_pages(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    other = await store.cards.add(LI, coffee("77"))
    for minute in range(6):
        each = card if minute % 2 else other
        await store.ledger.add(LI, each.id, [spent(clock, minute, -minute)])
    everything = [await store.ledger.page(LI, None, limit=4, offset=skip) for skip in (0, 4)]
    assert [[entry.amount_minor for entry in page] for page in everything] == [
        [-5, -4, -3, -2],
        [-1, 0],
    ]
    one = await store.ledger.page(LI, card.id, limit=2, offset=1)
    assert [entry.amount_minor for entry in one] == [-3, -1]
    assert await store.ledger.count(LI, None) == 6
    assert await store.ledger.count(LI, other.id) == 3


@pytest.mark.parametrize("newest_first", [True, False])
async def test_entries_of_one_moment_keep_their_order(
    store: Store, clock: Clock, newest_first: bool
) -> None:
    card = await with_card(store)
    read = [spent(clock, minute, amount) for minute, amount in ((0, 1), (5, 2), (5, 3), (9, 4))]
    await store.ledger.add(LI, card.id, read[::-1] if newest_first else read)
    page = await store.ledger.page(LI, card.id, limit=9)
    assert [entry.amount_minor for entry in page] == [4, 3, 2, 1]


async def test_the_running_balance_is_reckoned_back_from_the_present_one(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store, balance_minor=1000)
    await store.ledger.add(
        LI, card.id, [spent(clock, 1, 5000), spent(clock, 2, -3000), spent(clock, 3, -1000)]
    )
    for page in (
        await store.ledger.page(LI, card.id, limit=9),
        await store.ledger.page(LI, None, limit=9),
    ):
        assert [entry.balance_after_minor for entry in page] == [1000, 2000, 5000]
    (second,) = await store.ledger.page(LI, card.id, limit=1, offset=1)
    assert second.balance_after_minor == 2000


async def test_the_issuers_own_running_balance_is_believed(store: Store, clock: Clock) -> None:
    card = await with_card(store, balance_minor=1000)
    await store.ledger.add(
        LI, card.id, [spent(clock, 1, -1, balance_after_minor=77), spent(clock, 2, -2)]
    )
    page = await store.ledger.page(LI, card.id, limit=9)
    assert [entry.balance_after_minor for entry in page] == [1000, 77]


async def test_without_a_balance_there_is_no_running_one(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await store.ledger.add(LI, card.id, [spent(clock, 1, -1)])
    assert (await store.ledger.page(LI, card.id, limit=9))[0].balance_after_minor is None


async def test_currencies_are_never_added_up(store: Store, clock: Clock) -> None:
    card = await with_card(store, balance_minor=1000)
    await store.ledger.add(
        LI,
        card.id,
        [spent(clock, 1, -1), spent(clock, 2, -500, currency="USD"), spent(clock, 3, -10)],
    )
    page = await store.ledger.page(LI, card.id, limit=9)
    assert [entry.balance_after_minor for entry in page] == [1000, None, 1010]


async def test_the_history_of_a_removed_card_is_hidden_with_it(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await store.ledger.add(LI, card.id, [spent(clock, 1, -1)])
    await store.cards.remove(LI, card.id, clock.now)
    assert await store.ledger.page(LI, None, limit=9) == []
    assert await store.ledger.page(LI, card.id, limit=9) == []
    assert await store.ledger.count(LI, None) == 0
    await store.cards.restore(LI, card.id)
    assert await store.ledger.count(LI, None) == 1


async def test_nobody_sees_or_writes_anothers_history(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    await with_card(store, WANG)
    found = Reading(clock.now, 1, "CNY", "active", "issuer")
    assert await store.ledger.add(WANG, card.id, [spent(clock, 1, -1)]) == 0
    assert not await store.ledger.note_reading(WANG, card.id, found)
    await store.ledger.add(LI, card.id, [spent(clock, 1, -1)])
    await store.ledger.note_reading(LI, card.id, found)
    assert await store.ledger.page(WANG, card.id, limit=9) == []
    assert await store.ledger.page(WANG, None, limit=9) == []
    assert await store.ledger.readings(WANG, card.id, limit=9) == []


async def test_the_words_of_an_entry_do_not_open_for_another_amount(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store)
    await store.ledger.add(LI, card.id, [spent(clock, 1, -1)])
    await store._runner.execute(ledger.update().values(amount_minor=-2))
    with pytest.raises(SealError):
        await store.ledger.page(LI, card.id, limit=9)


async def test_a_reading_is_kept_only_when_it_says_something_new(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store)
    assert await store.ledger.last_reading(LI, card.id) is None
    first = Reading(clock.now, 1000, "CNY", "active", "issuer")
    assert await store.ledger.note_reading(LI, card.id, first)
    kept = [first]
    for change in (
        {},
        {"balance_minor": 900},
        {},
        {"state": "expired"},
        {"source": "holder"},
        {"balance_minor": None, "currency": None},
        {},
    ):
        found = replace(kept[-1], at=clock.advance(minutes=1), **change)
        assert await store.ledger.note_reading(LI, card.id, found) == bool(change)
        if change:
            kept.append(found)
    assert await store.ledger.readings(LI, card.id, limit=9) == kept[::-1]
    assert await store.ledger.readings(LI, card.id, limit=2) == kept[:-3:-1]
    assert await store.ledger.last_reading(LI, card.id) == kept[-1]
