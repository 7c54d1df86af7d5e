"""Which language and time zone a person reads: /language, /timezone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from bot import digest, expiry
from bot.buttons import Button, OutdatedButton, in_rows
from bot.dialogue import Dialogue
from bot.languages import languages, mark
from bot.menu import register_for
from bot.parts import Command

if TYPE_CHECKING:
    from bot.context import Context

OFFERED = (
    "Asia/Shanghai",
    "Asia/Taipei",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Australia/Sydney",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
)


async def language(context: Context) -> None:
    """Offer the languages there are, each in its own words; or speak the one that is named."""
    if context.args:
        await _speak(context, context.args)
        return
    rows = [[Button(spoken.name, f"language:{spoken.code}")] for spoken in languages()]
    await context.reply(context.voice.say("Which language shall I speak?"), rows)


async def language_chosen(context: Context, code: str) -> None:
    """Speak the chosen language from now on, in the menu too."""
    if code not in {spoken.code for spoken in languages()}:
        raise OutdatedButton
    await _speak(context, code)


async def _speak(context: Context, wanted: str) -> None:
    parts, folded = context.parts, wanted.casefold()
    code = next(
        (
            spoken.code
            for spoken in languages()
            if folded == spoken.code
            or spoken.name.casefold().startswith(folded)
            or str(spoken.locale.get_display_name("en")).casefold().startswith(folded)
        ),
        None,
    )
    if code is None:
        names = ", ".join(spoken.name for spoken in languages())
        await context.reply(
            context.voice.say(
                "I do not speak “{language}”, only: {names}.", language=wanted[:40], names=names
            )
        )
        return
    await parts.store.people.change(context.person.id, language=code)
    person = await parts.store.people.get(context.person.id)
    voice = parts.voice(person)
    work = register_for(parts, context.person.id, voice.language)
    parts.background.start(work, "registering a person's menu")
    await context.show(voice.say("I speak {language} now.", language=voice.language.name))


async def timezone(context: Context) -> None:
    """Offer some time zones, and take any by name."""
    voice = context.voice
    if context.args:
        await _keep(context, context.args)
        return
    await context.parts.dialogues.keep(context.person.id, Dialogue("timezone"))
    places = [Button(voice.language.place(ZoneInfo(one)), f"timezone:{one}") for one in OFFERED]
    await context.ask(
        voice.say(
            "It is {time} in your time zone, {zone}. Choose another, or send its name, "
            "such as Asia/Shanghai.",
            time=voice.language.clock(voice.now, voice.zone),
            zone=voice.place,
        ),
        in_rows(places),
    )


async def timezone_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take a time zone by name."""
    assert dialogue.kind == "timezone"
    await _keep(context, text)


async def timezone_chosen(context: Context, name: str) -> None:
    """Take a time zone from its button."""
    await _keep(context, name)


async def _keep(context: Context, text: str) -> None:
    parts, voice = context.parts, context.voice
    zones = {voice.language.place(ZoneInfo(zone)).casefold(): zone for zone in OFFERED}
    zones |= {zone.casefold(): zone for zone in available_timezones()}
    wanted = text.strip().casefold()
    name = zones.get(wanted) or zones.get(wanted.replace(" ", "_"))
    if name is None:
        await context.reply(
            voice.say(
                "There is no time zone “{name}”. Its name is like Asia/Shanghai.", name=text[:40]
            )
        )
        return
    async with parts.store.transaction() as tx:
        await tx.people.change(context.person.id, timezone=name)
        await expiry.planned_anew(parts, tx, context.person)
        if moved := await tx.people.get(context.person.id):
            await digest.choose(parts, tx, moved, moved.digest)
        await tx.dialogues.drop(context.person.id)
    zone = ZoneInfo(name)
    time, place = voice.language.clock(voice.now, zone), voice.language.place(zone)
    await context.conclude(
        voice.say("Your time zone is {zone}, where it is {time}.", zone=place, time=time)
    )


COMMANDS = (
    Command("language", mark("Choose the language"), language, order=50),
    Command("timezone", mark("Choose the time zone"), timezone, order=51),
)
BUTTONS = {"language": language_chosen, "timezone": timezone_chosen}
DIALOGUES = {"timezone": timezone_typed}
