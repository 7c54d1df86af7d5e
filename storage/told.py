"""Questions about what each person was told, once or for a while, and never wants to hear again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, exists, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.questions import Questions
from storage.schema import cards, ledger, people, told

if TYPE_CHECKING:
    from datetime import datetime

_ALL: Final = (
    select(told.c.what, told.c.at, told.c.never)
    .where(told.c.person_id == bindparam("person"))
    .order_by(told.c.what)
)
_insert: Final = insert(told).from_select(
    ["person_id", "what", "at", "never"],
    select(
        people.c.id,
        bindparam("what", type_=told.c.what.type),
        bindparam("at", type_=told.c.at.type),
        bindparam("never", type_=told.c.never.type),
    ).where(people.c.id == bindparam("person")),
)
_NOTE: Final = _insert.on_conflict_do_update(
    index_elements=["person_id", "what"],
    set_={"at": _insert.excluded.at, "never": or_(told.c.never, _insert.excluded.never)},
)
_FIRST: Final = _insert.on_conflict_do_nothing()

_WANTED: Final = (
    update(told)
    .where(told.c.person_id == bindparam("person"), told.c.what == bindparam("what"))
    .values(never=false())
)
_spent: Final = exists().where(
    ledger.c.owner_id == cards.c.owner_id,
    ledger.c.card_id == cards.c.id,
    ledger.c.at >= bindparam("spent_since", type_=ledger.c.at.type),
    ledger.c.amount_minor < 0,
    or_(ledger.c.kind == "purchase", ledger.c.kind == "observed"),
    # What others booked with a card that is shared with them is no history of its owner's.
    ledger.c.booked_by.is_(None),
    ledger.c.booked_name.is_(None),
)
_before: Final = told.alias("before")
_spared: Final = exists().where(
    _before.c.person_id == cards.c.owner_id,
    or_(
        _before.c.what == bindparam("what"),
        (_before.c.what == bindparam("all_of_them"))
        & (_before.c.never | (_before.c.at > bindparam("told_before", type_=told.c.at.type))),
    ),
)
_FITTING: Final = (
    select(cards.c.owner_id, func.min(cards.c.id))
    .where(
        cards.c.issuer == bindparam("issuer"),
        cards.c.removed_at.is_(None),
        cards.c.owner_id > bindparam("after"),
        _spent,
        ~_spared,
    )
    .group_by(cards.c.owner_id)
    .order_by(cards.c.owner_id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Told:
    """When a person was told something last; `never`: they do not want to hear it again."""

    at: datetime
    never: bool


class Tellings(Questions):
    """What was told, by person and by its name (`what`), which holds nothing of theirs."""

    async def all(self, person_id: int) -> dict[str, Told]:
        """List everything they were told."""
        rows = await self._runner.fetch(_ALL, person=person_id)
        return {what: Told(at, bool(never)) for what, at, never in rows}

    async def first(self, person_id: int, what: str) -> bool:
        """Note that they are told now; False if they were before, or are nobody known."""
        return bool(
            await self._runner.execute(
                _FIRST, person=person_id, what=what, at=self._clock(), never=False
            )
        )

    async def mark(self, person_id: int, what: str) -> None:
        """Note that they were told now, again maybe; what they never want stays unwanted."""
        await self._runner.execute(
            _NOTE, person=person_id, what=what, at=self._clock(), never=False
        )

    async def never(self, person_id: int, what: str) -> None:
        """Note that they do not want to hear it again."""
        await self._runner.execute(_NOTE, person=person_id, what=what, at=self._clock(), never=True)

    async def wanted(self, person_id: int, what: str) -> None:
        """Take it back that they do not want to hear it again."""
        await self._runner.execute(_WANTED, person=person_id, what=what)

    async def fitting(
        self,
        issuer: str,
        *,
        spent_since: datetime,
        what: str,
        all_of_them: str,
        told_before: datetime,
        after: int,
        limit: int,
    ) -> list[tuple[int, str]]:
        """List people above `after`, each with a card of that issuer they spent from since then.

        Left out are those who were told of `what`, and those who want nothing of `all_of_them` or
        were told something of it later than `told_before`.
        """
        rows = await self._runner.fetch(
            _FITTING,
            issuer=issuer,
            spent_since=spent_since,
            what=what,
            all_of_them=all_of_them,
            told_before=told_before,
            after=after,
            limit=limit,
        )
        return [(row[0], row[1]) for row in rows]
