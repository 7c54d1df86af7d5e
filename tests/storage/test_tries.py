from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import MasterKey, Reading, Seen, StorageError, Store, open_store
from storage.schema import metadata
from tests.storage.conftest import LI, WANG, Clock, with_card

if TYPE_CHECKING:
    from pathlib import Path

NUMBER, NEXT, OTHER = "6222000011112222", "6222000011112223", "6222000099992222"


def everything_in(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.iterdir())


async def seen(store: Store, clock: Clock, who: int = LI, number: str = NUMBER) -> Seen:
    since = clock.now - timedelta(days=1)
    lately = clock.now - timedelta(hours=1)
    return await store.tries.seen(who, "demo", number, since=since, lately=lately)


async def tried(store: Store, who: int, number: str, outcome: str = "unknown") -> int:
    this = await store.tries.note(who, "demo", number)
    await store.tries.end(this, outcome)  # type: ignore[arg-type]
    return this


async def test_before_anybody_tries_nothing_is_known(store: Store, clock: Clock) -> None:
    assert await seen(store, clock) == Seen((), 0, False, None, None)


async def test_a_try_is_noted_before_and_its_outcome_after(store: Store, clock: Clock) -> None:
    this = await store.tries.note(LI, "demo", NUMBER)
    (found,) = (await seen(store, clock)).tries
    assert (found.at, found.outcome) == (clock.now, "asked")
    assert (await seen(store, clock)).refused == 0
    await store.tries.end(this, "wrong pin")
    (found,) = (await seen(store, clock)).tries
    assert found.outcome == "wrong pin"
    assert (found.mine, found.this, found.alike) == (True, True, True)
    assert (await seen(store, clock)).refused == 1


async def test_ones_own_tries_and_those_of_like_numbers_are_seen_and_no_others(
    store: Store, clock: Clock
) -> None:
    await tried(store, LI, OTHER)
    await tried(store, WANG, NEXT)
    await tried(store, WANG, NUMBER, "wrong pin")
    await tried(store, WANG, OTHER)
    found = [(one.mine, one.this, one.alike) for one in (await seen(store, clock)).tries]
    assert found == [(True, False, False), (False, False, True), (False, True, True)]


async def test_the_same_digits_of_two_issuers_are_two_numbers(store: Store, clock: Clock) -> None:
    this = await store.tries.note(WANG, "another", NUMBER)
    await store.tries.end(this, "unknown")
    assert (await seen(store, clock)).tries == ()


@pytest.mark.parametrize("number", ["", "1", "12", "123", "12345"])
async def test_a_short_number_is_marked_too(store: Store, clock: Clock, number: str) -> None:
    await tried(store, LI, number)
    (found,) = (await seen(store, clock, number=number)).tries
    assert (found.this, found.alike) == (True, True)


async def test_what_is_older_than_asked_for_is_not_seen(store: Store, clock: Clock) -> None:
    await tried(store, LI, NUMBER)
    clock.advance(hours=2)
    assert (await seen(store, clock)).refused == 0
    assert len((await seen(store, clock)).tries) == 1
    clock.advance(hours=23)
    assert (await seen(store, clock)).tries == ()


async def test_only_refusals_count_over_all(store: Store, clock: Clock) -> None:
    for outcome in ("bound", "unknown", "wrong pin", "shut", "other"):
        await tried(store, WANG, OTHER, outcome)
    assert (await seen(store, clock)).refused == 2


async def test_who_is_forgotten_and_comes_back_is_the_same(store: Store, clock: Clock) -> None:
    await with_card(store)
    await tried(store, LI, NUMBER)
    await store.tries.stop(LI, "many")
    assert await store.people.forget(LI)
    await store.people.arrive(LI, name="Li", language=None)
    found = await seen(store, clock)
    assert [one.mine for one in found.tries] == [True]
    assert found.stopped is not None


async def test_the_tables_hold_no_number_and_no_person(on_file: Store, file: Path) -> None:
    await on_file.people.arrive(LI, name="Li", language=None)
    await tried(on_file, LI, NUMBER)
    await on_file.tries.stop(LI, "many")
    assert LI.to_bytes(6) in everything_in(file)
    await on_file.people.forget(LI)
    await on_file.close()
    written = everything_in(file)
    for digits in (NUMBER, NUMBER[:-4], NUMBER[-8:]):
        assert digits.encode() not in written
    assert LI.to_bytes(6) not in written


async def test_two_installations_mark_the_same_number_differently(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    other = await open_store(f"sqlite:///{tmp_path}/other.db", MasterKey.generate(), clock=clock)
    marks = []
    for one in (store, other):
        await tried(one, LI, NUMBER)
        (row,) = await one._runner.fetch(metadata.tables["tries"].select())
        marks.append([cell for cell in row if isinstance(cell, bytes)])
    await other.close()
    assert [len(mark) for mark in marks[0]] == [32, 32, 32]
    assert not set(marks[0]) & set(marks[1])


async def test_a_stop_is_somebodys_or_everybodys_until_it_is_taken_back(
    store: Store, clock: Clock
) -> None:
    await store.tries.stop(LI, "many")
    clock.advance(minutes=1)
    await store.tries.stop(None, "surge")
    li, wang = await seen(store, clock), await seen(store, clock, WANG)
    assert li.stopped is not None
    assert (li.stopped.at, li.stopped.reason) == (clock.in_(minutes=-1), "many")
    assert wang.stopped is None
    assert li.all_stopped == wang.all_stopped is not None
    assert await store.tries.allow(LI)
    assert not await store.tries.allow(LI)
    assert (await seen(store, clock)).stopped is None
    assert await store.tries.allow(None)
    assert (await seen(store, clock)).all_stopped is None


async def test_a_stop_made_again_counts_from_now(store: Store, clock: Clock) -> None:
    await store.tries.stop(LI, "many")
    clock.advance(days=1)
    await store.tries.stop(LI, "alike")
    stopped = (await seen(store, clock)).stopped
    assert stopped is not None
    assert (stopped.at, stopped.reason) == (clock.now, "alike")


async def test_after_a_while_tries_and_stops_are_erased(store: Store, clock: Clock) -> None:
    await tried(store, LI, NUMBER)
    await store.tries.stop(LI, "many")
    assert await store.tries.purge(clock.in_(seconds=-1)) == 0
    assert await store.tries.purge(clock.now) == 1
    assert await seen(store, clock) == Seen((), 0, False, None, None)


async def test_a_card_is_proved_once_its_issuer_told_its_balance(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store)
    assert not await store.tries.proved(LI, card.id)
    said = Reading(clock.now, 5, "CNY", "active", "holder")
    await store.ledger.note_reading(LI, card.id, said)
    assert not await store.tries.proved(LI, card.id)
    said = Reading(clock.now, 6, "CNY", "active", "issuer")
    await store.ledger.note_reading(LI, card.id, said)
    assert await store.tries.proved(LI, card.id)
    assert not await store.tries.proved(WANG, card.id)


async def test_who_has_had_a_card_for_a_day_is_known_for_it(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    clock.advance(days=2)
    assert not (await seen(store, clock)).long_here  # its issuer has never told its balance
    await store.cards.change(LI, card.id, balance_source="issuer")
    assert (await seen(store, clock)).long_here
    assert not (await seen(store, clock, WANG)).long_here


async def test_of_many_at_once_each_sees_those_before_it(store: Store, clock: Clock) -> None:
    async def one() -> bool:
        async with store.transaction() as tx:
            await tx.tries.hold()
            if len((await seen(tx, clock)).tries) >= 3:
                return False
            await tx.tries.note(LI, "demo", NUMBER)
            return True

    assert sum(await asyncio.gather(*(one() for _ in range(50)))) == 3


async def test_tries_are_held_inside_a_transaction_only(store: Store) -> None:
    with pytest.raises(StorageError, match="inside a transaction"):
        await store.tries.hold()
