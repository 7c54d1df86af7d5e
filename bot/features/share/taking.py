"""What is shared with somebody: take it, see whose it is, be warned about it, leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import panel
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton
from bot.card_view import open_card
from bot.features.share import letters
from bot.languages import mark
from bot.shared import whose
from bot.ways import back_to_card, to_all_cards
from storage import DuplicateCardError

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Held, Offer, Taken

PREFIX: Final = "sh"
"""What a link brings to /start before its token."""

GIVES: Final = {
    "see": mark("You may see its balance and history."),
    "spend": mark(
        "You may see its balance and history, book what you spend, and show its number and PIN."
    ),
    "manage": mark(
        "You may do what its owner does, but for sharing, removing and handing it over."
    ),
}
NOT_GOOD: Final = mark(
    "This link was used already, was taken back, or is older than 7 days. Ask for a new one."
)


async def offered(context: Context, token: str) -> None:
    """Say what a link gives, before it is taken."""
    voice, offer = context.voice, await context.parts.store.shares.look(token)
    if offer is None:
        await context.reply(voice.say(NOT_GOOD))
        return
    if offer.card.owner_id == context.person.id:
        await context.reply(
            voice.say("This link is for somebody else: forward it to whom you mean.")
        )
        return
    values = {"name": offer.owner_name, "card": panel.masked(offer.card)}
    if offer.right == "own":
        lines = [
            voice.say("🎁 <b>{name}</b> hands <b>{card}</b> over to you.", **values),
            voice.say("It will be yours for good, with number, PIN and history."),
        ]
    else:
        lines = [
            voice.say("🤝 <b>{name}</b> shares <b>{card}</b> with you.", **values),
            voice.say(GIVES[offer.right]),
            voice.say("Others who have the card see what you book. You can leave it at any time."),
        ]
    rows = [
        [
            Button(voice.plain("Take it"), f"take:{token}"),
            Button(voice.plain("No, thanks"), "notake"),
        ]
    ]
    await context.reply(Markup("\n").join(lines), rows)


async def take(context: Context, token: str) -> None:
    """Take what a link gives, once."""
    parts, voice = context.parts, context.voice
    offer = await parts.store.shares.look(token)
    try:
        taken = await _taken(context, token, offer) if offer is not None else None
    except DuplicateCardError as have:
        rows = [[Button(voice.plain("💳 The card"), f"card:{have.card_id}")]]
        await context.show(
            voice.say(
                "You have this card yourself already, so it was not handed over and nothing "
                "changed. Remove yours first if you want theirs with its history."
            ),
            rows,
        )
        return
    if taken is None or offer is None:
        await context.show(voice.say(NOT_GOOD))
        return
    await context.show(voice.say("It is there now: {card}", card=panel.masked(taken.card)))
    await open_card(context, await context.card(taken.card.id, "see"))


async def _taken(context: Context, token: str, offer: Offer) -> Taken | None:
    me, giver = context.person.id, offer.card.owner_id
    action = Action.HANDED_OVER if offer.right == "own" else Action.SHARED
    async with context.parts.store.transaction() as tx:
        taken = await tx.shares.redeem(token, me)
        if taken is not None:
            await letters.owe_taken(tx, context.parts, taken, offer.card, context.person)
            await note(tx, action, subject=giver, actor=me, card=offer.card, what=offer.right)
            await note(tx, Action.RECEIVED, subject=me, actor=giver, card=offer.card)
    return taken


async def declined(context: Context) -> None:
    """Take nothing. The link stays good for somebody else."""
    await context.show(context.voice.say("Nothing was taken."))


async def shared(context: Context, card_id: str) -> None:
    """Show whose card it is, and what can be done about that."""
    await context.card(card_id, "see")
    held = context.shared.get(card_id)
    if held is None:
        raise OutdatedButton
    await _show(context, held)


async def _show(context: Context, held: Held) -> None:
    voice, card = context.voice, held.card
    lines = [
        Markup("<b>{}</b>").format(panel.masked(card)),
        whose(voice, held),
        voice.say("I warn you about it.") if card.alerts_on else voice.say("I do not warn you."),
    ]
    warn = voice.plain("🔕 Do not warn me") if card.alerts_on else voice.plain("🔔 Warn me too")
    rows = [
        [Button(warn, f"sharewarn:{card.id}:{'off' if card.alerts_on else 'on'}")],
        [Button(voice.plain("🚪 Leave this card"), f"leave:{card.id}")],
        [back_to_card(voice, card)],
    ]
    await context.present(f"shared:{card.id}", Markup("\n").join(lines), rows)


async def warn(context: Context, card_id: str, switch: str) -> None:
    """Be warned about a card that another one shares, or not."""
    card = await context.card(card_id, "see")
    if switch not in {"on", "off"} or not await context.parts.store.shares.switch_alerts(
        context.person.id, card.id, on=switch == "on"
    ):
        raise OutdatedButton
    await shared(context, card.id)


async def leave(context: Context, card_id: str) -> None:
    """Ask before a card is left."""
    card, voice = await context.card(card_id, "see"), context.voice
    if card.id not in context.shared:
        raise OutdatedButton
    text = voice.say(
        "Leave <b>{card}</b>? What you booked stays. To have it again you need a new link.",
        card=panel.masked(card),
    )
    rows = [
        [
            Button(voice.plain("Yes, leave"), f"left:{card.id}"),
            back_to_card(voice, card),
        ]
    ]
    await context.present(f"leave:{card.id}", text, rows)


async def left(context: Context, card_id: str) -> None:
    """Leave a card, and tell its owner."""
    card, parts, me = await context.card(card_id, "see"), context.parts, context.person
    async with parts.store.transaction() as tx:
        if not await tx.shares.leave(me.id, card.id):
            raise OutdatedButton
        await letters.owe(tx, parts, card.owner_id, letters.LEFT, card, me)
        await note(tx, Action.LEFT, subject=card.owner_id, actor=me.id, card=card)
        await note(tx, Action.LEFT, subject=me.id, actor=me.id, card=card)
    voice = context.voice
    rows = [[to_all_cards(voice)]]
    said = voice.say("You have left {card}.", card=panel.masked(card))
    await context.present(f"left:{card.id}", said, rows)


BUTTONS = {
    "take": take,
    "notake": declined,
    "shared": shared,
    "sharewarn": warn,
    "leave": leave,
    "left": left,
}
