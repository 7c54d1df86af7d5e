"""Questions about single entries of a card's history: add, find, rewrite and take away."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.entry_rows import (
    ENTRY_COLUMNS,
    entry_row,
    moved_mark,
    opened_entry,
    place_of,
    sealed_booker,
)
from storage.questions import KEY_COLUMNS, Questions
from storage.records import Entry, NewEntry
from storage.schema import cards, ledger, people

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.sql import Executable

    from storage.database import Row, Runner
    from storage.vault import PersonKey

PRESENT: Final = cards.c.removed_at.is_(None)
KEYED: Final = people.join(cards, cards.c.owner_id == people.c.id)
_THIS_CARD: Final = (cards.c.owner_id == bindparam("owner")) & (cards.c.id == bindparam("card"))
_MINE: Final = (ledger.c.owner_id == bindparam("owner")) & (ledger.c.card_id == bindparam("card"))
_THIS: Final = _MINE & (ledger.c.id == bindparam("entry"))

_HOLD: Final = select(*KEY_COLUMNS).select_from(KEYED).where(_THIS_CARD).with_for_update(of=cards)
_EXTERNAL: Final = select(ledger.c.external).where(_MINE, ledger.c.external.is_not(None))
_INSERT: Final = (
    insert(ledger)
    .values({c.name: bindparam(c.name) for c in ledger.c if c.name != "id"})
    .on_conflict_do_nothing()
)
_BOOK: Final = (
    insert(ledger)
    .values({c.name: bindparam(c.name) for c in ledger.c if c.name != "id"})
    .on_conflict_do_nothing()
    .returning(ledger.c.id)
)
_entries: Final = (
    select(*KEY_COLUMNS, *ENTRY_COLUMNS).select_from(KEYED.join(ledger)).where(_MINE, PRESENT)
)
_GET: Final = _entries.where(ledger.c.id == bindparam("entry"))
_BOOKED: Final = _entries.where(ledger.c.booking == bindparam("booking"))
_by_holder: Final = or_(ledger.c.source == "holder", ledger.c.source == "message")
# An adjustment of nothing only says that a balance was stated.
_moving: Final = or_(ledger.c.kind != "adjustment", ledger.c.amount_minor != 0)
_OUTSTANDING: Final = _entries.where(
    _by_holder, _moving, ledger.c.reconciled_at.is_(None)
).order_by(ledger.c.at, ledger.c.id)
_BOOKINGS: Final = _entries.where(_by_holder, _moving, ledger.c.at >= bindparam("since")).order_by(
    ledger.c.at, ledger.c.id
)
_UNCLAIMED: Final = _entries.where(
    ledger.c.source == "issuer",
    ledger.c.external.is_not(None),
    ledger.c.reconciled_at.is_(None),
    ledger.c.at >= bindparam("since"),
).order_by(ledger.c.at, ledger.c.id)
_NEXT_SAID: Final = (
    _entries.where(
        ledger.c.at > bindparam("after"),
        ledger.c.currency == bindparam("currency"),
        ledger.c.external.is_(None),
        or_(*(ledger.c.kind == kind for kind in ("opening", "adjustment", "observed"))),
    )
    .order_by(ledger.c.at, ledger.c.id)
    .limit(1)
)
_SUMS: Final = select(
    func.sum(ledger.c.amount_minor),
    func.sum(case((ledger.c.at > bindparam("after"), ledger.c.amount_minor), else_=0)),
    func.min(ledger.c.at),
).where(_MINE, ledger.c.currency == bindparam("currency"))
_running: Final = (
    select(
        func.sum(ledger.c.amount_minor)
        .over(order_by=(ledger.c.at, ledger.c.id), rows=(None, 0))
        .label("running")
    )
    .where(_MINE, ledger.c.currency == bindparam("currency"))
    .subquery()
)
_HIGHEST: Final = select(func.max(_running.c.running))
_REWRITTEN: Final = (
    "at",
    "since",
    "amount_minor",
    "kind",
    "text",
    "balance_after_minor",
    "source",
    "beside",
    "reconciled_at",
    "booked_by",
    "booked_name",
)
_REWRITE: Final = update(ledger).where(_THIS).values({name: bindparam(name) for name in _REWRITTEN})
_MARK: Final = select(ledger.c.booking).where(_THIS)
_REMARK: Final = update(ledger).where(_THIS).values(booking=bindparam("booking"))
_RECONCILED: Final = (
    update(ledger)
    .where(_MINE, _by_holder, ledger.c.reconciled_at.is_(None))
    .values(reconciled_at=bindparam("now"))
)
_REMOVE: Final = delete(ledger).where(_THIS)
_ADOPT: Final = (
    update(ledger)
    .where(_MINE, ledger.c.external == bindparam("mark"))
    .values(external=bindparam("external"))
)
MOST_ALIKE: Final = 4
"""So many of an issuer's entries may be of one moment and amount, and still be told apart."""


class Sums(NamedTuple):
    """What entries add up to: all of them, those after a moment; and when the oldest one was."""

    total: int
    later: int
    oldest: datetime | None


class Entries(Questions):
    """Single entries of one card. Each question takes the owner, and answers of nobody else's."""

    async def add(self, owner_id: int, card_id: str, entries: Sequence[NewEntry]) -> int:
        """Add the entries that are not there yet (by `external_id`); returns how many were new.

        Entries of one moment keep the order of their list, whichever way round the list is. One
        that was moved in from elsewhere is known by what it says, and takes the issuer's id.
        """
        if not entries:
            return 0
        async with self._runner.transaction() as tx:
            key = await self._held(tx, owner_id, card_id)
            if key is None:
                return 0
            known = {row[0] for row in await tx.fetch(_EXTERNAL, owner=owner_id, card=card_id)}
            rows = []
            for entry in _oldest_first(entries):
                row = entry_row(key, card_id, entry, self._clock())
                external = row["external"]
                if external is None or external not in known:
                    known.add(external)
                    mark = external and _moved(known, key, card_id, entry)
                    if mark is None:
                        rows.append(row)
                    else:
                        await tx.execute(
                            _ADOPT, owner=owner_id, card=card_id, mark=mark, external=external
                        )
            if rows:
                await tx.execute_many(_INSERT, rows)
        return len(rows)

    async def book(self, owner_id: int, card_id: str, new: NewEntry) -> Entry | None:
        """Add one entry and give it as it is kept; None if it is there or the card is not."""
        async with self._runner.transaction() as tx:
            key = await self._held(tx, owner_id, card_id)
            if key is None:
                return None
            row = entry_row(key, card_id, new, self._clock())
            added = await tx.fetch(_BOOK, **row)
        kept = {field.name: row.get(field.name) for field in fields(Entry)}
        kept |= {"text": new.text, "booked_name": new.booked_name}
        kept |= {"id": added[0][0]} if added else {}
        return Entry(**kept) if added else None  # type: ignore[arg-type]

    async def entry(self, owner_id: int, card_id: str, entry_id: int) -> Entry | None:
        """Find one entry by its id; None if this card of this person has no such entry."""
        found = await self._fetch(_GET, owner_id, card_id, entry=entry_id)
        return found[0] if found else None

    async def booked(self, owner_id: int, card_id: str, external_id: str) -> Entry | None:
        """Find what a message booked, by the `external_id` it was booked with."""
        key = await self._key(self._runner, owner_id)
        booking = key.fingerprint("booking", card_id, external_id)
        found = await self._fetch(_BOOKED, owner_id, card_id, booking=booking)
        return found[0] if found else None

    async def outstanding(self, owner_id: int, card_id: str) -> list[Entry]:
        """List what holder and messages booked since the issuer's last reading, oldest first."""
        return await self._fetch(_OUTSTANDING, owner_id, card_id)

    async def bookings(self, owner_id: int, card_id: str, since: datetime) -> list[Entry]:
        """List what holder and messages booked, dated from that time on, oldest first.

        What an issuer's entry took the place of is not among them.
        """
        return await self._fetch(_BOOKINGS, owner_id, card_id, since=since)

    async def unclaimed(self, owner_id: int, card_id: str, since: datetime) -> list[Entry]:
        """List the issuer's own entries from that time on that took no booking's place yet."""
        return await self._fetch(_UNCLAIMED, owner_id, card_id, since=since)

    async def next_said(
        self, owner_id: int, card_id: str, currency: str, after: datetime
    ) -> Entry | None:
        """Find the first entry after a moment that only makes a balance add up."""
        found = await self._fetch(_NEXT_SAID, owner_id, card_id, currency=currency, after=after)
        return found[0] if found else None

    async def sums(self, owner_id: int, card_id: str, currency: str, after: datetime) -> Sums:
        """Add up the amounts of a card in one currency."""
        row = await self._runner.fetch(
            _SUMS, owner=owner_id, card=card_id, currency=currency, after=after
        )
        total, later, oldest = row[0]
        return Sums(int(total or 0), int(later or 0), oldest)

    async def highest(self, owner_id: int, card_id: str, currency: str) -> int:
        """Find the highest that the amounts ever added up to; 0 where there is none."""
        row = await self._runner.fetch(_HIGHEST, owner=owner_id, card=card_id, currency=currency)
        return int(row[0][0] or 0)

    async def rewrite(self, owner_id: int, entry: Entry) -> bool:
        """Keep an entry as it is given, but for its currency; False if it is gone."""
        async with self._runner.transaction() as tx:
            key = await self._held(tx, owner_id, entry.card_id)
            if key is None:
                return False
            values = {name: getattr(entry, name) for name in _REWRITTEN}
            values["text"] = key.seal_text(place_of(entry.card_id, entry), entry.text)
            values["booked_name"] = sealed_booker(key, entry.card_id, entry)
            this = {"owner": owner_id, "card": entry.card_id, "entry": entry.id}
            return bool(await tx.execute(_REWRITE, **this, **values))

    async def replace(self, owner_id: int, booking: Entry, by: Entry) -> None:
        """Let an issuer's entry, as given, take a booking's place: it is not booked again."""
        async with self._runner.transaction() as tx:
            this = {"owner": owner_id, "card": booking.card_id}
            marks = await tx.fetch(_MARK, **this, entry=booking.id)
            if not marks:
                return
            await tx.execute(_REMOVE, **this, entry=booking.id)
            await tx.execute(_REMARK, **this, entry=by.id, booking=marks[0][0])
        await self.rewrite(owner_id, by)

    async def reconciled(self, owner_id: int, card_id: str, now: datetime) -> int:
        """Note that the issuer has had the last word on what is outstanding; how much it was."""
        return await self._runner.execute(_RECONCILED, owner=owner_id, card=card_id, now=now)

    async def remove(self, owner_id: int, card_id: str, entry_id: int) -> bool:
        """Take one entry away; False if this card of this person has no such entry."""
        return bool(
            await self._runner.execute(_REMOVE, owner=owner_id, card=card_id, entry=entry_id)
        )

    async def _held(self, tx: Runner, owner_id: int, card_id: str) -> PersonKey | None:
        """Hold the card until the transaction ends, and open its owner's key."""
        held = await tx.fetch(_HOLD, owner=owner_id, card=card_id)
        return self._vault.open_key(owner_id, *held[0]) if held else None

    async def _fetch(
        self, statement: Executable, owner_id: int, card_id: str, **values: object
    ) -> list[Entry]:
        rows = await self._runner.fetch(statement, owner=owner_id, card=card_id, **values)
        return [self._opened(owner_id, row) for row in rows]

    def _opened(self, owner_id: int, row: Row) -> Entry:
        key_id, wrapped, *columns = row
        return opened_entry(self._vault.open_key(owner_id, key_id, wrapped), columns)


def _oldest_first(entries: Sequence[NewEntry]) -> list[NewEntry]:
    given = entries if entries[0].at <= entries[-1].at else list(reversed(entries))
    return sorted(given, key=_when)


def _when(entry: NewEntry) -> datetime:
    return entry.at


def _moved(known: set[bytes], key: PersonKey, card_id: str, entry: NewEntry) -> bytes | None:
    """Find the mark of an entry that was moved in and is now listed by its issuer."""
    for place in range(MOST_ALIKE):
        mark = moved_mark(key, card_id, entry, place)
        if mark in known:
            known.discard(mark)
            return mark
    return None
