"""What Kabao keeps: people, cards, history, alerts. Knows neither Telegram nor issuers.

`open_store` gives a `Store`; its groups of questions are the only way to the tables, every
question about a card takes its owner, and everything personal is sealed (`vault.py`).
"""

from storage.audit import AuditRow, person_mark
from storage.cards import MOST_CARDS
from storage.chain import Anchor, LogRow, spell
from storage.errors import (
    BrokenChainError,
    DuplicateCardError,
    KeyFormatError,
    SealError,
    StorageError,
    WriteError,
    WrongKeyError,
)
from storage.groups import GroupShare
from storage.health import Failing, Outstanding
from storage.locks import Lock, LockChanges, Tried
from storage.moving import Whole
from storage.outbox import UNSURE
from storage.questions import utc_now
from storage.receipts import receipt
from storage.records import (
    Access,
    BalanceSource,
    Barcode,
    Card,
    CardChanges,
    Digest,
    Entry,
    EntryKind,
    EntrySource,
    Episode,
    ExpirySource,
    NewCard,
    NewEntry,
    OutboxItem,
    Person,
    PersonChanges,
    Reading,
    Right,
    Role,
)
from storage.share_links import Offer, Taken
from storage.shares import Held, Sharer, suffices
from storage.spending import Spent
from storage.store import Store, open_store
from storage.tickets import Ticket, TicketMessage
from storage.tries import REFUSED, Outcome, Seen, Stop, Try
from storage.vanishing import Owed
from storage.vault import InstallationKey, MasterKey

__all__ = [
    "MOST_CARDS",
    "REFUSED",
    "UNSURE",
    "Access",
    "Anchor",
    "AuditRow",
    "BalanceSource",
    "Barcode",
    "BrokenChainError",
    "Card",
    "CardChanges",
    "Digest",
    "DuplicateCardError",
    "Entry",
    "EntryKind",
    "EntrySource",
    "Episode",
    "ExpirySource",
    "Failing",
    "GroupShare",
    "Held",
    "InstallationKey",
    "KeyFormatError",
    "Lock",
    "LockChanges",
    "LogRow",
    "MasterKey",
    "NewCard",
    "NewEntry",
    "Offer",
    "OutboxItem",
    "Outcome",
    "Outstanding",
    "Owed",
    "Person",
    "PersonChanges",
    "Reading",
    "Right",
    "Role",
    "SealError",
    "Seen",
    "Sharer",
    "Spent",
    "Stop",
    "StorageError",
    "Store",
    "Taken",
    "Ticket",
    "TicketMessage",
    "Tried",
    "Try",
    "Whole",
    "WriteError",
    "WrongKeyError",
    "open_store",
    "person_mark",
    "receipt",
    "spell",
    "suffices",
    "utc_now",
]
