"""What happens by itself: due cards are read, alerts are sent, what has expired is cleared away."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.backups import Backups
from bot.covering import cover_due
from bot.delivery import deliver
from bot.interrupted import KEPT as KEPT_UPDATES
from bot.lifting import lift_due
from bot.limits import KEPT as KEPT_TRIES
from bot.operator_notices import OperatorNotices
from bot.reminders import LEASE, remind_due
from bot.unusual import is_refused_now, tell_refused
from bot.vanishing import vanish, vanish_due
from bot.wallet import UNDO
from storage import StorageError

if TYPE_CHECKING:
    from telegram.ext import JobQueue

    from bot.issuers import Issuer
    from bot.limits import Stopped
    from bot.parts import Parts
    from storage import Card, Owed

log = logging.getLogger(__name__)

CLEAN_EVERY = timedelta(minutes=1)
ANCHOR_EVERY = timedelta(days=1)
KEPT_RECEIPTS = timedelta(days=2)
KEPT_SENT = timedelta(days=30)
KEPT_UNSENT = timedelta(days=180)
"""For whoever stopped the bot, and comes back within that time."""

KEPT_REQUESTS = timedelta(days=365)
"""After the last word in them."""


class Jobs:
    """The bot's own jobs. What is due is a query, so nothing is forgotten over a restart."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._reading: Counter[str] = Counter()
        self._delivering = asyncio.Lock()
        self._notices = OperatorNotices(parts)
        self._backups = Backups(parts, self._notices)
        parts.wallet.on_refused = self._notices.refused
        parts.limits.on_stopped = self._stopped

    def schedule(self, queue: JobQueue[Any]) -> None:
        """Look for due work every tick, through the application's own queue."""
        tick = self._parts.settings.tick_seconds
        once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        queue.run_repeating(self._tick, tick, first=0, name="due work", job_kwargs=once)
        queue.run_repeating(self.clean, CLEAN_EVERY, first=CLEAN_EVERY, job_kwargs=once)
        queue.run_repeating(self._anchor, ANCHOR_EVERY, first=ANCHOR_EVERY, job_kwargs=once)
        self._parts.background.start(self._anchor(None), "telling the log's end")

        def wake(owed: Owed, wait: timedelta) -> None:
            late = {"misfire_grace_time": None}
            queue.run_once(partial(self._vanish, owed), wait, name="hiding", job_kwargs=late)

        self._parts.vanishings.wake = wake

    def _stopped(self, stopped: Stopped) -> None:
        """Tell the admins at once that binding was stopped."""
        self._notices.stopped(stopped)
        self._parts.background.start(self._notices.tell(), "telling the operator")

    async def catch_up(self) -> None:
        """Do everything that is due now, to the end: read the cards, then send the alerts."""
        self._reload()
        await self.refresh_due()
        await self._parts.background.settled()
        await self._look_after()
        await self._backups.run_due()
        await self._notices.tell()
        await self._deliver()
        await vanish_due(self._parts)
        await cover_due(self._parts)
        await lift_due(self._parts)

    async def _tick(self, _: object) -> None:
        self._parts.background.start(vanish_due(self._parts), "taking away what was shown")
        self._parts.background.start(cover_due(self._parts), "covering balances")
        self._reload()
        await self.refresh_due()
        self._parts.background.start(self._look_after(), "looking after what is due")
        self._parts.background.start(self._backups.run_due(), "seeing to the backups")
        self._parts.background.start(self._notices.tell(), "telling the operator")
        if not self._delivering.locked():
            self._parts.background.start(self._deliver(), "delivering alerts")

    async def _look_after(self) -> None:
        """Do what the features have due; one that fails keeps none of the others from it."""
        for look_after in self._parts.due:
            try:
                await look_after(self._parts)
            except Exception:
                log.exception("what is due could not be looked after")

    def _reload(self) -> None:
        """Take in what the operator has changed of the issuers' files; a disk that fails waits."""
        try:
            self._notices.changed(self._parts.issuers.reload())
            self._notices.look()
        except OSError:
            log.exception("the issuers' files could not be looked at")

    async def _deliver(self) -> None:
        async with self._delivering:
            await deliver(self._parts)

    async def _vanish(self, owed: Owed, _: object) -> None:
        """Take away what was shown when its time is over, even if the clock was put back."""
        if await self._parts.store.vanishing.get(owed.chat_id, owed.message_id):
            await vanish(self._parts, owed)

    async def refresh_due(self) -> None:
        """Start reading as many due cards as each issuer bears; one that is slow keeps only itself.

        Reading a card frees its place for the next due one, so that a backlog is worked off
        without waiting for the next tick.
        """
        for issuer in self._parts.issuers.all():
            try:
                if issuer.asks_api:
                    await self._fill(issuer)
                else:
                    await remind_due(self._parts.store, issuer, self._parts.clock())
            except StorageError:
                log.exception("could not find out which cards of %s are due", issuer.slug)

    async def _fill(self, issuer: Issuer) -> None:
        free = issuer.concurrency - self._reading[issuer.slug]
        if free <= 0:
            return
        self._reading[issuer.slug] += free
        now = self._parts.clock()
        cards: list[Card] = []
        try:
            cards = await self._parts.store.cards.claim_due(issuer.slug, now, now + LEASE, free)
        finally:
            self._reading[issuer.slug] -= free - len(cards)
        for card in cards:
            self._parts.background.start(self._read(issuer, card), "reading a due card")

    async def _read(self, issuer: Issuer, card: Card) -> None:
        try:
            read = await self._parts.wallet.refresh(card.owner_id, card.id, insist=True)
        finally:
            self._reading[issuer.slug] -= 1
        if read is not None and is_refused_now(card, read):
            self._parts.background.start(tell_refused(self._parts, read), "telling of a refusal")
        current = self._parts.issuers.get(issuer.slug)  # its file may have changed meanwhile
        if current is not None and current.asks_api:
            await self._fill(current)

    async def _anchor(self, _: object) -> None:
        """Say in the log where the audit log ends: logs are kept where the database is not.

        `kabao audit verify --since` finds by it a database that was put back to an earlier state.
        """
        log.info("the audit log ends at %s", (await self._parts.store.audit.end()).text())

    async def clean(self, _: object = None) -> None:
        """Clear away what has expired."""
        store, now = self._parts.store, self._parts.clock()
        await store.dialogues.purge(now)
        await store.invitations.purge(now)
        await store.shares.purge_links(now)
        await store.cards.purge_removed(now - UNDO)
        await store.receipts.purge(now - KEPT_RECEIPTS)
        await store.inbox.purge(now - KEPT_UPDATES)
        await store.outbox.purge(now - KEPT_SENT)
        await store.outbox.purge_unsent(now, now - KEPT_UNSENT)
        await store.tickets.purge(now - KEPT_REQUESTS)
        await store.tries.purge(now - KEPT_TRIES)
        await lift_due(self._parts)
