"""Where sealed values lie, and for which place each of them was sealed.

A column of bytes is either here or in `PLAIN`: a test sees to it that none is forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from storage.schema import (
    barcodes,
    card_secrets,
    cards,
    dialogues,
    group_shares,
    ledger,
    locks,
    outbox,
    people,
    ticket_messages,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Column, Table

    Place = Callable[[Mapping[str, Any]], tuple[str, ...]]

SEALED: Final[dict[Table, dict[str, Place]]] = {
    people: {"name": lambda _: ("person", "name")},
    cards: {
        "label": lambda row: ("card", row["id"], "label"),
        "tail": lambda row: ("card", row["id"], "tail"),
        "note": lambda row: ("card", row["id"], "note"),
    },
    card_secrets: {"sealed": lambda row: ("card", row["card_id"], f"secret {row['field']}")},
    ledger: {
        "text": lambda row: (
            "entry",
            row["card_id"],
            row["at"].isoformat(),
            str(row["amount_minor"]),
            row["currency"],
        ),
        "booked_name": lambda row: ("entry booker", row["card_id"], str(row["booked_by"])),
    },
    barcodes: {"value": lambda row: ("card", row["card_id"], "barcode", row["format"])},
    group_shares: {"title": lambda row: ("group share", row["card_id"], str(row["chat_id"]))},
    ticket_messages: {
        "text": lambda row: ("ticket", str(row["ticket_id"]), row["by"], row["at"].isoformat()),
        "photo": lambda row: ("ticket photo", str(row["ticket_id"]), row["at"].isoformat()),
    },
    outbox: {"payload": lambda row: ("outbox", row["card_id"] or "", row["key"])},
    dialogues: {"sealed": lambda _: ("dialogue",)},
    locks: {
        "passcode": lambda _: ("lock", "passcode"),
        "totp": lambda _: ("lock", "totp"),
        "phone": lambda _: ("lock", "phone"),
    },
}
"""By table: its sealed columns, and what a row's value in each was sealed for."""

PLAIN: Final = {
    "meta.value",
    "people.wrapped_key",
    "cards.fingerprint",
    "ledger.external",
    "ledger.booking",
    "recovery_codes.code",
    "audit.actor",
    "audit.subject",
    "audit.sealed",
    "audit.mac",
    "tries.who",
    "tries.number",
    "tries.stem",
    "stops.who",
    "invitations.token_hash",
    "share_links.token_hash",
    "inbox.sealed",
}
"""Marks, fingerprints, hashes and wrapped keys; the audit log's, whose person is a mark; and what
waits to be answered, which is nobody's yet and gone with the answer."""


def sealed_part(column: Column[Any], value: bytes | None) -> bytes | None:
    """Find what is sealed of a value; None where there is nothing.

    Before it stands one byte in a dialogue, which alone stays when it is over (`dialogues.py`).
    """
    if value is not None and column.table is dialogues:
        return value[1:] or None
    return value
