"""What the tables are made of: times, and the columns that say whose a row is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970: exact, and the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive time: it would be somebody's local one by mistake."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is not a time")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Give it back as UTC."""
        del dialect
        return None if value is None else moment(value)


def moment(micros: int) -> datetime:
    """Give the aware time, UTC, that is so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def counted() -> Column[int]:
    """Give each row a number of its own."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def of_person(name: str = "owner_id", *, key: bool = False) -> Column[int]:
    """Say whose a row is; it goes with the person."""
    person = ForeignKey("people.id", ondelete="CASCADE")
    return Column(name, BigInteger, person, primary_key=key, nullable=False, autoincrement=False)


def of_card(*, key: bool = False) -> tuple[Column[int], Column[str], ForeignKeyConstraint]:
    """Say which card of whom a row is about; it goes with the card."""
    return (
        Column("owner_id", BigInteger, primary_key=key, nullable=False, autoincrement=False),
        Column("card_id", Text, primary_key=key, nullable=False),
        ForeignKeyConstraint(
            ["owner_id", "card_id"], ["cards.owner_id", "cards.id"], ondelete="CASCADE"
        ),
    )
