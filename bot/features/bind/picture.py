"""A photo, screenshot or PDF of a card: its barcodes are read, and the picture leaves the chat."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from telegram.error import TelegramError

from bot import pictures, printed, slips
from bot.attached import TooLarge
from bot.buttons import OutdatedButton
from bot.dialogue import Dialogue
from bot.features.bind import album, intake, read_off, scanned, steps
from bot.languages import mark
from bot.pictures import Unreadable
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.attached import Attached
    from bot.context import Context

log = logging.getLogger(__name__)

NAMES = (
    *(".pdf", ".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif"),
    *(".gif", ".bmp", ".tif", ".tiff"),
)
MOST_WAITING = 20
"""Of cards that were sent one after another; an album has ten pictures at most."""

NO_CODE = mark(
    "I found no barcode or QR code in this picture. Send it closer and sharper, with the whole "
    "code in it and no glare, or type the card number."
)
LEFT = mark("I left the picture in the chat; delete it if it shows a card.")
NOT_FETCHED = mark("I could not get your picture from Telegram. Please send it again.")
ADDED = mark("I have the barcode. It is kept with the card once you confirm.")
NEXT = mark("I have that one too. It comes next, after this card.")


def is_picture(attached: Attached) -> bool:
    """Tell whether a file is, or calls itself, a picture or a PDF."""
    return (
        attached.is_picture
        or attached.mime == "application/pdf"
        or attached.name.lower().endswith(NAMES)
    )


async def on_file(context: Context, attached: Attached) -> bool:
    """Begin a bind with a picture that nobody asked for; leave other files to others."""
    if not is_picture(attached):
        return False
    await _take(context, None, attached)
    return True


async def on_dialogue_file(context: Context, dialogue: Dialogue, attached: Attached) -> bool:
    """Take a picture that was sent while a card is being bound."""
    if not is_picture(attached):
        return False
    await _take(context, dialogue, attached)
    return True


async def _take(context: Context, dialogue: Dialogue | None, attached: Attached) -> None:
    context.parts.background.start(context.parts.loupe.ready(), "starting to look")
    try:
        content = await attached.read(context.parts.bot)
        codes = await context.parts.loupe.codes(content)
        lines = await read_off.lines_of(context, content)
    except TooLarge:
        await _say(context, pictures.TOO_LARGE)
        return
    except Unreadable as unreadable:
        await _say(context, unreadable.reason)
        return
    except TelegramError as error:
        log.warning("a picture could not be fetched: %s", type(error).__name__)
        await _say(context, NOT_FETCHED)
        return
    if codes:
        await _with_code(context, dialogue, codes, printed.pins(lines))
    elif album.can_wait(context, dialogue):
        if dialogue is not None or not await _took_caption(context):
            await album.wait(context, dialogue, lines)
    elif not await read_off.took(context, dialogue, lines):
        await _without_code(context, dialogue)


async def _with_code(
    context: Context, dialogue: Dialogue | None, codes: list[Barcode], pins: list[str]
) -> None:
    if not await intake.took_secret(context):
        return
    if dialogue is not None and read_off.has_card(dialogue):
        await _besides(context, dialogue, codes, pins)
        return
    data: dict[str, Any] = {"pins": pins}
    if dialogue is not None and album.is_waiting(dialogue):
        others = await album.took_others(context, dialogue)
        if others is None:
            return
        data["pins"] = list(dict.fromkeys([*pins, *others]))
    if dialogue is not None and "issuer" in dialogue.data:
        data["wanted"] = dialogue.data["issuer"]
    await begin(context, Dialogue("bind", data=data), codes)
    await read_off.offer_asked_pin(context)


async def _without_code(context: Context, dialogue: Dialogue | None) -> None:
    """Say that nothing was found; while a card is bound the picture may show its number or PIN."""
    voice, sent_with = context.voice, context.message.media_group_id
    if dialogue is None:
        if not await _took_caption(context):
            await context.reply(voice.say(NO_CODE) + "\n" + voice.say(LEFT))
    elif await intake.took_secret(context) and not _is_of(dialogue, sent_with):
        if sent_with is not None:  # of the others of an album the same is not said again
            dialogue.data["album"] = sent_with
            await context.parts.dialogues.keep(context.person.id, dialogue)
        await context.reply(voice.say(NO_CODE))


def _is_of(dialogue: Dialogue, sent_with: str | None) -> bool:
    return sent_with is not None and sent_with == dialogue.data.get("album")


async def _besides(
    context: Context, dialogue: Dialogue, codes: list[Barcode], pins: list[str]
) -> None:
    """Take codes that come while a card is under way: its own barcode, or the next card."""
    data = dialogue.data
    together = _is_of(dialogue, context.message.media_group_id)
    if together and pins:
        data["pins"] = list(dict.fromkeys([*data.get("pins", ()), *pins]))
    if "codes" in data:
        known = [*data["codes"], *data.get("waiting", ())]
        data["codes"] += [one for code in codes if (one := scanned.kept(code)) not in known]
        await scanned.choose(context, dialogue)
        return
    if "barcode" not in data and len(codes) == 1:
        data["barcode"] = scanned.kept(codes[0])
        await context.parts.dialogues.keep(context.person.id, dialogue)
        await context.reply(context.voice.say(ADDED))
        return
    known = [data.get("barcode"), *data.get("codes", ()), *data.get("waiting", ())]
    new = [one for code in codes if (one := scanned.kept(code)) not in known]
    data["waiting"] = [*data.get("waiting", ()), *new][:MOST_WAITING]
    await context.parts.dialogues.keep(context.person.id, dialogue)
    if new and not together:
        await context.reply(context.voice.say(NEXT))


async def begin(context: Context, dialogue: Dialogue, codes: list[Barcode]) -> None:
    """Begin a bind with the code there is, or ask which of several is the card's."""
    dialogue.data["album"] = context.message.media_group_id
    if len(codes) == 1:
        await use(context, dialogue, codes[0])
        return
    dialogue.data["codes"] = [scanned.kept(code) for code in codes]
    await scanned.choose(context, dialogue)


async def chosen(context: Context, place: str) -> None:
    """Go on with one of several codes."""
    dialogue = await context.parts.dialogues.current(context.person.id)
    codes = dialogue.data.get("codes", ()) if dialogue and dialogue.kind == "bind" else ()
    if dialogue is None or not place.isdecimal() or int(place) >= len(codes):
        raise OutdatedButton
    this = codes[int(place)]
    # Of the codes of one picture, those of other cards come next; what else is on it does not.
    others = (
        codes if dialogue.data.pop(scanned.NEXT, False) else _cards_beside(context, this, codes)
    )
    rest = [one for one in others if one != this]
    dialogue.data["waiting"] = [*rest, *dialogue.data.get("waiting", ())][:MOST_WAITING]
    del dialogue.data["codes"]
    await use(context, dialogue, Barcode(**this))
    await read_off.offer_asked_pin(context)


def _cards_beside(
    context: Context, this: dict[str, Any], codes: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Find the other cards among codes, if the one that was chosen is such a card."""
    issuers = context.parts.issuers
    if not scanned.cards_among([this], issuers):
        return []
    return [one for one in scanned.cards_among([this, *codes], issuers) if one != this]


async def use(context: Context, dialogue: Dialogue, code: Barcode) -> None:
    """Find the card's number in a code and whose card it is; ask for the number if it has none."""
    issuers, data = context.parts.issuers, dialogue.data
    data["barcode"] = scanned.kept(code)
    wanted = issuers.get(data.pop("wanted", ""))
    number = scanned.number_in(code.value, issuers, wanted)
    if number is not None:
        data["pasted"] = number
        if wanted is not None and wanted.fields[0].accepts(number):
            await steps.use_issuer(context, dialogue, wanted)
        else:
            await steps.find_issuer(context, dialogue, issuers.proposals(number))
    elif wanted is not None:
        await steps.use_issuer(context, dialogue, wanted)
    else:
        by_hand = [issuer for issuer in issuers.all() if not issuer.asks_api]
        await steps.find_issuer(context, dialogue, by_hand[:1])


async def _took_caption(context: Context) -> bool:
    return await slips.took_caption(context, context.message.caption or "")


async def _say(context: Context, sentence: str) -> None:
    if not await _took_caption(context):
        await context.reply(context.voice.say(sentence))
