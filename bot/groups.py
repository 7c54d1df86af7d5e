"""Where others read along: cards are not talked about, and a number written there must go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import calls, panel, tips
from bot.buttons import Button
from bot.context import holds_number
from bot.languages import mark
from bot.messages import erase

if TYPE_CHECKING:
    from telegram import Message, User

    from bot.parts import Parts

IN_PRIVATE = mark(
    "Cards are private, so here I show only the balances of cards that somebody shared with this "
    "group: /share. Nothing you write here is read as a card."
)
DELETED_IN_GROUP = mark(
    "I deleted the card number you wrote, but others here may have read it already."
)
UNDELETED_IN_GROUP = mark(
    "⚠️ Delete the card number you wrote: everybody here can read it, and I may not delete it."
)


ENDED: Final = "groupended"
"""The kind of message that a group sees somebody's cards no more."""

UNNAMED = mark(
    "You write here as the group itself, so I cannot tell who you are. Switch off “Remain "
    "anonymous” in your rights as an administrator, or do it with me in private."
)


async def unnamed(parts: Parts, message: Message) -> None:
    """Say why nothing is done for whoever writes in the name of a group or channel."""
    voice = parts.voice(None)
    link = Button(voice.plain("Open the private chat"), url=f"https://t.me/{parts.bot.username}")
    said = str(voice.say(UNNAMED))
    await calls.send(parts.bot, message.chat_id, said, [[link]], reply_to=message.message_id)


async def ended(parts: Parts, chat_id: int, left: int | None = None) -> None:
    """Let a group see no card any more, and owe it to the cards' owners to hear of that.

    `left` is an owner who went out of it, and whose cards alone it sees no more.
    """
    now = parts.clock()
    async with parts.store.transaction() as tx:
        theirs: dict[int, list[str]] = {}
        seen = await tx.groups.drop(chat_id, left)
        for card, _ in seen:
            theirs.setdefault(card.owner_id, []).append(panel.masked(card))
        for owner, cards in theirs.items():
            said = {"group": seen[-1][1], "cards": cards, "left": left is not None}
            key = f"{ENDED}:{chat_id}:{now.isoformat()}"
            await tx.outbox.put(owner, None, ENDED, said, key=key, not_before=now)


async def answer(parts: Parts, message: Message, user: User, written: str) -> None:
    """Point to the private chat; `written` is what follows the command."""
    bot = parts.bot
    person = await parts.store.people.get(user.id)
    voice = parts.voice(person, user.language_code)
    link = Button(voice.plain("Open the private chat"), url=f"https://t.me/{bot.username}")
    text = voice.say(IN_PRIVATE)
    if holds_number(parts, written):
        gone = await erase(bot, message.chat_id, message.message_id)
        said = voice.say(DELETED_IN_GROUP if gone else UNDELETED_IN_GROUP)
        tip = await tips.once(parts, person, "pin_in_group")
        text = Markup("\n\n").join([said, *([tip] if tip else []), text])
    await calls.send(bot, message.chat_id, str(text), [[link]])
