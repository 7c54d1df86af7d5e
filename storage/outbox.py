"""Questions about messages owed to people: written with their cause, claimed, sent, marked."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.errors import SealError
from storage.questions import KEY_COLUMNS, Questions
from storage.records import OutboxItem
from storage.schema import cards, outbox, people
from storage.vault import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Update

    from storage.database import Row
    from storage.vault import Vault

log = logging.getLogger(__name__)

STOPPED: Final = "stopped"
"""Why a message is given up that nobody is to get any more, though nothing is in its way."""

UNSURE: Final = "unsure"
"""The error of a message whose sender died while it was on its way: it may have arrived."""

_CARD: Final = (
    select(*KEY_COLUMNS)
    .select_from(people.join(cards, cards.c.owner_id == people.c.id))
    .where(cards.c.owner_id == bindparam("owner"), cards.c.id == bindparam("card"))
)
_PERSON: Final = select(*KEY_COLUMNS).where(people.c.id == bindparam("owner"))
_PUT: Final = (
    insert(outbox)
    .values({c.name: bindparam(c.name) for c in outbox.c if c.name != "id"})
    .on_conflict_do_nothing()
)
_open: Final = outbox.c.done_at.is_(None)
_for: Final = func.coalesce(outbox.c.recipient_id, outbox.c.owner_id)
_welcome: Final = exists().where(
    people.c.id == _for,
    people.c.blocked_at.is_(None),
    people.c.barred_at.is_(None),
) & or_(
    outbox.c.card_id.is_(None),
    exists().where(
        cards.c.owner_id == outbox.c.owner_id,
        cards.c.id == outbox.c.card_id,
        cards.c.removed_at.is_(None),
    ),
)
_first: Final = outbox.alias("first")
_now: Final = bindparam("now", type_=outbox.c.not_before.type)
# One at a time to each reader: nothing is under way to them, and nothing older is due. What waits
# for another reader, who may have stopped the bot, holds nothing up.
_their_turn: Final = ~exists().where(
    _first.c.owner_id == outbox.c.owner_id,
    func.coalesce(_first.c.recipient_id, _first.c.owner_id) == _for,
    _first.c.done_at.is_(None),
    or_(
        _first.c.lease.is_not(None) & (_first.c.not_before > _now),
        (_first.c.not_before <= _now) & (_first.c.id < outbox.c.id),
    ),
)
_due: Final = (
    select(outbox.c.id)
    .where(_open, outbox.c.not_before <= _now, _welcome, _their_turn)
    .order_by(outbox.c.not_before, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
ITEM: Final = (
    outbox.c.owner_id,
    outbox.c.card_id,
    outbox.c.recipient_id,
    outbox.c.kind,
    outbox.c.key,
    outbox.c.payload,
    outbox.c.created_at,
    outbox.c.attempts,
    outbox.c.error,
    outbox.c.lease,
)
_CLAIM: Final = (
    update(outbox)
    .where(outbox.c.id.in_(select(_due.c.id)))
    .values(
        lease=bindparam("lease"),
        not_before=bindparam("lease_until"),
        attempts=outbox.c.attempts + 1,
    )
    .returning(
        *(
            select(column).where(people.c.id == outbox.c.owner_id).scalar_subquery()
            for column in KEY_COLUMNS
        ),
        outbox.c.id,
        *ITEM,
    )
)


def _claimed(**values: Any) -> Update:
    """Change an item that is still under the lease it was claimed with."""
    this = outbox.c.id == bindparam("item")
    return update(outbox).where(this, outbox.c.lease == bindparam("held"), _open).values(**values)


# What was stopped while it was on its way, and arrived, was sent.
_SENT: Final = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("item"),
        outbox.c.lease == bindparam("held"),
        or_(_open, outbox.c.error == STOPPED),
    )
    .values(done_at=bindparam("at"), outcome="sent", error=None, payload=None)
)
_BEGIN: Final = _claimed(error=UNSURE)
_DONE: Final = _claimed(
    done_at=bindparam("at"), outcome="given up", error=bindparam("error"), payload=None
)
_LATER: Final = _claimed(lease=None, not_before=bindparam("not_before"), error=bindparam("error"))
_WAITING: Final = select(outbox.c.recipient_id).where(
    outbox.c.owner_id == bindparam("owner"),
    outbox.c.card_id == bindparam("card"),
    outbox.c.kind == bindparam("kind"),
    _open,
    outbox.c.not_before > _now,
)
_PENDING: Final = (
    select(func.count())
    .select_from(outbox)
    .where(_open, _welcome, or_(outbox.c.not_before <= _now, outbox.c.lease.is_not(None)))
)
_PURGE: Final = delete(outbox).where(outbox.c.done_at < bindparam("before"))
_PURGE_UNSENT: Final = delete(outbox).where(
    _open, outbox.c.not_before <= _now, outbox.c.created_at < bindparam("before")
)


class Outbox(Questions):
    """Messages owed. None is lost; one whose sender died is claimed again after its lease."""

    async def put(
        self,
        owner_id: int,
        card_id: str | None,
        kind: str,
        payload: Mapping[str, object],
        *,
        key: str,
        not_before: datetime,
        recipient_id: int | None = None,
    ) -> bool:
        """Owe somebody a message; False if this key of theirs was used, or the card is not theirs.

        `payload` is anything JSON holds; it is sealed, and erased once it was sent. With no
        `card_id` it is about no card. `recipient_id` is whom it is for, if not the owner.
        """
        async with self._runner.transaction() as tx:
            found = await (
                tx.fetch(_PERSON, owner=owner_id)
                if card_id is None
                else tx.fetch(_CARD, owner=owner_id, card=card_id)
            )
            if not found:
                return False
            opened = self._vault.open_key(owner_id, *found[0])
            touched = await tx.execute(
                _PUT,
                owner_id=owner_id,
                card_id=card_id,
                recipient_id=recipient_id,
                key=key,
                kind=kind,
                payload=opened.seal(_place(card_id, key), orjson.dumps(payload)),
                created_at=self._clock(),
                not_before=not_before,
                attempts=0,
                lease=None,
                error=None,
                done_at=None,
                outcome=None,
            )
        return bool(touched)

    async def claim(self, now: datetime, lease_seconds: float, limit: int) -> list[OutboxItem]:
        """Take what is due, at most `limit` and one per person, oldest first.

        Nothing is taken for people who blocked the bot or are shut out, nor for cards that are
        removed; it stays. What does not open is given up.
        """
        rows = await self._runner.fetch(
            _CLAIM,
            now=now,
            lease=new_id(),
            lease_until=now + timedelta(seconds=lease_seconds),
            limit=limit,
        )
        claimed = []
        for row in sorted(rows, key=_by_id):
            try:
                claimed.append(item_of(self._vault, row))
            except SealError:  # one that is damaged must not keep the others from being claimed
                log.exception("message %s does not open and is given up", _by_id(row))
                await self.give_up(_by_id(row), row[-1], "it does not open")
        return claimed

    async def begin(self, item_id: int, lease: str) -> bool:
        """Note that it is on its way, for who finds it claimed still; False as for `sent`."""
        return bool(await self._runner.execute(_BEGIN, item=item_id, held=lease))

    async def sent(self, item_id: int, lease: str, at: datetime) -> bool:
        """Mark as sent; False if the item was claimed by somebody else since, or is done."""
        return bool(await self._runner.execute(_SENT, item=item_id, held=lease, at=at))

    async def give_up(self, item_id: int, lease: str, error: str) -> bool:
        """Mark as never to be sent; False as for `sent`."""
        now = self._clock()
        return bool(
            await self._runner.execute(_DONE, item=item_id, held=lease, at=now, error=error)
        )

    async def later(
        self, item_id: int, lease: str, not_before: datetime, error: str | None = None
    ) -> bool:
        """Give an item back, to be tried again from that time on; False as for `sent`."""
        return bool(
            await self._runner.execute(
                _LATER, item=item_id, held=lease, not_before=not_before, error=error
            )
        )

    async def pending(self, now: datetime) -> int:
        """How many could be claimed now, or are under way."""
        return int((await self._runner.fetch(_PENDING, now=now))[0][0])

    async def waiting(
        self, owner_id: int, card_id: str, kind: str, now: datetime
    ) -> set[int | None]:
        """Find to whom a kind of message about a card is owed later: their ids; None: its owner."""
        rows = await self._runner.fetch(_WAITING, owner=owner_id, card=card_id, kind=kind, now=now)
        return {row[0] for row in rows}

    async def purge(self, before: datetime) -> int:
        """Erase what was done with before that time; its keys can then be used again."""
        return await self._runner.execute(_PURGE, before=before)

    async def purge_unsent(self, now: datetime, before: datetime) -> int:
        """Erase what is due and was owed before that time: nobody takes it any more."""
        return await self._runner.execute(_PURGE_UNSENT, now=now, before=before)


def item_of(vault: Vault, row: Row) -> OutboxItem:
    """Open a row: its owner's key, its id, then `ITEM`."""
    key_id, wrapped, item_id, owner_id, card_id, recipient_id, kind, key, payload, *rest = row
    opened = vault.open_key(owner_id, key_id, wrapped)
    said = orjson.loads(opened.open(_place(card_id, key), payload))
    return OutboxItem(item_id, owner_id, card_id, recipient_id, kind, said, *rest)


def _by_id(row: Row) -> int:
    return int(row[len(KEY_COLUMNS)])


def _place(card_id: str | None, key: str) -> tuple[str, ...]:
    return ("outbox", card_id or "", key)
