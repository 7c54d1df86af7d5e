"""What people do with others: cards they share, what they were told, whom they asked for help."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
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

_OPEN: Final = text("closed_at IS NULL")
_CLOSED: Final = text("closed_at IS NOT NULL")
_TALKED: Final = text("thread_id IS NOT NULL")

shares = Table(
    "shares",
    metadata,
    *of_card(key=True),
    Column(
        "person_id",
        BigInteger,
        ForeignKey("people.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    # What they may do: each right includes the ones before it.
    Column("right", Text, nullable=False),
    Column("alerts_on", Boolean, nullable=False, server_default=true()),
    # Whether they are reminded before it expires, if they manage it.
    Column("reminders_on", Boolean, nullable=False, server_default=true()),
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("\"right\" IN ('see', 'spend', 'manage')", name="right"),
    Index("ix_shares_person", "person_id"),
)

share_links = Table(
    "share_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    *of_card(),
    # "own" hands the card over for good.
    Column("right", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    CheckConstraint("\"right\" IN ('see', 'spend', 'manage', 'own')", name="right"),
    Index("ix_share_links_card", "owner_id", "card_id"),
)

group_shares = Table(
    "group_shares",
    metadata,
    *of_card(key=True),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("title", LargeBinary, nullable=False),
    # What everybody in the group may do with it.
    Column("right", Text, nullable=False, server_default="see"),
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("\"right\" IN ('see', 'spend')", name="right"),
    Index("ix_group_shares_chat", "chat_id"),
)

told = Table(
    "told",
    metadata,
    of_person("person_id", key=True),
    # Which line of advice, or which offer, by its name.
    Column("what", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("never", Boolean, nullable=False, server_default=false()),
)

tickets = Table(
    "tickets",
    metadata,
    counted(),
    of_person("person_id"),
    Column("topic", Text, nullable=False),
    Column("state", Text, nullable=False),
    # Which card it is about: not a foreign key, for it may go.
    Column("card_id", Text),
    # Where the operator's people talk about it: their group, and a topic of it if it has topics.
    Column("chat_id", BigInteger),
    Column("thread_id", BigInteger),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("rating", Integer),
    CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
    Index("ix_tickets_person", "person_id", "id"),
    Index("ix_tickets_open", "updated_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_tickets_closed", "closed_at", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
    Index("ix_tickets_thread", "thread_id", sqlite_where=_TALKED, postgresql_where=_TALKED),
    sqlite_autoincrement=True,
)

ticket_messages = Table(
    "ticket_messages",
    metadata,
    counted(),
    of_person("person_id"),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False),
    # Which side wrote it.
    Column("by", Text, nullable=False),
    Column("text", LargeBinary, nullable=False),
    # A picture, by Telegram's id of it; sealed as well.
    Column("photo", LargeBinary),
    # The message that brought it to the operator's people, and the chat that is in.
    Column("support_chat_id", BigInteger),
    Column("support_message_id", BigInteger),
    CheckConstraint("\"by\" IN ('holder', 'operator')", name="by"),
    Index("ix_ticket_messages_ticket", "ticket_id", "id"),
    Index("ix_ticket_messages_person", "person_id"),
    Index("ix_ticket_messages_support", "support_message_id"),
)
