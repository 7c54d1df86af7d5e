"""Questions about cards. Each takes the owner, and answers about nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias, Unpack

from sqlalchemy import bindparam, delete, insert, or_, select, update

from storage.barcodes import Barcodes
from storage.card_rows import (
    CARD_COLUMNS,
    KEYED,
    OWNED,
    PRESENT,
    THIS,
    card_of,
    changing,
    fingerprint,
    keyed_cards,
    place,
    row_of,
    secret_rows,
)
from storage.database import Transaction
from storage.errors import DuplicateCardError, StorageError
from storage.questions import KEY_COLUMNS
from storage.records import Card, CardChanges
from storage.schema import card_secrets, cards, people
from storage.vault import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from storage.database import Row, Runner
    from storage.due import CardList
    from storage.records import NewCard
    from storage.vault import PersonKey

MOST_CARDS: Final = 2_000
"""So many cards one person can have, archived ones too; whoever brings new ones looks first."""

Known: TypeAlias = "Mapping[bytes, tuple[str, datetime | None]]"

_LIST: Final = keyed_cards(OWNED, cards.c.archived_at.is_(None))
_ARCHIVED: Final = keyed_cards(OWNED, cards.c.archived_at.is_not(None))
_GET: Final = keyed_cards(THIS)
_LOCK: Final = keyed_cards(THIS).with_for_update(of=cards)
_FIND: Final = keyed_cards(OWNED, cards.c.fingerprint == bindparam("fingerprint"))
_HOLD: Final = (
    select(*KEY_COLUMNS, people.c.barred_at)
    .where(people.c.id == bindparam("owner"))
    .with_for_update(key_share=True)  # what is written of their cards need not wait for it
)
_KNOWN: Final = select(cards.c.fingerprint, cards.c.id, cards.c.removed_at).where(OWNED)
_INSERT: Final = insert(cards).values({c.name: bindparam(c.name) for c in cards.c})
_INSERT_SECRET: Final = insert(card_secrets).values(
    {c.name: bindparam(c.name) for c in card_secrets.c}
)
_SECRETS: Final = (
    select(*KEY_COLUMNS, card_secrets.c.field, card_secrets.c.sealed)
    .select_from(KEYED.join(card_secrets))
    .where(THIS, PRESENT)
)
_DELETE: Final = delete(cards).where(THIS)
_DELETE_SECRETS: Final = delete(card_secrets).where(
    card_secrets.c.owner_id == bindparam("owner"), card_secrets.c.card_id == bindparam("card")
)
_REMOVE: Final = update(cards).where(THIS, PRESENT).values(removed_at=bindparam("at"))
_RESTORE: Final = update(cards).where(THIS, cards.c.removed_at.is_not(None)).values(removed_at=None)
_TOLD: Final = (
    update(cards)
    .where(THIS, PRESENT, or_(cards.c.told_at.is_(None), cards.c.told_at <= bindparam("at")))
    .values(told_minor=bindparam("minor"), told_at=bindparam("at"))
)
_PURGE: Final = delete(cards).where(cards.c.removed_at < bindparam("before"))


class Cards(Barcodes):
    """Cards of people. A removed card is seen by `restore` and `purge_removed` only."""

    async def list(self, owner_id: int) -> CardList:
        """All cards of a person that are in use: those starred, then as they were bound."""
        return self._opened(await self._runner.fetch(_LIST, owner=owner_id))

    async def archived(self, owner_id: int) -> CardList:
        """All cards of a person that are archived, in the order they were bound."""
        return self._opened(await self._runner.fetch(_ARCHIVED, owner=owner_id))

    async def get(self, owner_id: int, card_id: str) -> Card | None:
        """One card, or None if this person has no such card."""
        return self._one(await self._runner.fetch(_GET, owner=owner_id, card=card_id))

    async def lock(self, owner_id: int, card_id: str) -> Card | None:
        """Get a card that nobody else changes until this transaction ends."""
        if not isinstance(self._runner, Transaction):
            raise StorageError("A card is locked inside a transaction.")
        return self._one(await self._runner.fetch(_LOCK, owner=owner_id, card=card_id))

    async def find(self, owner_id: int, issuer: str, number: str) -> Card | None:
        """Get the card with this normalised number, if the person has it."""
        key = await self._key(self._runner, owner_id)
        mark = fingerprint(key, issuer, number)
        return self._one(await self._runner.fetch(_FIND, owner=owner_id, fingerprint=mark))

    async def secrets(self, owner_id: int, card_id: str) -> dict[str, str]:
        """Open what the issuer needs to be asked: number, PIN, by field. Empty for no such card."""
        rows = await self._runner.fetch(_SECRETS, owner=owner_id, card=card_id)
        return {
            field: self._vault.open_key(owner_id, key_id, wrapped).open_text(
                place(card_id, f"secret {field}"), sealed
            )
            for key_id, wrapped, field, sealed in rows
        }

    async def add(self, owner_id: int, new: NewCard) -> Card:
        """Keep a card; `DuplicateCardError` with its id if the person has it already."""
        return (await self.add_many(owner_id, [new]))[0]

    async def add_many(self, owner_id: int, new: Sequence[NewCard]) -> CardList:
        """Keep cards of one person, all or, with `DuplicateCardError`, none."""
        now = self._clock()
        async with self._runner.transaction() as tx:
            key, known = await self._known(tx, owner_id)
            # A microsecond apart, so that a person's cards stay in the order they came in.
            rows = [
                row_of(one, new_id(), key, now + place * timedelta.resolution)
                for place, one in enumerate(new)
            ]
            marks = [fingerprint(key, one.issuer, one.number) for one in new]
            ids = [str(row["id"]) for row in rows]
            await self._make_room(tx, owner_id, known, list(zip(marks, ids, strict=True)))
            await tx.execute_many(_INSERT, rows)
            kept = [card_of([row[column.name] for column in CARD_COLUMNS], key) for row in rows]
            await self._keep_secrets(
                tx, key, [(i, one.secrets) for i, one in zip(ids, new, strict=True)]
            )
            await self._keep_barcodes(
                tx, key, [(i, one.barcode) for i, one in zip(ids, new, strict=True) if one.barcode]
            )
        return kept

    async def change(
        self, owner_id: int, card_id: str, **fields: Unpack[CardChanges]
    ) -> Card | None:
        """Change what is known of a card, and return it; None for no such card.

        A card claimed for refreshing is released by a new `next_refresh_at`.
        """
        if not fields or not fields.keys() <= CardChanges.__annotations__.keys():
            raise StorageError(f"A card has no such fields: {', '.join(fields)}.")
        values: dict[str, object] = (
            {**fields, "note": fields["note"] or None} if "note" in fields else dict(fields)
        )
        sealed = {name: str(fields[name]) for name in ("label", "note") if fields.get(name)}
        if sealed:
            key = await self._key(self._runner, owner_id)
            values |= {name: key.seal_text(place(card_id, name), sealed[name]) for name in sealed}
        statement = changing(tuple(sorted(fields)))
        return self._one(
            await self._runner.fetch(statement, owner=owner_id, card=card_id, **values)
        )

    async def replace_secrets(
        self, owner_id: int, card_id: str, secrets: Mapping[str, str], number: str, tail: str
    ) -> Card | None:
        """Give a card a new number or PIN; its history stays. `DuplicateCardError` as in `add`."""
        async with self._runner.transaction() as tx:
            key, known = await self._known(tx, owner_id)
            card = self._one(await tx.fetch(_GET, owner=owner_id, card=card_id))
            if card is None:
                return None
            mark = fingerprint(key, card.issuer, number)
            await self._make_room(tx, owner_id, known, [(mark, card_id)])
            await tx.execute(_DELETE_SECRETS, owner=owner_id, card=card_id)
            await self._keep_secrets(tx, key, [(card_id, secrets)])
            return self._one(
                await tx.fetch(
                    changing(("fingerprint", "tail")),
                    owner=owner_id,
                    card=card_id,
                    fingerprint=mark,
                    tail=key.seal_text(place(card_id, "tail"), tail),
                )
            )

    async def told(self, seen: Iterable[tuple[int, str, int, datetime]]) -> None:
        """Note balances that people were shown: owner, card, minor units, when.

        What was noted of a later moment stays.
        """
        names = ("owner", "card", "minor", "at")
        rows = [dict(zip(names, one, strict=True)) for one in sorted(seen)]
        if rows:
            await self._runner.execute_many(_TOLD, rows)

    async def remove(self, owner_id: int, card_id: str, at: datetime) -> bool:
        """Hide a card; until `purge_removed` it can come back."""
        return bool(await self._runner.execute(_REMOVE, owner=owner_id, card=card_id, at=at))

    async def restore(self, owner_id: int, card_id: str) -> bool:
        """Bring a removed card back; False if it is gone for good."""
        return bool(await self._runner.execute(_RESTORE, owner=owner_id, card=card_id))

    async def purge_removed(self, before: datetime) -> int:
        """Erase cards removed before that time, and all their history."""
        async with self._runner.transaction() as tx:
            purged = await tx.execute(_PURGE, before=before)
            if purged:
                tx.scrub()
        return purged

    def _one(self, rows: Sequence[Row]) -> Card | None:
        return self._opened(rows)[0] if rows else None

    async def _known(self, tx: Runner, owner_id: int) -> tuple[PersonKey, Known]:
        """Hold the person, so that they add one card at a time, and see which they have."""
        held = await tx.fetch(_HOLD, owner=owner_id)
        if not held:
            raise StorageError("There is no such person.")
        *held_key, barred_at = held[0]
        if barred_at is not None:
            raise StorageError("This person was shut out meanwhile.")
        # Asked only now: on PostgreSQL, what the wait for the person was for is seen by this.
        rows = await tx.fetch(_KNOWN, owner=owner_id)
        key = self._vault.open_key(owner_id, *held_key)
        return key, {mark: (card_id, removed_at) for mark, card_id, removed_at in rows}

    async def _make_room(
        self, tx: Runner, owner_id: int, known: Known, wanted: Sequence[tuple[bytes, str]]
    ) -> None:
        """Refuse cards that are there under another id; erase those that were only hidden."""
        taken = dict(known)
        hidden = []
        for mark, card_id in wanted:
            has, removed_at = taken.get(mark, (card_id, None))
            if removed_at is not None:
                hidden.append(has)
            elif has != card_id:
                raise DuplicateCardError(has)
            taken[mark] = (card_id, None)
        for card_id in hidden:
            await tx.execute(_DELETE, owner=owner_id, card=card_id)

    async def _keep_secrets(
        self, tx: Runner, key: PersonKey, of: Sequence[tuple[str, Mapping[str, str]]]
    ) -> None:
        rows = secret_rows(key, of)
        if rows:
            await tx.execute_many(_INSERT_SECRET, rows)
