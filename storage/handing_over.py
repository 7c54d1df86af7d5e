"""A card handed over for good: everything of it goes over to another person, under their key.

Who else had it has it no longer: whom it is shared with is the new owner's to say. What was owed
to the old owner about it is owed no more.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from storage.card_rows import PRESENT, THIS, fingerprint
from storage.entry_rows import moved_mark
from storage.errors import DuplicateCardError, StorageError
from storage.questions import KEY_COLUMNS
from storage.records import NewEntry
from storage.schema import (
    barcodes,
    card_secrets,
    cards,
    group_shares,
    ledger,
    outbox,
    people,
    readings,
    share_links,
    shares,
)
from storage.sealed_columns import SEALED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select, Table, Update

    from storage.database import Transaction
    from storage.vault import PersonKey, Vault

MOVED: Final = (card_secrets, barcodes, readings, ledger)
"""What belongs to the card, whoever has it."""

DROPPED: Final = (outbox, shares, share_links, group_shares)
"""What is between the card and people its old owner chose; it goes with the old owner's row."""

PERSONAL: Final[Mapping[str, object]] = {
    "told_minor": None,
    "told_at": None,
    "snoozed_until": None,
    "starred": False,
    "removed_at": None,
}
"""What a card's row says of its owner rather than of the card, and how it begins anew."""

_NEW: Final = frozenset({"owner_id", "fingerprint", "balance_by"})

_KEY: Final = select(*KEY_COLUMNS).where(people.c.id == bindparam("person"))
_HOLD: Final = (
    select(*KEY_COLUMNS)
    .where(people.c.id == bindparam("person"), people.c.barred_at.is_(None))
    .with_for_update(key_share=True)
)
_CARD: Final = select(*cards.c).where(THIS, PRESENT).with_for_update()
_THEIRS: Final = select(cards.c.id, cards.c.removed_at).where(
    cards.c.owner_id == bindparam("owner"), cards.c.fingerprint == bindparam("fingerprint")
)
_INSERT: Final = insert(cards).values({c.name: bindparam(c.name) for c in cards.c})
_DELETE: Final = delete(cards).where(THIS)


def _rows_of(table: Table) -> Select[Any]:
    query = select(*table.c).where(
        table.c.owner_id == bindparam("owner"), table.c.card_id == bindparam("card")
    )
    return query.order_by(*table.primary_key)


def _rewritten(table: Table) -> Update:
    """Change a row in its place, found by its key as it was."""
    this = [column == bindparam(f"old_{column.name}") for column in table.primary_key]
    values: dict[str, object] = {c.name: bindparam(c.name) for c in table.c if c.name != "id"}
    return update(table).where(*this).values(values)


_SECRETS: Final = _rows_of(card_secrets)
_BARCODES: Final = _rows_of(barcodes)
_READINGS: Final = _rows_of(readings)
_ENTRIES: Final = _rows_of(ledger)
_MOVE_SECRETS: Final = _rewritten(card_secrets)
_MOVE_BARCODES: Final = _rewritten(barcodes)
_MOVE_READINGS: Final = _rewritten(readings)
_MOVE_ENTRIES: Final = _rewritten(ledger)
_MOVES: Final[Mapping[Table, tuple[Select[Any], Update]]] = {
    card_secrets: (_SECRETS, _MOVE_SECRETS),
    barcodes: (_BARCODES, _MOVE_BARCODES),
    readings: (_READINGS, _MOVE_READINGS),
    ledger: (_ENTRIES, _MOVE_ENTRIES),
}


async def hand_over(tx: Transaction, vault: Vault, owner: int, card_id: str, person: int) -> None:
    """Give a card to another person, all of it or, with an error, nothing.

    `DuplicateCardError` with its id if they have this card already; `StorageError` if either of
    them or the card is not there, or they are shut out.
    """
    old, new = await _keys(tx, vault, owner, person)
    found = await tx.fetch(_CARD, owner=owner, card=card_id)
    if not found:
        raise StorageError("There is no such card.")
    card = dict(zip(cards.c.keys(), found[0], strict=True))
    kept = {
        table: [
            dict(zip(table.c.keys(), row, strict=True))
            for row in await tx.fetch(rows, owner=owner, card=card_id)
        ]
        for table, (rows, _) in _MOVES.items()
    }
    mark = _mark(old, new, card, kept[card_secrets])
    await _make_room(tx, person, mark)
    begins = {**_beginning(person, mark), "balance_by": _said_by(card, old, new)}
    await tx.execute(_INSERT, **_resealed(cards, card, old, new), **begins)
    for table, (_, move) in _MOVES.items():
        rows = [_moved(table, row, old, new) for row in kept[table]]
        if table is ledger:
            _remark(kept[table], rows, old, new)
        if rows:
            await tx.execute_many(move, rows)
    await tx.execute(_DELETE, owner=owner, card=card_id)
    tx.scrub()


async def _keys(
    tx: Transaction, vault: Vault, owner: int, person: int
) -> tuple[PersonKey, PersonKey]:
    mine = await tx.fetch(_KEY, person=owner)
    theirs = await tx.fetch(_HOLD, person=person)
    if not mine or not theirs or owner == person:
        raise StorageError("There is nobody to hand this card over to.")
    return vault.open_key(owner, *mine[0]), vault.open_key(person, *theirs[0])


def _mark(
    old: PersonKey, new: PersonKey, card: Mapping[str, Any], secrets: Sequence[Mapping[str, Any]]
) -> bytes:
    """Find by the old mark which of the secrets is the number, and mark it anew."""
    for row in secrets:
        text = _opened(card_secrets, "sealed", row, old).decode()
        for number in dict.fromkeys((text, "".join(text.split()), text.upper())):
            if fingerprint(old, card["issuer"], number) == card["fingerprint"]:
                return fingerprint(new, card["issuer"], number)
    raise StorageError("The card's number does not open.")


async def _make_room(tx: Transaction, person: int, mark: bytes) -> None:
    for card_id, removed_at in await tx.fetch(_THEIRS, owner=person, fingerprint=mark):
        if removed_at is None:
            raise DuplicateCardError(card_id)
        await tx.execute(_DELETE, owner=person, card=card_id)


def _beginning(person: int, mark: bytes) -> dict[str, object]:
    return {**PERSONAL, "owner_id": person, "fingerprint": mark}


def _said_by(card: Mapping[str, Any], old: PersonKey, new: PersonKey) -> int | None:
    """Say who said a balance, as its new owner must be told: the old one is another now."""
    if card["balance_source"] not in {"holder", "message"}:
        return None
    by: int = old.owner if card["balance_by"] is None else card["balance_by"]
    return None if by == new.owner else by


def _resealed(
    table: Table, row: Mapping[str, Any], old: PersonKey, new: PersonKey
) -> dict[str, Any]:
    """Give a row with everything sealed in it opened and sealed for the other person."""
    values = dict(row)
    for name, place in SEALED.get(table, {}).items():
        if row[name] is not None:
            values[name] = new.seal(place(row), _opened(table, name, row, old))
    if table is cards:
        return {k: v for k, v in values.items() if k not in {*PERSONAL, *_NEW}}
    return values


def _opened(table: Table, name: str, row: Mapping[str, Any], key: PersonKey) -> bytes:
    return key.open(SEALED[table][name](row), row[name])


def _moved(table: Table, row: Mapping[str, Any], old: PersonKey, new: PersonKey) -> dict[str, Any]:
    before = {f"old_{column.name}": row[column.name] for column in table.primary_key}
    return {**_resealed(table, row, old, new), "owner_id": new.owner, **before}


def _remark(
    before: Sequence[Mapping[str, Any]],
    rows: Sequence[dict[str, Any]],
    old: PersonKey,
    new: PersonKey,
) -> None:
    """Mark entries anew, and say of what the old owner booked that it was they.

    The issuer's own ids are not kept, so its entries get the mark by which they are known when
    they are listed again; a message that once booked one is not known again.
    """
    alike: Counter[tuple[object, ...]] = Counter()
    for was, row in zip(before, rows, strict=True):
        row["booking"] = None
        if was["external"] is not None:
            entry = NewEntry(
                at=was["at"],
                amount_minor=was["amount_minor"],
                currency=was["currency"],
                kind=was["kind"],
                text="",
                source=was["source"],
            )
            this = (entry.at, entry.amount_minor, entry.currency)
            row["external"] = moved_mark(new, was["card_id"], entry, alike[this])
            alike[this] += 1
        if was["source"] in {"holder", "message"}:
            by = old.owner if was["booked_by"] is None else was["booked_by"]
            row["booked_by"] = None if by == new.owner else by
            row["booked_name"] = row["booked_name"] if row["booked_by"] else None
