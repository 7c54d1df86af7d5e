"""Alerts on their way to people: claimed under a lease, sent, then marked.

A process killed in between leaves the alert in the outbox, and its lease runs out: none is lost,
and at worst one is sent twice.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from bot import alert_view, calls, shared
from bot.digest import HELD, held_until
from bot.messages import offer
from bot.pace import ALERT
from bot.quiet import quiet_until
from storage import UNSURE, StorageError

if TYPE_CHECKING:
    from datetime import datetime

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, OutboxItem, Person

log = logging.getLogger(__name__)

LEASE_SECONDS = 120
"""Longer than `SEND_SECONDS`, so that no alert is under way twice."""

SEND_SECONDS = 100
"""A send that takes longer with all its tries is ended, and made again later."""

CLAIM_AGAIN_SECONDS = 1
"""What comes up while others are on their way waits no longer than that."""

STOP_SECONDS = 5
"""How long a bot that stops waits for what Telegram may have already, to mark it as sent."""

FEW = 8
"""Of messages that are sent only once so many are on their way together: a kill leaves of no more
unknown whether they arrived."""

AT_ONCE = 30
"""As many as Telegram takes in a second."""

FIRST_RETRY = timedelta(seconds=10)
LAST_RETRY = timedelta(hours=1)
SHORTEST_PAUSE = timedelta(seconds=1)
SHORTEST_QUIET = timedelta(minutes=1)


async def deliver(parts: Parts) -> None:
    """Send what is due, until nothing is; each claim is bounded, and made as room becomes free.

    One that Telegram takes long over keeps its own place only. When this is cancelled, nothing
    more is claimed, and what is on its way has `STOP_SECONDS` to arrive and be marked.
    """
    under_way: set[asyncio.Task[None]] = set()
    few = asyncio.Semaphore(FEW)
    try:
        while True:
            claimed = await _claim(parts, AT_ONCE - len(under_way), needed=not under_way)
            under_way |= {asyncio.create_task(_see_to(parts, item, few)) for item in claimed}
            if not under_way:
                return
            _, under_way = await asyncio.wait(
                under_way, timeout=CLAIM_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
    except asyncio.CancelledError:
        await _finish(under_way)
        raise


async def _claim(parts: Parts, room: int, *, needed: bool) -> list[OutboxItem]:
    """Claim what there is room for; a failure counts only where nothing else is under way."""
    if room == 0:
        return []
    try:
        return await parts.store.outbox.claim(parts.clock(), LEASE_SECONDS, room)
    except StorageError as error:
        if needed:
            raise
        log.warning("alerts that are due could not be claimed: %s", error)
        return []


async def _finish(under_way: set[asyncio.Task[None]]) -> None:
    if under_way:
        _, late = await asyncio.wait(under_way, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _see_to(parts: Parts, item: OutboxItem, few: asyncio.Semaphore) -> None:
    """Deliver one; one that crashes is put off like one that failed, and stops no other."""
    try:
        await _deliver(parts, item, few)
    except Exception as error:
        log.exception("alert %s could not be delivered", item.id)
        with suppress(StorageError):  # then its lease runs out, and that is late enough
            await _later(parts, item, parts.clock() + _wait(item), type(error).__name__)


async def _deliver(parts: Parts, item: OutboxItem, few: asyncio.Semaphore) -> None:
    outbox, now = parts.store.outbox, parts.clock()
    person = await parts.store.people.get(item.person_id)
    card = await _card_of(parts, person, item)
    if person is None or (card is None and item.card_id is not None):
        await outbox.give_up(item.id, item.lease, "the card is gone, or is shared no longer")
    elif person.barred_at is not None:
        await _later(parts, item, now, "shut out")
    elif not _elsewhere(parts, item) and (
        held := quiet_until(person, parts.voice(person).zone, now)
    ):
        await _later(parts, item, max(held, now + SHORTEST_QUIET), "quiet hours")
    elif held := held_until(person, item, now):
        await _later(parts, item, held, HELD)
    elif why := await _pointless(parts, person, card, item):
        await outbox.give_up(item.id, item.lease, why)
    elif item.error == UNSURE and (kept := _once(parts, item)):
        await _later(parts, item, item.created_at + kept, UNSURE)
    else:
        await _try(parts, person, card, item, few)


async def _try(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem, few: asyncio.Semaphore
) -> None:
    kept = _once(parts, item)
    try:
        if kept is None:
            await _send(parts, person, card, item)
            return
        async with few:
            if await parts.store.outbox.begin(item.id, item.lease):
                await _send(parts, person, card, item)
    except TelegramError as error:
        await _failed(parts, item, error)
    except TimeoutError:
        log.warning("alert %s took too long", item.id)
        if kept is None:
            await _later(parts, item, parts.clock() + _wait(item), "it took too long")
        else:
            await _later(parts, item, item.created_at + kept, UNSURE)


async def _card_of(parts: Parts, person: Person | None, item: OutboxItem) -> Card | None:
    """Find what a message is about as its reader has it, who may not want to be warned."""
    if item.card_id is None or person is None:
        return None
    if person.id == item.owner_id or person.barred_at is not None:
        return await parts.store.cards.get(item.owner_id, item.card_id)
    held = await parts.store.shares.held(person.id, item.card_id, "see")
    return held.card if held is not None and held.card.owner_id == item.owner_id else None


async def _pointless(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> str | None:
    if card is not None and card.owner_id != person.id and not card.alerts_on:
        return "they do not want to be warned"
    if letter := parts.letters.get(item.kind):
        return await letter.pointless(parts, person, card, item) if letter.pointless else None
    return (
        "nobody knows its kind" if card is None else alert_view.pointless(card, item, parts.clock())
    )


async def _write(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem, *, covered: bool
) -> tuple[Markup, Buttons]:
    if letter := parts.letters.get(item.kind):
        write = letter.covered if covered and letter.covered else letter.write
        return await write(parts, person, card, item)
    assert card is not None
    voice = parts.voice(person)
    by = await _said_by(parts, voice, person, card, item)
    if card.owner_id != person.id:
        return alert_view.for_others(voice, parts.issuers, card, item, by, hidden=covered)
    if covered:
        return alert_view.covered(voice, card, item)
    return (
        alert_view.text_of(voice, parts.issuers, card, item, by),
        alert_view.buttons_of(voice, parts.issuers, card, item),
    )


async def _said_by(
    parts: Parts, voice: Voice, person: Person, card: Card, item: OutboxItem
) -> str | None:
    """Name who said the balance that an alert is about, if not its reader."""
    if item.kind not in {"low", "zero"}:
        return await shared.said_by(parts, voice, person.id, card)
    said = alert_view.facts_of(item)
    by = said.get("by")  # none in those that wait since before it was kept
    return await shared.speaker(parts, voice, person.id, card, said["source"], by)


async def _send(parts: Parts, person: Person, card: Card | None, item: OutboxItem) -> None:
    lock = await parts.store.locks.get(person.id)
    covered = lock is not None and lock.covers_balances
    text, buttons = await _write(parts, person, card, item, covered=covered)
    letter = parts.letters.get(item.kind)
    async with asyncio.timeout(SEND_SECONDS):
        if letter is not None and letter.send is not None:
            message_id = await letter.send(parts, item, text, buttons)
        else:
            message_id = await calls.send(parts.bot, person.id, str(text), buttons, pace=ALERT)
    if not _elsewhere(parts, item):
        offer(parts, person.id, message_id, buttons)
    now = parts.clock()
    sent = await parts.store.outbox.sent(item.id, item.lease, now)
    shows = not covered and item.kind not in parts.letters
    if sent and shows and card is not None and card.owner_id == person.id:
        await parts.store.cards.change(
            person.id, card.id, told_minor=card.balance_minor, told_at=now
        )


def _once(parts: Parts, item: OutboxItem) -> timedelta | None:
    letter = parts.letters.get(item.kind)
    return letter.once if letter else None


def _elsewhere(parts: Parts, item: OutboxItem) -> bool:
    letter = parts.letters.get(item.kind)
    return letter is not None and letter.elsewhere


async def _failed(parts: Parts, item: OutboxItem, error: TelegramError) -> None:
    """Decide by the one question that matters, whether the same alert may succeed later."""
    now, store = parts.clock(), parts.store
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        pause = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
        await _later(parts, item, now + max(pause, SHORTEST_PAUSE), "429")
    elif _elsewhere(parts, item):
        log.error("what is owed to another chat could not be sent there: %s", error.message)
        await _later(parts, item, now + _wait(item), error.message)
    elif isinstance(error, Forbidden) or "chat not found" in error.message.lower():
        log.info("alert %s waits until its person writes again", item.id)
        await store.people.change(item.person_id, blocked_at=now)
        await _later(parts, item, now, "blocked")
    elif isinstance(error, (BadRequest, ChatMigrated)):
        log.error("alert %s was refused by Telegram: %s", item.id, error.message)
        await store.outbox.give_up(item.id, item.lease, error.message)
    else:
        log.warning("alert %s failed and is tried again: %s", item.id, error.message)
        await _later(parts, item, now + _wait(item), error.message)


async def _later(parts: Parts, item: OutboxItem, when: datetime, why: str) -> None:
    await parts.store.outbox.later(item.id, item.lease, when, why)


def _wait(item: OutboxItem) -> timedelta:
    return min(FIRST_RETRY * (1 << min(item.attempts - 1, 16)), LAST_RETRY)
