"""What is handed in and out. Times are aware UTC; money is minor units and a currency code.

What is sealed in the database is not shown by `repr` either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Access = Literal["none", "asked", "member"]
Role = Literal["holder", "helper"]
BalanceSource = Literal["issuer", "holder", "message"]
EntrySource = Literal["issuer", "holder", "message", "observed"]
EntryKind = Literal["purchase", "top-up", "refund", "adjustment", "opening", "observed"]
Episode = Literal["armed", "low", "zero"]
ExpirySource = Literal["issuer", "holder"]
Digest = Literal["daily", "weekly"]
Right = Literal["see", "spend", "manage", "own"]
"""What somebody may do with a card; each includes the ones before it."""


SOMEBODY: Final = 0
"""Who did something, once they are erased."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the bot has met; `id` is Telegram's."""

    id: int
    name: str = field(repr=False)
    language: str | None
    timezone: str | None
    access: Access
    quiet_from: int | None
    """Quiet hours, in minutes after the person's midnight."""
    quiet_to: int | None
    blocked_at: datetime | None
    last_seen_at: datetime
    created_at: datetime
    panel_message_id: int | None
    role: Role = "holder"
    """A helper may answer support and see whether all is well, but no cards. Admins are named in
    the settings, not here: whoever can write to the database must not become one."""
    barred_at: datetime | None = None
    """Set for somebody an admin has shut out."""
    lead_days: str | None = None
    """How many days before an expiry they are reminded, such as "30,7,1"; None: the usual ones."""
    digest: Digest | None = None
    """How often they get one message instead of several; None: each by itself."""
    next_digest_at: datetime | None = None


class PersonChanges(TypedDict, total=False):
    """What `people.change` takes."""

    name: str
    language: str | None
    timezone: str | None
    access: Access
    quiet_from: int | None
    quiet_to: int | None
    blocked_at: datetime | None
    last_seen_at: datetime
    panel_message_id: int | None
    role: Role
    barred_at: datetime | None
    lead_days: str | None
    digest: Digest | None
    next_digest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Card:
    """One card of one person; everything about it but its secrets."""

    id: str
    owner_id: int
    issuer: str
    label: str = field(repr=False)
    tail: str = field(repr=False)
    state: str
    currency: str | None
    balance_minor: int | None
    balance_at: datetime | None
    balance_source: BalanceSource | None
    peak_minor: int | None
    expires_at: datetime | None
    threshold_minor: int | None
    threshold_percent: int | None
    alerts_on: bool
    episode: Episode
    snoozed_until: datetime | None
    told_minor: int | None
    told_at: datetime | None
    next_refresh_at: datetime | None
    failures: int
    failure: str | None
    failed_at: datetime | None
    history_stale: bool
    created_at: datetime
    removed_at: datetime | None
    archived_at: datetime | None = None
    expiry_source: ExpirySource | None = None
    reminders_on: bool = True
    """Whether its holder is reminded before it expires."""
    next_expiry_at: datetime | None = None
    """When something is to be done next about its expiry."""
    quick_minor: int | None = None
    """What one tap books as spent, in minor units."""
    starred: bool = False
    balance_by: int | None = None
    """Who said the balance, or booked what it follows from, if not the owner; 0: they are gone."""
    note: str | None = field(default=None, repr=False)


class CardChanges(TypedDict, total=False):
    """What `cards.change` takes."""

    label: str
    state: str
    currency: str | None
    balance_minor: int | None
    balance_at: datetime | None
    balance_source: BalanceSource | None
    balance_by: int | None
    peak_minor: int | None
    expires_at: datetime | None
    threshold_minor: int | None
    threshold_percent: int | None
    alerts_on: bool
    episode: Episode
    snoozed_until: datetime | None
    told_minor: int | None
    told_at: datetime | None
    next_refresh_at: datetime | None
    failures: int
    failure: str | None
    failed_at: datetime | None
    history_stale: bool
    archived_at: datetime | None
    expiry_source: ExpirySource | None
    reminders_on: bool
    next_expiry_at: datetime | None
    quick_minor: int | None
    starred: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Barcode:
    """What a card shows at the till: `format` as zxing-cpp names it; the value may be its own."""

    format: str
    value: str = field(repr=False)
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card to keep. `number` is the normalised number, from which duplicates are known."""

    issuer: str
    label: str = field(repr=False)
    tail: str = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    number: str = field(repr=False)
    currency: str | None = None
    threshold_percent: int | None = None
    next_refresh_at: datetime | None = None
    threshold_minor: int | None = None
    state: str = "unknown"
    balance_minor: int | None = None
    balance_at: datetime | None = None
    balance_source: BalanceSource | None = None
    expires_at: datetime | None = None
    expiry_source: ExpirySource | None = None
    next_expiry_at: datetime | None = None
    archived_at: datetime | None = None
    quick_minor: int | None = None
    starred: bool = False
    note: str | None = field(default=None, repr=False)
    barcode: Barcode | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a card's balance was found to be; kept only where it differs from the one before."""

    at: datetime
    balance_minor: int | None
    currency: str | None
    state: str
    source: BalanceSource


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a card's history. `amount_minor` is negative for money spent."""

    id: int
    card_id: str
    at: datetime
    since: datetime | None
    """Set for a change seen between two readings: it happened between `since` and `at`."""
    amount_minor: int
    currency: str
    kind: EntryKind
    text: str = field(repr=False)
    balance_after_minor: int | None
    source: EntrySource
    beside: int | None = None
    """The entry, by its id, that takes up what this one leaves unexplained."""
    reconciled_at: datetime | None = None
    """Set for a booking once an issuer's reading has had the last word on it."""
    booked_by: int | None = None
    """Who booked it, where that was not the card's owner; 0: they are gone."""
    booked_name: str | None = field(default=None, repr=False)
    """What they were called, of somebody in a group whom the bot had not met."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A line to add.

    An `external_id` keeps it from coming twice: the issuer's own, or for what the holder or a
    message books, that message's. The two never meet.
    """

    at: datetime
    amount_minor: int
    currency: str
    kind: EntryKind
    text: str = field(repr=False)
    source: EntrySource
    since: datetime | None = None
    balance_after_minor: int | None = None
    external_id: str | None = field(default=None, repr=False)
    booked_by: int | None = None
    booked_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A message owed to somebody, claimed: the lease tells this claim from a later one.

    It is for `recipient_id` where that is not the owner; `card_id` is None if it is about no card.
    """

    id: int
    owner_id: int
    card_id: str | None
    recipient_id: int | None
    kind: str
    payload: dict[str, object] = field(repr=False)
    created_at: datetime
    attempts: int
    error: str | None
    """What the last try met; `UNSURE` if its sender died meanwhile."""
    lease: str

    @property
    def person_id(self) -> int:
        """Whom it is for."""
        return self.owner_id if self.recipient_id is None else self.recipient_id
