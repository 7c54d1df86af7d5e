"""Questions about digests: who is due one, and what waits to be told in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, or_, select, update

from storage.errors import SealError
from storage.outbox import ITEM, item_of
from storage.questions import KEY_COLUMNS, Questions
from storage.schema import outbox, people

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from storage.records import OutboxItem

log = logging.getLogger(__name__)

_ID: Final = len(KEY_COLUMNS)
_KIND: Final = _ID + 1 + ITEM.index(outbox.c.kind)
_DUE: Final = (
    select(people.c.id, people.c.next_digest_at)
    .where(people.c.next_digest_at <= bindparam("now"), people.c.barred_at.is_(None))
    .order_by(people.c.next_digest_at)
    .limit(bindparam("limit"))
)
_TURN: Final = (
    update(people)
    .where(people.c.id == bindparam("person"), people.c.next_digest_at == bindparam("was"))
    .values(next_digest_at=bindparam("upcoming"))
)
_theirs: Final = or_(
    (outbox.c.owner_id == bindparam("person")) & outbox.c.recipient_id.is_(None),
    outbox.c.recipient_id == bindparam("person"),
)
_free: Final = outbox.c.done_at.is_(None) & outbox.c.lease.is_(None)
_WAITING: Final = (
    select(*KEY_COLUMNS, outbox.c.id, *ITEM)
    .select_from(outbox.join(people, people.c.id == outbox.c.owner_id))
    .where(_theirs, _free, outbox.c.not_before <= bindparam("until"))
    .order_by(outbox.c.id)
    .with_for_update(of=outbox)
)
_TAKE: Final = (
    update(outbox)
    .where(outbox.c.id == bindparam("item"), _free)
    .values(done_at=bindparam("at"), outcome="given up", error="told in the digest", payload=None)
)
_RELEASE: Final = (
    update(outbox)
    .where(_theirs, _free, outbox.c.error == bindparam("why"))
    .values(not_before=bindparam("at"))
)


class Digests(Questions):
    """One message instead of several, for those who asked for it."""

    async def due(self, now: datetime, limit: int) -> list[tuple[int, datetime]]:
        """List whose digest is due, with the time it was due at, the longest waiting first."""
        rows = await self._runner.fetch(_DUE, now=now, limit=limit)
        return [(person, at) for person, at in rows]

    async def turn(self, person_id: int, was: datetime, upcoming: datetime) -> bool:
        """Set the next digest's time; False if it is no longer due at the time it was."""
        return bool(await self._runner.execute(_TURN, person=person_id, was=was, upcoming=upcoming))

    async def take(
        self, person_id: int, kinds: Collection[str], until: datetime, at: datetime
    ) -> list[OutboxItem]:
        """Take what is owed to a person of these kinds out of the outbox, oldest first.

        Only what is due by `until` and not under way. What does not open is left where it is.
        To be asked inside a transaction that owes the digest in its place.
        """
        taken = []
        for row in await self._runner.fetch(_WAITING, person=person_id, until=until):
            if row[_KIND] not in kinds:
                continue
            try:
                item = item_of(self._vault, row)
            except SealError:
                log.exception("message %s does not open and is in no digest", row[_ID])
                continue
            if await self._runner.execute(_TAKE, item=item.id, at=at):
                taken.append(item)
        return taken

    async def release(self, person_id: int, why: str, at: datetime) -> int:
        """Let what was held back for this reason go by itself from that time on. How many."""
        return await self._runner.execute(_RELEASE, person=person_id, why=why, at=at)
