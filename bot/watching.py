"""Whether one person is warned about a card, and the amount at which all are who have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.activity import Action, note
from bot.buttons import OutdatedButton

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Card


async def watch(
    context: Context,
    card: Card,
    *,
    minor: int | None = None,
    percent: int | None = None,
    asked: bool = False,
) -> None:
    """Set the amount below which all who have a card are warned, and warn this person.

    `asked` ends the conversation in which it was asked for. `OutdatedButton` if the card is gone.
    """
    parts, me = context.parts, context.person.id
    mine, owner = card.owner_id == me, card.owner_id
    async with parts.store.transaction() as tx:
        watched = await parts.wallet.watch(
            owner, card.id, minor=minor, percent=percent, on=mine, store=tx
        )
        if watched is None or not (mine or await tx.shares.switch_alerts(me, card.id, on=True)):
            raise OutdatedButton
        if asked:
            await tx.dialogues.drop(me)


async def switch(context: Context, card: Card, *, on: bool) -> None:
    """Warn this person about a card, or not; whoever else has it is warned as before.

    `OutdatedButton` if the card is gone, or is shared with them no longer.
    """
    parts, me = context.parts, context.person.id
    async with parts.store.transaction() as tx:
        if card.owner_id == me:
            done = await parts.wallet.switch(me, card.id, on=on, store=tx) is not None
        else:
            done = await tx.shares.switch_alerts(me, card.id, on=on)
        if not done:
            raise OutdatedButton
        if not on:
            await note(tx, Action.ALERTS_OFF, subject=me, actor=me, card=card)
