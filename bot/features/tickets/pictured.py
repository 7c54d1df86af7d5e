"""A picture with a request: its barcodes are painted over, and it is asked about before it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup
from telegram.error import TelegramError

from bot import calls
from bot.attached import TooLarge
from bot.buttons import Button
from bot.languages import mark
from bot.messages import erase, offer
from bot.pictures import Unreadable

if TYPE_CHECKING:
    from bot.attached import Attached
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.dialogue import Dialogue
    from bot.voice import Voice

PICTURE = mark(
    "This picture goes to a person. Does it show a card number, a PIN or a barcode? I found no "
    "barcode in it, but numbers I cannot see. Shall it go as it is?"
)
COVERED = mark(
    "A barcode was on your picture, so I covered it and deleted yours. Does this one still show a "
    "card number or a PIN? It goes to a person. Shall it go like this?"
)
UNCOVERED = mark(
    "There is a barcode on this picture that I cannot cover, so it goes to nobody. Please send one "
    "without the card."
)
STANDS = mark("I could not delete your picture. Please delete it yourself.")
NO_PICTURE = mark("Send it as a picture, please; I pass on no other files.")


async def pictured(context: Context, dialogue: Dialogue, attached: Attached) -> bool:
    """Take a picture, but ask before it goes: nobody can strike a number out of it."""
    parts, voice, message = context.parts, context.voice, context.message
    if not message.photo:
        await context.reply(voice.say(NO_PICTURE))
        return True
    try:
        codes, painted = await parts.loupe.covered(await attached.read(parts.bot))
    except (Unreadable, TooLarge, TelegramError):
        codes, painted = 0, None
    dialogue.data |= {"caption": message.caption or "", "picture": message.message_id}
    if painted is not None:
        await _show(context, dialogue, painted)
    elif codes:
        lines = [voice.say(UNCOVERED)]
        if not await erase(parts.bot, context.chat_id, message.message_id):
            lines.append(voice.say(STANDS))
        await context.reply(Markup("\n").join(lines))
    else:
        dialogue.data["photo"] = message.photo[-1].file_id
        await parts.dialogues.keep(context.person.id, dialogue)
        await context.ask(voice.say(PICTURE), _yes_or_no(voice))
    return True


async def _show(context: Context, dialogue: Dialogue, painted: bytes) -> None:
    """Show what would go, in the place of what was sent."""
    parts, voice, chat_id = context.parts, context.voice, context.chat_id
    rows = _yes_or_no(voice)
    sent, photo = await calls.send_new_photo(
        parts.bot, chat_id, painted, str(voice.say(COVERED)), rows
    )
    gone = await erase(parts.bot, chat_id, context.message.message_id)
    dialogue.data |= {"photo": photo, "picture": sent}
    await parts.dialogues.keep(context.person.id, dialogue)
    offer(parts, chat_id, sent, rows)
    if not gone:
        await context.reply(voice.say(STANDS))


def _yes_or_no(voice: Voice) -> Buttons:
    return [
        [Button(voice.plain("Yes, send it"), "sendpicture:1")],
        [Button(voice.plain("No, delete it"), "sendpicture:0")],
    ]
