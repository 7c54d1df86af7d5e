"""Questions about cards that are shared with groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.card_rows import CARD_COLUMNS, PRESENT, THIS, opened
from storage.errors import StorageError
from storage.questions import KEY_COLUMNS, Questions
from storage.schema import cards, group_shares, meta, people

if TYPE_CHECKING:
    from storage.records import Card, Right

_insert: Final = insert(group_shares).values({c.name: bindparam(c.name) for c in group_shares.c})
_PUT: Final = _insert.on_conflict_do_update(
    index_elements=["owner_id", "card_id", "chat_id"], set_={"title": _insert.excluded.title}
)
_HAS: Final = select(*KEY_COLUMNS).select_from(people.join(cards)).where(THIS, PRESENT)
_in_chat: Final = group_shares.c.chat_id == bindparam("chat")
_of_card: Final = (group_shares.c.owner_id == bindparam("owner")) & (
    group_shares.c.card_id == bindparam("card")
)
_CARDS: Final = (
    select(*KEY_COLUMNS, *CARD_COLUMNS)
    .select_from(group_shares.join(cards).join(people, people.c.id == cards.c.owner_id))
    .where(_in_chat, PRESENT, people.c.barred_at.is_(None), cards.c.archived_at.is_(None))
    .order_by(group_shares.c.created_at, cards.c.id)
)
_GROUPS: Final = (
    select(*KEY_COLUMNS, group_shares.c.chat_id, group_shares.c.title, group_shares.c.right)
    .select_from(group_shares.join(people, people.c.id == group_shares.c.owner_id))
    .where(_of_card)
    .order_by(group_shares.c.created_at)
)
_OF_CHAT: Final = (
    select(*KEY_COLUMNS, *group_shares.c)
    .select_from(group_shares.join(people, people.c.id == group_shares.c.owner_id))
    .where(_in_chat)
)
_SHOWN: Final = (
    select(*KEY_COLUMNS, group_shares.c.title, *CARD_COLUMNS)
    .select_from(group_shares.join(cards).join(people, people.c.id == cards.c.owner_id))
    .where(_in_chat, PRESENT)
    .order_by(group_shares.c.created_at, cards.c.id)
)
_MAY: Final = select(group_shares.c.right).where(_of_card, _in_chat)
_LET: Final = update(group_shares).where(_of_card, _in_chat).values(right=bindparam("right"))
_TAKE_BACK: Final = delete(group_shares).where(_of_card, _in_chat)
_DROP: Final = delete(group_shares).where(_in_chat)
_theirs: Final = group_shares.c.owner_id == bindparam("owner")
_SHOWN_OF: Final = _SHOWN.where(_theirs)
_DROP_OF: Final = delete(group_shares).where(_in_chat, _theirs)

_MOVED: Final = "group moved "
_note: Final = insert(meta).values(name=bindparam("name"), value=bindparam("value"))
_NOTE: Final = _note.on_conflict_do_update(
    index_elements=["name"], set_={"value": _note.excluded.value}
)
_NOTED: Final = select(meta.c.value).where(meta.c.name == bindparam("which"))


@dataclass(frozen=True, slots=True)
class GroupShare:
    """A group that a card is shared with, by Telegram's id of the chat.

    `right` is what everybody who is in it may do there: see the balance, or book spending too.
    """

    chat_id: int
    title: str = field(repr=False)
    right: Right = "see"


class Groups(Questions):
    """Which cards each group sees. Their numbers, PINs and barcodes no group does."""

    async def share(self, owner_id: int, card_id: str, chat_id: int, title: str) -> bool:
        """Let a group see a card, and keep what else it may; False if they have no such card."""
        async with self._runner.transaction() as tx:
            found = await tx.fetch(_HAS, owner=owner_id, card=card_id)
            if not found:
                return False
            key = self._vault.open_key(owner_id, *found[0])
            await tx.execute(
                _PUT,
                owner_id=owner_id,
                card_id=card_id,
                chat_id=chat_id,
                title=key.seal_text(_place(card_id, chat_id), title),
                right="see",
                created_at=self._clock(),
            )
        return True

    async def let(self, owner_id: int, card_id: str, chat_id: int, right: Right) -> bool:
        """Let everybody in a group do that with a card it sees; False if it sees no such card."""
        if right not in {"see", "spend"}:
            raise StorageError("A group sees a card or spends from it, and does no more.")
        return bool(
            await self._runner.execute(
                _LET, owner=owner_id, card=card_id, chat=chat_id, right=right
            )
        )

    async def cards(self, chat_id: int) -> list[Card]:
        """List the cards in use that a group sees, of owners who are not shut out."""
        rows = await self._runner.fetch(_CARDS, chat=chat_id)
        return [opened(self._vault, row)[0] for row in rows]

    async def of_card(self, owner_id: int, card_id: str) -> list[GroupShare]:
        """List the groups that see a card, the longest first."""
        rows = await self._runner.fetch(_GROUPS, owner=owner_id, card=card_id)
        return [
            GroupShare(
                chat,
                self._vault.open_key(owner_id, key_id, wrapped).open_text(
                    _place(card_id, chat), title
                ),
                right,
            )
            for key_id, wrapped, chat, title, right in rows
        ]

    async def may(self, chat_id: int, card: Card) -> Right | None:
        """Say what everybody in a group may do with this card; None if the group does not see it.

        Whether somebody is in the group, Telegram has to say.
        """
        rows = await self._runner.fetch(_MAY, owner=card.owner_id, card=card.id, chat=chat_id)
        right: Right | None = rows[0][0] if rows else None
        return right

    async def take_back(self, owner_id: int, card_id: str, chat_id: int) -> bool:
        """Let a group see a card no longer; False if it did not."""
        return bool(
            await self._runner.execute(_TAKE_BACK, owner=owner_id, card=card_id, chat=chat_id)
        )

    async def drop(self, chat_id: int, owner_id: int | None = None) -> list[tuple[Card, str]]:
        """Let a group see no card any more, or none of this owner's.

        Gives which it saw, each with what the group was called.
        """
        async with self._runner.transaction() as tx:
            if owner_id is None:
                rows = await tx.fetch(_SHOWN, chat=chat_id)
                await tx.execute(_DROP, chat=chat_id)
            else:
                rows = await tx.fetch(_SHOWN_OF, chat=chat_id, owner=owner_id)
                await tx.execute(_DROP_OF, chat=chat_id, owner=owner_id)
        seen = []
        for key_id, wrapped, title, *columns in rows:
            card, key = opened(self._vault, (key_id, wrapped, *columns))
            seen.append((card, key.open_text(_place(card.id, chat_id), title)))
        return seen

    async def move(self, old: int, new: int) -> int:
        """Let a group that goes on under another id see what it saw; how many cards that are."""
        async with self._runner.transaction() as tx:
            rows = await tx.fetch(_OF_CHAT, chat=old)
            for key_id, wrapped, owner, card, _, title, right, created_at in rows:
                key = self._vault.open_key(owner, key_id, wrapped)
                await tx.execute(
                    _PUT,
                    owner_id=owner,
                    card_id=card,
                    chat_id=new,
                    title=key.seal(_place(card, new), key.open(_place(card, old), title)),
                    right=right,
                    created_at=created_at,
                )
            await tx.execute(_DROP, chat=old)
            await tx.execute(_NOTE, name=f"{_MOVED}{old}", value=str(new).encode())
        return len(rows)

    async def now(self, chat_id: int) -> int:
        """Give the id under which a group goes on, or its own if it never became another."""
        rows = await self._runner.fetch(_NOTED, which=f"{_MOVED}{chat_id}")
        return int(rows[0][0].decode()) if rows else chat_id


def _place(card_id: str, chat_id: int) -> tuple[str, ...]:
    return ("group share", card_id, str(chat_id))
