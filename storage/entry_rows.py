"""Rows of entries: which columns, how their words are sealed, and by what they are known again."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from storage.records import Entry
from storage.schema import ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.records import NewEntry
    from storage.vault import PersonKey

ENTRY_COLUMNS: Final = tuple(ledger.c[field.name] for field in fields(Entry))
"""In the order of `Entry`'s fields."""

_NAMES: Final = [field.name for field in fields(Entry)]
_TEXT, _BOOKER = _NAMES.index("text"), _NAMES.index("booked_name")


def opened_entry(key: PersonKey, columns: Sequence[object]) -> Entry:
    """Make an `Entry` of its columns, opening the sealed ones."""
    entry = Entry(*columns)  # type: ignore[arg-type]
    text: Any = columns[_TEXT]
    booker: Any = columns[_BOOKER]
    return replace(
        entry,
        text=key.open_text(place_of(entry.card_id, entry), text),
        booked_name=booker and key.open_text(booker_place(entry.card_id, entry.booked_by), booker),
    )


def entry_row(
    key: PersonKey, card_id: str, entry: NewEntry, noted_at: datetime
) -> dict[str, object]:
    """Make the columns of a new entry but its id, sealing what is sealed."""
    # Two kinds of fingerprint: no issuer's id can keep a message from being booked.
    kind = "booking" if entry.source in {"holder", "message"} else "entry"
    named = entry.external_id and key.fingerprint(kind, card_id, entry.external_id)
    return {
        "owner_id": key.owner,
        "card_id": card_id,
        "external": named if kind == "entry" else None,
        "booking": named if kind == "booking" else None,
        "at": entry.at,
        "since": entry.since,
        "amount_minor": entry.amount_minor,
        "currency": entry.currency,
        "kind": entry.kind,
        "text": key.seal_text(place_of(card_id, entry), entry.text),
        "balance_after_minor": entry.balance_after_minor,
        "source": entry.source,
        "noted_at": noted_at,
        "beside": None,
        "reconciled_at": None,
        "booked_by": entry.booked_by,
        "booked_name": sealed_booker(key, card_id, entry),
    }


def sealed_booker(key: PersonKey, card_id: str, entry: Entry | NewEntry) -> bytes | None:
    """Seal what somebody is called who booked an entry, where that is kept."""
    place, name = booker_place(card_id, entry.booked_by), entry.booked_name
    return None if name is None else key.seal_text(place, name)


def booker_place(card_id: str, booked_by: int | None) -> tuple[str, ...]:
    """Bind what somebody is called to who it is."""
    return ("entry booker", card_id, str(booked_by))


def moved_mark(key: PersonKey, card_id: str, entry: Entry | NewEntry, place: int) -> bytes:
    """Mark an issuer's entry that came from elsewhere, where its id cannot come along.

    By it the entry is known when the issuer lists it; `place` counts those that look the same.
    """
    return key.fingerprint("moved entry", *place_of(card_id, entry), str(place))


def place_of(card_id: str, entry: Entry | NewEntry) -> tuple[str, ...]:
    """Bind the words of an entry to the facts they are about."""
    at = entry.at.astimezone(UTC).isoformat()
    return ("entry", card_id, at, str(entry.amount_minor), entry.currency)
