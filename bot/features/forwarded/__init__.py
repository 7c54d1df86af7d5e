"""An issuer's message, forwarded or pasted: find its card and book what it says, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import OutdatedButton
from bot.dialogue import Dialogue, Dialogues
from bot.features.forwarded import answer, booking, choice
from bot.features.forwarded.notice import Notice, understood

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Right

KIND = "forwarded"
MOST_PENDING = 20


async def on_text(context: Context, text: str) -> bool:
    """Take a text that is an issuer's message; any other is left to others."""
    notice = understood(context, text)
    if notice is None:
        return False
    await _take(context, notice, Dialogue(KIND))
    return True


async def on_interruption(context: Context, text: str) -> bool:
    """Take a message that names its card while something else is asked for, which stays asked.

    Only the card that it fits alone is booked on: a second question would end the first.
    """
    notice = understood(context, text)
    if notice is None or not notice.said.tails:
        return False
    cards = await context.cards(_needs(notice))
    if len(choice.fitting(context, cards, notice)) != 1:
        return False
    await _take(context, notice, Dialogue(KIND))
    return True


async def on_answer(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take another message while the card of one before is still asked for."""
    notice = understood(context, text)
    if notice is not None:
        await _take(context, notice, dialogue)
    elif not await context.took_stray(text):
        await context.reply(
            context.voice.say("Choose the card with a button above, or send /cancel.")
        )


async def _take(context: Context, notice: Notice, dialogue: Dialogue) -> None:
    """Book it on the only card that fits, else ask; a whole card number leaves the chat."""
    parts, cards = context.parts, await context.cards(_needs(notice))
    outcome = await booking.booked_before(context, cards, notice)
    fitting = choice.fitting(context, cards, notice)
    if outcome is None and len(fitting) == 1:
        async with parts.store.transaction() as tx:
            outcome = await booking.book(context, tx, fitting[0], notice)
    if outcome is not None:
        await context.reply(*answer.of(context.voice, notice, outcome))
    else:
        await _ask(context, notice, dialogue, choice.offered(context, cards, fitting, notice))
    if notice.holds_number:
        await answer.clear(context)


def _needs(notice: Notice) -> Right:
    """Say what somebody must be allowed to do with a card to book a message on it."""
    return "spend" if notice.said.kind in {"spent", "refunded"} else "manage"


async def _ask(
    context: Context, notice: Notice, dialogue: Dialogue, offered: choice.Offered
) -> None:
    if offered.cards:
        pending = dialogue.data.setdefault("pending", {})
        pending[notice.key] = notice.kept()
        while len(pending) > MOST_PENDING:
            del pending[next(iter(pending))]
        await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.reply(*answer.question(context.voice, notice, offered))


async def chosen(context: Context, key: str, card_id: str) -> None:
    """Book a message on the card whose button was pressed."""
    parts, me = context.parts, context.person.id
    dialogue = await parts.dialogues.current(me)
    if dialogue is None or dialogue.kind != KIND or key not in dialogue.data["pending"]:
        raise OutdatedButton
    notice = Notice.of(dialogue.data["pending"].pop(key))
    card = await context.card(card_id, _needs(notice))
    async with parts.store.transaction() as tx:
        outcome = await booking.book(context, tx, card, notice)
        if dialogue.data["pending"]:
            await Dialogues(tx, parts.clock).keep(me, dialogue)
        else:
            await tx.dialogues.drop(me)
    if outcome is None:
        raise OutdatedButton
    await context.show(*answer.of(context.voice, notice, outcome))


BUTTONS = {"forwarded": chosen}
DIALOGUES = {KIND: on_answer}
