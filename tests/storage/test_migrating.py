"""A database of an earlier version keeps every row when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage import MasterKey, NewEntry, Reading, Store, open_store
from storage.database import parse_url
from storage.migrations import configuration
from storage.schema import metadata
from tests.storage.conftest import LI, WANG, Clock, coffee, with_card

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

Rows = dict[str, list[dict[str, Any]]]
TABLES = [
    table
    for table in metadata.sorted_tables
    if table.name
    in {"meta", "people", "cards", "card_secrets", "readings", "ledger", "outbox"}
    | {"dialogues", "invitations", "receipts"}
]
SINCE_0001 = {"booking", "beside", "reconciled_at", "role", "barred_at", "master_id", "answered"}
SINCE_0001 |= {"lead_days", "digest", "next_digest_at", "archived_at", "expiry_source"}
SINCE_0001 |= {"reminders_on", "next_expiry_at", "quick_minor", "starred", "note", "booked_by"}
SINCE_0001 |= {"recipient_id", "balance_by", "booked_name"}


def engine_of(url: str) -> AsyncEngine:
    spelled = parse_url(url)
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    return create_async_engine(spelled.set(drivername=driver[spelled.drivername]))


@pytest.fixture
async def other_url(request: pytest.FixtureRequest, url: str) -> str:
    """A second empty database of the same kind."""
    if url.startswith("sqlite"):
        return url.replace("kabao.db", "other.db")
    server = request.getfixturevalue("server")
    name: str = await server.new_database()
    return name


def lived_in(connection: Connection) -> Rows:
    """Take every row there is, in its columns of version 0001."""
    return {
        table.name: [
            {name: value for name, value in row._mapping.items() if name not in SINCE_0001}
            for row in connection.execute(select(table))
            if table.name != "meta" or row.name == "master key check"
        ]
        for table in TABLES
    }


def as_of_0001(connection: Connection, rows: Rows) -> None:
    """Make the tables of version 0001, and put the rows in them."""
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    old = MetaData()
    old.reflect(connection)
    for table in TABLES:
        assert not SINCE_0001 & set(old.tables[table.name].columns.keys())
        for row in rows[table.name]:
            connection.execute(insert(table).values(**row))


async def fill(store: Store, clock: Clock) -> None:
    """Put something into every table."""
    for owner in (LI, WANG):
        card = await with_card(store, owner, balance_minor=1000)
        await store.cards.change(owner, card.id, balance_source="issuer", balance_at=clock.now)
        await store.ledger.add(
            owner, card.id, [NewEntry(clock.now, -5, "CNY", "purchase", "茶", "issuer")]
        )
        await store.ledger.note_reading(
            owner, card.id, Reading(clock.now, 1000, "CNY", "active", "issuer")
        )
        await store.outbox.put(owner, card.id, "low", {"x": 1}, key="k", not_before=clock.now)
    gone = await store.cards.add(LI, coffee("77"))
    await store.cards.remove(LI, gone.id, clock.now)
    await store.receipts.note([1])


@pytest.fixture
async def old_url(url: str, other_url: str, key: MasterKey, clock: Clock) -> AsyncIterator[str]:
    """A database of version 0001 with people, cards, secrets, entries and messages owed."""
    store = await open_store(other_url, key, clock=clock)
    await fill(store, clock)
    await store.close()
    filled, empty = engine_of(other_url), engine_of(url)
    async with filled.connect() as connection:
        rows = await connection.run_sync(lived_in)
    async with empty.begin() as connection:
        await connection.run_sync(as_of_0001, rows)
    yield url
    await filled.dispose()
    await empty.dispose()


async def test_every_row_is_kept_and_still_belongs_together(
    old_url: str, key: MasterKey, clock: Clock
) -> None:
    engine = engine_of(old_url)
    async with engine.connect() as connection:
        count = {
            table: (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()  # noqa: S608 - our own tables
            for table in (table.name for table in TABLES)
        }
        assert all(count[table] for table in count if table not in {"dialogues", "invitations"})
        count["meta"] += 1  # the installation's own key
    store = await open_store(old_url, key, clock=clock)
    for owner in (LI, WANG):
        (card,) = await store.cards.list(owner)
        assert (card.label, card.balance_minor) == ("咖啡 Coffee", 1000)
        assert (await store.cards.secrets(owner, card.id))["pin"] == "83920174"
        (entry,) = await store.ledger.page(owner, card.id, limit=9)
        assert (entry.text, entry.beside, entry.reconciled_at) == ("茶", None, None)
    assert len(await store.outbox.claim(clock.now, 60, 9)) == 2
    await store.close()
    async with engine.connect() as connection:
        for table, before in count.items():
            now = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar()  # noqa: S608 - our own tables
            assert now == before, table
    await engine.dispose()


async def test_what_hangs_on_a_card_still_goes_with_it(
    old_url: str, key: MasterKey, clock: Clock
) -> None:
    store = await open_store(old_url, key, clock=clock)
    (card,) = await store.cards.list(LI)
    await store.cards.remove(LI, card.id, clock.now)
    await store.cards.purge_removed(clock.in_(minutes=2))
    await store.close()
    engine = engine_of(old_url)
    async with engine.connect() as connection:
        rows = await connection.run_sync(lived_in)
    await engine.dispose()
    for table in ("cards", "card_secrets", "ledger", "readings", "outbox"):
        assert {row["owner_id"] for row in rows[table]} == {WANG}, table


async def test_a_message_may_then_be_where_a_balance_is_from(
    old_url: str, key: MasterKey, clock: Clock
) -> None:
    store = await open_store(old_url, key, clock=clock)
    (card,) = await store.cards.list(LI)
    changed = await store.cards.change(LI, card.id, balance_source="message")
    assert changed is not None
    assert changed.balance_source == "message"
    await store.close()
