"""The first tables: people, cards, their history, messages owed.

Times are microseconds since 1970, money is minor units, what is personal is sealed bytes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _meta()
    _people()
    _cards()
    _card_secrets()
    _readings()
    _ledger()
    _outbox()
    _dialogues()
    _invitations()
    _receipts()


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("timezone", sa.Text()),
        sa.Column("access", sa.Text(), server_default="none", nullable=False),
        sa.Column("quiet_from", sa.Integer()),
        sa.Column("quiet_to", sa.Integer()),
        sa.Column("blocked_at", sa.BigInteger()),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("panel_message_id", sa.BigInteger()),
        sa.CheckConstraint("access IN ('none', 'asked', 'member')", name="ck_people_access"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_index("ix_people_access", "people", ["access"])


def _cards() -> None:
    op.create_table(
        "cards",
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
        sa.CheckConstraint(
            "balance_source IN ('issuer', 'holder')", name="ck_cards_balance_source"
        ),
        sa.CheckConstraint("episode IN ('armed', 'low', 'zero')", name="ck_cards_episode"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["people.id"], name="fk_cards_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("owner_id", "id", name="pk_cards"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_cards_due",
        "cards",
        ["issuer", "next_refresh_at"],
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(
        "ix_cards_removed",
        "cards",
        ["removed_at"],
        sqlite_where=sa.text("removed_at IS NOT NULL"),
        postgresql_where=sa.text("removed_at IS NOT NULL"),
    )
    op.create_index("uq_cards_fingerprint", "cards", ["owner_id", "fingerprint"], unique=True)


def _card_secrets() -> None:
    op.create_table(
        "card_secrets",
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id", "card_id"],
            ["cards.owner_id", "cards.id"],
            name="fk_card_secrets_owner_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner_id", "card_id", "field", name="pk_card_secrets"),
        sqlite_with_rowid=False,
    )


def _readings() -> None:
    op.create_table(
        "readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id", "card_id"],
            ["cards.owner_id", "cards.id"],
            name="fk_readings_owner_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_readings"),
    )
    op.create_index("ix_readings_card", "readings", ["owner_id", "card_id", "at", "id"])


def _ledger() -> None:
    op.create_table(
        "ledger",
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
        sa.ForeignKeyConstraint(
            ["owner_id", "card_id"],
            ["cards.owner_id", "cards.id"],
            name="fk_ledger_owner_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )
    op.create_index("ix_ledger_card", "ledger", ["owner_id", "card_id", "at", "id"])
    op.create_index(
        "uq_ledger_external",
        "ledger",
        ["owner_id", "card_id", "external"],
        unique=True,
        sqlite_where=sa.text("external IS NOT NULL"),
        postgresql_where=sa.text("external IS NOT NULL"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
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
        sa.CheckConstraint("outcome IN ('sent', 'given up')", name="ck_outbox_outcome"),
        sa.ForeignKeyConstraint(
            ["owner_id", "card_id"],
            ["cards.owner_id", "cards.id"],
            name="fk_outbox_owner_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_card", "outbox", ["owner_id", "card_id"])
    op.create_index(
        "ix_outbox_done",
        "outbox",
        ["done_at"],
        sqlite_where=sa.text("done_at IS NOT NULL"),
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["not_before"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_owner",
        "outbox",
        ["owner_id", "id"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index("uq_outbox_key", "outbox", ["owner_id", "key"], unique=True)


def _dialogues() -> None:
    op.create_table(
        "dialogues",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_dialogues_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_dialogues"),
    )


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["people.id"], name="fk_invitations_created_by", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_invitations"),
    )
    op.create_index("ix_invitations_created_by", "invitations", ["created_by"])


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("update_id", name="pk_receipts"),
    )
    op.create_index("ix_receipts_at", "receipts", ["at"])
