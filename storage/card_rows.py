"""Rows of cards: which columns, the owner's key beside them, and how they are opened."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update

from storage.questions import KEY_COLUMNS
from storage.records import Card
from storage.schema import cards, people

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.sql.dml import ReturningUpdate

    from storage.database import Row
    from storage.records import NewCard
    from storage.vault import PersonKey, Vault

CARD_COLUMNS: Final = tuple(cards.c[name] for name in Card.__dataclass_fields__)
"""In the order of `Card`'s fields."""

_OWNER: Final = CARD_COLUMNS.index(cards.c.owner_id)

OWNED: Final = cards.c.owner_id == bindparam("owner")
THIS: Final = OWNED & (cards.c.id == bindparam("card"))
PRESENT: Final = cards.c.removed_at.is_(None)
KEYED: Final = people.join(cards, cards.c.owner_id == people.c.id)
# In RETURNING, where a join is not allowed, the owner's key comes by subquery.
RETURNED: Final = (
    *(
        select(column).where(people.c.id == cards.c.owner_id).correlate(cards).scalar_subquery()
        for column in KEY_COLUMNS
    ),
    *CARD_COLUMNS,
)

_GIVEN: Final = (
    "issuer",
    "currency",
    "threshold_minor",
    "threshold_percent",
    "next_refresh_at",
    "state",
    "balance_minor",
    "balance_at",
    "balance_source",
    "expires_at",
    "expiry_source",
    "next_expiry_at",
    "archived_at",
    "quick_minor",
    "starred",
)


def keyed_cards(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Select present cards, each after the key it opens with: starred, then as they were bound."""
    query = select(*KEY_COLUMNS, *CARD_COLUMNS).select_from(KEYED).where(PRESENT, *conditions)
    return query.order_by(cards.c.starred.desc(), cards.c.created_at, cards.c.id)


@lru_cache(maxsize=256)
def changing(names: tuple[str, ...]) -> ReturningUpdate[Any]:
    """Update these columns of one card; the values are bound by the columns' names."""
    values: dict[str, object] = {name: bindparam(name) for name in names}
    return update(cards).where(THIS, PRESENT).values(values).returning(*RETURNED)


def place(card_id: str, field: str) -> tuple[str, ...]:
    """Where a sealed thing of a card lives, for the vault."""
    return ("card", card_id, field)


def fingerprint(key: PersonKey, issuer: str, number: str) -> bytes:
    """By which a card is known to be the same."""
    return key.fingerprint("card number", issuer, number)


def opened(vault: Vault, row: Row) -> tuple[Card, PersonKey]:
    """Open a card by its owner's key, which stands before its columns and is given as well."""
    key_id, wrapped, *columns = row
    key = vault.open_key(columns[_OWNER], key_id, wrapped)
    return card_of(columns, key), key


def card_of(values: Sequence[Any], key: PersonKey) -> Card:
    """Make a `Card` of its columns, opening the sealed ones."""
    card_id, owner_id, issuer, label, tail, *rest, note = values
    opened = [
        card_id,
        owner_id,
        issuer,
        key.open_text(place(card_id, "label"), label),
        key.open_text(place(card_id, "tail"), tail),
        *rest,
        None if note is None else key.open_text(place(card_id, "note"), note),
    ]
    return Card(*opened)


def row_of(new: NewCard, card_id: str, key: PersonKey, now: datetime) -> dict[str, object]:
    """Make the columns of a new card, sealing what is sealed."""
    given = {
        **dict.fromkeys(cards.c.keys()),
        **{name: getattr(new, name) for name in _GIVEN},
        "label": new.label,
        "tail": new.tail,
        "peak_minor": new.balance_minor,
        "note": new.note,
        "alerts_on": True,
        "reminders_on": True,
        "episode": "armed",
        "failures": 0,
        "history_stale": False,
        "created_at": now,
    }
    return sealed_row(given, card_id, key, new.number)


def sealed_row(
    given: Mapping[str, object], card_id: str, key: PersonKey, number: str
) -> dict[str, object]:
    """Make the columns of a card of what it holds in plain, its number being this."""
    return {
        **given,
        "owner_id": key.owner,
        "id": card_id,
        "fingerprint": fingerprint(key, str(given["issuer"]), number),
        **{
            name: None if text is None else key.seal_text(place(card_id, name), str(text))
            for name in ("label", "tail", "note")
            for text in [given[name]]
        },
    }


def secret_rows(
    key: PersonKey, of: Iterable[tuple[str, Mapping[str, str]]]
) -> list[dict[str, object]]:
    """Make the rows of what issuers ask for of cards: number, PIN, by field, sealed."""
    return [
        {
            "owner_id": key.owner,
            "card_id": card_id,
            "field": field,
            "sealed": key.seal_text(place(card_id, f"secret {field}"), text),
        }
        for card_id, secrets in of
        for field, text in secrets.items()
    ]
