"""What is printed on a card, read off its picture: shown in full, taken only if it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram import Message

from bot import printed
from bot.buttons import Button, OutdatedButton
from bot.dialogue import Dialogue
from bot.features.bind import intake, steps
from bot.languages import mark
from bot.pictures import Unreadable
from bot.vanishing import reveal, vanish
from bot.ways import to_cancel
from storage import Owed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from bot.optical import Line

STEP = "printed"
READ_NUMBER = mark(
    "I found no barcode, but read a number. Compare it with the card, digit by digit: I misread "
    "some. Press it if it is right, or type the number."
)
READ_PIN = mark(
    "I read this on the picture, maybe wrongly. Press it if it is the PIN, digit by digit; else "
    "type the PIN."
)


async def lines_of(context: Context, content: bytes) -> list[Line]:
    """Read what is printed on a picture, if the operator has switched that on."""
    if context.parts.settings.ocr == "off":
        return []
    try:
        return await context.parts.loupe.lines(content)
    except Unreadable:  # it was opened before, and goes on without
        return []


def has_card(dialogue: Dialogue) -> bool:
    """Tell whether it is known already which card this is about: by a code, or a number."""
    return bool({"barcode", "codes"} & dialogue.data.keys() or dialogue.data.get("values"))


async def took(context: Context, dialogue: Dialogue | None, lines: Sequence[Line]) -> bool:
    """Offer the number, or while a PIN is asked for the PIN. False if nothing was read."""
    if dialogue is not None and has_card(dialogue):
        dialogue.data["pins"] = printed.pins(lines)
        if not dialogue.data["pins"]:
            return False
        if await intake.took_secret(context):
            await context.parts.dialogues.keep(context.person.id, dialogue)
            await offer_pin(context, dialogue)
        return True
    found = printed.numbers(lines, context.parts.issuers)
    if not found:
        return False
    if await intake.took_secret(context):
        data = {"printed": found, "pins": printed.pins(lines)}
        await offer_number(context, Dialogue("bind", data=data))
    return True


async def offer_number(context: Context, dialogue: Dialogue) -> None:
    """Ask whether a number was read right."""
    dialogue.wait_at(STEP, secret=True)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    voice = context.voice
    await context.ask(voice.say(READ_NUMBER), [[to_cancel(voice)]])
    await _reveal(context, dialogue.data["printed"])


async def offer_pin(context: Context, dialogue: Dialogue) -> None:
    """Show what may be the PIN, where one is asked for and was read."""
    fitting = _pins(context, dialogue)
    if fitting:
        await _reveal(context, fitting, context.voice.say(READ_PIN))


async def offer_asked_pin(context: Context) -> None:
    """`offer_pin` if the conversation as it is now asks for one."""
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is not None and dialogue.kind == "bind":
        await offer_pin(context, dialogue)


def _pins(context: Context, dialogue: Dialogue) -> list[str]:
    issuer = context.parts.issuers.get(dialogue.data.get("issuer", ""))
    fields = issuer.fields[1:] if issuer else ()
    asked = next((one for one in fields if one.secret and one.name == dialogue.step), None)
    return [pin for pin in dialogue.data.get("pins", ()) if asked and asked.accepts(pin)]


async def _reveal(context: Context, found: Sequence[str], *above: Markup) -> None:
    codes = [Markup("<code>{}</code>").format(one) for one in found]
    text = Markup("\n").join([*above, *codes])
    rows = [[Button(one, f"printed:{place}")] for place, one in enumerate(found)]
    await reveal(context.parts, context.chat_id, context.voice, text, rows)


async def right(context: Context, place: str) -> None:
    """Take the number or PIN that its holder says was read right."""
    parts = context.parts
    dialogue = await parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != "bind" or not place.isdecimal():
        raise OutdatedButton
    numbers = dialogue.step == STEP
    found = dialogue.data["printed"] if numbers else _pins(context, dialogue)
    issuer = parts.issuers.get(dialogue.data.get("issuer", ""))
    if int(place) >= len(found):
        raise OutdatedButton
    await vanish(parts, Owed(context.chat_id, context.message.message_id))
    was, question = context.message, parts.views.question(context.chat_id)
    context.message = Message(message_id=question or 0, date=was.date, chat=was.chat)
    if numbers:
        dialogue.data["pasted"] = found[int(place)]
        await steps.find_issuer(context, dialogue, parts.issuers.proposals(found[int(place)]))
        await offer_asked_pin(context)
    elif issuer is not None:
        field = next(one for one in issuer.fields if one.name == dialogue.step)
        dialogue.data["values"][field.name] = field.normalise(found[int(place)])
        dialogue.data.pop("pins", None)
        await steps.ask(context, dialogue, issuer)
