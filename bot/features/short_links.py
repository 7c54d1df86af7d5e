"""A word about a link that hides where it leads, where nothing else is known of its text.

Issuers themselves send such links, so what they say besides is read first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import link_words

if TYPE_CHECKING:
    from bot.context import Context


async def on_text(context: Context, text: str) -> bool:
    """Warn of a shortened link."""
    found = link_words.suspicion(context.parts, context.message, text)
    if found is None:
        return False
    await context.reply(await link_words.warning(context.parts, context.person, found))
    return True
