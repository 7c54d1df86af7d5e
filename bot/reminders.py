"""Cards nobody can ask about: their holder is asked now and then whether the balance is right."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.ledger_view import known_at
from bot.schedule import next_check

if TYPE_CHECKING:
    from datetime import datetime

    from bot.issuers import Issuer
    from storage import Card, Store

LEASE = timedelta(minutes=5)
"""A card claimed by a process that died is due again after this long."""

AT_ONCE = 100
"""As many in one go; the others' turn is at the next look for due work."""


async def remind_due(store: Store, issuer: Issuer, now: datetime) -> None:
    """Owe questions to holders of cards of this issuer that were untouched for long."""
    if issuer.asks_api or issuer.remind_days is None:
        return
    await store.cards.plan(issuer.slug, timedelta(days=issuer.remind_days))
    for card in await store.cards.claim_due(issuer.slug, now, now + LEASE, AT_ONCE):
        await _remind(store, issuer, card, now)


async def _remind(store: Store, issuer: Issuer, card: Card, now: datetime) -> None:
    """Put the question and the next one's time down together, so that neither is without the other.

    A card that was touched since it was claimed is due at another time already.
    """
    async with store.transaction() as tx:
        locked = await tx.cards.lock(card.owner_id, card.id)
        if locked is None or locked.next_refresh_at != card.next_refresh_at:
            return
        await tx.cards.change(card.owner_id, card.id, next_refresh_at=next_check(issuer, now))
        said = {"known_at": known_at(locked)}
        key = f"{card.id}:check:{now.isoformat()}"
        await tx.outbox.put(card.owner_id, card.id, "check", said, key=key, not_before=now)
