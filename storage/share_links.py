"""Questions about links that give a right on a card to whoever takes them first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, exists, insert, select

from storage.card_rows import CARD_COLUMNS, PRESENT, THIS, opened
from storage.handing_over import hand_over
from storage.questions import KEY_COLUMNS
from storage.schema import cards, people, share_links, shares
from storage.shares import I_MAY_COME, NAME, RIGHTS, WELCOME, Shares

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import Card, Right

_LINK: Final = insert(share_links).from_select(
    [c.name for c in share_links.c],
    select(
        bindparam("token", type_=share_links.c.token_hash.type),
        cards.c.owner_id,
        cards.c.id,
        bindparam("right", type_=share_links.c.right.type),
        bindparam("now", type_=share_links.c.created_at.type),
        bindparam("expires_at", type_=share_links.c.expires_at.type),
    ).where(THIS, PRESENT),
)
_of_link: Final = (
    cards.c.owner_id == share_links.c.owner_id,
    cards.c.id == share_links.c.card_id,
)
_good: Final = (
    (share_links.c.token_hash == bindparam("token"))
    & (share_links.c.expires_at > bindparam("now", type_=share_links.c.expires_at.type))
    & exists().where(*_of_link, PRESENT).correlate(share_links)
    & exists().where(people.c.id == share_links.c.owner_id, WELCOME).correlate(share_links)
)
_LOOK: Final = (
    select(*KEY_COLUMNS, share_links.c.right, people.c.name, *CARD_COLUMNS)
    .select_from(share_links.join(cards).join(people, people.c.id == cards.c.owner_id))
    .where(_good)
)
_USE: Final = (
    delete(share_links)
    .where(_good, share_links.c.owner_id != bindparam("person"), I_MAY_COME)
    .returning(share_links.c.owner_id, share_links.c.card_id, share_links.c.right)
)
_link_of_card: Final = (share_links.c.owner_id == bindparam("owner")) & (
    share_links.c.card_id == bindparam("card")
)
_HAS: Final = select(shares.c.right).where(
    shares.c.owner_id == bindparam("owner"),
    shares.c.card_id == bindparam("card"),
    shares.c.person_id == bindparam("person"),
)
_LINKS: Final = (
    select(share_links.c.right, share_links.c.expires_at)
    .where(_link_of_card, share_links.c.expires_at > bindparam("now"))
    .order_by(share_links.c.created_at)
)
_CANCEL: Final = delete(share_links).where(_link_of_card)
_PURGE: Final = delete(share_links).where(share_links.c.expires_at <= bindparam("now"))


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link gives to whoever takes it first, and from whom."""

    card: Card
    right: Right
    owner_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody got by a link: `card` as it is now, `giver` who made the link."""

    card: Card
    right: Right
    giver: int


class ShareLinks(Shares):
    """Links, known by a hash of their token: reading the database gives nobody a card."""

    async def new_link(
        self, token: str, owner_id: int, card_id: str, right: Right, expires_at: datetime
    ) -> bool:
        """Keep a link that gives a right on a card to one person; "own" hands it over for good.

        `token` is random and long, as for invitations. False if they have no such card.
        """
        return bool(
            await self._runner.execute(
                _LINK,
                token=_hash(token),
                owner=owner_id,
                card=card_id,
                right=right,
                now=self._clock(),
                expires_at=expires_at,
            )
        )

    async def links(self, owner_id: int, card_id: str) -> list[tuple[Right, datetime]]:
        """List the links of a card that nobody took yet: what they give, and until when."""
        rows = await self._runner.fetch(_LINKS, owner=owner_id, card=card_id, now=self._clock())
        return [(right, until) for right, until in rows]

    async def cancel_links(self, owner_id: int, card_id: str) -> int:
        """Take back every link of a card that nobody took yet; how many there were."""
        return await self._runner.execute(_CANCEL, owner=owner_id, card=card_id)

    async def purge_links(self, now: datetime) -> int:
        """Erase links that have expired."""
        return await self._runner.execute(_PURGE, now=now)

    async def look(self, token: str) -> Offer | None:
        """Say what a link would give; None if it was used, taken back or is too old."""
        rows = await self._runner.fetch(_LOOK, token=_hash(token), now=self._clock())
        if not rows:
            return None
        key_id, wrapped, right, name, *columns = rows[0]
        card, key = opened(self._vault, (key_id, wrapped, *columns))
        return Offer(card, right, key.open_text(NAME, name))

    async def redeem(self, token: str, person_id: int) -> Taken | None:
        """Give somebody what a link gives, once; None as for `look`, and for its own maker.

        What they may already do they may still do. `DuplicateCardError`, and the link stays, if a
        card that is handed over is theirs under another id already.
        """
        async with self._runner.transaction() as tx:
            used = await tx.fetch(_USE, token=_hash(token), now=self._clock(), person=person_id)
            if not used:
                return None
            owner, card_id, right = used[0]
            within = ShareLinks(tx, self._vault, self._clock)
            if right == "own":
                await hand_over(tx, self._vault, owner, card_id, person_id)
            else:
                had = await tx.fetch(_HAS, owner=owner, card=card_id, person=person_id)
                right = max(right, *(row[0] for row in had), key=RIGHTS.index) if had else right
                await within.give(owner, card_id, person_id, right)
            held = await within.held(person_id, card_id, "see")
            return Taken(held.card, right, owner) if held else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
