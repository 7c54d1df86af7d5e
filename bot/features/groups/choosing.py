"""How a card is shared with a group: /share there, then the card is chosen in private."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from telegram.error import TelegramError

from bot import calls, panel
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton, number
from bot.languages import mark
from bot.search import no_cards, which

if TYPE_CHECKING:
    from telegram import Message, User

    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card

PREFIX: Final = "gr"
"""What the way from a group brings to /start before which group it is, sealed."""

GONE: Final = mark("I am not in that group any more. Add me to it, and write /share there.")


async def lead(
    parts: Parts, voice: Voice, message: Message, user: User, words: str, cards: list[Card]
) -> None:
    """Lead to the private chat, where the card is chosen; the way there is sealed to who asked."""
    del words, cards
    sealed = parts.bot.seal.close(user.id, f"{-message.chat_id}")
    url = f"https://t.me/{parts.bot.username}?start={PREFIX}-{sealed}"
    text = voice.say(
        "{name}, choose in private which card this group may see. Only its balance is shown here, "
        "never number or PIN.",
        name=user.full_name,
    )
    way = Button(voice.plain("Choose the card in private"), url=url)
    await calls.send(parts.bot, message.chat_id, str(text), [[way]])


async def choose(context: Context, sealed: str) -> None:
    """Offer one's own cards for the group in which /share was written."""
    seal = context.parts.bot.seal
    await _which(context, -number(seal.open(context.person.id, sealed)), 0)


async def turned(context: Context, chat: str, at: str) -> None:
    """Turn to a page of the cards to choose from."""
    await _which(context, -number(chat), number(at))


async def _which(context: Context, chat_id: int, at: int) -> None:
    voice, mine = context.voice, await context.cards("own")
    if not mine:
        await context.show(*no_cards(voice))
        return
    title = await _title(context.parts, chat_id)
    if title is None:
        await context.show(voice.say(GONE))
        return
    rows = which(
        context,
        mine,
        at,
        lambda card: f"groupshare:{card.id}:{-chat_id}",
        lambda to: f"groupshares:{-chat_id}:{to}",
    )
    rows.append([Button(voice.plain("No, thanks"), "notake")])
    await context.show(voice.say("Which card may the group “{group}” see?", group=title), rows)


async def share_there(context: Context, card_id: str, chat: str) -> None:
    """Let the group see the card that was chosen, and say so there."""
    card, parts, voice = await context.card(card_id, "own"), context.parts, context.voice
    chat_id, me = -number(chat), context.person
    title = await _title(parts, chat_id)
    if title is None:
        await context.show(voice.say(GONE))
        return
    async with parts.store.transaction() as tx:
        if not await tx.groups.share(card.owner_id, card.id, chat_id, title):
            raise OutdatedButton
        await note(tx, Action.SHARED, subject=me.id, actor=me.id, card=card)
    name = panel.masked(card)
    await context.show(
        voice.say(
            "“{group}” sees the balance of {card} now. Everybody there can ask with /balance; "
            "only who has a right of their own can book.",
            group=title,
            card=name,
        ),
        [
            [
                Button(
                    voice.plain("💳 Let everybody there spend"),
                    f"grouplet:{card.id}:{-chat_id}:spend",
                )
            ],
            [Button(voice.plain("🤝 Who has it"), f"sharing:{card.id}")],
        ],
    )
    text = voice.say(
        "🤝 {name} shares <b>{card}</b> with this group. /balance shows what is on it.",
        name=me.name,
        card=name,
    )
    with suppress(TelegramError):
        await calls.send(parts.bot, chat_id, str(text))


async def _title(parts: Parts, chat_id: int) -> str | None:
    """Ask what a group is called; None where the bot is not in it."""
    try:
        chat = await parts.bot.get_chat(chat_id)
    except TelegramError:
        return None
    return chat.title or "?"
