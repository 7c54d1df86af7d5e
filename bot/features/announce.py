"""A notice to all, from an admin: seen before it goes, stoppable, with a report: /announce."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.buttons import Button, OutdatedButton
from bot.declared import Letter
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.parts import Command
from bot.roles import admin_only, may_enter
from bot.ways import to_cancel

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.parts import Parts
    from storage import Card, OutboxItem, Person, Store

KIND = "announce"
LONGEST = 3000
NAMED = 30
AT_ONCE = 100
"""People who are owed it in one transaction, so that others can write in between."""

LOOK_AGAIN = timedelta(minutes=5)
GIVEN_UP_AFTER = timedelta(days=1)
_DIVIDED = re.compile(r"\n\s*-{3,}\s*\n")

UNSURE = mark("Got it or not, for I was stopped while I sent it: {names}")
ASK = mark(
    "Send the notice. For two languages write the Chinese text first, then a line with --- alone, "
    "then the English one."
)


async def announce(context: Context) -> None:
    """Take the notice, or ask for it."""
    if context.args:
        await _preview(context, context.args)
        return
    await context.parts.dialogues.keep(context.person.id, Dialogue(KIND))
    await context.ask(context.voice.say(ASK), [[to_cancel(context.voice)]])


async def asked(context: Context) -> None:
    """Ask for the notice, from a button."""
    admin_only(context)
    await announce(context)


async def typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the notice; sent anew it takes the place of what was typed before."""
    del dialogue
    admin_only(context)
    await _preview(context, text)


async def _preview(context: Context, text: str) -> None:
    voice, parts = context.voice, context.parts
    if len(text) > LONGEST:
        n = voice.language.number(len(text))
        most = voice.language.number(LONGEST)
        await context.reply(
            voice.say("That has {n} characters, and {most} fit. Send it shorter.", n=n, most=most)
        )
        return
    zh, *en = _DIVIDED.split(text, maxsplit=1)
    texts = {"zh": zh.strip(), "en": en[0].strip()} if en else {"": zh.strip()}
    nonce = token_hex(6)
    data = {"texts": texts, "nonce": nonce}
    await parts.dialogues.keep(context.person.id, Dialogue(KIND, data=data))
    count = len(await _people(parts))
    lines = [voice.plural("To {n} person:", "To {n} people:", count)]
    lines += [Markup("<blockquote>{}</blockquote>").format(one) for one in texts.values()]
    rows = [
        [Button(voice.plain("📣 Send it"), f"sendall:{nonce}")],
        [to_cancel(voice)],
    ]
    await context.ask(Markup("\n").join(lines), rows)


async def _people(parts: Parts, until: datetime | None = None) -> list[int]:
    """List whom it goes to: everybody who may use the bot, and was known by then."""
    found = [await parts.store.people.get(one) for one in await parts.store.people.ids()]
    return [
        one.id
        for one in found
        if one and may_enter(parts.settings, one) and (until is None or one.created_at <= until)
    ]


async def send_all(context: Context, nonce: str) -> None:
    """Owe it to everybody, and its report before that: whom a kill left out, that finds."""
    admin_only(context)
    parts, voice, me = context.parts, context.voice, context.person.id
    dialogue = await parts.dialogues.current(me)
    if dialogue is None or dialogue.kind != KIND or dialogue.data.get("nonce") != nonce:
        raise OutdatedButton
    now, texts, people = parts.clock(), dialogue.data["texts"], await _people(parts)
    async with parts.store.transaction() as tx:
        soon = now + timedelta(minutes=1)
        await _owe_report(tx, me, nonce, now, 0, soon, texts=texts)
        await tx.dialogues.drop(me)
    await _owe(parts, nonce, texts, people)
    rows = [[Button(voice.plain("✋ Stop"), f"stopall:{nonce}")]]
    await context.show(voice.say("On its way. I report when it is done."), rows)


async def _owe(parts: Parts, nonce: str, texts: object, people: list[int]) -> None:
    """Owe it to these people. Nobody is owed it twice."""
    key, now, said = f"announce:{nonce}", parts.clock(), {"texts": texts}
    for at in range(0, len(people), AT_ONCE):
        async with parts.store.transaction() as tx:
            for person_id in people[at : at + AT_ONCE]:
                await tx.outbox.put(person_id, None, "notice", said, key=key, not_before=now)


async def _owe_report(
    tx: Store,
    admin: int,
    nonce: str,
    began: datetime,
    tries: int,
    at: datetime,
    **more: object,
) -> None:
    said = {"nonce": nonce, "began": began.isoformat(), "tries": tries, **more}
    key = f"announced:{nonce}:{tries}"
    await tx.outbox.put(admin, None, "announced", said, key=key, not_before=at)


async def send_again(context: Context, nonce: str) -> None:
    """Owe it once more to those of whom nobody knows whether they got it."""
    admin_only(context)
    parts, voice, now = context.parts, context.voice, context.parts.clock()
    async with parts.store.transaction() as tx:
        if not await tx.announcements.again(f"announce:{nonce}"):
            raise OutdatedButton
        # Counted on by the minute, so that this report is not taken for an earlier one.
        tries = int(now.timestamp()) // 60
        await _owe_report(tx, context.person.id, nonce, now, tries, now + timedelta(minutes=1))
    await context.show(voice.say("On its way. I report when it is done."))


async def stop_all(context: Context, nonce: str) -> None:
    """Let nobody else get it."""
    admin_only(context)
    stopped = await context.parts.store.announcements.stop(f"announce:{nonce}")
    await context.show(
        context.voice.plural(
            "Stopped: {n} person does not get it.", "Stopped: {n} people do not get it.", stopped
        )
    )


async def _notice(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Write it in the person's language, else in the one it was written in."""
    del card
    texts = item.payload["texts"]
    assert isinstance(texts, dict)
    code = parts.voice(person).language.code
    text = texts.get(code) or next(iter(texts.values()))
    return Markup("📣 {}").format(text), []


async def _too_late(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> str | None:
    del person, card
    late = parts.clock() - item.created_at > GIVEN_UP_AFTER
    return "it is old news by now" if late else None


async def _not_done(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> str | None:
    """Put the report off while people are still to get it, for a day at most."""
    del card
    nonce, tries = str(item.payload["nonce"]), int(str(item.payload["tries"]))
    began = datetime.fromisoformat(str(item.payload["began"]))
    announcements, key, now = parts.store.announcements, f"announce:{nonce}", parts.clock()
    if (texts := item.payload.get("texts")) and not (await announcements.outcomes(key)).stopped:
        owed = await announcements.owed(key)
        people = await _people(parts, began)
        await _owe(parts, nonce, texts, [one for one in people if one not in owed])
    counted = await announcements.outcomes(key)
    if not counted.waiting or now - began > GIVEN_UP_AFTER:
        return None
    async with parts.store.transaction() as tx:
        await _owe_report(tx, person.id, nonce, began, tries + 1, now + LOOK_AGAIN)
    return "not everybody has it yet"


async def _report(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    """Say how many got it, and name who could not be reached."""
    del card
    voice, nonce = parts.voice(person), str(item.payload["nonce"])
    key = f"announce:{nonce}"
    counted = await parts.store.announcements.outcomes(key)
    lines = [
        voice.plural("📣 {n} person got the notice.", "📣 {n} people got the notice.", counted.sent)
    ]
    if counted.stopped:
        lines.append(
            voice.plural(
                "Stopped before {n} more person got it.",
                "Stopped before {n} more people got it.",
                counted.stopped,
            )
        )
    if names := await parts.store.announcements.unreached(key, limit=NAMED):
        lines.append(voice.say("Not reached: {names}", names=", ".join(names)))
    rows = []
    if names := await parts.store.announcements.unsure(key, limit=NAMED):
        lines.append(voice.say(UNSURE, names=", ".join(names)))
        again = Button(voice.plain("📣 Send it to them again"), f"sendagain:{nonce}")
        rows.append([again])
    return Markup("\n").join(lines), rows


COMMANDS = (Command("announce", mark("Tell everybody something"), announce, 84, admins_only=True),)
BUTTONS = {"announce": asked, "sendall": send_all, "stopall": stop_all, "sendagain": send_again}
DIALOGUES = {KIND: typed}
LETTERS = {
    "notice": Letter(_notice, pointless=_too_late, once=GIVEN_UP_AFTER + LOOK_AGAIN),
    "announced": Letter(_report, pointless=_not_done),
}
