"""Passcodes that were sent where nobody asked for one: they stay in no chat.

None is compared with the person's own: that would be a try that nobody counts, and what stays in
the chat would tell which text was none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import calls
from bot.buttons import Button
from bot.context import holds_number
from bot.languages import mark
from bot.passcodes import LONGEST

if TYPE_CHECKING:
    from bot.context import Context

NOT_UNDERSTOOD = mark(
    "I did not understand that. Send /balance for your cards, /bind to add one, "
    "or /help for everything I can do. A card number can simply be pasted here."
)
NOT_TEXT = mark(
    "I can read text, and pictures and files with cards; this I cannot. Send a card number or its "
    "picture to bind the card, or /help for everything I can do."
)
MAYBE = mark(
    "I did not understand that, and deleted it in case it was your passcode. I did not compare it. "
    "/help says everything I can do."
)
STANDS = mark(
    "I did not understand that, and could not delete it. If it is your passcode, please delete it "
    "yourself."
)
CHANGED = mark(
    "I do not read messages that are changed afterwards, and deleted this one because it may hold "
    "a secret. Please send it anew."
)
CHANGED_STANDS = mark(
    "I do not read messages that are changed afterwards, and could not delete this one. It may "
    "hold a secret, so please delete it yourself."
)


async def may_be_passcode(context: Context, text: str) -> bool:
    """Say whether a text that was not understood may be a passcode: one word, and they have one.

    What is written without blanks anyway, such as a Chinese sentence, is one only with a digit.
    """
    if len(text.split()) != 1 or len(text) > LONGEST:
        return False
    if not text.isascii() and not any(character.isdigit() for character in text):
        return False
    lock = await context.parts.store.locks.get(context.person.id)
    return lock is not None and lock.passcode is not None


async def not_understood(context: Context, text: str, word: str) -> None:
    """Say so. A card number is deleted, and so is a `word` of it that may be a passcode."""
    if not await context.took_stray(text) and not await _took(context, word):
        parts, voice = context.parts, context.voice
        trouble = Button(voice.plain("🩺 Find out what is wrong"), "support")
        # Sent past what can be typed: that stays what was offered before the slip.
        await calls.send(parts.bot, context.chat_id, str(voice.say(NOT_UNDERSTOOD)), [[trouble]])


async def not_text(context: Context, caption: str, *, asked: bool) -> None:
    """Say that only text is read; below a picture, too, stays no secret.

    While a passcode is `asked` for, any caption may be one.
    """
    if not await context.took_stray(caption) and not await _took(context, caption, asked=asked):
        await context.reply(context.voice.say(NOT_TEXT))


async def took_caption(context: Context, caption: str) -> bool:
    """Take away a picture whose caption is a card number or may be a passcode."""
    return await context.took_stray(caption) or await _took(context, caption)


async def _took(context: Context, text: str, *, asked: bool = False) -> bool:
    if not (text and asked) and not await may_be_passcode(context, text):
        return False
    await context.reply(context.voice.say(MAYBE if await context.take_secret() else STANDS))
    return True


async def took_changed(context: Context, text: str, *, asked: bool) -> None:
    """Delete a message that was changed into a card number, or while a secret is `asked` for."""
    if not asked and not holds_number(context.parts, text):
        return
    gone = await context.take_secret()
    await context.reply(context.voice.say(CHANGED if gone else CHANGED_STANDS))
