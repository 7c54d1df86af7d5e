"""Who uses the bot and what they may, for admins; nothing of their cards: /people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from bot.activity import Action, note, tell
from bot.buttons import Button, OutdatedButton, number
from bot.erasing import erase
from bot.languages import mark
from bot.menu import register_for, unregister_for
from bot.pages import Page
from bot.parts import Command
from bot.roles import admin_only

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Person

PER_PAGE = 8

HOLDER = mark("holder")
HELPER = mark("helper")
ADMIN = mark("admin")
OUT = mark("shut out")
ASKED = mark("asked to be let in")
NOBODY = mark("not let in")

NOW_HELPER = mark(
    "You are a helper now: /health shows whether all is well. Nobody but you sees your cards."
)
NOW_HOLDER = mark("You are no longer a helper. Your cards stay as they are.")
SHUT_OUT = mark(
    "The operator has closed this bot for you. Nothing of yours is deleted, and no alerts are sent "
    "meanwhile. If that is a mistake, please speak to them."
)
BACK = mark("You can use this bot again. Everything is as it was: /balance")
ERASED = mark(
    "The operator has erased everything about you here: cards, history, alerts, settings."
)


async def people(context: Context) -> None:
    """Show who uses the bot."""
    await _list(context, 0)


async def turned(context: Context, at: str) -> None:
    """Turn to a page."""
    admin_only(context)
    await _list(context, number(at))


async def _list(context: Context, at: int) -> None:
    parts, voice = context.parts, context.voice
    page = Page.of(len(await parts.store.people.ids()), PER_PAGE, at)
    at = page.at
    here = await parts.store.people.listed(limit=PER_PAGE, offset=page.first)
    blocks = [voice.say("<b>People</b>")]
    blocks += [_line(parts, voice, person, cards) for person, cards in here]
    rows = [[Button(person.name[:LONGEST], f"person:{person.id}:{at}")] for person, _ in here]
    asked = await parts.store.people.asked()
    if asked:
        blocks.append(voice.say("These people have asked to be let in:"))
    rows += [
        [
            Button(voice.plain("Let in {name}", name=person.name[:LONGEST]), f"let:{person.id}"),
            Button(voice.plain("Decline"), f"decline:{person.id}"),
        ]
        for person in asked[:PER_PAGE]
    ]
    rows += page.turns(voice, lambda to: f"people:{to}")
    rows.append([Button(voice.plain("✉️ Invite somebody"), "invite")])
    await context.present(f"people:{at}", Markup("\n\n").join(blocks), rows)


LONGEST = 40
"""Of a name on a button; Telegram shows no more in one line."""


def _line(parts: Parts, voice: Voice, person: Person, cards: int) -> Markup:
    first = voice.say(
        "<b>{name}</b> · {role}", name=person.name, role=voice.say(_role(parts, person))
    )
    second = voice.say("seen {ago}", ago=voice.ago(person.last_seen_at))
    return first + Markup("\n") + second + Markup(" · ") + _cards(voice, cards)


def _cards(voice: Voice, count: int) -> Markup:
    return voice.plural("{n} card", "{n} cards", count)


def _role(parts: Parts, person: Person) -> str:
    if person.id in parts.settings.admins:
        return ADMIN
    if person.barred_at is not None:
        return OUT
    if parts.settings.access == "closed" and person.access != "member":
        return ASKED if person.access == "asked" else NOBODY
    return HELPER if person.role == "helper" else HOLDER


async def opened(context: Context, person_id: str, at: str) -> None:
    """Show one person with what can be done."""
    admin_only(context)
    person = await context.parts.store.people.get(number(person_id))
    if person is None:
        raise OutdatedButton
    await _open(context, person, number(at))


async def _open(context: Context, person: Person, at: int) -> None:
    parts, voice = context.parts, context.voice
    facts = [
        _line(parts, voice, person, await parts.store.people.cards_of(person.id)),
        voice.say("Telegram id {id}", id=person.id),
        voice.say("Here since {date}", date=voice.date(person.created_at)),
    ]
    if person.barred_at is not None:
        facts.append(voice.say("Shut out since {when}", when=voice.moment(person.barred_at)))
    if person.blocked_at is not None:
        facts.append(voice.say("Has stopped the bot, so no alerts reach them."))
    rows = [*_ways(parts, voice, person, at)]
    rows.append([Button(voice.plain("‹ People"), f"people:{at}")])
    await context.present(f"person:{person.id}", Markup("\n").join(facts), rows)


def _ways(parts: Parts, voice: Voice, person: Person, at: int) -> Buttons:
    """Offer what can be done; nothing can with an admin, who is made one in the settings."""
    this = f"{person.id}:{at}"
    if person.id in parts.settings.admins:
        return []
    wipe = Button(voice.plain("🗑 Erase"), f"wipe:{this}")
    if person.barred_at is not None:
        return [[Button(voice.plain("Let back in"), f"unbar:{this}")], [wipe]]
    if person.role == "helper":
        role = Button(voice.plain("Make holder"), f"role:holder:{this}")
    else:
        role = Button(voice.plain("Make helper"), f"role:helper:{this}")
    return [[role], [Button(voice.plain("⛔ Shut out"), f"bar:{this}"), wipe]]


async def give_role(context: Context, role: str, person_id: str, at: str) -> None:
    """Make somebody a helper or a holder again."""
    person, parts = await _subject(context, person_id), context.parts
    if role not in {"holder", "helper"} or role == person.role:
        raise OutdatedButton
    given: Literal["holder", "helper"] = "helper" if role == "helper" else "holder"
    async with parts.store.transaction() as tx:
        if not await tx.people.change(person.id, role=given):
            raise OutdatedButton
        await note(tx, Action.ROLE_CHANGED, subject=person.id, actor=context.person.id, role=given)
    voice = parts.voice(person)
    menu = register_for(parts, person.id, voice.language)
    parts.background.start(menu, "registering a menu of a role")
    await _done(context, person, NOW_HELPER if given == "helper" else NOW_HOLDER, at)


async def bar(context: Context, person_id: str, at: str) -> None:
    """Shut somebody out at once, with all that is under way for them."""
    person, parts = await _subject(context, person_id), context.parts
    if person.barred_at is not None:
        raise OutdatedButton
    async with parts.store.transaction() as tx:
        if not await tx.people.change(person.id, barred_at=parts.clock(), role="holder"):
            raise OutdatedButton
        await tx.dialogues.drop(person.id)
        await tx.invitations.cancel(person.id)
        await note(tx, Action.BARRED, subject=person.id, actor=context.person.id)
    parts.views.forget(person.id)  # so that no reading under way is painted into their panel
    parts.background.start(unregister_for(parts, person.id), "taking back a person's menu")
    await _done(context, person, SHUT_OUT, at)


async def unbar(context: Context, person_id: str, at: str) -> None:
    """Let somebody back in."""
    person, parts = await _subject(context, person_id), context.parts
    if person.barred_at is None:
        raise OutdatedButton
    async with parts.store.transaction() as tx:
        if not await tx.people.change(person.id, barred_at=None):
            raise OutdatedButton
        await note(tx, Action.UNBARRED, subject=person.id, actor=context.person.id)
    await _done(context, person, BACK, at)


async def wipe(context: Context, person_id: str, at: str) -> None:
    """Ask whether somebody is to be erased, the first time."""
    person, voice = await _subject(context, person_id), context.voice
    text = voice.say(
        "Erase everything about {name}? To keep somebody out, shut them out instead: whoever is "
        "erased is a stranger, and nothing here remembers that they were shut out.",
        name=person.name,
    )
    yes = Button(voice.plain("Yes, erase"), f"wiping:{person.id}:{at}")
    await _ask(context, person, text, yes, at)


async def wiping(context: Context, person_id: str, at: str) -> None:
    """Ask a second time."""
    person, voice = await _subject(context, person_id), context.voice
    count = await context.parts.store.people.cards_of(person.id)
    text = voice.say(
        "{name}'s key is destroyed with everything else, so their cards open in no backup either "
        "once its keys' file is replaced. Nobody can undo this. They have: {cards}.",
        name=person.name,
        cards=_cards(voice, count),
    )
    yes = Button(voice.plain("Erase for good"), f"wiped:{person.id}:{at}")
    await _ask(context, person, text, yes, at)


async def _ask(context: Context, person: Person, text: Markup, yes: Button, at: str) -> None:
    no = Button(context.voice.plain("No, keep it"), f"person:{person.id}:{at}")
    await context.present(f"wipe:{person.id}", text, [[yes], [no]])


async def wiped(context: Context, person_id: str, at: str) -> None:
    """Erase somebody, and tell them."""
    person, parts = await _subject(context, person_id), context.parts
    if not await erase(parts, person, by=context.person.id):
        raise OutdatedButton
    parts.background.start(_told(parts, person, ERASED), "telling who was erased")
    await context.show(
        context.voice.say("Everything about {name} is erased.", name=person.name),
        [[Button(context.voice.plain("‹ People"), f"people:{number(at)}")]],
    )


async def _subject(context: Context, person_id: str) -> Person:
    """Find whom an admin means. Nothing is done to an admin."""
    admin_only(context)
    person = await context.parts.store.people.get(number(person_id))
    if person is None or person.id in context.parts.settings.admins:
        raise OutdatedButton
    return person


async def _done(context: Context, person: Person, told: str, at: str) -> None:
    """Tell whom it is about, and show the admin how it is now."""
    parts = context.parts
    parts.background.start(_told(parts, person, told), "telling whom an admin meant")
    await _open(context, await parts.store.people.get(person.id) or person, number(at))


async def _told(parts: Parts, person: Person, text: str) -> None:
    await tell(parts, person.id, parts.voice(person).say(text), barred_too=True)


COMMANDS = (Command("people", mark("Who uses this bot"), people, order=81, admins_only=True),)
BUTTONS = {
    "people": turned,
    "person": opened,
    "role": give_role,
    "bar": bar,
    "unbar": unbar,
    "wipe": wipe,
    "wiping": wiping,
    "wiped": wiped,
}
GUARDED = frozenset({"wiped"})
