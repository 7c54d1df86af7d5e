"""People, their cards, what happened on them, what is owed to them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
    true,
)

from storage.schema.columns import UtcTime, counted, metadata, of_card, of_person

_DIGEST: Final = text("next_digest_at IS NOT NULL")
_EXPIRES: Final = text("next_expiry_at IS NOT NULL")
_PRESENT: Final = text("removed_at IS NULL")
_REMOVED: Final = text("removed_at IS NOT NULL")
_OPEN: Final = text("done_at IS NULL")
_NUMBERED: Final = text("external IS NOT NULL")
_BOOKED: Final = text("booking IS NOT NULL")
_DONE: Final = text("done_at IS NOT NULL")
_OTHERS: Final = text("recipient_id IS NOT NULL")
_OTHERS_DID: Final = text("booked_by IS NOT NULL")
_SAID: Final = text("balance_by IS NOT NULL")

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("language", Text),
    Column("timezone", Text),
    Column("access", Text, nullable=False, server_default="none"),
    Column("quiet_from", Integer),
    Column("quiet_to", Integer),
    Column("blocked_at", UtcTime),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("panel_message_id", BigInteger),
    Column("role", Text, nullable=False, server_default="holder"),
    # Whom an admin has shut out, whatever the access of others.
    Column("barred_at", UtcTime),
    # The master key that wraps this person's; not known of those from before version 0003.
    Column("master_id", Text),
    # Days before an expiry, largest first, such as "30,7,1"; none chosen, the usual ones.
    Column("lead_days", Text),
    Column("digest", Text),
    Column("next_digest_at", UtcTime),
    CheckConstraint("access IN ('none', 'asked', 'member')", name="access"),
    Index("ix_people_access", "access"),
    Index(
        "ix_people_digest",
        "next_digest_at",
        sqlite_where=_DIGEST,
        postgresql_where=_DIGEST,
    ),
)

cards = Table(
    "cards",
    metadata,
    of_person(key=True),
    Column("id", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("label", LargeBinary, nullable=False),
    Column("tail", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("currency", Text),
    Column("balance_minor", BigInteger),
    Column("balance_at", UtcTime),
    Column("balance_source", Text),
    # Who said it or booked what it follows from, where that was not the owner: no foreign key, for
    # they may go. 0 is somebody who was erased.
    Column("balance_by", BigInteger),
    Column("peak_minor", BigInteger),
    Column("expires_at", UtcTime),
    Column("threshold_minor", BigInteger),
    Column("threshold_percent", Integer),
    Column("alerts_on", Boolean, nullable=False),
    Column("episode", Text, nullable=False),
    Column("snoozed_until", UtcTime),
    Column("told_minor", BigInteger),
    Column("told_at", UtcTime),
    Column("next_refresh_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("failure", Text),
    Column("failed_at", UtcTime),
    Column("history_stale", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    Column("archived_at", UtcTime),
    # Who said when the card expires: what its holder says no issuer's silence takes back.
    Column("expiry_source", Text),
    Column("reminders_on", Boolean, nullable=False, server_default=true()),
    # When something is to be done next about the expiry: a reminder, or the end.
    Column("next_expiry_at", UtcTime),
    # What one tap books as spent.
    Column("quick_minor", BigInteger),
    Column("starred", Boolean, nullable=False, server_default=false()),
    Column("note", LargeBinary),
    CheckConstraint("episode IN ('armed', 'low', 'zero')", name="episode"),
    CheckConstraint("balance_source IN ('issuer', 'holder', 'message')", name="balance_source"),
    Index("uq_cards_fingerprint", "owner_id", "fingerprint", unique=True),
    Index(
        "ix_cards_due",
        "issuer",
        "next_refresh_at",
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    ),
    Index("ix_cards_removed", "removed_at", sqlite_where=_REMOVED, postgresql_where=_REMOVED),
    Index("ix_cards_expiry", "next_expiry_at", sqlite_where=_EXPIRES, postgresql_where=_EXPIRES),
    Index("ix_cards_balance_by", "balance_by", sqlite_where=_SAID, postgresql_where=_SAID),
    # The cards of one person then lie on one page, whenever they were bound.
    sqlite_with_rowid=False,
)

barcodes = Table(
    "barcodes",
    metadata,
    *of_card(key=True),
    # As zxing-cpp names its formats; the value may differ from the card's number.
    Column("format", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    # The character set the value is drawn in, where one was given.
    Column("encoding", Text),
    sqlite_with_rowid=False,
)

card_secrets = Table(
    "card_secrets",
    metadata,
    *of_card(key=True),
    Column("field", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

readings = Table(
    "readings",
    metadata,
    counted(),
    *of_card(),
    Column("at", UtcTime, nullable=False),
    Column("balance_minor", BigInteger),
    Column("currency", Text),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Index("ix_readings_card", "owner_id", "card_id", "at", "id"),
)

ledger = Table(
    "ledger",
    metadata,
    counted(),
    *of_card(),
    # A keyed fingerprint of the issuer's own id: such ids may hold a card number.
    Column("external", LargeBinary),
    Column("at", UtcTime, nullable=False),
    Column("since", UtcTime),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("balance_after_minor", BigInteger),
    Column("source", Text, nullable=False),
    Column("noted_at", UtcTime, nullable=False),
    # A keyed fingerprint of what the holder or a message booked it by; the issuer's own id comes
    # beside it when the issuer lists the same thing.
    Column("booking", LargeBinary),
    # The entry that takes up what this one leaves unexplained: not a foreign key, for it may go.
    Column("beside", BigInteger),
    Column("reconciled_at", UtcTime),
    # Who booked it, where that was not the owner: as `balance_by` of a card. What they are called
    # is kept of those alone whom the bot has not met, from a group.
    Column("booked_by", BigInteger),
    Column("booked_name", LargeBinary),
    Index(
        "uq_ledger_external",
        "owner_id",
        "card_id",
        "external",
        unique=True,
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    ),
    Index(
        "uq_ledger_booking",
        "owner_id",
        "card_id",
        "booking",
        unique=True,
        sqlite_where=_BOOKED,
        postgresql_where=_BOOKED,
    ),
    Index("ix_ledger_card", "owner_id", "card_id", "at", "id"),
    Index(
        "ix_ledger_booked_by", "booked_by", sqlite_where=_OTHERS_DID, postgresql_where=_OTHERS_DID
    ),
    # An old button names an entry by its id: what it named is gone, never something else.
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    counted(),
    of_person(),
    # None where it is about no card.
    Column("card_id", Text),
    ForeignKeyConstraint(
        ["owner_id", "card_id"],
        ["cards.owner_id", "cards.id"],
        name="fk_outbox_card",
        ondelete="CASCADE",
    ),
    # Whom it is for, where that is not the owner.
    Column("recipient_id", BigInteger, ForeignKey("people.id", ondelete="CASCADE")),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary),
    Column("created_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease", Text),
    Column("error", Text),
    Column("done_at", UtcTime),
    Column("outcome", Text),
    CheckConstraint("outcome IN ('sent', 'given up')", name="outcome"),
    Index("uq_outbox_key", "owner_id", "key", unique=True),
    Index("ix_outbox_card", "owner_id", "card_id"),
    Index("ix_outbox_recipient", "recipient_id", sqlite_where=_OTHERS, postgresql_where=_OTHERS),
    Index("ix_outbox_due", "not_before", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_outbox_owner", "owner_id", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_outbox_done", "done_at", sqlite_where=_DONE, postgresql_where=_DONE),
)

dialogues = Table(
    "dialogues",
    metadata,
    of_person("person_id", key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    of_person("created_by"),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_invitations_created_by", "created_by"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    # Whether it was not only done, but its answer was given too.
    Column("answered", Boolean, nullable=False, server_default=false()),
    Index("ix_receipts_at", "at"),
)

inbox = Table(
    "inbox",
    metadata,
    counted(),
    Column("at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Sealed under the installation's key: raw updates, of whomever.
    Column("sealed", LargeBinary, nullable=False),
)
