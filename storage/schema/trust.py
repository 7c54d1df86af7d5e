"""What keeps others out, and what proves what happened.

A `who` is not a Telegram id but a mark of one under the installation's key: these rows outlive
the person they are about, and nobody without the master key can tell who that was.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from storage.schema.columns import UtcTime, counted, metadata, of_person

_UNLOCKED: Final = text("unlocked_until IS NOT NULL")
_RESET: Final = text("reset_at IS NOT NULL")

locks = Table(
    "locks",
    metadata,
    of_person("person_id", key=True),
    # Sealed: an Argon2id hash in PHC form.
    Column("passcode", LargeBinary),
    Column("covers_balances", Boolean, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("unlocked_until", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("closed_until", UtcTime),
    # Sealed: the key of RFC 6238, and the last time step a code was taken for.
    Column("totp", LargeBinary),
    Column("totp_step", BigInteger),
    # Sealed: the number the person's own contact said.
    Column("phone", LargeBinary),
    # When a passcode that was forgotten is lifted, if nobody objects.
    Column("reset_at", UtcTime),
    # When they were told that this is near; nothing is lifted before they were.
    Column("reset_warned_at", UtcTime),
    Column("changed_at", UtcTime, nullable=False),
    Index(
        "ix_locks_unlocked",
        "unlocked_until",
        sqlite_where=_UNLOCKED,
        postgresql_where=_UNLOCKED,
    ),
    Index("ix_locks_reset", "reset_at", sqlite_where=_RESET, postgresql_where=_RESET),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    of_person("person_id", key=True),
    # A keyed fingerprint; a code that was used is not here any more.
    Column("code", LargeBinary, primary_key=True),
)

vanishing = Table(
    "vanishing",
    metadata,
    # No person: the message has to go even if its reader was erased meanwhile.
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("ix_vanishing_due", "due_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", LargeBinary),
    Column("subject", LargeBinary),
    # Sealed under the subject's key: it closes for good when they are erased, the chain stays.
    Column("sealed", LargeBinary),
    Column("mac", LargeBinary, nullable=False),
    Index("ix_audit_subject", "subject", "seq"),
)

tries = Table(
    "tries",
    metadata,
    counted(),
    Column("who", LargeBinary, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("issuer", Text, nullable=False),
    # Marks of the number tried, and of it without its last digits.
    Column("number", LargeBinary, nullable=False),
    Column("stem", LargeBinary, nullable=False),
    Column("outcome", Text, nullable=False),
    Index("ix_tries_who", "who", "at"),
    Index("ix_tries_at", "at"),
)

stops = Table(
    "stops",
    metadata,
    # Empty for everybody.
    Column("who", LargeBinary, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seen_at", UtcTime, nullable=False),
    # The ids of the master keys this process can open with, separated by blanks.
    Column("master_ids", Text, nullable=False),
)
