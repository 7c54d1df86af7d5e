"""Questions about the past: what a card's balance was found to be, and what moved it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert

from storage.questions import KEY_COLUMNS, Questions
from storage.records import Entry, NewEntry, Reading
from storage.schema import cards, ledger, people, readings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from storage.database import Row
    from storage.vault import PersonKey

_present: Final = cards.c.removed_at.is_(None)
_this: Final = (cards.c.owner_id == bindparam("owner")) & (cards.c.id == bindparam("card"))
_keyed: Final = people.join(cards, cards.c.owner_id == people.c.id)
_HOLD: Final = select(*KEY_COLUMNS).select_from(_keyed).where(_this).with_for_update(of=cards)
_EXTERNAL: Final = select(ledger.c.external).where(
    ledger.c.owner_id == bindparam("owner"),
    ledger.c.card_id == bindparam("card"),
    ledger.c.external.is_not(None),
)
_INSERT: Final = (
    insert(ledger)
    .values({c.name: bindparam(c.name) for c in ledger.c if c.name != "id"})
    .on_conflict_do_nothing()
)


def _counted(*, one_card: bool) -> Select[Any]:
    query = (
        select(func.count())
        .select_from(ledger.join(cards))
        .where(ledger.c.owner_id == bindparam("owner"), _present)
    )
    return query.where(ledger.c.card_id == bindparam("card")) if one_card else query


def _paged(*, one_card: bool) -> Select[Any]:
    """Newest first, each with the sum of what came after it on its card in its currency."""
    newer = func.sum(ledger.c.amount_minor).over(
        partition_by=(ledger.c.card_id, ledger.c.currency),
        order_by=(ledger.c.at.desc(), ledger.c.id.desc()),
        rows=(None, -1),
    )
    query = (
        select(
            *KEY_COLUMNS,
            *(ledger.c[name] for name in Entry.__dataclass_fields__),
            cards.c.currency.label("card_currency"),
            cards.c.balance_minor,
            cast(newer, BigInteger).label("newer"),
        )
        .select_from(_keyed.join(ledger))
        .where(ledger.c.owner_id == bindparam("owner"), _present)
        .order_by(ledger.c.at.desc(), ledger.c.id.desc())
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )
    return query.where(ledger.c.card_id == bindparam("card")) if one_card else query


_COUNT: Final = _counted(one_card=False)
_COUNT_ONE: Final = _counted(one_card=True)
_PAGE: Final = _paged(one_card=False)
_PAGE_ONE: Final = _paged(one_card=True)

_READING: Final = tuple(readings.c[name] for name in Reading.__dataclass_fields__)
_READINGS: Final = (
    select(*_READING)
    .where(readings.c.owner_id == bindparam("owner"), readings.c.card_id == bindparam("card"))
    .order_by(readings.c.at.desc(), readings.c.id.desc())
    .limit(bindparam("limit"))
)
_NOTE: Final = insert(readings).from_select(
    ["owner_id", "card_id", *Reading.__dataclass_fields__],
    select(
        cards.c.owner_id,
        cards.c.id,
        *(bindparam(column.name, type_=column.type) for column in _READING),
    ).where(_this),
)


class Ledger(Questions):
    """Entries and readings of cards. Those of a removed card are not shown."""

    async def add(self, owner_id: int, card_id: str, entries: Sequence[NewEntry]) -> int:
        """Add the entries that are not there yet (by `external_id`); returns how many were new.

        Entries of one moment keep the order of their list, whichever way round the list is.
        """
        if not entries:
            return 0
        async with self._runner.transaction() as tx:
            held = await tx.fetch(_HOLD, owner=owner_id, card=card_id)
            if not held:
                return 0
            key = self._vault.open_key(owner_id, *held[0])
            known = {row[0] for row in await tx.fetch(_EXTERNAL, owner=owner_id, card=card_id)}
            rows = []
            for entry in _oldest_first(entries):
                row = self._row(key, card_id, entry)
                if row["external"] is None or row["external"] not in known:
                    known.add(row["external"])
                    rows.append(row)
            if rows:
                await tx.execute_many(_INSERT, rows)
        return len(rows)

    async def page(
        self, owner_id: int, card_id: str | None, *, limit: int, offset: int = 0
    ) -> list[Entry]:
        """Entries of one card, or of all (`None`), newest first, each with its running balance.

        The running balance is the issuer's own where it gave one, else the card's present
        balance without the amounts that came later; None where there is no balance.
        """
        rows = await (
            self._runner.fetch(_PAGE, owner=owner_id, limit=limit, offset=offset)
            if card_id is None
            else self._runner.fetch(
                _PAGE_ONE, owner=owner_id, card=card_id, limit=limit, offset=offset
            )
        )
        return [self._entry(owner_id, row) for row in rows]

    async def count(self, owner_id: int, card_id: str | None) -> int:
        """How many entries `page` has to show."""
        rows = await (
            self._runner.fetch(_COUNT, owner=owner_id)
            if card_id is None
            else self._runner.fetch(_COUNT_ONE, owner=owner_id, card=card_id)
        )
        return int(rows[0][0])

    async def note_reading(self, owner_id: int, card_id: str, found: Reading) -> bool:
        """Keep a reading if it says something new; True if it was kept."""
        last = await self.last_reading(owner_id, card_id)
        if last is not None and replace(last, at=found.at) == found:
            return False
        return bool(
            await self._runner.execute(_NOTE, owner=owner_id, card=card_id, **asdict(found))
        )

    async def last_reading(self, owner_id: int, card_id: str) -> Reading | None:
        """Get the latest reading that said something new."""
        found = await self.readings(owner_id, card_id, limit=1)
        return found[0] if found else None

    async def readings(self, owner_id: int, card_id: str, *, limit: int) -> list[Reading]:
        """Get the readings of a card, newest first."""
        rows = await self._runner.fetch(_READINGS, owner=owner_id, card=card_id, limit=limit)
        return [Reading(*row) for row in rows]

    def _row(self, key: PersonKey, card_id: str, entry: NewEntry) -> dict[str, object]:
        external = entry.external_id
        return {
            "owner_id": key.owner,
            "card_id": card_id,
            "external": None if external is None else key.fingerprint("entry", card_id, external),
            "at": entry.at,
            "since": entry.since,
            "amount_minor": entry.amount_minor,
            "currency": entry.currency,
            "kind": entry.kind,
            "text": key.seal_text(
                _place(card_id, entry.at, entry.amount_minor, entry.currency), entry.text
            ),
            "balance_after_minor": entry.balance_after_minor,
            "source": entry.source,
            "noted_at": self._clock(),
        }

    def _entry(self, owner_id: int, row: Row) -> Entry:
        key_id, wrapped, *columns, card_currency, balance, newer = row
        entry = Entry(*columns)
        key = self._vault.open_key(owner_id, key_id, wrapped)
        place = _place(entry.card_id, entry.at, entry.amount_minor, entry.currency)
        after = entry.balance_after_minor
        if after is None and balance is not None and entry.currency == card_currency:
            after = balance - (newer or 0)
        return replace(entry, text=key.open_text(place, columns[_TEXT]), balance_after_minor=after)


_TEXT: Final = list(Entry.__dataclass_fields__).index("text")


def _place(card_id: str, at: datetime, amount_minor: int, currency: str) -> tuple[str, ...]:
    """Bind the words of an entry to the facts they are about."""
    return ("entry", card_id, at.astimezone(UTC).isoformat(), str(amount_minor), currency)


def _oldest_first(entries: Sequence[NewEntry]) -> list[NewEntry]:
    given = entries if entries[0].at <= entries[-1].at else list(reversed(entries))
    return sorted(given, key=_when)


def _when(entry: NewEntry) -> datetime:
    return entry.at
