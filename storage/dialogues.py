"""Questions about half-finished conversations: sealed, and only for a while.

Of one that waited for a secret it is known for an hour longer that it did, and nothing else: what
is then typed too late can still be recognised as a secret.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.questions import KEY_COLUMNS, Questions
from storage.schema import dialogues, people

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

REMEMBERED: Final = timedelta(hours=1)
"""How long after its end it is known that a conversation waited for a secret."""

_PLACE: Final = ("dialogue",)
# What is sealed stands behind one byte in the clear, and that byte stays when the rest is erased.
_SECRET: Final = b"s"
_PLAIN: Final = b"p"

_this: Final = dialogues.c.person_id == bindparam("person")
_GET: Final = (
    select(*KEY_COLUMNS, dialogues.c.sealed)
    .select_from(people.join(dialogues))
    .where(_this, dialogues.c.expires_at > bindparam("now"))
)
_PUT: Final = (
    insert(dialogues)
    .values({c.name: bindparam(c.name) for c in dialogues.c})
    .on_conflict_do_update(
        index_elements=[dialogues.c.person_id],
        set_={"sealed": bindparam("sealed"), "expires_at": bindparam("expires_at")},
    )
)
_DROP: Final = delete(dialogues).where(_this)
_first: Final = func.substr(dialogues.c.sealed, 1, 1, type_=dialogues.c.sealed.type)
_LAPSED: Final = select(dialogues.c.person_id).where(
    _this,
    dialogues.c.expires_at <= bindparam("now"),
    dialogues.c.expires_at > bindparam("long_ago"),
    _first == bindparam("secret"),
)
_ERASE: Final = (
    update(dialogues)
    .values(sealed=_first)
    .where(dialogues.c.expires_at <= bindparam("now"), func.length(dialogues.c.sealed) > 1)
)
_PURGE: Final = delete(dialogues).where(
    dialogues.c.expires_at <= bindparam("now"),
    or_(dialogues.c.expires_at <= bindparam("long_ago"), _first != bindparam("secret")),
)


class Dialogues(Questions):
    """At most one conversation per person."""

    async def get(self, person_id: int, now: datetime) -> dict[str, Any] | None:
        """Where the conversation stands, or None if there is none or it has expired."""
        rows = await self._runner.fetch(_GET, person=person_id, now=now)
        if not rows:
            return None
        key_id, wrapped, sealed = rows[0]
        key = self._vault.open_key(person_id, key_id, wrapped)
        said: dict[str, Any] = orjson.loads(key.open(_PLACE, sealed[1:]))
        return said

    async def lapsed(self, person_id: int, now: datetime) -> bool:
        """Say whether a conversation that waited for a secret expired less than an hour ago."""
        long_ago = now - REMEMBERED
        return bool(
            await self._runner.fetch(
                _LAPSED, person=person_id, now=now, long_ago=long_ago, secret=_SECRET
            )
        )

    async def put(
        self,
        person_id: int,
        data: Mapping[str, object],
        expires_at: datetime,
        *,
        secret: bool = False,
    ) -> None:
        """Keep where the conversation stands (anything JSON holds), instead of what was there.

        `secret` says that what it waits for is one.
        """
        async with self._runner.transaction() as tx:
            key = await self._key(tx, person_id)
            first = _SECRET if secret else _PLAIN
            sealed = first + key.seal(_PLACE, orjson.dumps(data))
            await tx.execute(_PUT, person_id=person_id, sealed=sealed, expires_at=expires_at)

    async def drop(self, person_id: int) -> bool:
        """End the conversation; False if there was none."""
        return bool(await self._runner.execute(_DROP, person=person_id))

    async def purge(self, now: datetime) -> int:
        """Erase what expired conversations held, and with it all but the memory of a secret."""
        long_ago = now - REMEMBERED
        async with self._runner.transaction() as tx:
            gone = await tx.execute(_PURGE, now=now, long_ago=long_ago, secret=_SECRET)
            return gone + await tx.execute(_ERASE, now=now)
