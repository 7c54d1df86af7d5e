"""Questions about people: who they are, and what they may."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Unpack

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.audit import ERASED, Audit
from storage.errors import StorageError
from storage.keyfile import ERASURES
from storage.keyring import CHECK, learn
from storage.questions import KEY_COLUMNS, Questions
from storage.records import SOMEBODY, Person, PersonChanges
from storage.schema import cards, ledger, meta, people

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Update

    from storage.vault import PersonKey

_COLUMNS: Final = tuple(people.c[name] for name in Person.__dataclass_fields__)
_SEEN_AGAIN: Final = timedelta(hours=1)
_NAME: Final = ("person", "name")
_MEETINGS: Final = 3

_this: Final = people.c.id == bindparam("person")
_GET: Final = select(*KEY_COLUMNS, *_COLUMNS).where(_this)
# Nobody is met under a master key that is not in force: on PostgreSQL the row that says which is
# stays as it is until the commit. Both databases take PostgreSQL's ON CONFLICT.
_INSERT: Final = (
    insert(people)
    .from_select(
        people.c.keys(),
        select(*(bindparam(column.name, type_=column.type) for column in people.c))
        .select_from(meta)
        .where(meta.c.name == CHECK, meta.c.value == bindparam("in_force"))
        .with_for_update(read=True),
    )
    .on_conflict_do_nothing()
)
_ASKED: Final = (
    select(*KEY_COLUMNS, *_COLUMNS)
    .where(people.c.access == "asked")
    .order_by(people.c.last_seen_at, people.c.id)
)
# Whoever books locks a card and then looks for its people: a card is locked first here too.
_HOLD_CARDS: Final = (
    select(cards.c.id)
    .where(or_(cards.c.owner_id == bindparam("person"), cards.c.balance_by == bindparam("person")))
    .order_by(cards.c.id)
    .with_for_update()
)
_FORGET: Final = delete(people).where(_this)
# What they booked on others' cards stays, and who it was does not.
_UNNAME_ENTRIES: Final = (
    update(ledger)
    .where(ledger.c.booked_by == bindparam("person"))
    .values(booked_by=SOMEBODY, booked_name=None)
)
_UNNAME_BALANCES: Final = (
    update(cards).where(cards.c.balance_by == bindparam("person")).values(balance_by=SOMEBODY)
)
_CARDS: Final = (
    select(func.count())
    .select_from(cards)
    .where(cards.c.owner_id == people.c.id, cards.c.removed_at.is_(None))
    .scalar_subquery()
)
_LISTED: Final = (
    select(_CARDS, *KEY_COLUMNS, *_COLUMNS)
    .order_by(people.c.last_seen_at.desc(), people.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_HELPERS: Final = (
    select(people.c.id)
    .where(people.c.role == "helper", people.c.barred_at.is_(None))
    .order_by(people.c.id)
)
_IDS: Final = select(people.c.id).order_by(people.c.id)
_OWNED: Final = (
    select(func.count())
    .select_from(cards)
    .where(cards.c.owner_id == bindparam("person"), cards.c.removed_at.is_(None))
)
_counted: Final = insert(meta).values(name=bindparam("name"), value=bindparam("value"))
_COUNT: Final = _counted.on_conflict_do_update(
    index_elements=["name"], set_={"value": _counted.excluded.value}
)


@lru_cache(maxsize=64)
def _change(names: tuple[str, ...]) -> Update:
    return update(people).where(_this).values({name: bindparam(name) for name in names})


def _person_of(values: Sequence[Any], key: PersonKey) -> Person:
    person_id, name, *rest = values
    return Person(person_id, key.open_text(_NAME, name), *rest)


class People(Questions):
    """People, by Telegram's id."""

    async def get(self, person_id: int) -> Person | None:
        """Somebody the bot has met, or None."""
        rows = await self._runner.fetch(_GET, person=person_id)
        return self._person(rows[0]) if rows else None

    async def arrive(self, person_id: int, *, name: str, language: str | None) -> Person:
        """Meet somebody, again or for the first time (with a key of their own, and no access).

        `language` counts the first time only. Whoever writes has not blocked the bot.
        """
        person = await self.get(person_id)
        if person is None:
            person = await self._meet(person_id, name, language)
        changes: PersonChanges = {}
        now = self._clock()
        if person.name != name:
            changes["name"] = name
        if person.blocked_at is not None:
            changes["blocked_at"] = None
        if changes or now - person.last_seen_at >= _SEEN_AGAIN:
            changes["last_seen_at"] = now
            await self.change(person_id, **changes)
            return await self.get(person_id) or person
        return person

    async def change(self, person_id: int, **fields: Unpack[PersonChanges]) -> bool:
        """Change what is known of a person; False if there is none."""
        if not fields or not fields.keys() <= PersonChanges.__annotations__.keys():
            raise StorageError(f"A person has no such fields: {', '.join(fields)}.")
        values: dict[str, object] = dict(fields)
        if "name" in fields:
            key = await self._key(self._runner, person_id)
            values["name"] = key.seal_text(_NAME, fields["name"])
        statement = _change(tuple(sorted(fields)))
        return bool(await self._runner.execute(statement, person=person_id, **values))

    async def asked(self) -> list[Person]:
        """Who asked to be let in and waits for it, the longest waiting first."""
        return [self._person(row) for row in await self._runner.fetch(_ASKED)]

    async def listed(self, *, limit: int, offset: int = 0) -> list[tuple[Person, int]]:
        """List everybody the bot has met with how many cards they have, the last seen first."""
        rows = await self._runner.fetch(_LISTED, limit=limit, offset=offset)
        return [(self._person(row), count) for count, *row in rows]

    async def ids(self) -> list[int]:
        """Everybody the bot has met, by Telegram's id."""
        return [row[0] for row in await self._runner.fetch(_IDS)]

    async def helpers(self) -> list[int]:
        """List who was made a helper, by their ids."""
        return [int(row[0]) for row in await self._runner.fetch(_HELPERS)]

    async def cards_of(self, person_id: int) -> int:
        """Count somebody's cards, without opening any."""
        count: int = (await self._runner.fetch(_OWNED, person=person_id))[0][0]
        return count

    async def forget(self, person_id: int, *, by: int | None = None) -> bool:
        """Erase a person and everything that is theirs; False if there was nobody.

        Their key goes, so that what the audit log has of them is closed for good. `by` is who
        asked for it, if not they themselves. On SQLite the pages are overwritten and the
        write-ahead log is emptied after the commit.
        """
        async with self._runner.transaction() as tx:
            await tx.fetch(_HOLD_CARDS, person=person_id)
            found = await tx.execute(_FORGET, person=person_id)
            for statement in (_UNNAME_ENTRIES, _UNNAME_BALANCES):
                await tx.execute(statement, person=person_id)
            tx.scrub()
            if found:
                await tx.execute(_COUNT, name=ERASURES, value=secrets.token_bytes(16))
                actor = person_id if by is None else by
                log = Audit(tx, self._vault, self._clock)
                await log.append(ERASED, subject=person_id, actor=actor)
        self._vault.drop(person_id)
        return bool(found)

    async def set_panels(self, panels: Mapping[int, int | None]) -> None:
        """Note which message is each person's panel now (None: there is none)."""
        if panels:
            await self._runner.execute_many(
                _change(("panel_message_id",)),
                [{"person": who, "panel_message_id": which} for who, which in panels.items()],
            )

    async def _meet(self, person_id: int, name: str, language: str | None) -> Person:
        """Meet somebody for the first time, under the master key that is in force now."""
        for _ in range(_MEETINGS):
            await self._note(person_id, name, language)
            if person := await self.get(person_id):
                return person
            await learn(self._runner, self._vault)
        raise StorageError("This person was forgotten while they arrived.")

    async def _note(self, person_id: int, name: str, language: str | None) -> None:
        key, wrapped = self._vault.new_key(person_id)
        now = self._clock()
        known = {
            "id": person_id,
            "key_id": key.id,
            "wrapped_key": wrapped,
            "master_id": self._vault.master_id,
            "role": "holder",
            "name": key.seal_text(_NAME, name),
            "language": language,
            "access": "none",
            "last_seen_at": now,
            "created_at": now,
        }
        values = {**dict.fromkeys(people.c.keys()), **known}
        await self._runner.execute(_INSERT, **values, in_force=self._vault.check_value)

    def _person(self, row: Sequence[Any]) -> Person:
        key = self._vault.open_key(row[2], row[0], row[1])
        return _person_of(row[len(KEY_COLUMNS) :], key)
