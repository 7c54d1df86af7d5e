"""All of a person's cards, taken out and put in elsewhere, are the same there."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import Barcode, Card, DuplicateCardError, Entry, NewEntry, Reading, Whole
from storage.schema import cards, metadata
from tests.storage.conftest import LI, WANG, coffee

if TYPE_CHECKING:
    from storage import Store
    from tests.storage.conftest import Clock

ANEW = {
    "id": "given anew, like every id",
    "owner_id": "whose it is here",
    "removed_at": "only present cards are taken out",
    "balance_by": "names a person of the other installation",
}
"""What of a card is not the same elsewhere, and why."""

ENTRY_ANEW = {
    "id": "given anew, like every id",
    "card_id": "the card's id here",
    "beside": "the id, here, of the same entry",
    "booked_by": "names a person of the other installation",
    "booked_name": "what they are called there",
}


CARRIED: dict[str, set[str]] = {
    "cards": {one.name for one in fields(Card)} - {"owner_id", "id", "removed_at", "balance_by"},
    "barcodes": {one.name for one in fields(Barcode)},
    "card_secrets": {"field", "sealed"},
    "readings": {one.name for one in fields(Reading)},
    "ledger": {one.name for one in fields(Entry)} - {"booked_by", "booked_name"} | {"external"},
}
"""By table, the columns whose content the tests below find again elsewhere."""

LEFT: dict[str, str] = {
    "cards.owner_id": "whose it is there",
    "cards.id": "given anew",
    "cards.fingerprint": "made anew of the number, under the key there",
    "cards.removed_at": "only present cards are taken out",
    "cards.balance_by": "names a person of the other installation",
    "ledger.booking": "no message that booked an entry here can be forwarded there again",
    "ledger.noted_at": "when it was written down, which is now",
    "ledger.booked_by": "names a person of the other installation",
    "ledger.booked_name": "what they are called there",
    "shares.*": "with people of the other installation",
    "share_links.*": "to the other bot",
    "group_shares.*": "with groups that the other bot is in",
    "outbox.*": "what is owed by the other bot",
}
"""What stays behind of all that belongs to a card, and why."""


def test_whatever_belongs_to_a_card_is_carried_or_left_for_a_reason() -> None:
    assert {one.name for one in fields(Whole)} == {
        "card", "number", "secrets", "barcode", "entries", "readings", "listed",
    }  # fmt: skip
    about = [
        table
        for table in metadata.sorted_tables
        if table is cards or any(key.column.table is cards for key in table.foreign_keys)
    ]
    named = {"id", "owner_id", "card_id"}
    for table in about:
        if f"{table.name}.*" in LEFT:
            assert table.name not in CARRIED
            continue
        kept = CARRIED[table.name]
        assert not {f"{table.name}.{column}" for column in kept} & LEFT.keys()
        own = set() if table is cards else named
        for column in set(table.c.keys()) - kept - own:
            assert f"{table.name}.{column}" in LEFT, f"{table.name}.{column} is forgotten"
        assert kept <= set(table.c.keys()) | named
    assert {one.partition(".")[0] for one in LEFT} | CARRIED.keys() == {one.name for one in about}


async def full(store: Store, clock: Clock) -> Whole:
    """Keep one card of which every field says something."""
    await store.people.arrive(LI, name="Li", language="zh")
    await store.people.arrive(WANG, name="Wang", language="zh")
    barcode = Barcode("QRCode", "7777-8888", "UTF-8")
    card = await store.cards.add(LI, coffee(barcode=barcode, note="在抽屉里"))
    at = clock.now
    said: dict[str, object] = {
        "state": "active",
        "balance_minor": 4200,
        "balance_at": at,
        "balance_source": "issuer",
        "balance_by": WANG,
        "peak_minor": 9000,
        "expires_at": at + timedelta(days=90),
        "threshold_minor": 500,
        "threshold_percent": 20,
        "alerts_on": False,
        "episode": "low",
        "snoozed_until": at + timedelta(days=1),
        "told_minor": 4300,
        "told_at": at - timedelta(hours=1),
        "next_refresh_at": at + timedelta(hours=2),
        "failures": 3,
        "failure": "network",
        "failed_at": at - timedelta(minutes=5),
        "history_stale": True,
        "archived_at": at,
        "expiry_source": "holder",
        "reminders_on": False,
        "next_expiry_at": at + timedelta(days=60),
        "quick_minor": 850,
        "starred": True,
    }
    await store.cards.change(LI, card.id, **said)  # type: ignore[arg-type]
    listed = NewEntry(at - timedelta(days=2), 9000, "CNY", "top-up", "购卡", "issuer")
    await store.ledger.add(LI, card.id, [replace(listed, external_id="txn-1")])
    spent = NewEntry(
        at - timedelta(days=1), -4800, "CNY", "purchase", "咖啡 ☕", "holder",
        since=at - timedelta(days=3), balance_after_minor=4200, external_id="m1", booked_by=WANG,
        booked_name="Wang",
    )  # fmt: skip
    one = await store.ledger.book(LI, card.id, spent)
    rest = await store.ledger.book(LI, card.id, NewEntry(at, 0, "CNY", "adjustment", "", "holder"))
    assert one is not None
    assert rest is not None
    await store.ledger.rewrite(LI, replace(one, beside=rest.id, reconciled_at=at))
    for minor, source in ((9000, "issuer"), (4200, "holder")):
        found = Reading(at - timedelta(hours=minor), minor, "CNY", "active", source)  # type: ignore[arg-type]
        await store.ledger.note_reading(LI, card.id, found)
    (whole,) = await store.moving.out(LI)
    return replace(whole, number="6222000011112222")


async def test_every_field_of_a_card_and_its_past_is_the_same_elsewhere(
    store: Store, clock: Clock
) -> None:
    whole = await full(store, clock)
    defaults = {one.name: one.default for one in fields(Card)}
    for name in {one.name for one in fields(Card)} - {"removed_at"}:
        value = getattr(whole.card, name)
        assert value is not None, f"give {name} something to say"
        assert name in ANEW or value != defaults[name], f"give {name} something to say"
    clock.advance(days=1)
    (there_id,) = await store.moving.put(WANG, [whole])
    (there,) = await store.moving.out(WANG)
    assert there.card.id == there_id != whole.card.id
    assert there.card.owner_id == WANG
    for name in {one.name for one in fields(Card)} - ANEW.keys():
        assert getattr(there.card, name) == getattr(whole.card, name), name
    assert (there.secrets, there.barcode) == (whole.secrets, whole.barcode)
    assert there.readings == whole.readings
    assert len(whole.readings) == 2
    assert len(there.entries) == len(whole.entries) == 3
    for mine, theirs in zip(whole.entries, there.entries, strict=True):
        for name in {one.name for one in fields(Entry)} - ENTRY_ANEW.keys():
            assert getattr(mine, name) == getattr(theirs, name), name
        assert theirs.card_id == there_id
    assert there.entries[1].beside == there.entries[2].id != whole.entries[1].beside
    assert [e.booked_by for e in whole.entries] == [None, WANG, None]
    assert [e.booked_by for e in there.entries] == [None, None, None]
    assert len(there.listed) == 1


async def test_what_an_issuer_lists_again_is_there_once(store: Store, clock: Clock) -> None:
    whole = await full(store, clock)
    (card_id,) = await store.moving.put(WANG, [whole])
    listed = NewEntry(
        clock.now - timedelta(days=2), 9000, "CNY", "top-up", "购卡", "issuer", external_id="txn-1"
    )
    again = replace(listed, external_id="txn-2")
    assert await store.ledger.add(WANG, card_id, [listed]) == 0
    assert await store.ledger.add(WANG, card_id, [listed]) == 0
    assert await store.ledger.add(WANG, card_id, [listed, again]) == 1
    assert await store.ledger.count(WANG, card_id) == 3


async def test_a_card_that_is_there_is_known_by_its_number_and_not_put_in_again(
    store: Store, clock: Clock
) -> None:
    whole = await full(store, clock)
    number = whole.number
    wanted = [("demo", number), ("other", number), ("demo", "1")]
    assert await store.moving.known(LI, wanted) == [whole.card.id, None, None]
    assert await store.moving.known(WANG, wanted) == [None, None, None]
    with pytest.raises(DuplicateCardError):
        await store.moving.put(LI, [whole])
    with pytest.raises(DuplicateCardError):
        await store.moving.put(WANG, [whole, whole])
    assert await store.moving.out(WANG) == []
    assert await store.cards.remove(LI, whole.card.id, clock.now)
    assert await store.moving.known(LI, wanted) == [None, None, None]
    assert len(await store.moving.put(LI, [whole])) == 1
