"""Who may do what with whose cards: no right below is enough, and nobody else has any."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import pytest

from storage import NewEntry, Right, StorageError, suffices
from storage.records import SOMEBODY
from tests.storage.conftest import LI, WANG, Clock, coffee

if TYPE_CHECKING:
    from storage import Card, Store

RIGHTS: tuple[Right, ...] = get_args(Right)
SHARED = RIGHTS[:-1]
ZHAO = 5_000_000_003


@pytest.fixture
async def card(store: Store) -> Card:
    for person, name in ((LI, "Li"), (WANG, "Wang"), (ZHAO, "Zhao")):
        await store.people.arrive(person, name=name, language=None)
    return await store.cards.add(LI, coffee())


def test_each_right_includes_those_before_it_and_no_other() -> None:
    for at, has in enumerate(RIGHTS):
        assert [one for one in RIGHTS if suffices(has, one)] == [*RIGHTS[: at + 1]]


@pytest.mark.parametrize("given", SHARED)
async def test_what_is_shared_is_found_for_what_it_is_shared_for_and_less(
    store: Store, card: Card, given: Right
) -> None:
    assert await store.shares.give(LI, card.id, WANG, given)
    for needed in RIGHTS:
        held = await store.shares.held(WANG, card.id, needed)
        all_of_them = await store.shares.cards_of(WANG, needed)
        assert (held is not None) == suffices(given, needed)
        assert (card.id in [one.id for one in all_of_them]) == suffices(given, needed)
        assert await store.shares.card(ZHAO, card.id, needed) is None
        assert (await store.shares.card(LI, card.id, needed)) == card
    held = await store.shares.held(WANG, card.id, "see")
    assert held is not None
    theirs = replace(card, alerts_on=given != "see")
    assert (held.card, held.right, held.owner_name) == (theirs, given, "Li")


async def test_a_persons_own_cards_come_before_those_of_others(store: Store, card: Card) -> None:
    await store.shares.give(LI, card.id, WANG, "see")
    own = await store.cards.add(WANG, coffee())
    assert [one.id for one in await store.shares.cards_of(WANG, "see")] == [own.id, card.id]
    assert [one.id for one in await store.shares.cards_of(WANG, "own")] == [own.id]


async def test_who_has_it_is_listed_and_a_right_given_anew_takes_the_place_of_the_old(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.shares.give(LI, card.id, WANG, "manage")
    clock.advance(days=1)
    await store.shares.give(LI, card.id, ZHAO, "see")
    await store.shares.give(LI, card.id, WANG, "spend")
    listed = await store.shares.people(LI, card.id)
    assert [(one.id, one.name, one.right) for one in listed] == [
        (WANG, "Wang", "spend"),
        (ZHAO, "Zhao", "see"),
    ]
    assert await store.shares.people(WANG, card.id) == []


async def test_taken_back_left_or_removed_it_is_gone_for_them(store: Store, card: Card) -> None:
    await store.shares.give(LI, card.id, WANG, "spend")
    assert not await store.shares.revoke(WANG, card.id, WANG)
    assert await store.shares.revoke(LI, card.id, WANG)
    assert not await store.shares.revoke(LI, card.id, WANG)
    assert await store.shares.card(WANG, card.id, "see") is None
    await store.shares.give(LI, card.id, WANG, "spend")
    assert await store.shares.leave(WANG, card.id)
    assert not await store.shares.leave(LI, card.id)
    assert await store.shares.card(WANG, card.id, "see") is None
    await store.shares.give(LI, card.id, WANG, "spend")
    await store.cards.remove(LI, card.id, card.created_at)
    assert await store.shares.card(WANG, card.id, "see") is None
    assert await store.shares.cards_of(WANG, "see") == []
    assert not await store.shares.give(LI, card.id, ZHAO, "see")


@pytest.mark.parametrize("shut_out", [LI, WANG])
async def test_a_share_rests_while_either_is_shut_out(
    store: Store, clock: Clock, card: Card, shut_out: int
) -> None:
    await store.shares.give(LI, card.id, WANG, "manage")
    await store.people.change(shut_out, barred_at=clock.now)
    assert await store.shares.card(WANG, card.id, "see") is None
    assert await store.shares.cards_of(WANG, "see") == []
    assert (await store.shares.card(LI, card.id, "own") is None) == (shut_out == LI)
    await store.people.change(shut_out, barred_at=None)
    assert await store.shares.card(WANG, card.id, "manage") is not None


async def test_nobody_gives_what_is_not_theirs(store: Store, card: Card) -> None:
    assert not await store.shares.give(WANG, card.id, ZHAO, "see")
    assert not await store.shares.give(LI, "no such card", WANG, "see")
    with pytest.raises(StorageError):
        await store.shares.give(LI, card.id, WANG, "own")
    with pytest.raises(StorageError):
        await store.shares.give(LI, card.id, LI, "see")


async def test_an_archived_card_stays_shared_but_is_not_among_those_in_use(
    store: Store, clock: Clock, card: Card
) -> None:
    await store.shares.give(LI, card.id, WANG, "spend")
    await store.cards.change(LI, card.id, archived_at=clock.now)
    assert await store.shares.cards_of(WANG, "see") == []
    assert await store.shares.card(WANG, card.id, "spend") is not None


async def test_what_is_shared_goes_with_who_has_it(store: Store, card: Card) -> None:
    await store.shares.give(LI, card.id, WANG, "see")
    await store.people.forget(WANG)
    assert await store.shares.people(LI, card.id) == []


async def test_each_decides_whether_they_are_warned(store: Store, card: Card) -> None:
    await store.shares.give(LI, card.id, WANG, "see")
    assert await store.shares.switch_alerts(WANG, card.id, on=True)
    assert not await store.shares.switch_alerts(ZHAO, card.id, on=True)
    (listed,) = await store.shares.people(LI, card.id)
    assert listed.alerts_on


async def test_what_is_changed_for_one_person_and_card_is_changed_for_no_other(
    store: Store, card: Card
) -> None:
    other = await store.cards.add(LI, coffee("6222000011113333"))
    for one in (card, other):
        for person in (WANG, ZHAO):
            await store.shares.give(LI, one.id, person, "spend")
    await store.shares.give(LI, other.id, WANG, "manage")
    assert await store.shares.switch_alerts(WANG, other.id, on=False)
    assert await store.shares.switch_reminders(WANG, other.id, on=False)

    async def having(held: Card) -> dict[int, tuple[Right, bool]]:
        people = await store.shares.people(LI, held.id)
        return {one.id: (one.right, one.alerts_on) for one in people}

    assert await having(other) == {WANG: ("manage", False), ZHAO: ("spend", True)}
    assert await having(card) == {WANG: ("spend", True), ZHAO: ("spend", True)}
    assert await store.shares.revoke(LI, card.id, WANG)
    assert await having(card) == {ZHAO: ("spend", True)}
    assert await store.shares.leave(ZHAO, other.id)
    assert await having(other) == {WANG: ("manage", False)}
    assert await having(card) == {ZHAO: ("spend", True)}


async def test_what_happened_on_all_cards_somebody_may_see_comes_in_one_order(
    store: Store, clock: Clock, card: Card
) -> None:
    own = await store.cards.add(WANG, coffee())
    at = clock.now
    for owner, of, minutes, text, by in (
        (LI, card.id, 3, "tea", None),
        (WANG, own.id, 2, "rice", None),
        (LI, card.id, 1, "bus", 77),
    ):
        new = NewEntry(
            at - timedelta(minutes=minutes), -100, "CNY", "purchase", text, "holder",
            booked_by=by, booked_name="小刚" if by else None,
        )  # fmt: skip
        await store.ledger.book(owner, of, new)
    assert [one.text for one in await store.ledger.seen(WANG, limit=9)] == ["rice"]
    await store.shares.give(LI, card.id, WANG, "see")
    seen = await store.ledger.seen(WANG, limit=9)
    assert [one.text for one in seen] == ["bus", "rice", "tea"]
    assert [one.text for one in await store.ledger.seen(WANG, limit=1, offset=1)] == ["rice"]
    assert await store.ledger.count_seen(WANG) == 3
    assert seen[0].booked_name == "小刚"
    assert await store.ledger.called(LI, card.id, 77) == "小刚"
    assert await store.ledger.called(WANG, own.id, 77) is None
    await store.people.change(LI, barred_at=clock.now)
    assert [one.text for one in await store.ledger.seen(WANG, limit=9)] == ["rice"]


async def test_who_said_a_balance_is_kept_until_they_are_erased(store: Store, card: Card) -> None:
    await store.cards.change(LI, card.id, balance_by=WANG)
    found = await store.cards.get(LI, card.id)
    assert found is not None
    assert found.balance_by == WANG
    await store.people.forget(WANG)
    found = await store.cards.get(LI, card.id)
    assert found is not None
    assert found.balance_by == SOMEBODY
