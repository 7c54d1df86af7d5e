"""How a secret is taken in: first it leaves the chat, and only then is anything done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.context import Context


async def took_secret(context: Context) -> bool:
    """Delete the person's message. If that fails nothing is kept, and the person is told."""
    if await context.take_secret():
        return True
    await context.parts.dialogues.end(context.person.id)
    await context.reply(
        context.voice.say(
            "I could not delete your message, so <b>I have kept nothing of it</b>. Please delete "
            "it yourself, because it may hold a card number or PIN. Then begin again with /bind."
        )
    )
    return False


async def gone(context: Context) -> None:
    """End a dialogue whose issuer is no longer set up."""
    await context.parts.dialogues.end(context.person.id)
    await context.show(
        context.voice.say("This issuer is no longer set up here. Begin again with /bind.")
    )
