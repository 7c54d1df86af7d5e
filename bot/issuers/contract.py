"""What every source of balances agrees on: the fields it needs, what it answers, how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.issuers.fields import Field
    from bot.issuers.format.issuer import MessageTable
    from bot.money import Money


class CardState(StrEnum):
    """What the issuer says a card is; every issuer's own words are mapped to these."""

    ACTIVE = "active"
    PENDING = "pending"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"
    SPENT = "spent"
    TRANSFERRING = "transferring"
    UNKNOWN = "unknown"


class EntryKind(StrEnum):
    """What a line of an issuer's history was."""

    PURCHASE = "purchase"
    TOP_UP = "top-up"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    OPENING = "opening"


class FaultKind(StrEnum):
    """Why there is no reading."""

    NETWORK = "network"  # no connection, no answer in time
    ISSUER_DOWN = "issuer_down"  # it says itself that it is out of order
    BAD_ANSWER = "bad_answer"  # an answer, but not one the declaration can read
    RATE_LIMITED = "rate_limited"
    NOT_FOUND = "not_found"  # the issuer knows no such number
    WRONG_PIN = "wrong_pin"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    REFUSED = "refused"  # the operator's credentials, not the holder's


ASK_HOLDER = frozenset({FaultKind.NOT_FOUND, FaultKind.WRONG_PIN})
"""Only the holder can mend these. A machine never tries again by itself: a wrong PIN too many can
lock a card."""

_CARD = frozenset({FaultKind.BLOCKED, FaultKind.EXPIRED})


class IssuerFault(Exception):  # noqa: N818 - a fault of somebody else's, not an error of ours
    """An issuer gave no reading.

    `detail` is for the operator's log: the shape of what went wrong ("HTTP 502", "HTML where JSON
    was promised"), never a value that was sent or received. `retry_after` is in seconds.
    """

    def __init__(
        self, kind: FaultKind, detail: str = "", *, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{kind}: {detail}" if detail else str(kind))
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after

    @property
    def ask_holder(self) -> bool:
        """Only the holder can mend it: the number or the PIN is not accepted."""
        return self.kind in ASK_HOLDER

    @property
    def ask_operator(self) -> bool:
        """Only the operator can mend it: the holder is told that it is not their doing."""
        return self.kind is FaultKind.REFUSED

    @property
    def permanent(self) -> bool:
        """Asking the same again by itself is pointless, and with a wrong PIN it can lock a card."""
        return self.kind in ASK_HOLDER | _CARD


@dataclass(frozen=True, slots=True)
class IssuerEntry:
    """A line of the issuer's history. `amount` is signed: what the balance went up by."""

    id: str
    at: datetime
    amount: Money
    kind: EntryKind
    text: str
    balance_after: Money | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What an issuer said about one card.

    `balance` is None where there is nobody to ask (a manual issuer). `entries` are newest first,
    None when history was not asked for, is not offered, or could not be read; then
    `history_fault` says why, and the balance stands all the same.
    """

    balance: Money | None
    state: CardState = CardState.ACTIVE
    expires_at: datetime | None = None
    entries: tuple[IssuerEntry, ...] | None = None
    history_fault: IssuerFault | None = None


class Issuer(Protocol):
    """One source of balances. `fields[0]` is the card's number."""

    @property
    def slug(self) -> str: ...  # noqa: D102 - names say it
    @property
    def name(self) -> Mapping[str, str]: ...  # noqa: D102 - language code to words, "en" always
    @property
    def fields(self) -> tuple[Field, ...]: ...  # noqa: D102
    @property
    def currency(self) -> str | None:
        """The only currency its cards have, or None: the answer says it, or the person does."""
        ...

    @property
    def asks_api(self) -> bool:
        """False: nobody to ask, the person says what is on the card."""
        ...

    @property
    def has_history(self) -> bool: ...  # noqa: D102
    @property
    def concurrency(self) -> int:
        """How many readings at once it bears; `read` itself keeps to it."""
        ...

    @property
    def down_since(self) -> datetime | None:
        """Since when it is not asked any more, because it was out of order again and again."""
        ...

    @property
    def page(self) -> str | None:
        """The issuer's own page for looking a balance up, an https address."""
        ...

    @property
    def category(self) -> str | None:
        """What is sold there, in a word that offers can name."""
        ...

    @property
    def remind_days(self) -> int | None:
        """After how many days the holder is asked whether the balance is still right."""
        ...

    @property
    def messages(self) -> tuple[MessageTable, ...]:
        """What the issuer writes to its holders, the first that fits counting."""
        ...

    def recognises(self, text: str) -> bool:
        """Whether a pasted text looks like a number of this issuer."""
        ...

    async def read(self, values: Mapping[str, str], *, history: bool = False) -> Reading:
        """Ask for a card's balance, given normalised values by field name. `IssuerFault`."""
        ...

    async def check(self) -> None:
        """Whether the issuer can be reached with the operator's credentials. `IssuerFault`."""
        ...
