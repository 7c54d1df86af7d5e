"""The expiry of one card: shown, set, changed, taken away, muted and snoozed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import expiry, expiry_view, panel
from bot.buttons import Button, OutdatedButton, number
from bot.dialogue import Dialogue
from bot.last_days import last_days
from bot.ways import back_to_card, to_cancel
from storage import CardChanges

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Card

MOST_READINGS = 3
SNOOZES = (1, 7)
NONE = frozenset({"none", "never", "no date", "无", "没有", "不过期", "无期限", "永久", "长期"})


async def opened(context: Context, card_id: str) -> None:
    """Show when a card expires, and what can be changed about it."""
    await show(context, await context.card(card_id, "manage"))


async def show(context: Context, card: Card) -> None:
    """Show when a card expires, with its buttons."""
    voice = context.voice
    lines = [voice.say("<b>Expiry</b> of {card}", card=panel.masked(card))]
    rows = []
    if card.expires_at is None:
        lines.append(voice.say("No date is set."))
        rows.append([Button(voice.plain("📅 Set the date"), f"expiryset:{card.id}")])
    else:
        date_said = expiry_view.date_of(voice, card)
        lines.append(
            voice.say("Until {date}: {when}.", date=date_said, when=expiry_view.when(voice, card))
        )
        if card.expiry_source == "issuer":
            name = panel.issuer_name(voice, context.parts.issuers, card.issuer)
            lines.append(
                voice.say(
                    "{issuer} says so. What you set holds until it says so again.", issuer=name
                )
            )
        if not card.reminders_on:
            lines.append(voice.say("Reminders of this card are off."))
        elif card.next_expiry_at is not None and voice.now < card.next_expiry_at < card.expires_at:
            lines.append(voice.say("Next reminder: {when}", when=voice.moment(card.next_expiry_at)))
        mute = Button(voice.plain("🔕 Do not remind me"), f"expirymute:{card.id}")
        if not card.reminders_on:
            mute = Button(voice.plain("🔔 Remind me"), f"expiryunmute:{card.id}")
        rows.append(
            [
                Button(voice.plain("📅 Change the date"), f"expiryset:{card.id}"),
                Button(voice.plain("✖️ No date"), f"expirynone:{card.id}"),
            ]
        )
        rows.append([mute])
    rows.append([back_to_card(voice, card)])
    await context.present(f"expiry:{card.id}", Markup("\n").join(lines), rows)


async def chosen(context: Context, card_id: str, day: str) -> None:
    """Take the day that a button says."""
    card = await context.card(card_id, "manage")
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise OutdatedButton from None
    await _keep(context, card, last)


async def asked(context: Context, card_id: str) -> None:
    """Ask for the date."""
    card, voice = await context.card(card_id, "manage"), context.voice
    await context.parts.dialogues.keep(
        context.person.id, Dialogue("expiry", data={"card": card.id})
    )
    await context.ask(
        voice.say(
            "Until when can “{card}” be used? Send its last day, such as 2027-03-31, "
            "31 March, 03/27 or “in 6 months”.",
            card=panel.masked(card),
        ),
        [[to_cancel(voice)]],
    )


async def on_expiry(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the last day as typed."""
    card = await context.card(dialogue.data["card"], "manage")
    if not await typed(context, card, text) and not await context.took_misplaced(text):
        await context.reply(
            context.voice.say(
                "I cannot read a day in “{typed}”. Send it as 2027-03-31, or /cancel.",
                typed=text[:40],
            )
        )


async def typed(context: Context, card: Card, text: str) -> bool:
    """Take a last day, or that there is none; False if the text says neither."""
    voice = context.voice
    if text.strip().casefold() in NONE:
        await _keep(context, card, None)
        return True
    today = voice.now.astimezone(voice.zone).date()
    days = last_days(text, today)
    if not days:
        return False
    ahead = [day for day in days if day >= today]
    if not ahead:
        past = voice.last_day(expiry.end_of(days[0], voice.zone))
        await context.reply(
            voice.say(
                "{date} is over already. Send the last day on which the card can be used, "
                "or /cancel.",
                date=past,
            )
        )
    elif len(ahead) > 1:
        rows = [
            [
                Button(
                    voice.last_day(expiry.end_of(day, voice.zone)),
                    f"expiryday:{card.id}:{day}",
                )
            ]
            for day in ahead[:MOST_READINGS]
        ]
        await context.ask(voice.say("Which day do you mean?"), rows)
    else:
        await _keep(context, card, ahead[0])
    return True


async def removed(context: Context, card_id: str) -> None:
    """Take a card's date away."""
    await _keep(context, await context.card(card_id, "manage"), None)


async def _keep(context: Context, card: Card, day: date | None) -> None:
    parts = context.parts
    async with parts.store.transaction() as tx:
        owner = await tx.people.get(card.owner_id)
        changes = CardChanges(expires_at=None, expiry_source=None)
        if day is not None:
            end = expiry.end_of(day, parts.voice(owner).zone)
            changes = CardChanges(expires_at=end, expiry_source="holder")
        changed = await expiry.planned(parts, tx, card, changes)
        await tx.dialogues.drop(context.person.id)
    if changed is None:
        raise OutdatedButton
    await show(context, changed)


async def muted(context: Context, card_id: str) -> None:
    """Do not remind this person of this card any more; whoever else has it is, as before."""
    await _switch(context, card_id, on=False)


async def unmuted(context: Context, card_id: str) -> None:
    """Remind this person of this card again."""
    await _switch(context, card_id, on=True)


async def _switch(context: Context, card_id: str, *, on: bool) -> None:
    parts, card = context.parts, await context.card(card_id, "manage")
    if card.owner_id == context.person.id:
        done = await parts.store.cards.change(card.owner_id, card.id, reminders_on=on) is not None
    else:
        done = await parts.store.shares.switch_reminders(context.person.id, card.id, on=on)
    if not done:
        raise OutdatedButton
    await show(context, await context.card(card_id, "manage"))


async def snoozed(context: Context, card_id: str, days: str) -> None:
    """Remind again tomorrow or in a week, and not before."""
    card, parts, voice = await context.card(card_id, "manage"), context.parts, context.voice
    if number(days) not in SNOOZES or card.expires_at is None or not card.reminders_on:
        raise OutdatedButton
    until = expiry.snoozed_to(parts.clock(), number(days), voice.zone)
    if until >= card.expires_at:
        await context.notice(voice.plain("It will have expired by then."))
        return
    async with parts.store.transaction() as tx:
        await expiry.put_off(tx, card, context.person.id, until)
    await context.notice(voice.plain("Next reminder: {when}", when=voice.moment(until)))
