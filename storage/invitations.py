"""Questions about invitations: a link that lets one person in, once, for a while."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, exists, insert, update

from storage.questions import Questions
from storage.schema import invitations, people

if TYPE_CHECKING:
    from datetime import datetime

_CREATE: Final = insert(invitations).values({c.name: bindparam(c.name) for c in invitations.c})
_USE: Final = (
    delete(invitations)
    .where(
        invitations.c.token_hash == bindparam("token"),
        invitations.c.expires_at > bindparam("now"),
        exists().where(people.c.id == bindparam("person")),
    )
    .returning(invitations.c.created_by)
)
_LET_IN: Final = update(people).where(people.c.id == bindparam("person")).values(access="member")
_CANCEL: Final = delete(invitations).where(invitations.c.created_by == bindparam("by"))
_PURGE: Final = delete(invitations).where(invitations.c.expires_at <= bindparam("now"))


class Invitations(Questions):
    """Invitations, known by a hash of their token: reading the database lets nobody in."""

    async def create(self, token: str, by: int, expires_at: datetime) -> None:
        """Keep an invitation. `token` is random and long, as `secrets.token_urlsafe` makes it."""
        await self._runner.execute(
            _CREATE,
            token_hash=_hash(token),
            created_by=by,
            created_at=self._clock(),
            expires_at=expires_at,
        )

    async def redeem(self, token: str, person_id: int, now: datetime) -> int | None:
        """Let a person who has arrived in, and say who invited them.

        None if the token was used, expired or never was.
        """
        async with self._runner.transaction() as tx:
            used = await tx.fetch(_USE, token=_hash(token), now=now, person=person_id)
            if not used:
                return None
            await tx.execute(_LET_IN, person=person_id)
        inviter: int = used[0][0]
        return inviter

    async def cancel(self, by: int) -> int:
        """Take back every invitation somebody made; how many there were."""
        return await self._runner.execute(_CANCEL, by=by)

    async def purge(self, now: datetime) -> int:
        """Erase invitations that have expired."""
        return await self._runner.execute(_PURGE, now=now)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
