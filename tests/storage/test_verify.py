"""Verifying finds what was changed behind the bot's back, and nothing where nothing was."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, text

from bot import readings
from bot.bookings import Bookings, NotEnough
from bot.issuers import EntryKind, IssuerEntry, Issuers, Reading
from storage import MasterKey, StorageError, Store, WrongKeyError, open_store
from storage.schema import metadata
from storage.sealed_columns import PLAIN, SEALED
from storage.verify import Report, verify_database
from tests.storage.conftest import LI, WANG, Clock, with_card
from tests.storage.test_bookings import yuan

if TYPE_CHECKING:
    from pathlib import Path

    from bot.issuers import Issuer
    from bot.money import Money
    from storage import Card


@dataclass
class Said:
    """As much of an issuer as its readings ask of it."""

    has_history: bool


async def reads(
    store: Store, clock: Clock, card: Card, balance: Money, entries: list[IssuerEntry] | None
) -> None:
    """Let an issuer say a balance, with the history it keeps if it keeps one."""
    issuer = cast("Issuer", Said(has_history=entries is not None))
    async with store.transaction() as tx:
        locked = await tx.cards.lock(LI, card.id)
        assert locked is not None
        newest_first = None if entries is None else tuple(entries[::-1])
        found = Reading(balance, entries=newest_first)
        await readings.from_issuer(tx, issuer, locked, found, clock.now)


async def lived(store: Store, clock: Clock) -> Card:
    """A card with a past, a dialogue, a lock and something in the log."""
    card = await with_card(store)
    await with_card(store, WANG, number="6222000011113333")
    bookings = Bookings(store, Issuers([]), clock)
    await bookings.set(LI, card.id, yuan(20000))
    await bookings.book(LI, card.id, kind="purchase", change=yuan(-500), text="Latte")
    await store.outbox.put(LI, card.id, "low", {"a": 1}, key="k", not_before=clock.now)
    await store.dialogues.put(LI, {"step": 1}, clock.in_(minutes=15), secret=True)
    await store.locks.change(LI, passcode="$argon2id$", totp=b"key", phone="+8613800000000")
    await store.audit.append("bound", subject=LI, actor=LI, detail={"card": card.id})
    return card


async def test_a_first_start_that_was_cut_short_is_told_in_one_sentence(
    url: str, key: MasterKey
) -> None:
    begun = await open_store(url, key)
    await begun._runner.execute(metadata.tables["meta"].delete().where(text("name LIKE 'inst%'")))
    await begun.close()
    with pytest.raises(StorageError, match="cut short"):
        await verify_database(url, key)
    await (await open_store(url, key)).close()
    assert (await verify_database(url, key)).fine


async def test_a_database_as_the_bot_keeps_it_verifies_on_both(
    store: Store, url: str, key: MasterKey, clock: Clock
) -> None:
    await lived(store, clock)
    report = await verify_database(url, key)
    assert report.fine, report.faults
    assert (report.people, report.cards, report.added_up) == (2, 2, 1)
    assert report.audited == 1
    # Two names; label, tail, two secrets of each card; two entries, alert, dialogue, lock, log.
    assert report.values == 2 + 8 + 2 + 1 + 1 + 3 + 1


async def test_what_the_log_has_of_somebody_erased_is_closed_and_no_fault(
    store: Store, url: str, key: MasterKey, clock: Clock
) -> None:
    await lived(store, clock)
    await store.people.forget(LI)
    await store.people.arrive(LI, name="Li again", language=None)
    await store.audit.append("started", subject=LI, actor=LI, detail={"x": 1})
    report = await verify_database(url, key)
    assert report.fine, report.faults
    assert (report.people, report.cards, report.closed) == (2, 1, 1)


async def test_another_master_key_is_said_to_be_another(
    store: Store, url: str, clock: Clock
) -> None:
    await lived(store, clock)
    with pytest.raises(WrongKeyError):
        await verify_database(url, MasterKey.generate())


FAULTS = {
    "UPDATE cards SET balance_minor = 99999 WHERE owner_id = :li": "not add up to the balance",
    "UPDATE cards SET balance_minor = 99998 WHERE owner_id = :li": "no reading found",
    "UPDATE cards SET balance_at = NULL WHERE owner_id = :li": "without its currency, time",
    "UPDATE ledger SET amount_minor = amount_minor + 1": "ledger.text",
    "DELETE FROM ledger WHERE kind = 'purchase'": "not add up to the balance",
    "DELETE FROM readings": "no reading found",
    "UPDATE cards SET tail = label": "cards.tail",
    "UPDATE card_secrets SET sealed = (SELECT sealed FROM card_secrets WHERE field = 'pin')": (
        "card_secrets.sealed"
    ),
    "UPDATE people SET wrapped_key = (SELECT wrapped_key FROM people WHERE id = :li)": (
        "key that does not open"
    ),
    "UPDATE people SET name = zeroblob(40)": "people.name",
    "UPDATE outbox SET key = 'another'": "outbox.payload",
    "UPDATE dialogues SET sealed = CAST('sx' AS BLOB)": "dialogues.sealed",
    "UPDATE locks SET totp = passcode": "locks.totp",
    "UPDATE locks SET phone = NULL, passcode = zeroblob(1)": "locks.passcode",
    "UPDATE audit SET action = 'shown'": "audit log was tampered with",
    "DELETE FROM audit": "audit log was tampered with",
    "DELETE FROM cards WHERE owner_id = :li": "belong to nothing",
    "DELETE FROM people WHERE id = :li": "belong to nothing",
    "UPDATE people SET name = 'Li'": "people.name",
    "UPDATE cards SET label = zeroblob(0)": "cards.label",
    "UPDATE ledger SET at = 1 << 62": "not of its column's kind",
}


@pytest.mark.parametrize("change", FAULTS)
async def test_what_was_changed_behind_its_back_is_found_and_nothing_secret_is_told(
    on_file: Store, file: Path, key: MasterKey, clock: Clock, change: str
) -> None:
    await lived(on_file, clock)
    await on_file.close()
    with closing(sqlite3.connect(file)) as raw:
        raw.execute(change, {"li": LI} if ":li" in change else {})
        raw.commit()
    report = await verify_database(f"sqlite:///{file}", key)
    assert not report.fine
    assert any(FAULTS[change] in fault for fault in report.faults), report.faults
    for secret in ("6222", "83920174", "Latte", "Coffee", "Somebody", "argon2", "+86"):
        assert secret not in "".join(report.faults)


async def test_a_file_with_a_broken_page_is_found(
    on_file: Store, file: Path, key: MasterKey, clock: Clock
) -> None:
    await lived(on_file, clock)
    await on_file.close()
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master"
            " WHERE name = 'ix_tries_at') WHERE name = 'ix_ledger_card'"
        )
        raw.commit()
    report = await verify_database(f"sqlite:///{file}", key)
    assert any("file is damaged" in fault for fault in report.faults), report.faults


def test_of_many_faults_of_a_kind_twenty_are_spelled_out() -> None:
    report = Report()
    for number in range(100):
        report.fault("a card", str(number))
    assert len(report.faults) == 21
    assert report.faults[-1] == "a card: and more"


def test_every_column_of_bytes_is_opened_or_known_to_be_plain() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    opened = {f"{table.name}.{name}" for table, places in SEALED.items() for name in places}
    assert opened | PLAIN == columns
    assert not opened & PLAIN


MONEY = st.sampled_from([-3000, -300, -100, 100, 300, 5000])
CARD = st.integers(0, 2)
STEP = st.one_of(
    st.tuples(st.just("book"), CARD, MONEY),
    st.tuples(st.just("message"), CARD, MONEY),
    st.tuples(st.just("set"), CARD, MONEY),
    st.tuples(st.just("undo"), CARD, st.integers(0, 9)),
    st.tuples(st.just("happens"), CARD, MONEY),
    st.tuples(st.just("read"), CARD, st.integers(0, 3)),
    st.tuples(st.just("clock"), CARD, MONEY),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, max_size=25))
@example([("book", 1, -300), ("read", 1, 0), ("happens", 1, 5000), ("read", 1, 0)])
@example([("happens", 2, 5000), ("read", 2, 1), ("book", 2, -100), ("read", 2, 0)])
def test_whatever_people_messages_and_issuers_do_in_whatever_order_nothing_is_a_fault(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    asyncio.run(_whatever(tmp_path_factory.mktemp("whatever"), steps))


async def _whatever(folder: Path, steps: list[tuple[str, int, int]]) -> None:
    """Three cards: kept by hand; of an issuer without a history; of one that lists some of it."""
    clock, key = Clock(), MasterKey.generate()
    url = f"sqlite:///{folder}/kabao.db"
    store = await open_store(url, key, clock=clock)
    bookings = Bookings(store, Issuers([]), clock)
    cards = [await with_card(store, number=f"622200001111000{n}") for n in range(3)]
    truth, listed = [0, 0, 0], list[IssuerEntry]()
    done: dict[int, list[int]] = {0: [], 1: [], 2: []}
    try:
        for what, which, number in steps:
            clock.advance(minutes=-90 if what == "clock" and number < 0 else 7)
            card = cards[which]
            if what == "happens":
                truth[which] = max(0, truth[which] + number)
                listed.append(_listed(clock, len(listed), number))
            elif what == "read" and which:
                entries = listed[number:] if which == 2 else None
                await reads(store, clock, card, yuan(truth[which]), entries)
            else:
                done[which] += await _acts(bookings, card, what, number, done[which])
    finally:
        await store.close()
    report = await verify_database(url, key)
    assert report.fine, report.faults
    assert report.cards == 3


def _listed(clock: Clock, number: int, amount: int) -> IssuerEntry:
    kind = EntryKind.PURCHASE if amount < 0 else EntryKind.TOP_UP
    return IssuerEntry(id=f"t{number}", at=clock.now, amount=yuan(amount), kind=kind, text="POS")


async def _acts(
    bookings: Bookings, card: Card, what: str, number: int, done: list[int]
) -> list[int]:
    booked = None
    try:
        if what == "undo" and done:
            await bookings.undo(LI, card.id, done[number % len(done)])
        elif what == "set":
            booked = await bookings.set(LI, card.id, yuan(abs(number)))
        elif what in {"book", "message"}:
            said = yuan(abs(number)) if what == "message" else None
            booked = await bookings.book(
                LI,
                card.id,
                kind="purchase",
                change=yuan(number),
                balance=said,
                source="message" if said else "holder",
            )
    except NotEnough:
        return []
    return [entry.id for entry in booked.entries] if booked else []
