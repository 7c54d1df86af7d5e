"""Whether all is well, for admins and helpers, and what happened, for admins: /admin, /health.

Counts and causes only: no card's number, no name of a card, no balance.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.activity import SENTENCES, Action
from bot.backup_folder import last_backup
from bot.buttons import Button, number
from bot.issuers import FaultKind
from bot.languages import mark
from bot.pages import Page
from bot.panel import issuer_name
from bot.parts import Command
from bot.roles import admin_only, staff_only
from storage import LogRow, person_mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Failing

PER_PAGE = 8
CAUSES = 5
LONGEST = 100

FAILING = {
    FaultKind.NETWORK: mark("not reached"),
    FaultKind.ISSUER_DOWN: mark("issuer down"),
    FaultKind.RATE_LIMITED: mark("too many requests"),
    FaultKind.BAD_ANSWER: mark("answer not readable"),
    FaultKind.REFUSED: mark("credentials refused"),
    FaultKind.BLOCKED: mark("blocked"),
    FaultKind.EXPIRED: mark("expired"),
}
UNREAD = {FaultKind.NETWORK, FaultKind.ISSUER_DOWN, FaultKind.BAD_ANSWER, FaultKind.REFUSED}
"""What is wrong with an issuer, and with no card."""

UNACCEPTED = mark("number or PIN not accepted")


async def admin(context: Context) -> None:
    """Show whether all is well, with the ways to the log and the people."""
    voice = context.voice
    rows = [
        [Button(voice.plain("📜 Log"), "log:0"), Button(voice.plain("👥 People"), "people:0")],
        [
            Button(voice.plain("🎫 Requests"), "queue:0"),
            Button(voice.plain("📣 Notice"), "announce"),
        ],
        [Button(voice.plain("🔄 Look again"), "admin")],
    ]
    text = await _health(context.parts, voice, backups=True)
    await context.present("admin", text, rows)


async def looked(context: Context) -> None:
    """Look again."""
    admin_only(context)
    await admin(context)


async def health(context: Context) -> None:
    """Show whether all is well."""
    staff_only(context)
    voice = context.voice
    rows = [
        [Button(voice.plain("🎫 Requests"), "queue:0")],
        [Button(voice.plain("🔄 Look again"), "health")],
    ]
    await context.present("health", await _health(context.parts, voice), rows)


async def _health(parts: Parts, voice: Voice, *, backups: bool = False) -> Markup:
    blocks = [voice.say("<b>Issuers</b>"), *await _issuers(parts, voice)]
    blocks.append(await _alerts(parts, voice))
    waiting, answered = (
        voice.language.number(await parts.store.tickets.count("open")),
        voice.language.number(await parts.store.tickets.count("answered")),
    )
    blocks.append(
        voice.say(
            "<b>Requests</b>: {open} waiting, {answered} answered", open=waiting, answered=answered
        )
    )
    if backups:
        people = voice.language.number(len(await parts.store.people.ids()))
        blocks.append(voice.say("<b>People</b>: {n}", n=people))
    if backups and parts.settings.backup_dir:
        last = last_backup(parts.settings)
        blocks.append(
            voice.say("<b>Last backup</b>: {ago}", ago=voice.ago(last.at))
            if last
            else voice.say("<b>Last backup</b>: none yet")
        )
    return Markup("\n\n").join(blocks)


async def _issuers(parts: Parts, voice: Voice) -> list[Markup]:
    """Say of each issuer that has cards or is asked whether it answers, and how many cards fail."""
    counted: dict[str, list[Failing]] = {}
    for failing in await parts.store.health.cards():
        counted.setdefault(failing.issuer, []).append(failing)
    asked = [issuer.slug for issuer in parts.issuers.all() if issuer.asks_api]
    slugs = dict.fromkeys([*asked, *counted])
    lines = [_issuer(parts, voice, slug, counted.get(slug, [])) for slug in slugs]
    if off := ", ".join(sorted(parts.issuers.off.keys() - counted.keys())):
        lines.append(voice.say("⚫ Off, because a secret is not set: {names}", names=off))
    return lines


def _issuer(parts: Parts, voice: Voice, slug: str, counted: Iterable[Failing]) -> Markup:
    issuer = parts.issuers.get(slug)
    if issuer is None:
        state = voice.say("⚫ off")
    elif issuer.down_since is not None:
        state = voice.say("🔴 out of order since {when}", when=voice.moment(issuer.down_since))
    elif issuer.asks_api and _mostly_unread(counted):
        state = voice.say("🟡 on, but most cards cannot be read")
    elif issuer.asks_api:
        state = voice.say("🟢 on")
    else:
        state = voice.say("✏️ kept by hand")
    name = issuer_name(voice, parts.issuers, slug)
    total = sum(failing.cards for failing in counted)
    cards = voice.plural("{n} card", "{n} cards", total)
    first = voice.say("<b>{name}</b> · {state} · {cards}", name=name, state=state, cards=cards)
    return Markup("\n").join([first, *_failing(voice, counted)])


def _mostly_unread(counted: Iterable[Failing]) -> bool:
    """Say whether half of the cards or more fail for no reason of their own."""
    unread = sum(one.cards for one in counted if one.failure in UNREAD)
    return unread > 0 and unread * 2 >= sum(one.cards for one in counted)


def _failing(voice: Voice, counted: Iterable[Failing]) -> list[Markup]:
    """Count by cause; unknown numbers and wrong PINs are one, as everywhere."""
    causes: dict[str, int] = {}
    for failing in counted:
        if failing.failure is not None:
            cause = FAILING.get(FaultKind(failing.failure), UNACCEPTED)
            causes[cause] = causes.get(cause, 0) + failing.cards
    return [
        voice.say("⚠️ {cause}: {n}", cause=voice.say(cause), n=voice.language.number(count))
        for cause, count in causes.items()
    ]


async def _alerts(parts: Parts, voice: Voice) -> Markup:
    owed = await parts.store.health.owed(parts.clock())
    if not owed:
        return voice.say("<b>Alerts</b>: none is waiting")
    total = sum(one.alerts for one in owed)
    lines = [
        voice.plural(
            "<b>Alerts</b>: {n} is waiting, the oldest since {when}",
            "<b>Alerts</b>: {n} are waiting, the oldest since {when}",
            total,
            when=voice.moment(min(one.oldest for one in owed)),
        )
    ]
    for one in owed[:CAUSES]:
        if one.barred:
            why: str = voice.say("shut out")
        elif one.blocked:
            why = voice.say("has stopped the bot")
        else:
            why = (one.error or voice.say("on its way"))[:LONGEST]
        lines.append(voice.say("{n} · {why}", n=voice.language.number(one.alerts), why=why))
    return Markup("\n").join(lines)


async def log(context: Context, at: str) -> None:
    """Show a page of what happened about anybody, with the names of those who are still known."""
    admin_only(context)
    parts, voice = context.parts, context.voice
    store = parts.store.audit
    last = (await store.end()).seq
    page = Page.of(last, PER_PAGE, number(at))
    rows = await store.recent(limit=PER_PAGE, before=last - page.first + 1)
    names = await _names(parts, rows)
    lines = [voice.say("<b>What happened</b>"), *(_line(voice, row, names) for row in rows)]
    newer, older = voice.plain("◀ Newer"), voice.plain("Older ▶")
    turns = page.turns(voice, lambda to: f"log:{to}", newer, older)
    back = [Button(voice.plain("‹ Back"), "admin")]
    await context.present(f"log:{page.at}", Markup("\n\n").join(lines), [*turns, back])


async def _names(parts: Parts, rows: Iterable[LogRow]) -> dict[bytes, str]:
    """Find whom the marks of these rows stand for, among those who are still here."""
    wanted = {mark for row in rows for mark in (row.actor, row.subject) if mark}
    names: dict[bytes, str] = {}
    for person_id in await parts.store.people.ids() if wanted else ():
        known = person_mark(parts.store.installation, person_id)
        if known in wanted and (person := await parts.store.people.get(person_id)):
            names[known] = person.name
    return names


def _line(voice: Voice, row: LogRow, names: dict[bytes, str]) -> Markup:
    known = row.action in SENTENCES  # a later version of the bot may have written others
    what = voice.say(SENTENCES[Action(row.action)]) if known else row.action
    first = voice.say("<b>{what}</b>", what=what)
    gone = voice.say("somebody erased")
    if row.subject is not None:
        first += Markup(" · {}").format(names.get(row.subject, gone))
    if row.actor is not None and row.actor != row.subject:
        first += Markup(" · ") + voice.say("by {name}", name=names.get(row.actor, gone))
    at = datetime.fromtimestamp(row.at // 1_000_000, UTC)
    return first + Markup("\n{}").format(voice.moment(at))


COMMANDS = (
    Command("admin", mark("Whether all is well, and what happened"), admin, 82, admins_only=True),
    Command("health", mark("Whether all is well"), health, 83, admins_only=True, helpers_too=True),
)
BUTTONS = {"admin": looked, "health": health, "log": log}
