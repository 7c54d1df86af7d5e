"""Questions about all of a person's cards at once: taken out whole, put in whole.

What is keyed here opens nowhere else: the marks by which an issuer's entries and cards are known
again are made anew where a card is put in.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from storage.barcodes import barcode_place, barcode_rows
from storage.card_rows import (
    CARD_COLUMNS,
    KEYED,
    OWNED,
    PRESENT,
    card_of,
    fingerprint,
    keyed_cards,
    place,
    sealed_row,
    secret_rows,
)
from storage.cards import Cards
from storage.entry_rows import ENTRY_COLUMNS, entry_row, moved_mark, opened_entry
from storage.questions import KEY_COLUMNS
from storage.records import Barcode, Card, Entry, NewEntry, Reading
from storage.schema import barcodes, card_secrets, cards, ledger, readings
from storage.vault import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Insert

    from storage.database import Transaction
    from storage.vault import PersonKey

_READING: Final = tuple(readings.c[one.name] for one in fields(Reading))
_ALL_CARDS: Final = keyed_cards(OWNED)
_KNOWN: Final = (
    select(*KEY_COLUMNS, cards.c.fingerprint, cards.c.id).select_from(KEYED).where(OWNED, PRESENT)
)
_SECRETS: Final = (
    select(card_secrets.c.card_id, card_secrets.c.field, card_secrets.c.sealed)
    .select_from(cards.join(card_secrets))
    .where(OWNED, PRESENT)
)
_BARCODES: Final = (
    select(barcodes.c.card_id, barcodes.c.format, barcodes.c.value, barcodes.c.encoding)
    .select_from(cards.join(barcodes))
    .where(OWNED, PRESENT)
)
_ENTRIES: Final = (
    select(*ENTRY_COLUMNS, ledger.c.external)
    .select_from(cards.join(ledger))
    .where(OWNED, PRESENT)
    .order_by(ledger.c.card_id, ledger.c.id)
)
_READINGS: Final = (
    select(readings.c.card_id, *_READING)
    .select_from(cards.join(readings))
    .where(OWNED, PRESENT)
    .order_by(readings.c.card_id, readings.c.id)
)
_INSERT_CARD: Final = insert(cards).values({c.name: bindparam(c.name) for c in cards.c})
_INSERT_SECRET: Final = insert(card_secrets).values(
    {c.name: bindparam(c.name) for c in card_secrets.c}
)
_INSERT_BARCODE: Final = insert(barcodes).values({c.name: bindparam(c.name) for c in barcodes.c})
_INSERT_ENTRY: Final = insert(ledger).values(
    {c.name: bindparam(c.name) for c in ledger.c if c.name != "id"}
)
_INSERT_READING: Final = insert(readings).values(
    {c.name: bindparam(c.name) for c in readings.c if c.name != "id"}
)
_ENTRY_IDS: Final = (
    select(ledger.c.id)
    .where(ledger.c.owner_id == bindparam("owner"), ledger.c.card_id == bindparam("card"))
    .order_by(ledger.c.id)
)
_BESIDE: Final = (
    update(ledger)
    .where(
        ledger.c.owner_id == bindparam("owner"),
        ledger.c.card_id == bindparam("card"),
        ledger.c.id == bindparam("entry"),
    )
    .values(beside=bindparam("other"))
)


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything kept of one card; ids and owners are those of where it comes from.

    `number` is the normalised number, from which duplicates are known. `listed` are the ids of the
    entries that the issuer listed, by which it will not list them a second time.
    """

    card: Card
    number: str = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    barcode: Barcode | None = field(default=None, repr=False)
    entries: tuple[Entry, ...] = ()
    readings: tuple[Reading, ...] = ()
    listed: frozenset[int] = frozenset()


class Moving(Cards):
    """All cards of one person, with everything that belongs to them."""

    async def out(self, owner_id: int) -> list[Whole]:
        """Take out every present card, archived ones too, in the order they were bound.

        The number is left empty: which of the secrets it is, the issuer's declaration says.
        """
        async with self._runner.transaction() as tx:
            key = await self._key(tx, owner_id)
            rows = [
                await tx.fetch(statement, owner=owner_id)
                for statement in (_ALL_CARDS, _SECRETS, _BARCODES, _ENTRIES, _READINGS)
            ]
        return await asyncio.to_thread(_opened, key, *rows)

    async def known(self, owner_id: int, wanted: Sequence[tuple[str, str]]) -> list[str | None]:
        """Find which cards, by issuer and normalised number, the person has: their ids, or None."""
        rows = await self._runner.fetch(_KNOWN, owner=owner_id)
        if not rows:
            return [None] * len(wanted)
        key = self._vault.open_key(owner_id, *rows[0][:2])
        ids = {mark: card_id for *_, mark, card_id in rows}
        return [ids.get(fingerprint(key, issuer, number)) for issuer, number in wanted]

    async def put(self, owner_id: int, new: Sequence[Whole]) -> list[str]:
        """Keep cards with all that belongs to them, all or none; gives their ids here.

        `DuplicateCardError` if the person has one of them. Ids and owners are given anew; who else
        booked an entry is not carried, and no message that once booked one is known again.
        """
        key, now = await self._key(self._runner, owner_id), self._clock()
        pairs = [(new_id(), one) for one in new]
        rows = await asyncio.to_thread(_sealed, key, pairs, now)
        async with self._runner.transaction() as tx:
            key, known = await self._known(tx, owner_id)
            marks = [(row["fingerprint"], row["id"]) for row in rows[_INSERT_CARD]]
            await self._make_room(tx, owner_id, known, marks)
            for statement, of_it in rows.items():
                if of_it:
                    await tx.execute_many(statement, of_it)
            for card_id, whole in pairs:
                await _put_beside(tx, owner_id, card_id, whole)
        return [card_id for card_id, _ in pairs]


def _opened(
    key: PersonKey,
    cards_rows: Sequence[Sequence[Any]],
    secret_rows: Sequence[Sequence[Any]],
    barcode_rows: Sequence[Sequence[Any]],
    entry_rows: Sequence[Sequence[Any]],
    reading_rows: Sequence[Sequence[Any]],
) -> list[Whole]:
    secrets: dict[str, dict[str, str]] = defaultdict(dict)
    for card_id, name, sealed in secret_rows:
        secrets[card_id][name] = key.open_text(place(card_id, f"secret {name}"), sealed)
    codes = {
        card_id: Barcode(kind, key.open_text(barcode_place(card_id, kind), value), encoding)
        for card_id, kind, value, encoding in barcode_rows
    }
    entries: dict[str, list[Entry]] = defaultdict(list)
    listed: dict[str, set[int]] = defaultdict(set)
    for *columns, external in entry_rows:
        entry = opened_entry(key, columns)
        entries[entry.card_id].append(entry)
        if external is not None:
            listed[entry.card_id].add(entry.id)
    found: dict[str, list[Reading]] = defaultdict(list)
    for card_id, *values in reading_rows:
        found[card_id].append(Reading(*values))
    mine = [card_of(columns, key) for _, _, *columns in cards_rows]
    return [
        Whole(
            card=card,
            number="",
            secrets=secrets[card.id],
            barcode=codes.get(card.id),
            entries=tuple(entries[card.id]),
            readings=tuple(found[card.id]),
            listed=frozenset(listed[card.id]),
        )
        for card in mine
    ]


def _sealed(
    key: PersonKey, pairs: Sequence[tuple[str, Whole]], now: datetime
) -> dict[Insert, list[dict[str, Any]]]:
    """Make the rows of cards and all that belongs to them, by the statement that keeps them."""
    owner = key.owner
    return {
        _INSERT_CARD: [_card_row(key, card_id, whole) for card_id, whole in pairs],
        _INSERT_SECRET: secret_rows(key, [(card_id, whole.secrets) for card_id, whole in pairs]),
        _INSERT_BARCODE: barcode_rows(
            key, [(card_id, whole.barcode) for card_id, whole in pairs if whole.barcode]
        ),
        _INSERT_READING: [
            {"owner_id": owner, "card_id": card_id}
            | {one.name: getattr(reading, one.name) for one in fields(Reading)}
            for card_id, whole in pairs
            for reading in whole.readings
        ],
        _INSERT_ENTRY: [
            row for card_id, whole in pairs for row in _entry_rows(key, card_id, whole, now)
        ],
    }


def _card_row(key: PersonKey, card_id: str, whole: Whole) -> dict[str, Any]:
    card = replace(whole.card, removed_at=None, balance_by=None)
    given = {column.name: getattr(card, column.name) for column in CARD_COLUMNS}
    return sealed_row(given, card_id, key, whole.number)


def _entry_rows(
    key: PersonKey, card_id: str, whole: Whole, now: datetime
) -> list[dict[str, object]]:
    rows = []
    alike: Counter[tuple[object, ...]] = Counter()
    for entry in whole.entries:
        given = {one.name: getattr(entry, one.name, None) for one in fields(NewEntry)}
        given |= {"booked_by": None, "booked_name": None}
        row = entry_row(key, card_id, NewEntry(**given), now)  # type: ignore[arg-type]
        row["reconciled_at"] = entry.reconciled_at
        if entry.id in whole.listed:
            this = (entry.at, entry.amount_minor, entry.currency)
            row["external"] = moved_mark(key, card_id, entry, alike[this])
            alike[this] += 1
        rows.append(row)
    return rows


async def _put_beside(tx: Transaction, owner_id: int, card_id: str, whole: Whole) -> None:
    """Let entries name one another by the ids they have here."""
    if all(entry.beside is None for entry in whole.entries):
        return
    here = [row[0] for row in await tx.fetch(_ENTRY_IDS, owner=owner_id, card=card_id)]
    ids = {entry.id: new for entry, new in zip(whole.entries, here, strict=True)}
    for entry in whole.entries:
        if entry.beside in ids:
            await tx.execute(
                _BESIDE, owner=owner_id, card=card_id, entry=ids[entry.id], other=ids[entry.beside]
            )
