"""Links that give a card to whoever takes them first; with "own", the whole card and for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from storage import (
    Barcode,
    DuplicateCardError,
    NewEntry,
    Reading,
    Right,
    StorageError,
)
from storage.handing_over import DROPPED, MOVED
from storage.records import SOMEBODY
from storage.schema import cards, ledger, metadata, share_links
from storage.sealed_columns import SEALED
from tests.storage.conftest import LI, WANG, Clock, coffee

if TYPE_CHECKING:
    from storage import Card, Store

TOKEN = "Xq8-Jv0_random_as_token_urlsafe"
ZHAO = 5_000_000_003
SHARED: tuple[Right, ...] = ("see", "spend", "manage")


@pytest.fixture
async def card(store: Store, clock: Clock) -> Card:
    for person, name in ((LI, "Li"), (WANG, "Wang"), (ZHAO, "Zhao")):
        await store.people.arrive(person, name=name, language=None)
    barcode = Barcode("QRCode", "a value of its own", "utf-8")
    given = coffee(note="from grandma", barcode=barcode, balance_minor=5000)
    kept = await store.cards.add(LI, given)
    lunch = NewEntry(clock.now, -1850, "CNY", "purchase", "lunch", "holder", external_id="7")
    read = NewEntry(clock.now, -200, "CNY", "purchase", "tea", "issuer", external_id="A1")
    await store.ledger.add(LI, kept.id, [lunch, read])
    await store.ledger.note_reading(
        LI, kept.id, Reading(clock.now, 5000, "CNY", "active", "issuer")
    )
    return kept


@pytest.mark.parametrize("right", SHARED)
async def test_a_link_gives_its_right_once(
    store: Store, clock: Clock, card: Card, right: Right
) -> None:
    assert await store.shares.new_link(TOKEN, LI, card.id, right, clock.in_(days=7))
    offer = await store.shares.look(TOKEN)
    assert offer is not None
    assert (offer.card.id, offer.right, offer.owner_name) == (card.id, right, "Li")
    taken = await store.shares.redeem(TOKEN, WANG)
    assert taken is not None
    assert (taken.card.id, taken.right, taken.giver) == (card.id, right, LI)
    assert await store.shares.redeem(TOKEN, ZHAO) is None
    assert await store.shares.look(TOKEN) is None
    assert await store.shares.card(WANG, card.id, right) is not None
    assert await store.shares.card(ZHAO, card.id, "see") is None


async def test_of_many_who_take_a_link_at_once_one_gets_it(
    store: Store, clock: Clock, card: Card
) -> None:
    guests = range(1, 9)
    for guest in guests:
        await store.people.arrive(guest, name="x", language=None)
    await store.shares.new_link(TOKEN, LI, card.id, "spend", clock.in_(days=7))
    taken = await asyncio.gather(*(store.shares.redeem(TOKEN, guest) for guest in guests))
    assert len([one for one in taken if one is not None]) == 1
    assert len(await store.shares.people(LI, card.id)) == 1


async def test_a_link_that_is_too_old_taken_back_or_of_a_card_that_went_gives_nothing(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.shares.new_link(TOKEN, LI, card.id, "see", clock.in_(days=7))
    assert await store.shares.links(LI, card.id) == [("see", clock.in_(days=7))]
    assert await store.shares.links(WANG, card.id) == []
    await store.shares.cancel_links(WANG, card.id)
    clock.advance(days=7)
    assert await store.shares.redeem(TOKEN, WANG) is None
    assert await store.shares.purge_links(clock.now) == 1
    await store.shares.new_link(TOKEN, LI, card.id, "see", clock.in_(days=7))
    assert await store.shares.cancel_links(LI, card.id) == 1
    assert await store.shares.redeem(TOKEN, WANG) is None
    await store.shares.new_link(TOKEN, LI, card.id, "own", clock.in_(days=7))
    await store.cards.remove(LI, card.id, clock.now)
    assert await store.shares.look(TOKEN) is None
    assert await store.shares.redeem(TOKEN, WANG) is None


async def test_its_maker_somebody_unknown_or_shut_out_does_not_use_it_up(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.shares.new_link(TOKEN, LI, card.id, "own", clock.in_(days=7))
    await store.people.change(ZHAO, barred_at=clock.now)
    for nobody in (LI, 404, ZHAO):
        assert await store.shares.redeem(TOKEN, nobody) is None
    assert await store.shares.redeem(TOKEN, WANG) is not None


async def test_nobody_makes_a_link_of_another_ones_card(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.shares.give(LI, card.id, WANG, "manage")
    assert not await store.shares.new_link(TOKEN, WANG, card.id, "see", clock.in_(days=7))
    assert await store.shares.look(TOKEN) is None


async def test_a_link_for_less_takes_nothing_away(store: Store, clock: Clock, card: Card) -> None:
    await store.shares.give(LI, card.id, WANG, "manage")
    await store.shares.new_link(TOKEN, LI, card.id, "see", clock.in_(days=7))
    taken = await store.shares.redeem(TOKEN, WANG)
    assert taken is not None
    assert taken.right == "manage"


async def test_a_link_concerns_its_own_card_and_whoever_takes_it_alone(
    store: Store, clock: Clock, card: Card
) -> None:
    other, further = await store.cards.add(LI, coffee("6222000011113333")), f"{TOKEN}2"
    await store.shares.give(LI, card.id, ZHAO, "manage")
    await store.shares.give(LI, other.id, WANG, "manage")
    for token, of in ((TOKEN, card), (further, other)):
        await store.shares.new_link(token, LI, of.id, "see", clock.in_(days=7))
    taken = await store.shares.redeem(TOKEN, WANG)
    assert taken is not None
    assert (taken.card.id, taken.right) == (card.id, "see")
    await store.shares.new_link(TOKEN, LI, card.id, "see", clock.in_(days=7))
    assert await store.shares.cancel_links(LI, card.id) == 1
    assert await store.shares.purge_links(clock.now) == 0
    offer = await store.shares.look(further)
    assert offer is not None
    assert offer.card.id == other.id
    await store.people.change(LI, barred_at=clock.now)
    assert await store.shares.look(further) is None
    assert await store.shares.redeem(further, ZHAO) is None
    await store.people.change(LI, barred_at=None)
    assert await store.shares.redeem(further, ZHAO) is not None


async def test_the_database_does_not_hold_the_token(store: Store, clock: Clock, card: Card) -> None:
    await store.shares.new_link(TOKEN, LI, card.id, "see", clock.in_(days=7))
    ((kept, *_),) = await store._runner.fetch(share_links.select())
    assert TOKEN.encode() not in kept


def test_every_table_with_a_cards_rows_is_moved_or_dropped() -> None:
    of_cards = {
        table
        for table in metadata.tables.values()
        for constraint in table.foreign_key_constraints
        if constraint.referred_table is cards
    }
    assert of_cards == {*MOVED, *DROPPED}
    assert {table for table in SEALED if "card_id" in table.c and table not in DROPPED} <= {*MOVED}


async def test_a_card_that_is_handed_over_comes_whole_and_opens_with_the_new_key_alone(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.shares.give(LI, card.id, ZHAO, "manage")
    counted = {
        table: (await store._runner.fetch(select(func.count()).select_from(table)))[0][0]
        for table in MOVED
    }
    assert all(counted.values())
    secrets = await store.cards.secrets(LI, card.id)
    await store.shares.new_link(TOKEN, LI, card.id, "own", clock.in_(days=7))
    taken = await store.shares.redeem(TOKEN, WANG)
    assert taken is not None
    for table in MOVED:
        owners = await store._runner.fetch(select(table.c.owner_id))
        assert owners == [(WANG,)] * counted[table], table.name
    for table in DROPPED:
        assert await store._runner.fetch(select(table.c.card_id)) == [], table.name
    for was in (LI, ZHAO):
        assert await store.shares.card(was, card.id, "see") is None
    await store.people.forget(LI)  # with the key it was sealed under before
    after = await store.cards.get(WANG, card.id)
    assert after is not None
    assert (after.label, after.tail, after.note) == (card.label, card.tail, "from grandma")
    assert (after.balance_minor, after.told_minor) == (5000, None)
    assert await store.cards.secrets(WANG, card.id) == secrets
    barcode = await store.cards.barcode(WANG, card.id)
    assert barcode == Barcode("QRCode", "a value of its own", "utf-8")
    entries = {one.text: one for one in await store.ledger.page(WANG, card.id, limit=9)}
    # What LI booked stays, but who it was is erased with them.
    assert (entries["lunch"].booked_by, entries["tea"].booked_by) == (SOMEBODY, None)
    assert len(await store.ledger.readings(WANG, card.id, limit=9)) == 1
    found = await store.cards.find(WANG, card.issuer, secrets["number"])
    assert found is not None
    assert found.id == card.id


async def test_the_issuers_entries_do_not_come_twice_after_a_hand_over(
    store: Store, clock: Clock, card: Card
) -> None:
    listed = NewEntry(clock.now, -200, "CNY", "purchase", "tea", "issuer", external_id="A1")
    await store.shares.new_link(TOKEN, LI, card.id, "own", clock.in_(days=7))
    await store.shares.redeem(TOKEN, WANG)
    await store.ledger.add(WANG, card.id, [listed])
    await store.ledger.add(WANG, card.id, [listed])
    assert await store.ledger.count(WANG, card.id) == 2


async def test_who_has_the_card_already_is_not_given_it_twice_and_the_link_stays(
    store: Store, clock: Clock, card: Card
) -> None:
    own = await store.cards.add(WANG, coffee())
    await store.shares.new_link(TOKEN, LI, card.id, "own", clock.in_(days=7))
    with pytest.raises(DuplicateCardError) as refused:
        await store.shares.redeem(TOKEN, WANG)
    assert refused.value.card_id == own.id
    assert await store.cards.get(LI, card.id) is not None
    assert await store.shares.look(TOKEN) is not None
    await store.cards.remove(WANG, own.id, clock.now)
    assert await store.shares.redeem(TOKEN, WANG) is not None
    assert [one.id for one in await store.cards.list(WANG)] == [card.id]


async def test_a_hand_over_that_fails_half_way_leaves_everything_as_it_was(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.shares.new_link(TOKEN, LI, card.id, "own", clock.in_(days=7))
    with suppress(StorageError):
        async with store.transaction() as tx:
            assert await tx.shares.redeem(TOKEN, WANG) is not None
            raise StorageError("no")
    assert await store.cards.get(WANG, card.id) is None
    assert await store.ledger.count(LI, card.id) == 2
    assert (await store._runner.fetch(select(ledger.c.owner_id)))[0] == (LI,)
