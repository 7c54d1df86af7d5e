"""Questions about cards that several people have: who may do what with them.

The right is part of every question, so a card that somebody may not do that with is not found.
What is shared rests while its owner is shut out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.card_rows import CARD_COLUMNS, OWNED, PRESENT, THIS, keyed_cards, opened
from storage.errors import StorageError
from storage.questions import KEY_COLUMNS, Questions
from storage.schema import cards, people, shares

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select

    from storage.database import Row
    from storage.records import Card, Right

RIGHTS: Final[tuple[Right, ...]] = ("see", "spend", "manage", "own")
"""From the least to all; each includes the ones before it."""

NAME: Final = ("person", "name")
WELCOME: Final = people.c.barred_at.is_(None)
_me: Final = people.alias("me")
I_MAY_COME: Final = exists().where(_me.c.id == bindparam("person"), _me.c.barred_at.is_(None))
_SHARED_COLUMNS: Final = (shares.c.right, shares.c.alerts_on, shares.c.reminders_on, people.c.name)


def suffices(has: Right, needed: Right) -> bool:
    """Say whether one right includes another."""
    return RIGHTS.index(has) >= RIGHTS.index(needed)


def _shared(right: Right, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select what others share with a person with at least that right, the oldest share first."""
    enough = [one for one in RIGHTS[:-1] if suffices(one, right)]
    return (
        select(*KEY_COLUMNS, *_SHARED_COLUMNS, *CARD_COLUMNS)
        .select_from(shares.join(cards).join(people, people.c.id == cards.c.owner_id))
        .where(
            shares.c.person_id == bindparam("person"),
            or_(*(shares.c.right == one for one in enough)),
            PRESENT,
            WELCOME,
            I_MAY_COME,
            *conditions,
        )
        .order_by(shares.c.created_at, cards.c.id)
    )


_this: Final = shares.c.card_id == bindparam("card")
_in_use: Final = cards.c.archived_at.is_(None)
_OWN: Final = keyed_cards(THIS, WELCOME)
_OWN_ALL: Final = keyed_cards(OWNED, WELCOME, _in_use)
_SEE: Final = _shared("see", _this)
_SPEND: Final = _shared("spend", _this)
_MANAGE: Final = _shared("manage", _this)
_SEE_ALL: Final = _shared("see", _in_use)
_SPEND_ALL: Final = _shared("spend", _in_use)
_MANAGE_ALL: Final = _shared("manage", _in_use)
_ONE: Final[dict[Right, Select[Any]]] = {"see": _SEE, "spend": _SPEND, "manage": _MANAGE}
_ALL: Final[dict[Right, Select[Any]]] = {
    "see": _SEE_ALL,
    "spend": _SPEND_ALL,
    "manage": _MANAGE_ALL,
}
_of_card: Final = (shares.c.owner_id == bindparam("owner")) & _this
_PEOPLE: Final = (
    select(
        *KEY_COLUMNS,
        people.c.id,
        people.c.name,
        shares.c.right,
        shares.c.alerts_on,
        shares.c.reminders_on,
        shares.c.created_at,
    )
    .select_from(shares.join(people, people.c.id == shares.c.person_id))
    .where(_of_card)
    .order_by(shares.c.created_at, people.c.id)
)
_insert: Final = insert(shares).from_select(
    ["owner_id", "card_id", "person_id", "right", "alerts_on", "created_at"],
    select(
        cards.c.owner_id,
        cards.c.id,
        bindparam("person", type_=shares.c.person_id.type),
        bindparam("right", type_=shares.c.right.type),
        bindparam("alerts_on", type_=shares.c.alerts_on.type),
        bindparam("now", type_=shares.c.created_at.type),
    ).where(THIS, PRESENT),
)
_GIVE: Final = _insert.on_conflict_do_update(
    index_elements=["owner_id", "card_id", "person_id"],
    set_={"right": _insert.excluded.right},
)
_REVOKE: Final = delete(shares).where(_of_card, shares.c.person_id == bindparam("person"))
_theirs: Final = (shares.c.person_id == bindparam("person")) & _this
_LEAVE: Final = delete(shares).where(_theirs)
_ALERTS: Final = update(shares).where(_theirs).values(alerts_on=bindparam("on"))
_REMINDERS: Final = update(shares).where(_theirs).values(reminders_on=bindparam("on"))


@dataclass(frozen=True, slots=True)
class Held:
    """A card as one person has it: `right` is theirs.

    So is what the card says of alerts, reminders and snoozes, whatever its owner chose.
    `owner_name` is whose it is, None for their own.
    """

    card: Card
    right: Right
    owner_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sharer:
    """Somebody a card is shared with, and since when they may do what with it."""

    id: int
    name: str = field(repr=False)
    right: Right
    alerts_on: bool
    reminders_on: bool
    since: datetime


class Shares(Questions):
    """Who may do what with whose cards."""

    async def held(self, person_id: int, card_id: str, right: Right) -> Held | None:
        """Find a card that is theirs, or shared with them with at least that right."""
        rows = await self._runner.fetch(_OWN, owner=person_id, card=card_id)
        if rows:
            return Held(self._own(rows[0]), "own")
        if right == "own":
            return None
        rows = await self._runner.fetch(_ONE[right], person=person_id, card=card_id)
        return self._held(rows[0]) if rows else None

    async def card(self, person_id: int, card_id: str, right: Right) -> Card | None:
        """`held`, without whose it is. Nothing for somebody who is shut out, or a removed card."""
        held = await self.held(person_id, card_id, right)
        return held.card if held else None

    async def held_by(self, person_id: int, right: Right) -> list[Held]:
        """List the cards in use they may do that with: their own, then those others share."""
        own = await self._runner.fetch(_OWN_ALL, owner=person_id)
        held = [Held(self._own(row), "own") for row in own]
        if right != "own":
            rows = await self._runner.fetch(_ALL[right], person=person_id)
            held += [self._held(row) for row in rows]
        return held

    async def cards_of(self, person_id: int, right: Right) -> list[Card]:
        """`held_by`, without whose they are."""
        return [one.card for one in await self.held_by(person_id, right)]

    async def people(self, owner_id: int, card_id: str) -> list[Sharer]:
        """List whom a card is shared with, the longest first."""
        return [
            Sharer(who, self._vault.open_key(who, key_id, wrapped).open_text(NAME, name), *rest)
            for key_id, wrapped, who, name, *rest in await self._runner.fetch(
                _PEOPLE, owner=owner_id, card=card_id
            )
        ]

    async def give(self, owner_id: int, card_id: str, person_id: int, right: Right) -> bool:
        """Let somebody do that with a card, instead of what they might; False for no such card."""
        if right == "own":
            raise StorageError("A card is handed over, not shared, with the right to own it.")
        if person_id == owner_id:
            raise StorageError("A card is not shared with its owner.")
        # Who may only look is not woken at night, unless they want to be.
        return bool(
            await self._runner.execute(
                _GIVE,
                owner=owner_id,
                card=card_id,
                person=person_id,
                right=right,
                alerts_on=right != "see",
                now=self._clock(),
            )
        )

    async def revoke(self, owner_id: int, card_id: str, person_id: int) -> bool:
        """Take back what somebody may do with a card; False if they might nothing."""
        return bool(
            await self._runner.execute(_REVOKE, owner=owner_id, card=card_id, person=person_id)
        )

    async def leave(self, person_id: int, card_id: str) -> bool:
        """Give up a card that others share with them; False if none did."""
        return bool(await self._runner.execute(_LEAVE, person=person_id, card=card_id))

    async def switch_alerts(self, person_id: int, card_id: str, *, on: bool) -> bool:
        """Warn somebody about a card shared with them, or not; False if it is not."""
        return bool(await self._runner.execute(_ALERTS, person=person_id, card=card_id, on=on))

    async def switch_reminders(self, person_id: int, card_id: str, *, on: bool) -> bool:
        """Remind somebody before a card shared with them expires, or not; False if it is not."""
        return bool(await self._runner.execute(_REMINDERS, person=person_id, card=card_id, on=on))

    def _own(self, row: Row) -> Card:
        return opened(self._vault, row)[0]

    def _held(self, row: Row) -> Held:
        key_id, wrapped, right, alerts_on, reminders_on, name, *columns = row
        card, key = opened(self._vault, (key_id, wrapped, *columns))
        mine = {"alerts_on": alerts_on, "reminders_on": reminders_on, "snoozed_until": None}
        mine["starred"] = False  # as that, too, is each person's own
        return Held(replace(card, **mine), right, key.open_text(NAME, name))
