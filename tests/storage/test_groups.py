"""What a group sees: only cards that were shared with it, and only while their owners may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.storage.conftest import LI, WANG, Clock, coffee

if TYPE_CHECKING:
    from storage import Card, Store

FAMILY, WORK = -1_001_000_000_001, -1_001_000_000_002


@pytest.fixture
async def card(store: Store) -> Card:
    for person, name in ((LI, "Li"), (WANG, "Wang")):
        await store.people.arrive(person, name=name, language=None)
    return await store.cards.add(LI, coffee())


async def test_a_group_sees_what_was_shared_with_it_and_no_other_does(
    store: Store, clock: Clock, card: Card
) -> None:
    other = await store.cards.add(WANG, coffee())
    assert await store.groups.share(LI, card.id, FAMILY, "家 Family")
    clock.advance(minutes=1)
    assert await store.groups.share(WANG, other.id, FAMILY, "家 Family")
    assert [one.id for one in await store.groups.cards(FAMILY)] == [card.id, other.id]
    assert await store.groups.cards(FAMILY) == [card, other]
    assert await store.groups.cards(WORK) == []
    assert await store.groups.may(FAMILY, card) == "see"
    assert await store.groups.may(WORK, card) is None


async def test_nobody_shares_a_card_that_is_not_theirs(store: Store, card: Card) -> None:
    assert not await store.groups.share(WANG, card.id, FAMILY, "Family")
    assert not await store.groups.share(LI, "no such card", FAMILY, "Family")
    assert await store.groups.cards(FAMILY) == []
    await store.groups.share(LI, card.id, FAMILY, "Family")
    assert await store.groups.of_card(WANG, card.id) == []
    assert not await store.groups.take_back(WANG, card.id, FAMILY)
    assert await store.groups.may(FAMILY, card) == "see"


async def test_a_group_is_listed_once_by_its_newest_title(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.groups.share(LI, card.id, FAMILY, "Family")
    clock.advance(minutes=1)
    await store.groups.share(LI, card.id, WORK, "Work")
    await store.groups.share(LI, card.id, FAMILY, "一家人")
    listed = await store.groups.of_card(LI, card.id)
    assert [(one.chat_id, one.title) for one in listed] == [(FAMILY, "一家人"), (WORK, "Work")]


async def test_taken_back_or_dropped_it_is_seen_no_more(store: Store, card: Card) -> None:
    other = await store.cards.add(LI, coffee("6222000011113333"))
    for one in (card, other):
        await store.groups.share(LI, one.id, FAMILY, "Family")
        await store.groups.share(LI, one.id, WORK, "Work")
    assert await store.groups.take_back(LI, card.id, FAMILY)
    assert not await store.groups.take_back(LI, card.id, FAMILY)
    assert await store.groups.cards(FAMILY) == [other]
    assert await store.groups.may(FAMILY, card) is None
    assert await store.groups.may(FAMILY, other) == "see"
    assert [one.chat_id for one in await store.groups.of_card(LI, card.id)] == [WORK]
    seen = {one.id: title for one, title in await store.groups.drop(WORK)}
    assert seen == {card.id: "Work", other.id: "Work"}
    assert await store.groups.cards(WORK) == []
    assert await store.groups.cards(FAMILY) == [other]


async def test_it_rests_while_a_card_is_put_away_or_its_owner_is_shut_out(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.groups.share(LI, card.id, FAMILY, "Family")
    await store.cards.change(LI, card.id, archived_at=clock.now)
    assert await store.groups.cards(FAMILY) == []
    await store.cards.change(LI, card.id, archived_at=None)
    await store.people.change(LI, barred_at=clock.now)
    assert await store.groups.cards(FAMILY) == []
    await store.people.change(LI, barred_at=None)
    assert [one.id for one in await store.groups.cards(FAMILY)] == [card.id]
    await store.cards.remove(LI, card.id, card.created_at)
    assert await store.groups.cards(FAMILY) == []
    assert not await store.groups.share(LI, card.id, WORK, "Work")
    assert await store.groups.drop(FAMILY) == []


async def test_a_group_that_goes_on_under_another_id_keeps_its_cards_and_its_title(
    store: Store, card: Card
) -> None:
    await store.groups.share(LI, card.id, FAMILY, "家 Family")
    other = await store.cards.add(LI, coffee("6222000011113333"))
    await store.groups.share(LI, other.id, WORK, "Work")
    assert await store.groups.let(LI, card.id, FAMILY, "spend")
    assert not await store.groups.let(LI, card.id, WORK, "spend")
    assert not await store.groups.let(WANG, card.id, FAMILY, "see")
    assert await store.groups.may(WORK, other) == "see"
    assert await store.groups.move(FAMILY, WORK) == 1
    assert await store.groups.may(WORK, card) == "spend"
    assert await store.groups.move(FAMILY, WORK) == 0
    assert await store.groups.now(FAMILY) == await store.groups.now(WORK) == WORK
    assert await store.groups.cards(FAMILY) == []
    assert {one.id for one in await store.groups.cards(WORK)} == {card.id, other.id}
    assert [one.title for one in await store.groups.of_card(LI, card.id)] == ["家 Family"]


async def test_it_goes_with_its_owner(store: Store, card: Card) -> None:
    await store.groups.share(LI, card.id, FAMILY, "Family")
    await store.people.forget(LI)
    assert await store.groups.cards(FAMILY) == []
    assert await store.groups.drop(FAMILY) == []
