"""What a holder or an issuer's message books: balances that a message said, entries it is told by.

SQLite changes neither a check nor a key in place: both tables are made anew there and filled from
the old ones. Whoever runs this has switched foreign keys off, so that nothing goes with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Callable

revision = "0002"
down_revision = "0001"

_SAID = "balance_source IN ('issuer', 'holder', 'message')"
_PRESENT = sa.text("removed_at IS NULL")
_REMOVED = sa.text("removed_at IS NOT NULL")
_NUMBERED = sa.text("external IS NOT NULL")
_BOOKED = sa.text("booking IS NOT NULL")


def upgrade() -> None:
    """Let messages be a source, and let an entry say what it was booked by."""
    if op.get_context().dialect.name == "sqlite":
        _anew("cards", _cards, _cards_indexes)
        _anew("ledger", _ledger, _ledger_indexes)
        _nothing_is_orphaned()
    else:
        # The first tables' checks carry their table's name twice.
        op.drop_constraint(op.f("ck_cards_ck_cards_balance_source"), "cards")
        op.create_check_constraint(op.f("ck_cards_balance_source"), "cards", _SAID)
        for column in _booked():
            op.add_column("ledger", column)
    op.create_index(
        "uq_ledger_booking",
        "ledger",
        ["owner_id", "card_id", "booking"],
        unique=True,
        sqlite_where=_BOOKED,
        postgresql_where=_BOOKED,
    )


def _anew(table: str, make: Callable[[str], sa.Table], index: Callable[[], None]) -> None:
    """Make a table as it is to be, in the old one's place and with the old one's rows."""
    names = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
    make(f"new_{table}")
    old, new = (sa.table(name, *map(sa.column, names)) for name in (table, f"new_{table}"))
    op.execute(new.insert().from_select(names, sa.select(*old.c)))
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)
    index()


def _nothing_is_orphaned() -> None:
    if orphans := op.get_bind().execute(sa.text("PRAGMA foreign_key_check")).fetchall():
        raise RuntimeError(f"{len(orphans)} rows refer to rows that are not there")


def _booked() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("booking", sa.LargeBinary()),
        sa.Column("beside", sa.BigInteger()),
        sa.Column("reconciled_at", sa.BigInteger()),
    )


def _cards(name: str) -> sa.Table:
    return op.create_table(
        name,
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("tail", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("balance_minor", sa.BigInteger()),
        sa.Column("balance_at", sa.BigInteger()),
        sa.Column("balance_source", sa.Text()),
        sa.Column("peak_minor", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("threshold_minor", sa.BigInteger()),
        sa.Column("threshold_percent", sa.Integer()),
        sa.Column("alerts_on", sa.Boolean(), nullable=False),
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("snoozed_until", sa.BigInteger()),
        sa.Column("told_minor", sa.BigInteger()),
        sa.Column("told_at", sa.BigInteger()),
        sa.Column("next_refresh_at", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("failed_at", sa.BigInteger()),
        sa.Column("history_stale", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger()),
        sa.CheckConstraint(_SAID, name=op.f("ck_cards_balance_source")),
        sa.CheckConstraint("episode IN ('armed', 'low', 'zero')", name=op.f("ck_cards_episode")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["people.id"], name="fk_cards_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("owner_id", "id", name="pk_cards"),
        sqlite_with_rowid=False,
    )


def _cards_indexes() -> None:
    op.create_index(
        "ix_cards_due",
        "cards",
        ["issuer", "next_refresh_at"],
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    )
    op.create_index(
        "ix_cards_removed",
        "cards",
        ["removed_at"],
        sqlite_where=_REMOVED,
        postgresql_where=_REMOVED,
    )
    op.create_index("uq_cards_fingerprint", "cards", ["owner_id", "fingerprint"], unique=True)


def _ledger(name: str) -> sa.Table:
    return op.create_table(
        name,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("external", sa.LargeBinary()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("balance_after_minor", sa.BigInteger()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        *_booked(),
        sa.ForeignKeyConstraint(
            ["owner_id", "card_id"],
            ["cards.owner_id", "cards.id"],
            name="fk_ledger_owner_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sqlite_autoincrement=True,
    )


def _ledger_indexes() -> None:
    op.create_index("ix_ledger_card", "ledger", ["owner_id", "card_id", "at", "id"])
    op.create_index(
        "uq_ledger_external",
        "ledger",
        ["owner_id", "card_id", "external"],
        unique=True,
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    )
