"""Work grows with what is asked for, never with how many cards there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler

from storage import (
    announcements,
    barcodes,
    card_rows,
    cards,
    dialogues,
    digests,
    due,
    entries,
    expiries,
    groups,
    handing_over,
    inbox,
    invitations,
    ledger,
    locks,
    moving,
    open_store,
    outbox,
    people,
    receipts,
    share_links,
    shares,
    spending,
    tickets,
    told,
    vanishing,
)
from storage.database import Prepared
from storage.postgres import PostgresDatabase
from storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from types import ModuleType

    from storage import MasterKey, Store
    from tests.postgres import Postgres
    from tests.storage.conftest import Clock

MODULES = (
    announcements,
    barcodes,
    cards,
    dialogues,
    digests,
    due,
    entries,
    expiries,
    groups,
    handing_over,
    inbox,
    invitations,
    ledger,
    locks,
    moving,
    outbox,
    people,
    receipts,
    share_links,
    shares,
    spending,
    tickets,
    told,
    vanishing,
)
# What is half-finished or not yet accepted is little, and looked through now and then.
SMALL = {"dialogues._ERASE", "dialogues._PURGE", "invitations._PURGE", "share_links._PURGE"}
SMALL |= {"inbox._ALL", "inbox._COUNT", "inbox._PURGE"}
# What only an admin asks, looking at a page of it.
SMALL |= {"people._IDS", "people._LISTED"}
SMALL |= {"people._HELPERS"}
SMALL |= {f"announcements.{name}" for name in ("_OUTCOMES", "_OWED", "_UNREACHED")}
# Walks down an index for as long as the caller has room, not through the table.
BOUNDED = {"receipts._RECENT"}
# The index holds what is still owed, and nothing else.
OPEN_ONLY = "SCAN outbox USING INDEX ix_outbox_due"
UNCLOSED_ONLY = "SCAN tickets USING INDEX ix_tickets_open"
# One person's cards, and those shared with them.
MINE = {"SCAN mine", "SCAN seen"}


def statements_of(module: ModuleType) -> dict[str, Executable]:
    name = module.__name__.rpartition(".")[2]
    return {
        f"{name}.{constant}": value
        for constant, value in vars(module).items()
        if constant.isupper() and isinstance(value, Executable)
    }


STATEMENTS = {name: one for module in MODULES for name, one in statements_of(module).items()}
STATEMENTS["cards.change"] = card_rows.changing(("balance_minor", "next_refresh_at"))


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_no_question_looks_through_a_whole_table(name: str, on_file: Store) -> None:
    prepared = Prepared(STATEMENTS[name], SqliteDatabase.dialect)
    writer = on_file._runner._writer  # type: ignore[attr-defined]
    plan = await writer.execute_fetchall(
        f"EXPLAIN QUERY PLAN {prepared.sql}", [1] * len(prepared._binds)
    )
    steps = [row[3] for row in plan]
    scans = [step for step in steps if step.startswith("SCAN") and "CONSTANT ROW" not in step]
    if name in SMALL:
        assert len(scans) == 1
    elif name in BOUNDED:
        assert scans == ["SCAN receipts USING INDEX ix_receipts_at"]
    else:
        bounded = {"SCAN due", *(f"SCAN (subquery-{n})" for n in (2, 3, 5)), *MINE}
        bounded |= {OPEN_ONLY, UNCLOSED_ONLY}
        assert set(scans) <= bounded, steps


def test_every_statement_is_looked_at() -> None:
    assert len(STATEMENTS) > 40
    assert all(isinstance(one.compile(), SQLCompiler) for one in STATEMENTS.values())  # type: ignore[attr-defined]


async def test_every_question_is_one_for_postgresql_too(
    server: Postgres | None, key: MasterKey, clock: Clock
) -> None:
    if server is None:
        pytest.skip("this machine has no PostgreSQL server")
    url = await server.new_database()
    store = await open_store(url, key, clock=clock)  # it makes the tables
    await store.close()
    connection = await asyncpg.connect(url)
    refused = []
    for name, statement in STATEMENTS.items():
        try:
            await connection.prepare(Prepared(statement, PostgresDatabase.dialect).sql)
        except asyncpg.PostgresError as error:
            refused.append(f"{name}: {error}")
    await connection.close()
    assert refused == []
