"""Questions about half-finished conversations: sealed, and only for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from storage.questions import KEY_COLUMNS, Questions
from storage.schema import dialogues, people

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_PLACE: Final = ("dialogue",)

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
_PURGE: Final = delete(dialogues).where(dialogues.c.expires_at <= bindparam("now"))


class Dialogues(Questions):
    """At most one conversation per person."""

    async def get(self, person_id: int, now: datetime) -> dict[str, Any] | None:
        """Where the conversation stands, or None if there is none or it has expired."""
        rows = await self._runner.fetch(_GET, person=person_id, now=now)
        if not rows:
            return None
        key_id, wrapped, sealed = rows[0]
        key = self._vault.open_key(person_id, key_id, wrapped)
        said: dict[str, Any] = orjson.loads(key.open(_PLACE, sealed))
        return said

    async def put(self, person_id: int, data: Mapping[str, object], expires_at: datetime) -> None:
        """Keep where the conversation stands (anything JSON holds), instead of what was there."""
        async with self._runner.transaction() as tx:
            key = await self._key(tx, person_id)
            sealed = key.seal(_PLACE, orjson.dumps(data))
            await tx.execute(_PUT, person_id=person_id, sealed=sealed, expires_at=expires_at)

    async def drop(self, person_id: int) -> bool:
        """End the conversation; False if there was none."""
        return bool(await self._runner.execute(_DROP, person=person_id))

    async def purge(self, now: datetime) -> int:
        """Erase the conversations that have expired."""
        return await self._runner.execute(_PURGE, now=now)
