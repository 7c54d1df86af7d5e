"""What is handed in and out. Times are aware UTC; money is minor units and a currency code.

What is sealed in the database is not shown by `repr` either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Access = Literal["none", "asked", "member"]
Role = Literal["holder", "helper"]
BalanceSource = Literal["issuer", "holder", "message"]
EntrySource = Literal["issuer", "holder", "message", "observed"]
EntryKind = Literal["purchase", "top-up", "refund", "adjustment", "opening", "observed"]
Episode = Literal["armed", "low", "zero"]


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


class CardChanges(TypedDict, total=False):
    """What `cards.change` takes."""

    label: str
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


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A message owed to somebody, claimed: the lease tells this claim from a later one."""

    id: int
    owner_id: int
    card_id: str
    kind: str
    payload: dict[str, object] = field(repr=False)
    created_at: datetime
    attempts: int
    lease: str
