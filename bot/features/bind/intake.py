"""How a secret is taken in: first it leaves the chat, and only then is anything done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.context import KEPT_NOTHING
from storage import MOST_CARDS

if TYPE_CHECKING:
    from bot.context import Context


async def took_secret(context: Context) -> bool:
    """Delete the person's message. If that fails nothing is kept, and the person is told."""
    if await context.take_secret():
        return True
    await kept_nothing(context)
    return False


async def kept_nothing(context: Context) -> None:
    """End the dialogue because a message could not be deleted, and say so."""
    await context.parts.dialogues.end(context.person.id)
    await context.reply(context.voice.say(KEPT_NOTHING))


async def has_room(context: Context) -> bool:
    """Say whether the person can have one more card; if not, they are told what to do."""
    store, owner = context.parts.store, context.person.id
    if await store.people.cards_of(owner) < MOST_CARDS:
        return True
    await context.parts.dialogues.end(owner)
    await context.conclude(
        context.voice.say(
            "You have {n} cards here, archived ones included, and that is as many as I keep. "
            "Remove one you no longer need, then send /bind again.",
            n=context.voice.language.number(MOST_CARDS),
        )
    )
    return False


async def gone(context: Context) -> None:
    """End a dialogue whose issuer is no longer set up."""
    await context.parts.dialogues.end(context.person.id)
    await context.show(
        context.voice.say("This issuer is no longer set up here. Begin again with /bind.")
    )
