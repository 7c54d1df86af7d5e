"""All of a person's cards in one locked file: /export."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from telegram.error import TelegramError

from bot import exports, gate
from bot import lock as locks
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton
from bot.dialogue import Dialogue
from bot.exports import KINDS, Kind
from bot.imports.found import Choices
from bot.languages import mark
from bot.messages import discard
from bot.parts import Command
from bot.shared import name_of
from bot.vanishing import reveal_document
from bot.ways import to_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from storage import Whole

KIND: Final = "export"
SHORTEST: Final = 8
LONGEST: Final = 128
MINUTES: Final = 10

ALL = mark(
    "<b>Everything about your cards</b> goes into one zip, numbers and PINs included: to read "
    "back with /import, and as tables for any program."
)
CATIMA = mark(
    "<b>Your cards for Catima</b>, numbers and PINs included, go into one zip. What happened on "
    "them does not: Catima keeps no history."
)
SEND = mark(
    "Send me the passphrase that locks it, at least {n} characters. I delete your message at "
    "once. Without the passphrase nobody opens the file, not even I."
)
AGAIN = mark("Now send the passphrase once more, so that no slip of the finger locks you out.")
DIFFERENT = mark("The two were not the same. Send the passphrase you want once more.")
SHORT = mark("That is too short. Send at least {n} characters.")
UNUSED = mark(
    "I could not delete your message, so I do not use that passphrase. Please delete it "
    "yourself, and send another."
)
PLAIN = mark(
    "<b>Without a passphrase</b> whoever gets hold of this file can spend your cards, and it "
    "passes through Telegram readable. Really?"
)
NONE = mark("You have no card yet, so there is nothing to export.")
FAILED = mark("I could not send the file just now. Try /export again in a moment.")


async def export(context: Context) -> None:
    """Ask for the passphrase that locks everything."""
    kind: Kind = "catima" if context.args.strip().casefold() == "catima" else "all"
    await _ask(context, kind)


async def export_as(context: Context, kind: str) -> None:
    """Ask for the passphrase of the other kind of file."""
    await _ask(context, _kind(kind))


async def plain(context: Context, kind: str) -> None:
    """Ask whether it really is to be without a passphrase."""
    voice, kind = context.voice, _kind(kind)
    await context.parts.dialogues.end(context.person.id)
    rows = [
        [Button(voice.plain("Yes, without a passphrase"), f"exportopen:{kind}")],
        [Button(voice.plain("‹ Back"), f"exportas:{kind}")],
    ]
    await context.ask_here(voice.say(PLAIN), rows)


async def unlocked(context: Context, kind: str) -> None:
    """Send it without a passphrase."""
    await _send(context, _kind(kind), None)


async def on_answer(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the passphrase, twice."""
    parts, owner, voice = context.parts, context.person.id, context.voice
    kind = _kind(dialogue.data["kind"])
    gone = await context.take_secret()
    lock = await parts.store.locks.get(owner)
    if lock is not None and not locks.is_open(lock, parts.clock()):
        await gate.demand(context, {"command": "export", "args": kind})
    elif not gone:
        await context.reply(voice.say(UNUSED))
    elif len(text) < SHORTEST or len(text) > LONGEST:
        await context.reply(voice.say(SHORT, n=SHORTEST))
    elif dialogue.step == "new":
        dialogue.data["passphrase"] = text
        dialogue.wait_at("again", secret=True)
        await parts.dialogues.keep(owner, dialogue)
        await context.ask(voice.say(AGAIN), gate.cancelling(voice))
    elif text != dialogue.data["passphrase"]:
        dialogue = Dialogue(KIND, "new", {"kind": kind}, secret=True)
        await parts.dialogues.keep(owner, dialogue)
        await context.ask(voice.say(DIFFERENT), gate.cancelling(voice))
    else:
        await _send(context, kind, text)


async def _ask(context: Context, kind: Kind) -> None:
    parts, voice, owner = context.parts, context.voice, context.person.id
    store = parts.store
    if not await store.cards.list(owner) and not await store.cards.archived(owner):
        await context.reply(voice.say(NONE), [[Button(voice.plain("Bind a card"), "bind")]])
        return
    if await gate.is_binding(context):
        return
    dialogue = Dialogue(KIND, "new", {"kind": kind}, secret=True)
    await parts.dialogues.keep(owner, dialogue)
    other: Kind = "all" if kind == "catima" else "catima"
    label = mark("For Catima instead") if kind == "all" else mark("Everything instead")
    rows = [
        [Button(voice.plain(label), f"exportas:{other}")],
        [Button(voice.plain("Without a passphrase"), f"exportplain:{kind}")],
        [to_cancel(voice)],
    ]
    what = CATIMA if kind == "catima" else ALL
    text = voice.say(what) + "\n\n" + voice.say(SEND, n=SHORTEST)
    await context.ask_here(text, rows)


async def _send(context: Context, kind: Kind, passphrase: str | None) -> None:
    """Pack all cards and send them in a message that goes away by itself."""
    parts, voice, person = context.parts, context.voice, context.person
    await parts.dialogues.end(person.id)
    wholes = exports.numbered(parts.issuers, await parts.store.moving.out(person.id))
    choices = Choices(**{name: getattr(person, name) for name in Choices.__dataclass_fields__})
    names = await _names(context, wholes)
    content = await asyncio.to_thread(
        exports.packed, kind, wholes, choices, voice.zone, voice.now, passphrase, names
    )
    program = "catima" if kind == "catima" else "kabao"
    name = f"{program}-{voice.now.astimezone(voice.zone):%Y-%m-%d}.zip"
    lines = [
        voice.plural("📦 {n} card.", "📦 {n} cards.", len(wholes)),
        voice.say("Save the file now, outside of Telegram."),
        voice.say("It opens with 7-Zip and others that know AES, by your passphrase.")
        if passphrase
        else voice.say("It is not locked: keep it where nobody else looks."),
    ]
    shown = partial(
        note, action=Action.EXPORTED, subject=person.id, actor=person.id, what=kind, n=len(wholes)
    )
    try:
        await reveal_document(
            parts,
            context.chat_id,
            voice,
            (name, content),
            Markup("\n").join(lines),
            seconds=MINUTES * 60,
            note=shown,
        )
    except TelegramError:
        await context.conclude(voice.say(FAILED))
        return
    if question := parts.views.question(context.chat_id):
        parts.views.answered(context.chat_id)
        parts.background.start(discard(parts, context.chat_id, question), "discarding a question")


async def _names(context: Context, wholes: Sequence[Whole]) -> dict[tuple[str, int], str]:
    """Name all who said a balance or booked something on one's cards."""
    parts, voice, me = context.parts, context.voice, context.person
    names = {(whole.card.id, me.id): me.name for whole in wholes}
    for whole in wholes:
        others = {whole.card.balance_by, *(entry.booked_by for entry in whole.entries)}
        for who in others - {None, me.id}:
            assert who is not None
            names[whole.card.id, who] = await name_of(parts, voice, whole.card, who)
    return names


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        raise OutdatedButton
    return kind


GUARDED = frozenset({"export", "exportas", "exportplain", "exportopen"})
COMMANDS = (Command("export", mark("All my cards in one locked file"), export, order=71),)
BUTTONS = {"exportas": export_as, "exportplain": plain, "exportopen": unlocked}
DIALOGUES = {KIND: on_answer}
