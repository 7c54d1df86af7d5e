"""The questions of a bind, one at a time, and what is done with each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bot import panel
from bot.buttons import Button
from bot.features.bind import intake, manual, scanned, verify
from bot.numbers import tail_of
from bot.voice import within
from bot.ways import to_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from bot.dialogue import Dialogue
    from bot.issuers import Field, Issuer
    from bot.issuers.fields import Mistake
    from bot.voice import Voice


async def choose_issuer(context: Context, dialogue: Dialogue) -> None:
    """Offer the issuers there are; a number can be sent instead."""
    voice, parts = context.voice, context.parts
    dialogue.wait_at("issuer")
    await parts.dialogues.keep(context.person.id, dialogue)
    pasted = dialogue.data.get("pasted")
    offered = parts.issuers.proposals(pasted) if pasted else parts.issuers.all()
    rows = [
        [Button(panel.issuer_name(voice, parts.issuers, issuer.slug), f"issuer:{issuer.slug}")]
        for issuer in offered or parts.issuers.all()
    ]
    rows.append([to_cancel(voice)])
    if pasted:
        text = voice.say("Which issuer is ·{tail} from?", tail=tail_of(pasted))
    else:
        text = voice.say(
            "Whose card is it? Choose the issuer, or simply send the card number. "
            "I delete your message at once."
        )
    await context.ask_here(text, rows)


async def issuer_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take an issuer's name, or else a card number."""
    for issuer in context.parts.issuers.all():
        if text.casefold() in {name.casefold() for name in (issuer.slug, *issuer.name.values())}:
            await use_issuer(context, dialogue, issuer)
            return
    await take_pasted(context, dialogue, text)


async def take_pasted(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take a number in, and find whose it may be."""
    if not await intake.took_secret(context):
        return
    issuers = context.parts.issuers
    found = issuers.proposals(text)
    if not found:
        await choose_issuer(context, dialogue)
        await context.reply(
            context.voice.say(
                "That does not look like a card number. Send only the number, or choose the issuer."
            )
        )
        return
    dialogue.data = {**_scanned(dialogue), "pasted": text}
    await find_issuer(context, dialogue, found)


async def find_issuer(context: Context, dialogue: Dialogue, found: Sequence[Issuer]) -> None:
    """Go on with the issuer a number can be from, or ask which of several it is."""
    known = [issuer for issuer in found if issuer.asks_api]
    if len(known) == 1 or len(found) == 1:
        await use_issuer(context, dialogue, (known or found)[0])
    else:
        await choose_issuer(context, dialogue)


async def use_issuer(context: Context, dialogue: Dialogue, issuer: Issuer) -> None:
    """Begin with an issuer's fields; a number that was pasted is the first answer."""
    dialogue.data = {
        "issuer": issuer.slug,
        "values": {},
        **_pasted(dialogue),
        **_scanned(dialogue),
    }
    number = issuer.fields[0]
    pasted = dialogue.data.get("pasted")
    if pasted is not None:
        if mistake := number.mistake(pasted):
            await _refuse(context, dialogue, issuer, number, mistake)
            return
        dialogue.data["values"][number.name] = number.normalise(pasted)
    await ask(context, dialogue, issuer)


async def field_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take one field's value; one that does not fit is explained and asked for again."""
    issuer = context.parts.issuers.get(dialogue.data["issuer"])
    if issuer is None:
        await intake.gone(context)
        return
    field = next(field for field in issuer.fields if field.name == dialogue.step)
    if is_secret(issuer, field) and not await intake.took_secret(context):
        return
    if mistake := field.mistake(text):
        await _refuse(context, dialogue, issuer, field, mistake)
        return
    dialogue.data["values"][field.name] = field.normalise(text)
    await ask(context, dialogue, issuer)


async def ask(context: Context, dialogue: Dialogue, issuer: Issuer) -> None:
    """Ask for the next field, or go on to the end when all are there."""
    voice, parts = context.voice, context.parts
    for field in issuer.fields:
        if field.name not in dialogue.data["values"]:
            dialogue.wait_at(field.name, secret=is_secret(issuer, field))
            await parts.dialogues.keep(context.person.id, dialogue)
            known = dialogue.data["values"].get(issuer.fields[0].name)
            await context.ask_here(
                _question(context, issuer, field, known), _ways_out(voice, dialogue)
            )
            return
    if not await verify.is_known(context, dialogue, issuer) and await intake.has_room(context):
        if issuer.asks_api and "barcode" in dialogue.data and "confirmed" not in dialogue.data:
            await scanned.confirm(context, dialogue, issuer)
        elif issuer.asks_api:
            await verify.verify(context, dialogue)
        else:
            await manual.ask_label(context, dialogue)


def is_secret(issuer: Issuer, field: Field) -> bool:
    """Say whether a field's value stays in no chat: the number does not, nor does a PIN."""
    return field.secret or field is issuer.fields[0]


def _within(voice: Voice, field: Field) -> str:
    """Give a field's label in the person's language as it is written within a sentence."""
    return within(field.label.get(voice.language.code, field.label["en"]))


def _question(context: Context, issuer: Issuer, field: Field, number: str | None) -> Markup:
    voice = context.voice
    name = panel.issuer_name(voice, context.parts.issuers, issuer.slug)
    if number:
        title = voice.say("<b>{issuer}</b> ·{tail}", issuer=name, tail=tail_of(number))
    else:
        title = voice.say("<b>{issuer}</b>", issuer=name)
    lines = [title, voice.say("Send me the {field}.", field=_within(voice, field))]
    if hint := field.hint.get(voice.language.code, field.hint.get("en")):
        lines.append(Markup("<i>{}</i>").format(hint))
    if field.example:
        lines.append(voice.say("It looks like {example}", example=field.example))
    if is_secret(issuer, field):
        lines.append(voice.say("I delete your message at once."))
    return Markup("\n").join(lines)


async def _refuse(
    context: Context, dialogue: Dialogue, issuer: Issuer, field: Field, mistake: Mistake
) -> None:
    voice = context.voice
    dialogue.wait_at(field.name, secret=is_secret(issuer, field))
    dialogue.data.pop("pasted", None)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    said: dict[str, str] = {
        "field": _within(voice, field),
        "issuer": panel.issuer_name(voice, context.parts.issuers, issuer.slug),
    }
    if mistake == "check_digit":
        text = voice.say(
            "That is almost a {field} of {issuer}: one digit seems mistyped, or two are changed "
            "round.",
            **said,
        )
    else:
        text = voice.say("That is not a {field} of {issuer}.", **said)
    if hint := field.hint.get(voice.language.code, field.hint.get("en")):
        text += Markup("\n<i>{}</i>").format(hint)
    if field.example:
        text += Markup("\n") + voice.say("It looks like {example}", example=field.example)
    text += Markup("\n") + voice.say("Check it and send it again.")
    await context.ask_here(text, _ways_out(voice, dialogue))


def _ways_out(voice: Voice, dialogue: Dialogue) -> list[list[Button]]:
    row = [to_cancel(voice)]
    if dialogue.data.get("pasted"):
        row.insert(0, Button(voice.plain("Another issuer"), "another"))
    return [row]


def _pasted(dialogue: Dialogue) -> dict[str, str]:
    pasted = dialogue.data.get("pasted")
    return {"pasted": pasted} if pasted else {}


def _scanned(dialogue: Dialogue) -> dict[str, Any]:
    """Give what came from pictures, which another number or issuer changes nothing about."""
    names = ("barcode", "codes", "waiting", "album", "pins")
    return {name: dialogue.data[name] for name in names if name in dialogue.data}
