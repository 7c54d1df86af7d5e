"""A new master key, while everybody goes on: the keys of people are wrapped anew, nothing else is.

The master key wraps one key per person and the installation's own; cards, ledgers, alerts and
dialogues are sealed under their person's key, which stays what it is. So a rotation costs a few
hundred bytes per person, however many cards there are; and whoever was erased has no key left
that could be wrapped anew.

It goes in steps, each a transaction of its own, and can end between any two of them: what is done
is in the database, and the next run goes on from there.

1. `begin`: each of the two master keys is written down sealed under the other, and people are
   still met under the old one.
2. Every process that is there says that it has learnt the new key (`processes.py`).
3. `hand_over`: the new key is in force. From here on nobody is met under the old one: whoever
   writes a new person holds the row that says which key is in force (`people.py`).
4. `rewrap`: in small batches, each row only if it still is what was read.
5. `prove`: every key is opened with the new master key alone.
6. `finish`: nothing is left under the old one, and the two sealed keys go. From here on the old
   key opens nothing.

In between, a copy of the database opens with either key, and the old key leads to the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage import keyring
from storage.audit import Audit
from storage.errors import SealError, StorageError
from storage.keyring import CHECK, INSTALLATION, NEXT, PREVIOUS, Exchange
from storage.questions import Questions
from storage.schema import meta, people
from storage.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.database import Row
    from storage.master import MasterKey

_ADD: Final = (
    insert(meta)
    .values(name=bindparam("which"), value=bindparam("content"))
    .on_conflict_do_nothing()
)
_HAND_OVER: Final = (
    update(meta)
    .where(meta.c.name == CHECK, meta.c.value == bindparam("before"))
    .values(value=bindparam("after"))
)
_INSTALL: Final = update(meta).where(meta.c.name == INSTALLATION).values(value=bindparam("wrapped"))
_PART: Final = delete(meta).where(or_(meta.c.name == NEXT, meta.c.name == PREVIOUS))

_elsewhere = people.c.master_id.is_distinct_from(bindparam("master"))
_KEYS: Final = (
    select(people.c.id, people.c.key_id, people.c.wrapped_key)
    .where(people.c.id > bindparam("after"))
    .order_by(people.c.id)
    .limit(bindparam("limit"))
)
_OLD_KEYS: Final = _KEYS.where(_elsewhere)
# Rows that somebody else is about to change are left for the next round: whoever waits for nobody
# while they hold rows is never in a deadlock.
_HOLD: Final = (
    select(people.c.id)
    .where(people.c.id.between(bindparam("first"), bindparam("last")), _elsewhere)
    .with_for_update(skip_locked=True, key_share=True)
)
_LEFT: Final = select(func.count()).select_from(people).where(_elsewhere)
_REWRAP: Final = (
    update(people)
    .where(people.c.id == bindparam("person"), people.c.wrapped_key == bindparam("was"))
    .values(wrapped_key=bindparam("wrapped"), master_id=bindparam("master"))
)

FIRST: Final = -(2**62)
"""Below every Telegram id."""


class Rotation(Questions):
    """The steps of a rotation, each of them safe to do again."""

    async def under_way(self) -> Exchange | None:
        """Tell from which master key to which a rotation is under way, if one is."""
        return await keyring.learn(self._runner, self._vault)

    async def begin(self, new: MasterKey) -> Exchange:
        """Announce the new master key to whoever has the one in force.

        `StorageError` if it is the one in force or was before, or a rotation is under way already.
        """
        old = self._vault.masters()[0]
        if new.id == old.id:
            raise StorageError("Nothing to do: the database is under this master key already.")
        if await self._runner.fetch(keyring.VALUE, which=keyring.retired(new.id)):
            raise StorageError("This master key was replaced before: take a fresh one.")
        async with self._runner.transaction() as tx:
            check = self._vault.check_value
            free = await tx.execute(_HAND_OVER, before=check, after=check)
            announced = old.seal_key(new, NEXT)
            if not free or not await tx.execute(_ADD, which=NEXT, content=announced):
                raise StorageError("Another rotation of the master key began meanwhile.")
            await tx.execute(_ADD, which=PREVIOUS, content=new.seal_key(old, PREVIOUS))
            await Audit(tx, self._vault, self._clock).append("key rotation begun")
        self._vault.learn(new)
        return Exchange(old, new)

    async def hand_over(self, exchange: Exchange) -> None:
        """Let the new master key be in force; nothing if it is already."""
        before, after = (Vault(master).check_value for master in (exchange.old, exchange.new))
        async with self._runner.transaction() as tx:
            if await tx.execute(_HAND_OVER, before=before, after=after):
                wrapped = self._vault.wrapped_installation(exchange.new)
                await tx.execute(_INSTALL, wrapped=wrapped)
        await keyring.learn(self._runner, self._vault)

    async def rewrap(self, after: int, limit: int) -> tuple[int | None, int]:
        """Wrap the next people's keys by the key in force: the last one's id, and how many.

        None: from `after` on nobody's key was under another one. `StorageError` if a key opens
        with neither.
        """
        master = self._vault.master_id
        found = await self._runner.fetch(_OLD_KEYS, after=after, limit=limit, master=master)
        if not found:
            return None, 0
        first, last = found[0][0], found[-1][0]
        wrapped = {row[0]: self._wrapped(row) for row in found}
        async with self._runner.transaction() as tx:
            held = await tx.fetch(_HOLD, first=first, last=last, master=master)
            free = {person_id for (person_id,) in held}
            rows = [
                {"person": who, "was": was, "wrapped": wrapped[who], "master": master}
                for who, _, was in found
                if who in free
            ]
            await tx.execute_many(_REWRAP, rows)
        return last, len(rows)

    async def prove(self, new: MasterKey, after: int, limit: int) -> tuple[int | None, int]:
        """Open the next people's keys with this master key alone, as `rewrap` goes on.

        `StorageError` if one does not open.
        """
        found = await self._runner.fetch(_KEYS, after=after, limit=limit)
        if not found:
            return None, 0
        _opened(Vault(new), found)
        return found[-1][0], len(found)

    async def finish(self, exchange: Exchange) -> bool:
        """Part with the old key if nothing is left under it; False if something is."""
        async with self._runner.transaction() as tx:
            if (await tx.fetch(_LEFT, master=exchange.new.id))[0][0]:
                return False
            if await tx.execute(_PART):
                name, when = keyring.retired(exchange.old.id), f"{self._clock():%Y-%m-%d %H:%M} UTC"
                await tx.execute(_ADD, which=name, content=when.encode())
                await Audit(tx, self._vault, self._clock).append("key rotation done")
            tx.scrub()
        return True

    def _wrapped(self, row: Row) -> bytes:
        """Wrap a key anew, and see that it opens so."""
        person_id, key_id, was = row
        try:
            key = self._vault.open_key(person_id, key_id, was)
        except SealError:
            raise _broken(1) from None
        wrapped = self._vault.wrap(key)
        self._vault.open_key(person_id, key_id, wrapped)
        self._vault.drop(person_id)
        return wrapped


def _opened(vault: Vault, rows: Sequence[Row]) -> None:
    broken = 0
    for row in rows:
        try:
            vault.open_key(*row)
        except SealError:
            broken += 1
    if broken:
        raise _broken(broken)


def _broken(count: int) -> StorageError:
    return StorageError(
        f"The keys of {count} people open with neither master key: they were damaged or changed. "
        "Both master keys stay valid until that is mended from a backup."
    )
