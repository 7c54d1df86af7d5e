# ruff: noqa: PT012 (the story is that a whole transaction fails)
from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from storage import Card, CardChanges, DuplicateCardError, NewEntry, SealError, StorageError
from storage.schema import card_secrets, cards
from tests.storage.conftest import LI, WANG, Clock, coffee, with_card

if TYPE_CHECKING:
    from storage import Store


async def test_a_new_card_is_kept_as_it_was_given(store: Store, clock: Clock) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    card = await store.cards.add(
        LI,
        coffee(
            threshold_percent=20,
            threshold_minor=500,
            next_refresh_at=clock.in_(hours=6),
            state="active",
            balance_minor=3766,
            balance_at=clock.now,
            balance_source="issuer",
            expires_at=clock.in_(days=30),
        ),
    )
    assert card == await store.cards.get(LI, card.id)
    assert (card.label, card.tail, card.issuer, card.state) == (
        "咖啡 Coffee",
        "2222",
        "demo",
        "active",
    )
    assert (card.balance_minor, card.peak_minor, card.balance_source) == (3766, 3766, "issuer")
    assert (card.threshold_percent, card.threshold_minor) == (20, 500)
    assert (card.alerts_on, card.episode, card.failures) == (True, "armed", 0)
    assert (card.created_at, card.removed_at) == (clock.now, None)
    assert (card.expires_at, card.next_refresh_at) == (clock.in_(days=30), clock.in_(hours=6))


async def test_the_secrets_of_a_card_come_back(store: Store) -> None:
    card = await with_card(store, secrets={"number": "6222 0000", "pin": "000042", "店": "北京"})
    assert await store.cards.secrets(LI, card.id) == {
        "number": "6222 0000",
        "pin": "000042",
        "店": "北京",
    }


async def test_a_card_without_secrets_is_a_card_too(store: Store) -> None:
    card = await with_card(store, secrets={})
    assert await store.cards.secrets(LI, card.id) == {}


async def test_a_card_bound_twice_is_refused_with_the_first_ones_id(store: Store) -> None:
    card = await with_card(store)
    with pytest.raises(DuplicateCardError) as refusal:
        await store.cards.add(LI, coffee(label="again"))
    assert refusal.value.card_id == card.id
    assert await store.cards.list(LI) == [card]


async def test_two_people_may_have_the_same_card_and_nobody_can_see_that(store: Store) -> None:
    await with_card(store, LI)
    await with_card(store, WANG)
    marks = await store._runner.fetch(cards.select().with_only_columns(cards.c.fingerprint))
    assert len(set(marks)) == 2


async def test_the_same_number_at_another_issuer_is_another_card(store: Store) -> None:
    await with_card(store)
    await store.cards.add(LI, coffee(issuer="other"))
    assert len(await store.cards.list(LI)) == 2


async def test_one_card_bound_twice_at_once_is_kept_once(store: Store) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    kept = await asyncio.gather(
        *(store.cards.add(LI, coffee()) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, Card) for one in kept) == 1
    assert sum(isinstance(one, DuplicateCardError) for one in kept) == 4


async def test_a_duplicate_inside_a_transaction_leaves_the_transaction_alive(
    store: Store,
) -> None:
    card = await with_card(store)
    async with store.transaction() as tx:
        with pytest.raises(DuplicateCardError):
            await tx.cards.add(LI, coffee())
        await tx.cards.change(LI, card.id, label="still here")
    assert [one.label for one in await store.cards.list(LI)] == ["still here"]


async def test_many_cards_are_added_all_or_none(store: Store) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    added = await store.cards.add_many(LI, [coffee(str(number) * 16) for number in range(3)])
    assert {card.id for card in added} == {card.id for card in await store.cards.list(LI)}
    with pytest.raises(DuplicateCardError) as refusal:
        await store.cards.add_many(LI, [coffee("7" * 16), coffee("1" * 16)])
    assert refusal.value.card_id == added[1].id
    with pytest.raises(DuplicateCardError):
        await store.cards.add_many(LI, [coffee("8" * 16), coffee("8" * 16)])
    assert len(await store.cards.list(LI)) == 3


async def test_a_card_for_nobody_is_refused(store: Store) -> None:
    with pytest.raises(StorageError, match="no such person"):
        await store.cards.add(LI, coffee())
    with pytest.raises(StorageError, match="no such person"):
        await store.cards.find(LI, "demo", "1")


async def test_a_card_is_found_by_its_number(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    assert await store.cards.find(LI, "demo", "6222000011112222") == card
    assert await store.cards.find(LI, "demo", "6222000011112223") is None
    assert await store.cards.find(LI, "other", "6222000011112222") is None
    await store.cards.remove(LI, card.id, clock.now)
    assert await store.cards.find(LI, "demo", "6222000011112222") is None


async def test_everything_about_a_card_can_be_changed(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    times = [name for name in CardChanges.__annotations__ if name.endswith(("_at", "_until"))]
    changes = {
        "label": "午餐",
        "state": "blocked",
        "currency": "KWD",
        "balance_minor": 2**53,
        "balance_source": "holder",
        "balance_by": 7,
        "peak_minor": -1,
        "threshold_minor": 0,
        "threshold_percent": 15,
        "alerts_on": False,
        "episode": "low",
        "told_minor": 12,
        "failures": 3,
        "failure": "network",
        "history_stale": True,
        "expiry_source": "holder",
        "reminders_on": False,
        "quick_minor": 1,
        "starred": True,
        "note": "楼下的店",
        **{name: clock.in_(days=days) for days, name in enumerate(times)},
    }
    assert changes.keys() == CardChanges.__annotations__.keys()
    changed = await store.cards.change(LI, card.id, **changes)  # type: ignore[arg-type]
    assert changed == replace(card, **changes) == await store.cards.get(LI, card.id)  # type: ignore[arg-type]


async def test_what_a_card_does_not_have_cannot_be_changed(store: Store) -> None:
    card = await with_card(store)
    for wrong in ({}, {"fingerprint": b"x"}, {"tail": "9999"}, {"removed_at": None}):
        with pytest.raises(StorageError, match="no such fields"):
            await store.cards.change(LI, card.id, **wrong)


async def test_a_new_pin_replaces_the_old_secrets(store: Store) -> None:
    card = await with_card(store)
    same = await store.cards.replace_secrets(
        LI, card.id, {"number": "6222000011112222"}, "6222000011112222", "2222"
    )
    assert same == card
    assert await store.cards.secrets(LI, card.id) == {"number": "6222000011112222"}


async def test_a_new_number_keeps_the_card_and_its_history(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    entry = NewEntry(clock.now, -5, "CNY", "purchase", "茶", "issuer")
    await store.ledger.add(LI, card.id, [entry])
    changed = await store.cards.replace_secrets(LI, card.id, {"number": "77"}, "77", "77")
    assert changed == replace(card, tail="77")
    assert await store.cards.find(LI, "demo", "77") == changed
    assert await store.ledger.count(LI, card.id) == 1
    await store.cards.add(LI, coffee())


async def test_a_number_of_another_card_cannot_be_taken(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    other = await store.cards.add(LI, coffee("77"))
    with pytest.raises(DuplicateCardError) as refusal:
        await store.cards.replace_secrets(LI, card.id, {}, "77", "77")
    assert refusal.value.card_id == other.id
    assert await store.cards.secrets(LI, card.id) != {}
    await store.cards.remove(LI, other.id, clock.now)
    assert await store.cards.replace_secrets(LI, card.id, {}, "77", "77")
    assert not await store.cards.restore(LI, other.id)


async def test_a_removed_card_is_hidden_until_it_is_restored(store: Store, clock: Clock) -> None:
    card = await with_card(store, next_refresh_at=clock.now)
    assert await store.cards.remove(LI, card.id, clock.now)
    assert not await store.cards.remove(LI, card.id, clock.now)
    assert await store.cards.get(LI, card.id) is None
    assert await store.cards.list(LI) == []
    assert await store.cards.secrets(LI, card.id) == {}
    assert await store.cards.change(LI, card.id, label="x") is None
    assert await store.cards.replace_secrets(LI, card.id, {}, "1", "1") is None
    assert await store.cards.claim_due("demo", clock.now, clock.now, 9) == []
    assert await store.cards.restore(LI, card.id)
    assert not await store.cards.restore(LI, card.id)
    assert await store.cards.list(LI) == [card]


async def test_a_removed_card_can_be_bound_anew(store: Store, clock: Clock) -> None:
    old = await with_card(store)
    await store.cards.remove(LI, old.id, clock.now)
    new = await store.cards.add(LI, coffee())
    assert await store.cards.list(LI) == [new]
    assert not await store.cards.restore(LI, old.id)


async def test_removed_cards_are_erased_after_a_while(store: Store, clock: Clock) -> None:
    card = await with_card(store)
    kept = await store.cards.add(LI, coffee("77"))
    await store.cards.remove(LI, card.id, clock.now)
    assert await store.cards.purge_removed(clock.now) == 0
    assert await store.cards.purge_removed(clock.in_(seconds=1)) == 1
    assert not await store.cards.restore(LI, card.id)
    assert await store.cards.list(LI) == [kept]


async def test_nobody_reaches_anothers_card(store: Store, clock: Clock) -> None:
    card = await with_card(store, LI)
    await with_card(store, WANG)
    assert await store.cards.get(WANG, card.id) is None
    assert await store.cards.secrets(WANG, card.id) == {}
    assert await store.cards.change(WANG, card.id, label="mine", balance_minor=0) is None
    assert await store.cards.replace_secrets(WANG, card.id, {}, "1", "1") is None
    assert not await store.cards.remove(WANG, card.id, clock.now)
    async with store.transaction() as tx:
        assert await tx.cards.lock(WANG, card.id) is None
    await store.cards.remove(LI, card.id, clock.now)
    assert not await store.cards.restore(WANG, card.id)
    assert await store.cards.restore(LI, card.id)
    assert await store.cards.list(LI) == [card]


async def test_ciphertexts_swapped_in_the_database_do_not_open(store: Store) -> None:
    card = await with_card(store)
    other = await store.cards.add(LI, coffee("77", label="Other"))

    async def secret(card_id: str, field: str) -> bytes:
        query = card_secrets.select().where(
            card_secrets.c.card_id == card_id, card_secrets.c.field == field
        )
        sealed: bytes = (await store._runner.fetch(query))[0][3]
        return sealed

    for stolen in (await secret(other.id, "pin"), await secret(card.id, "number")):
        with pytest.raises(SealError):
            async with store.transaction() as tx:
                await tx._runner.execute(
                    card_secrets.update()
                    .where(card_secrets.c.card_id == card.id, card_secrets.c.field == "pin")
                    .values(sealed=stolen)
                )
                await tx.cards.secrets(LI, card.id)


async def test_a_card_is_locked_only_inside_a_transaction(store: Store) -> None:
    card = await with_card(store)
    with pytest.raises(StorageError, match="inside a transaction"):
        await store.cards.lock(LI, card.id)


async def test_what_two_do_with_a_locked_card_happens_one_after_the_other(store: Store) -> None:
    card = await with_card(store, balance_minor=0)

    async def count() -> None:
        async with store.transaction() as tx:
            held = await tx.cards.lock(LI, card.id)
            assert held is not None
            assert held.balance_minor is not None
            await tx.cards.change(LI, card.id, balance_minor=held.balance_minor + 1)

    await asyncio.gather(*(count() for _ in range(20)))
    counted = await store.cards.get(LI, card.id)
    assert counted is not None
    assert counted.balance_minor == 20


async def test_due_cards_are_claimed_longest_waiting_first_and_once(
    store: Store, clock: Clock
) -> None:
    for owner, late in ((1, 3), (2, 1), (3, 2), (4, -1)):
        await with_card(store, owner, next_refresh_at=clock.in_(minutes=-late))
    await with_card(store, 5, issuer="other", next_refresh_at=clock.in_(minutes=-9))
    await with_card(store, 6)
    lease = clock.in_(minutes=10)
    first = await store.cards.claim_due("demo", clock.now, lease, 2)
    assert {card.owner_id for card in first} == {1, 3}
    assert all(card.label == "咖啡 Coffee" for card in first)
    second = await store.cards.claim_due("demo", clock.now, lease, 2)
    assert [card.owner_id for card in second] == [2]
    assert await store.cards.claim_due("demo", clock.now, lease, 2) == []


async def test_a_claimed_card_comes_back_if_its_claimant_died(store: Store, clock: Clock) -> None:
    card = await with_card(store, next_refresh_at=clock.now)
    lease = clock.in_(minutes=10)
    assert len(await store.cards.claim_due("demo", clock.now, lease, 9)) == 1
    clock.advance(minutes=9)
    assert await store.cards.claim_due("demo", clock.now, clock.in_(minutes=10), 9) == []
    clock.advance(minutes=1)
    assert len(await store.cards.claim_due("demo", clock.now, clock.in_(minutes=10), 9)) == 1
    await store.cards.change(LI, card.id, next_refresh_at=clock.in_(minutes=1))
    clock.advance(minutes=1)
    assert len(await store.cards.claim_due("demo", clock.now, clock.in_(minutes=10), 9)) == 1


async def test_claimants_at_the_same_time_share_what_is_due(store: Store, clock: Clock) -> None:
    for owner in range(1, 31):
        await with_card(store, owner, next_refresh_at=clock.now)
    claims = await asyncio.gather(
        *(store.cards.claim_due("demo", clock.now, clock.in_(minutes=1), 4) for _ in range(12))
    )
    claimed = [card.owner_id for claim in claims for card in claim]
    assert len(claimed) == len(set(claimed))
    claimed += [
        card.owner_id
        for card in await store.cards.claim_due("demo", clock.now, clock.in_(minutes=1), 30)
    ]
    assert sorted(claimed) == list(range(1, 31))


async def test_a_damaged_card_does_not_keep_the_others_from_being_read(
    store: Store, clock: Clock
) -> None:
    for owner in (LI, WANG):
        await with_card(store, owner, next_refresh_at=clock.now)
    await store._runner.execute(cards.update().where(cards.c.owner_id == LI).values(label=b"x"))
    due = await store.cards.claim_due("demo", clock.now, clock.in_(minutes=1), 9)
    assert [card.owner_id for card in due] == [WANG]


async def test_a_balance_that_was_shown_is_noted_unless_a_later_one_was(
    store: Store, clock: Clock
) -> None:
    card = await with_card(store, balance_minor=50)
    other = await with_card(store, WANG, balance_minor=60)
    later = clock.in_(minutes=1)
    await store.cards.told([(LI, card.id, 45, later), (WANG, card.id, 45, later)])
    await store.cards.told([(LI, card.id, 50, clock.now)])
    assert await store.cards.get(LI, card.id) == replace(card, told_minor=45, told_at=later)
    assert await store.cards.get(WANG, other.id) == other
