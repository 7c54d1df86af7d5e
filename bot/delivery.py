"""Alerts on their way to people: claimed under a lease, sent, then marked.

A process killed in between leaves the alert in the outbox, and its lease runs out: none is lost,
and at worst one is sent twice.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from markupsafe import Markup
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from bot import panel
from bot.context import Button, keyboard
from bot.money import Money
from bot.pace import ALERT
from bot.quiet import quiet_until
from bot.thresholds import threshold

if TYPE_CHECKING:
    from bot.context import Buttons, Parts
    from bot.readings import Alert
    from bot.voice import Voice
    from storage import Card, OutboxItem

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
AT_ONCE = 30
"""As many as Telegram takes in a second."""

FIRST_RETRY = timedelta(seconds=10)
LAST_RETRY = timedelta(hours=1)


async def deliver(parts: Parts) -> None:
    """Send what is due, until nothing is; each round is claimed anew, and rounds are bounded."""
    while items := await parts.store.outbox.claim(parts.clock(), LEASE_SECONDS, AT_ONCE):
        results = await asyncio.gather(
            *(_deliver(parts, item) for item in items), return_exceptions=True
        )
        for item, result in zip(items, results, strict=True):
            if isinstance(result, BaseException):
                # One that crashes is put off like one that failed, so that it cannot stop the rest.
                log.error("alert %s could not be delivered", item.id, exc_info=result)
                await _later(parts, item, parts.clock() + _wait(item), type(result).__name__)


async def _deliver(parts: Parts, item: OutboxItem) -> None:
    store, now = parts.store, parts.clock()
    person = await store.people.get(item.owner_id)
    card = await store.cards.get(item.owner_id, item.card_id)
    if person is None or card is None:
        await store.outbox.give_up(item.id, item.lease, "the card is gone")
        return
    voice = parts.voice(person)
    if held := quiet_until(person, voice.zone, now):
        await _later(parts, item, held, "quiet hours")
        return
    if item.kind == "reminder" and card.episode == "armed":
        await store.outbox.give_up(item.id, item.lease, "no longer low")
        return
    if item.kind != "reminder" and card.snoozed_until and card.snoozed_until > now:
        await _later(parts, item, card.snoozed_until, "snoozed")
        return
    try:
        await parts.bot.send_message(
            person.id,
            str(_text(parts, voice, card, item)),
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(_buttons(voice, card)),
            rate_limit_args=ALERT,
        )
    except TelegramError as error:
        await _failed(parts, item, error)
        return
    if await store.outbox.sent(item.id, item.lease, parts.clock()):
        await store.cards.change(
            person.id, card.id, told_minor=_facts(item)["balance"], told_at=parts.clock()
        )


async def _failed(parts: Parts, item: OutboxItem, error: TelegramError) -> None:
    """Decide by the one question that matters, whether the same alert may succeed later."""
    now, store = parts.clock(), parts.store
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        pause = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
        await _later(parts, item, now + pause, "429")
    elif isinstance(error, Forbidden) or "chat not found" in error.message.lower():
        log.info("alert %s waits until its person writes again", item.id)
        await store.people.change(item.owner_id, blocked_at=now)
        await _later(parts, item, now, "blocked")
    elif isinstance(error, (BadRequest, ChatMigrated)):
        log.error("alert %s was refused by Telegram: %s", item.id, error.message)
        await store.outbox.give_up(item.id, item.lease, error.message)
    else:
        log.warning("alert %s failed and is tried again: %s", item.id, error.message)
        await _later(parts, item, now + _wait(item), error.message)


async def _later(parts: Parts, item: OutboxItem, when: datetime, why: str) -> None:
    await parts.store.outbox.later(item.id, item.lease, when, why)


def _facts(item: OutboxItem) -> Alert:
    return cast("Alert", item.payload)


def _wait(item: OutboxItem) -> timedelta:
    return min(FIRST_RETRY * (1 << min(item.attempts - 1, 16)), LAST_RETRY)


def _text(parts: Parts, voice: Voice, card: Card, item: OutboxItem) -> Markup:
    """Say what is on the card, when it was read, and how far it fell since the person knew."""
    if item.kind == "reminder":
        lines = [voice.say("⏰ <b>{card}</b> is still low.", card=panel.masked(card))]
        lines.append(panel.lines(voice, parts.issuers, card))
        return Markup("\n").join(lines)
    said, limit = _facts(item), threshold(card)
    balance = Money(said["balance"], said["currency"])
    if item.kind == "zero":
        first = voice.say("🔴 <b>{card}</b> is empty.", card=panel.masked(card))
    else:
        first = voice.say(
            "🟠 <b>{card}</b> runs low: <b>{balance}</b>",
            card=panel.masked(card),
            balance=voice.money(balance),
        )
    lines = [first]
    if said["told"] is not None and said["told_at"] and said["told"] > balance.minor:
        fell = Money(said["told"] - balance.minor, balance.currency)
        since = voice.ago(datetime.fromisoformat(said["told_at"]))
        lines.append(voice.say("{amount} less than {ago}.", amount=voice.money(fell), ago=since))
    if limit is not None and item.kind == "low":
        amount = voice.money(Money(limit, balance.currency))
        lines.append(voice.say("Your threshold is {amount}.", amount=amount))
    lines.append(
        voice.say(
            "Read {ago} from {issuer}.",
            ago=voice.ago(datetime.fromisoformat(said["at"])),
            issuer=panel.issuer_name(voice, parts.issuers, card.issuer),
        )
    )
    return Markup("\n").join(lines)


def _buttons(voice: Voice, card: Card) -> Buttons:
    return [
        [
            Button(voice.plain("📜 History"), f"history:{card.id}:0"),
            Button(voice.plain("🔔 Change threshold"), f"alert:{card.id}"),
        ],
        [
            Button(voice.plain("💤 For a day"), f"snooze:{card.id}:1"),
            Button(voice.plain("💤 For a week"), f"snooze:{card.id}:7"),
        ],
    ]
