"""What keeps others out and proves what happened: locks, the audit log, tries, roles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add to people what is known of them now, and make the new tables."""
    for column in (
        sa.Column("role", sa.Text(), server_default="holder", nullable=False),
        sa.Column("barred_at", sa.BigInteger()),
        sa.Column("master_id", sa.Text()),
    ):
        op.add_column("people", column)
    _locks()
    _recovery_codes()
    _vanishing()
    _audit()
    _tries()
    _stops()
    _processes()
    _inbox()


def _locks() -> None:
    op.create_table(
        "locks",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("passcode", sa.LargeBinary()),
        sa.Column("covers_balances", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("unlocked_until", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", sa.BigInteger()),
        sa.Column("totp", sa.LargeBinary()),
        sa.Column("totp_step", sa.BigInteger()),
        sa.Column("phone", sa.LargeBinary()),
        sa.Column("reset_at", sa.BigInteger()),
        sa.Column("reset_warned_at", sa.BigInteger()),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_locks"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_locks_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_locks_unlocked",
        "locks",
        ["unlocked_until"],
        sqlite_where=sa.text("unlocked_until IS NOT NULL"),
        postgresql_where=sa.text("unlocked_until IS NOT NULL"),
    )
    op.create_index(
        "ix_locks_reset",
        "locks",
        ["reset_at"],
        sqlite_where=sa.text("reset_at IS NOT NULL"),
        postgresql_where=sa.text("reset_at IS NOT NULL"),
    )


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "code", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_recovery_codes_person_id", ondelete="CASCADE"
        ),
    )


def _vanishing() -> None:
    op.create_table(
        "vanishing",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "message_id", name="pk_vanishing"),
    )
    op.create_index("ix_vanishing_due", "vanishing", ["due_at"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.LargeBinary()),
        sa.Column("subject", sa.LargeBinary()),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "seq"])


def _tries() -> None:
    op.create_table(
        "tries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("stem", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tries"),
    )
    op.create_index("ix_tries_who", "tries", ["who", "at"])
    op.create_index("ix_tries_at", "tries", ["at"])


def _stops() -> None:
    op.create_table(
        "stops",
        sa.Column("who", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("who", name="pk_stops"),
    )


def _processes() -> None:
    op.create_table(
        "processes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("master_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processes"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
    )
    op.add_column(
        "receipts",
        sa.Column("answered", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
