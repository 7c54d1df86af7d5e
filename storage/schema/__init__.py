"""The tables, once, for SQLite and PostgreSQL.

In the clear: Telegram's id of a person, the issuer, balances, times, thresholds. Sealed under
the person's key (`vault.py`), as bytes: names, labels, last digits, every secret, the words of
the history, what an alert says, half-finished conversations, everything of a person's lock.
"""

from storage.schema.columns import UtcTime, metadata
from storage.schema.together import (
    group_shares,
    share_links,
    shares,
    ticket_messages,
    tickets,
    told,
)
from storage.schema.trust import (
    audit,
    locks,
    processes,
    recovery_codes,
    stops,
    tries,
    vanishing,
)
from storage.schema.wallet import (
    barcodes,
    card_secrets,
    cards,
    dialogues,
    inbox,
    invitations,
    ledger,
    meta,
    outbox,
    people,
    readings,
    receipts,
)

__all__ = [
    "UtcTime",
    "audit",
    "barcodes",
    "card_secrets",
    "cards",
    "dialogues",
    "group_shares",
    "inbox",
    "invitations",
    "ledger",
    "locks",
    "meta",
    "metadata",
    "outbox",
    "people",
    "processes",
    "readings",
    "receipts",
    "recovery_codes",
    "share_links",
    "shares",
    "stops",
    "ticket_messages",
    "tickets",
    "told",
    "tries",
    "vanishing",
]
