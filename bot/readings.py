"""What follows when a balance becomes known: entries, the card, and the alert it may cause.

Every function runs inside the caller's transaction, so that the reading and its alert are kept
together or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from bot import reconcile
from bot.activity import Action, note
from bot.issuers import CardState, FaultKind, Issuer, IssuerFault, Reading
from bot.money import Money
from bot.thresholds import enough, episode
from storage import BalanceSource, Card, CardChanges, NewEntry, Store
from storage import Reading as StoredReading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

BALANCE_FIELDS = (
    "state",
    "currency",
    "balance_minor",
    "balance_at",
    "balance_source",
    "balance_by",
    "peak_minor",
    "expires_at",
    "expiry_source",
    "next_expiry_at",
    "episode",
    "snoozed_until",
)

PASSING = frozenset({FaultKind.NETWORK, FaultKind.ISSUER_DOWN, FaultKind.RATE_LIMITED})
"""These come and go by themselves, and one turns into another."""


def money_of(card: Card) -> Money | None:
    """Give the balance that is known, `None` where none is; never zero for not knowing."""
    if card.balance_minor is None or card.currency is None:
        return None
    return Money(card.balance_minor, card.currency)


async def from_issuer(
    tx: Store, issuer: Issuer, card: Card, reading: Reading, now: datetime
) -> Card:
    """Keep what an issuer said of a card that is locked."""
    entries, balance = _entries(reading), reading.balance
    if balance is not None and reading.entries is not None:
        await reconcile.with_history(tx, card, entries, balance, now)
    elif balance is not None and not issuer.has_history:
        explained = await reconcile.without_history(tx, card, balance, now)
        seen = () if explained else _seen_between(card, balance, now)
        await tx.ledger.add(card.owner_id, card.id, seen)
    unread = issuer.has_history and reading.entries is None
    missed = reading.history_fault is not None or reading.balance != money_of(card)
    return await keep(
        tx,
        card,
        reading,
        "issuer",
        now,
        history_stale=unread and (card.history_stale or missed),
        failures=0,
        failure=None,
        failed_at=None,
    )


async def unknown(tx: Store, card: Card) -> Card:
    """Forget the balance of a card that is locked: what it rested on was taken back."""
    changes: CardChanges = {
        "balance_minor": None,
        "balance_at": None,
        "balance_source": None,
        "balance_by": None,
        "peak_minor": None,
        "episode": "armed",
        "snoozed_until": None,
        "told_minor": None,
        "told_at": None,
    }
    await tx.cards.change(card.owner_id, card.id, **changes)
    return replace(card, **changes)


async def failed(
    tx: Store, card: Card, fault: IssuerFault, now: datetime, upcoming: datetime | None
) -> Card:
    """Keep why there is no reading of a card that is locked, and when it is tried again.

    The balance and its time stay as they were. What the failure begins with, or becomes, is
    written down, as the last thing of the transaction; not that it goes on.
    """
    said = fault.kind in (FaultKind.BLOCKED, FaultKind.EXPIRED)
    changes: CardChanges = {
        "state": str(CardState(fault.kind.value)) if said else card.state,
        "failures": card.failures + 1,
        "failure": str(fault.kind),
        "failed_at": now,
        "next_refresh_at": upcoming,
    }
    await tx.cards.change(card.owner_id, card.id, **changes)
    if _sort(card.failure) != _sort(fault.kind):
        why = str(fault.kind)
        await note(tx, Action.REFRESH_FAILED, subject=card.owner_id, card=card, why=why)
    return replace(card, **changes)


def _sort(failure: str | None) -> str | None:
    """Tell failures apart as far as it is written down: those that pass are of one sort."""
    return str(FaultKind.NETWORK) if failure in PASSING else failure


async def told(tx: Store, card: Card, now: datetime) -> Card:
    """Note that the person has just been told this card's balance."""
    await tx.cards.change(card.owner_id, card.id, told_minor=card.balance_minor, told_at=now)
    return replace(card, told_minor=card.balance_minor, told_at=now)


async def keep(
    tx: Store,
    card: Card,
    reading: Reading,
    source: BalanceSource,
    now: datetime,
    *,
    by: int | None = None,
    **also: Any,
) -> Card:
    """Keep a balance that became known of a card that is locked, and the alert it may cause.

    `by` is who said it, or booked what it follows from, if not the owner.
    """
    balance = reading.balance
    if balance is None:
        return card
    same_currency = card.currency in (None, balance.currency)
    kept = replace(
        _expiring(card, reading, source, now),
        state=str(reading.state),
        currency=balance.currency,
        balance_minor=balance.minor,
        balance_at=now,
        balance_source=source,
        balance_by=by if source != "issuer" else None,
        peak_minor=max(card.peak_minor or 0, balance.minor) if same_currency else balance.minor,
        **also,
    )
    kept = replace(kept, episode=episode(card.episode, enough(kept)))
    if kept.episode != card.episode:
        # A snooze is about one shortage, not about the next, and not about an empty card.
        kept = replace(kept, snoozed_until=None)
    changed = {name: getattr(kept, name) for name in (*BALANCE_FIELDS, *also)}
    await tx.cards.change(card.owner_id, card.id, **changed)
    found = StoredReading(
        at=now,
        balance_minor=balance.minor,
        currency=balance.currency,
        state=kept.state,
        source=source,
    )
    await tx.ledger.note_reading(card.owner_id, card.id, found)
    known_before = card.balance_minor is not None
    if kept.archived_at is None and known_before and kept.episode not in {"armed", card.episode}:
        kind: Literal["low", "zero"] = "zero" if kept.episode == "zero" else "low"
        await alert(tx, kept, kind, at=now, due=now, known_at=card.balance_at)
    return kept


def _expiring(card: Card, reading: Reading, source: BalanceSource, now: datetime) -> Card:
    """Take an issuer's date; its silence takes back its own date, not one its holder said.

    What is then to be done about it is found out when it is next looked at, which is now.
    """
    expires = reading.expires_at
    silent = expires is None and card.expiry_source == "holder"
    if expires == card.expires_at or silent or source != "issuer":
        return card
    if expires is None:
        return replace(card, expires_at=None, expiry_source=None, next_expiry_at=None)
    return replace(card, expires_at=expires, expiry_source="issuer", next_expiry_at=now)


class Alert(TypedDict):
    """What an alert carries: minor units, ISO 8601 times, what the person knew before.

    `source` is who said the balance, `by` who that was if not the owner, `at` when it came up,
    `due` from when on it may be told. `told` is the balance the owner had last been shown, and
    `told_at` a time at which it still was that: a panel shows what may have been read before.
    """

    balance: int
    currency: str
    source: BalanceSource | None
    by: int | None
    at: str
    due: str
    told: int | None
    told_at: str | None


async def alert(
    tx: Store,
    card: Card,
    kind: Literal["low", "zero", "reminder"],
    *,
    at: datetime,
    due: datetime,
    known_at: datetime | None = None,
) -> None:
    """Owe an alert to all who want one, to the owner with what they had last been told.

    That it is still low is owed to the owner alone, who wanted to be reminded. `known_at` is the
    time of the reading before, where there was one.
    """
    if (balance := money_of(card)) is None:
        return
    told_at = min((moment for moment in (card.told_at, known_at) if moment), default=None)
    payload: Alert = {
        "balance": balance.minor,
        "currency": balance.currency,
        "source": card.balance_source,
        "by": card.balance_by,
        "at": at.isoformat(),
        "due": due.isoformat(),
        "told": card.told_minor,
        "told_at": told_at.isoformat() if told_at else None,
    }
    key = f"{card.id}:{kind}:{due.isoformat()}"
    if card.alerts_on:
        await tx.outbox.put(card.owner_id, card.id, kind, payload, key=key, not_before=due)
    if kind == "reminder":
        return
    unknown: Alert = {**payload, "told": None, "told_at": None}  # what the owner was told is theirs
    for one in await tx.shares.people(card.owner_id, card.id):
        if one.alerts_on:
            await tx.outbox.put(
                card.owner_id,
                card.id,
                kind,
                unknown,
                key=f"{key}:{one.id}",
                not_before=due,
                recipient_id=one.id,
            )


def _entries(reading: Reading) -> list[NewEntry]:
    return [
        NewEntry(
            at=entry.at,
            amount_minor=entry.amount.minor,
            currency=entry.amount.currency,
            kind=entry.kind.value,
            text=entry.text,
            source="issuer",
            balance_after_minor=entry.balance_after.minor if entry.balance_after else None,
            external_id=entry.id,
        )
        for entry in reading.entries or ()
    ]


def _seen_between(card: Card, balance: Money, now: datetime) -> Sequence[NewEntry]:
    """Make an entry of a change between two readings, for issuers that keep no history."""
    before = money_of(card)
    if before is None or before.currency != balance.currency:
        return [
            NewEntry(
                at=now,
                amount_minor=balance.minor,
                currency=balance.currency,
                kind="opening",
                text="",
                source="issuer",
                balance_after_minor=balance.minor,
            )
        ]
    if before == balance:
        return []
    return [
        NewEntry(
            at=now,
            since=card.balance_at,
            amount_minor=(balance - before).minor,
            currency=balance.currency,
            kind="observed",
            text="",
            source="observed",
            balance_after_minor=balance.minor,
        )
    ]
