"""What a person answers who was asked whether a balance is still right, and has no time for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.messages import discard

if TYPE_CHECKING:
    from bot.context import Context


async def not_now(context: Context, card_id: str) -> None:
    """Take the question away; it comes again after as many days as the issuer's file says."""
    card, voice = await context.card(card_id), context.voice
    if card.next_refresh_at is not None and card.next_refresh_at > voice.now:
        when = voice.ago(card.next_refresh_at)
        await context.notice(voice.plain("I will ask again {when}.", when=when))
    await discard(context.parts, context.chat_id, context.message.message_id)


BUTTONS = {"notnow": not_now}
