"""When cards expire, when their holders are reminded, and how a card is put away and comes back.

`Card.expires_at` is the instant after the last day on which a card is good. What is to be done
next about it is `Card.next_expiry_at`; nothing, where that is None.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from storage import CardChanges, suffices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from bot.parts import Parts
    from storage import Card, Person, Store

log = logging.getLogger(__name__)

USUAL_LEADS = (30, 7, 1)
MOST_LEADS = 6
LONGEST_LEAD = 365
DECENT = time(9)
"""On the person's own clock: when they are reminded, and get a digest if they want one."""

AGAIN = "expiryagain"
"""The kind of a reminder that somebody put off."""

LEASE = timedelta(minutes=5)
AT_ONCE = 100
LATEST_END = timedelta(days=30)
"""That a card has ended is told no later than that, however long nobody could be told."""

IDLE = timedelta(days=90)


def leads_of(person: Person) -> tuple[int, ...]:
    """Give the days before an expiry on which a person is reminded, the most first."""
    if person.lead_days is None:
        return USUAL_LEADS
    return tuple(int(days) for days in person.lead_days.split(",") if days)


def leads_typed(text: str) -> tuple[int, ...] | None:
    """Read lead days such as "30, 7 and 1" or "30天、7天"; None for what is none."""
    rest = re.sub(r"\d+|[\s,，、;；]|and|和|及|days?|天|日|前|before", "", text.casefold())
    days = sorted({int(n) for n in re.findall(r"\d+", text)}, reverse=True)
    fits = 0 < len(days) <= MOST_LEADS and days[0] <= LONGEST_LEAD
    return tuple(days) if fits and not rest else None


def last_day(card: Card, zone: tzinfo) -> date:
    """Give the last day on which a card that expires is good, as it is in that time zone."""
    assert card.expires_at is not None
    return (card.expires_at - timedelta.resolution).astimezone(zone).date()


def end_of(day: date, zone: tzinfo) -> datetime:
    """Give the instant at which a day is over in that time zone, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)


def steps(card: Card, leads: Sequence[int], zone: tzinfo) -> list[datetime]:
    """List when a card's holder is reminded, the earliest first; all before it expires."""
    day, expires = last_day(card, zone), card.expires_at
    assert expires is not None
    times = (_decent(day - timedelta(days=lead), zone) for lead in leads)
    return sorted(at for at in times if at < expires)


def ended_at(card: Card, zone: tzinfo) -> datetime:
    """Give the first decent hour at which a card has expired."""
    assert card.expires_at is not None
    there = _decent(card.expires_at.astimezone(zone).date(), zone)
    if there >= card.expires_at:
        return there
    return _decent(card.expires_at.astimezone(zone).date() + timedelta(days=1), zone)


def _decent(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, DECENT, zone).astimezone(UTC)


def upcoming(card: Card, leads: Sequence[int], zone: tzinfo, after: datetime) -> datetime | None:
    """Say when something is next to be done about a card's expiry after that time."""
    if card.expires_at is None or card.archived_at is not None:
        return None
    all_of_them = [*steps(card, leads, zone), ended_at(card, zone)]
    return min((at for at in all_of_them if at > after), default=None)


def snoozed_to(now: datetime, days: int, zone: tzinfo) -> datetime:
    """Give the decent hour so many days on."""
    return _decent(now.astimezone(zone).date() + timedelta(days=days), zone)


async def planned(parts: Parts, tx: Store, card: Card, changes: CardChanges) -> Card | None:
    """Change what says when a card's holder is reminded, and plan anew from now on.

    The person is looking at the date while they change it: what would have been said by now is not.
    """
    person = await tx.people.get(card.owner_id)
    locked = await tx.cards.lock(card.owner_id, card.id)
    if person is None or locked is None:
        return None
    changed = replace(locked, **changes)
    at = upcoming(changed, leads_of(person), parts.voice(person).zone, parts.clock())
    changes["next_expiry_at"] = at
    return await tx.cards.change(card.owner_id, card.id, **changes)


async def planned_anew(parts: Parts, tx: Store, before: Person) -> None:
    """Plan all of a person's reminders anew, whose lead days or time zone were just changed.

    A last day that they had said themselves stays the same day in their new time zone.
    """
    person = await tx.people.get(before.id)
    if person is None:
        return
    was, zone, leads = parts.voice(before).zone, parts.voice(person).zone, leads_of(person)
    for listed in await tx.cards.list(person.id):
        card = await tx.cards.lock(person.id, listed.id)
        if card is None or card.expires_at is None:
            continue
        if card.expiry_source == "holder":
            card = replace(card, expires_at=end_of(last_day(card, was), zone))
        at = upcoming(card, leads, zone, parts.clock())
        await tx.cards.change(person.id, card.id, expires_at=card.expires_at, next_expiry_at=at)


async def look_after(parts: Parts) -> None:
    """Owe what is to be said about expiries now."""
    while True:
        now = parts.clock()
        until = now + LEASE
        due = await parts.store.expiries.claim_due(now, until, AT_ONCE)
        for card in due:
            try:
                await _remind(parts, card, until, now)
            except Exception:
                log.exception("card %s could not be looked after; the others are", card.id)
        if len(due) < AT_ONCE:
            return


async def _remind(parts: Parts, claimed: Card, lease: datetime, now: datetime) -> None:
    """Owe the message and plan the next in one transaction, so that neither is without the other.

    However many reminders were missed, one is sent. What was due before the card was here, or
    long ago, is not.
    """
    async with parts.store.transaction() as tx:
        person = await tx.people.get(claimed.owner_id)
        card = await tx.cards.lock(claimed.owner_id, claimed.id)
        if person is None or card is None or card.next_expiry_at != lease:
            return
        zone, leads = parts.voice(person).zone, leads_of(person)
        await tx.cards.change(
            card.owner_id, card.id, next_expiry_at=upcoming(card, leads, zone, now)
        )
        if card.expires_at is None or card.archived_at is not None:
            return
        end = ended_at(card, zone)
        kind = "expired"
        if now < card.expires_at:
            kind = "expiry"
            missed = any(card.created_at < at <= now for at in steps(card, leads, zone))
            if not missed or card.balance_minor == 0:
                return
        elif not (card.created_at < end <= now <= end + LATEST_END):
            return
        await _owe(tx, card, kind, now, zone)


async def _owe(tx: Store, card: Card, kind: str, now: datetime, zone: tzinfo) -> None:
    """Owe it to all who manage a card and want to be reminded, but for whoever put it off."""
    assert card.expires_at is not None
    said = {"expires": card.expires_at.isoformat(), "at": now.isoformat()}
    day = now.astimezone(zone).date().isoformat() if kind == "expiry" else ""
    key = f"{card.id}:{kind}:{card.expires_at.isoformat()}:{day}"
    later = await tx.outbox.waiting(card.owner_id, card.id, AGAIN, now)
    whom: list[int | None] = [None] if card.reminders_on else []
    whom += [
        one.id
        for one in await tx.shares.people(card.owner_id, card.id)
        if one.alerts_on and one.reminders_on and suffices(one.right, "manage")
    ]
    for one in whom:
        if one not in later:
            theirs = key if one is None else f"{key}:{one}"
            await tx.outbox.put(
                card.owner_id,
                card.id,
                kind,
                said,
                key=theirs,
                not_before=now,
                recipient_id=one,
            )


async def put_off(tx: Store, card: Card, person_id: int, until: datetime) -> None:
    """Remind one person again then, and not before; whoever else has the card as planned."""
    assert card.expires_at is not None
    expires, at = card.expires_at.isoformat(), until.isoformat()
    recipient = None if person_id == card.owner_id else person_id
    await tx.outbox.put(
        card.owner_id,
        card.id,
        AGAIN,
        {"expires": expires, "at": at},
        key=f"{card.id}:{AGAIN}:{expires}:{at}:{person_id}",
        not_before=until,
        recipient_id=recipient,
    )


async def archive(parts: Parts, card: Card) -> Card | None:
    """Put a card away: it keeps everything, and is left alone."""
    return await parts.store.cards.change(
        card.owner_id, card.id, archived_at=parts.clock(), next_expiry_at=None
    )


async def bring_back(parts: Parts, tx: Store, card: Card) -> Card | None:
    """Take an archived card into use again; its issuer is asked soon."""
    changes = CardChanges(archived_at=None)
    if card.next_refresh_at is not None:
        changes["next_refresh_at"] = parts.clock()
    return await planned(parts, tx, card, changes)
