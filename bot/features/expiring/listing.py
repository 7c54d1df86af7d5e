"""What expires and what lies idle, in one list; and how many days ahead people are reminded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import expiry, expiry_view, panel
from bot.buttons import Button, number
from bot.dialogue import Dialogue
from bot.pages import Page
from bot.ways import to_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.context import Context
    from storage import Card

PER_PAGE = 8
MOST_IDLE = 5


async def turned(context: Context, at: str) -> None:
    """Turn to a page of the list."""
    await listed(context, number(at))


async def listed(context: Context, at: int) -> None:
    """Show a page of what expires, the soonest first, and on the first one what lies idle."""
    voice, cards = context.voice, await context.cards()
    dated = sorted(
        (card for card in cards if card.expires_at), key=lambda card: (card.expires_at, card.id)
    )
    page = Page.of(len(dated), PER_PAGE, at)
    here = page.cut(dated)
    lines = [voice.say("<b>What expires</b>")]
    lines += [_line(context, card) for card in here]
    if not dated:
        lines.append(
            voice.say("No card of yours has an expiry date. Set one under a card's ⋯ More.")
        )
    idle = [] if page.at else (await _idle(context, cards))[:MOST_IDLE]
    if idle:
        lines += [Markup(""), voice.say("<b>Not used for long</b>")]
        lines += [
            voice.say(
                "💤 {card}: {balance}, {ago}",
                card=panel.masked(card),
                balance=panel.balance(voice, card),
                ago=voice.ago(since),
            )
            for since, card in idle
        ]
    leads = days_said(context, expiry.leads_of(context.person))
    lines += [Markup(""), voice.say("I remind you {days} days before.", days=leads)]
    rows = [[_opener(context, card)] for card in here]
    rows += [[Button(f"💤 {panel.masked(card)}", f"card:{card.id}")] for _, card in idle]
    rows += page.turns(voice, lambda to: f"expiring:{to}")
    rows.append([Button(voice.plain("⏰ Remind me earlier or later"), "leads")])
    await context.present(f"expiring:{page.at}", Markup("\n").join(lines), rows, shown=here)


def _opener(context: Context, card: Card) -> Button:
    """Lead to a card's date, or to the card for whoever may not change that."""
    if context.may(card, "manage"):
        return Button(panel.masked(card), f"expiry:{card.id}")
    return Button(panel.masked(card), f"card:{card.id}")


def _line(context: Context, card: Card) -> Markup:
    voice = context.voice
    return voice.say(
        "{sign} {card}: {date}, {when}{muted}",
        sign="⚫" if not panel.is_usable(voice, card) else "⏳",
        card=panel.masked(card),
        date=expiry_view.date_of(voice, card),
        when=expiry_view.when(voice, card),
        muted="" if card.reminders_on else " 🔕",
    )


def days_said(context: Context, leads: Sequence[int]) -> str:
    """Write lead days for people."""
    voice = context.voice
    return voice.plain(", ").join(voice.language.number(lead) for lead in leads)


async def _idle(context: Context, cards: Sequence[Card]) -> list[tuple[datetime, Card]]:
    """List the person's own cards that lie idle, with since when, the longest first."""
    spent = await context.parts.store.expiries.last_spent(context.person.id)
    before = context.parts.clock() - expiry.IDLE
    own = [card for card in cards if card.owner_id == context.person.id and card.balance_minor]
    since = [(spent.get(card.id, card.created_at), card) for card in own]
    return sorted(
        ((at, card) for at, card in since if at <= before), key=lambda one: (one[0], one[1].id)
    )


async def leads_asked(context: Context) -> None:
    """Ask how many days ahead to remind."""
    voice = context.voice
    await context.parts.dialogues.keep(context.person.id, Dialogue("leads"))
    await context.ask(
        voice.say(
            "How many days before a card expires shall I remind you? Now: {days}. Send up to "
            "{n} numbers, such as 30, 7, 1.",
            days=days_said(context, expiry.leads_of(context.person)),
            n=expiry.MOST_LEADS,
        ),
        [[to_cancel(voice)]],
    )


async def on_leads(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the lead days as typed."""
    assert dialogue.kind == "leads"
    leads = expiry.leads_typed(text)
    if leads is None:
        await context.reply(
            context.voice.say(
                "Send up to {n} numbers of days from 0 to {most}, such as 30, 7, 1, or /cancel.",
                n=expiry.MOST_LEADS,
                most=expiry.LONGEST_LEAD,
            )
        )
        return
    await keep_leads(context, leads)


async def keep_leads(context: Context, leads: Sequence[int]) -> None:
    """Take the lead days, plan all reminders anew, and show the list."""
    parts, person = context.parts, context.person
    async with parts.store.transaction() as tx:
        await tx.people.change(person.id, lead_days=",".join(map(str, leads)))
        await expiry.planned_anew(parts, tx, person)
        await tx.dialogues.drop(person.id)
    context.person = await parts.store.people.get(person.id) or person
    await listed(context, 0)
