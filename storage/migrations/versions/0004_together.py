"""Barcodes, expiries, archives, shared cards, tickets; messages owed that are about no card.

SQLite changes neither a column nor a key in place: the outbox is made anew there and filled from
the old one. Whoever runs this has switched foreign keys off, so that nothing goes with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OPEN = sa.text("done_at IS NULL")
_DONE = sa.text("done_at IS NOT NULL")
_OWNER = "owner_id"


def upgrade() -> None:
    """Add what is known of people, cards and entries now, and make the new tables."""
    op.add_column("people", sa.Column("lead_days", sa.Text()))
    op.add_column("people", sa.Column("digest", sa.Text()))
    op.add_column("people", sa.Column("next_digest_at", sa.BigInteger()))
    _index("ix_people_digest", "people", ["next_digest_at"], "next_digest_at IS NOT NULL")
    for column in (
        sa.Column("balance_by", sa.BigInteger()),
        sa.Column("archived_at", sa.BigInteger()),
        sa.Column("expiry_source", sa.Text()),
        sa.Column("reminders_on", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("next_expiry_at", sa.BigInteger()),
        sa.Column("quick_minor", sa.BigInteger()),
        sa.Column("starred", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("note", sa.LargeBinary()),
    ):
        op.add_column("cards", column)
    _index("ix_cards_balance_by", "cards", ["balance_by"], "balance_by IS NOT NULL")
    _index("ix_cards_expiry", "cards", ["next_expiry_at"], "next_expiry_at IS NOT NULL")
    # Cards that have an expiry already are looked at once, and are due by themselves then.
    op.execute(
        "UPDATE cards SET next_expiry_at = 0, expiry_source = 'issuer' "
        "WHERE expires_at IS NOT NULL AND removed_at IS NULL"
    )
    op.add_column("ledger", sa.Column("booked_by", sa.BigInteger()))
    op.add_column("ledger", sa.Column("booked_name", sa.LargeBinary()))
    _index("ix_ledger_booked_by", "ledger", ["booked_by"], "booked_by IS NOT NULL")
    if op.get_context().dialect.name == "sqlite":
        _outbox_anew()
    else:
        _outbox_changed()
    _index("ix_outbox_recipient", "outbox", ["recipient_id"], "recipient_id IS NOT NULL")
    _barcodes()
    _shares()
    _share_links()
    _group_shares()
    _told()
    _tickets()
    _ticket_messages()


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _outbox_changed() -> None:
    op.alter_column("outbox", "card_id", nullable=True)
    op.add_column("outbox", sa.Column("recipient_id", sa.BigInteger()))
    op.drop_constraint("fk_outbox_owner_id", "outbox")
    for name, columns, theirs in (
        ("fk_outbox_card", [_OWNER, "card_id"], ("cards", [_OWNER, "id"])),
        ("fk_outbox_owner_id", [_OWNER], ("people", ["id"])),
        ("fk_outbox_recipient_id", ["recipient_id"], ("people", ["id"])),
    ):
        op.create_foreign_key(name, "outbox", theirs[0], columns, theirs[1], ondelete="CASCADE")


def _outbox_anew() -> None:
    names = [column["name"] for column in sa.inspect(op.get_bind()).get_columns("outbox")]
    op.create_table(
        "new_outbox",
        _counted(),
        sa.Column(_OWNER, sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.Text()),
        sa.Column("recipient_id", sa.BigInteger()),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.CheckConstraint(
            "outcome IN ('sent', 'given up')",
            name=op.f("ck_outbox_outcome"),
        ),
        _of_person("outbox", _OWNER),
        _of_card("fk_outbox_card"),
        _of_person("outbox", "recipient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    old, new = (sa.table(name, *map(sa.column, names)) for name in ("outbox", "new_outbox"))
    op.execute(new.insert().from_select(names, sa.select(*old.c)))
    op.drop_table("outbox")
    op.rename_table("new_outbox", "outbox")
    op.create_index("uq_outbox_key", "outbox", [_OWNER, "key"], unique=True)
    op.create_index("ix_outbox_card", "outbox", [_OWNER, "card_id"])
    for name, columns, where in (
        ("ix_outbox_due", ["not_before"], _OPEN),
        ("ix_outbox_owner", [_OWNER, "id"], _OPEN),
        ("ix_outbox_done", ["done_at"], _DONE),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=where)
    if orphans := op.get_bind().execute(sa.text("PRAGMA foreign_key_check")).fetchall():
        raise RuntimeError(f"{len(orphans)} rows refer to rows that are not there")


def _counted() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _of_person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["people.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )


def _of_card(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [_OWNER, "card_id"], ["cards.owner_id", "cards.id"], name=name, ondelete="CASCADE"
    )


def _card_columns() -> tuple[sa.Column[int], sa.Column[str]]:
    return (
        sa.Column(_OWNER, sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
    )


def _barcodes() -> None:
    op.create_table(
        "barcodes",
        *_card_columns(),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("encoding", sa.Text()),
        sa.PrimaryKeyConstraint(_OWNER, "card_id", name="pk_barcodes"),
        _of_card("fk_barcodes_owner_id"),
        sqlite_with_rowid=False,
    )


def _shares() -> None:
    op.create_table(
        "shares",
        *_card_columns(),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("alerts_on", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("reminders_on", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("\"right\" IN ('see', 'spend', 'manage')", name=op.f("ck_shares_right")),
        sa.PrimaryKeyConstraint(_OWNER, "card_id", "person_id", name="pk_shares"),
        _of_card("fk_shares_owner_id"),
        _of_person("shares", "person_id"),
    )
    op.create_index("ix_shares_person", "shares", ["person_id"])


def _share_links() -> None:
    op.create_table(
        "share_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        *_card_columns(),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "\"right\" IN ('see', 'spend', 'manage', 'own')", name=op.f("ck_share_links_right")
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_share_links"),
        _of_card("fk_share_links_owner_id"),
    )
    op.create_index("ix_share_links_card", "share_links", [_OWNER, "card_id"])


def _group_shares() -> None:
    op.create_table(
        "group_shares",
        *_card_columns(),
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("right", sa.Text(), server_default="see", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("\"right\" IN ('see', 'spend')", name=op.f("ck_group_shares_right")),
        sa.PrimaryKeyConstraint(_OWNER, "card_id", "chat_id", name="pk_group_shares"),
        _of_card("fk_group_shares_owner_id"),
    )
    op.create_index("ix_group_shares_chat", "group_shares", ["chat_id"])


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("never", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "what", name="pk_told"),
        _of_person("told", "person_id"),
    )


def _tickets() -> None:
    op.create_table(
        "tickets",
        _counted(),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("card_id", sa.Text()),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("thread_id", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("rating", sa.Integer()),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'closed')", name=op.f("ck_tickets_state")
        ),
        _of_person("tickets", "person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tickets_person", "tickets", ["person_id", "id"])
    _index("ix_tickets_open", "tickets", ["updated_at"], "closed_at IS NULL")
    _index("ix_tickets_closed", "tickets", ["closed_at"], "closed_at IS NOT NULL")
    _index("ix_tickets_thread", "tickets", ["thread_id"], "thread_id IS NOT NULL")


def _ticket_messages() -> None:
    op.create_table(
        "ticket_messages",
        _counted(),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("photo", sa.LargeBinary()),
        sa.Column("support_chat_id", sa.BigInteger()),
        sa.Column("support_message_id", sa.BigInteger()),
        sa.CheckConstraint("\"by\" IN ('holder', 'operator')", name=op.f("ck_ticket_messages_by")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_ticket_messages_ticket_id", ondelete="CASCADE"
        ),
        _of_person("ticket_messages", "person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_messages"),
    )
    op.create_index("ix_ticket_messages_ticket", "ticket_messages", ["ticket_id", "id"])
    op.create_index("ix_ticket_messages_person", "ticket_messages", ["person_id"])
    op.create_index("ix_ticket_messages_support", "ticket_messages", ["support_message_id"])
