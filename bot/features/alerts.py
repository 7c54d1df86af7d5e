"""When to warn: thresholds, on and off, quiet hours, snoozing: /alerts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.buttons import Button, OutdatedButton, number
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.money import Money
from bot.pages import Page
from bot.parts import Command
from bot.quiet import clock_time
from bot.search import matching, say_none, words_of
from bot.thresholds import Enough, enough, threshold
from bot.typed import money_typed
from bot.watching import switch, watch
from bot.ways import back_to_card, to_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.context import Context
    from storage import Card

SHARES = (10, 20, 50)
SNOOZES = (1, 7)
PER_PAGE = 10
_SHARE = re.compile(r"(\d{1,3}) ?[%％]")
_HOURS = re.compile(r"(\d{1,2})(?:[:：](\d{2}))? ?[-–—~～到] ?(\d{1,2})(?:[:：](\d{2}))?")


async def alerts(context: Context) -> None:
    """List the cards with their thresholds; or take what is behind: a card, or quiet hours."""
    if not (words := context.args.strip()):
        await _overview(context, 0)
    elif _hours(words) != (None, None):
        await _keep_hours(context, words)
    else:
        await _of_card(context, words.split())


async def _of_card(context: Context, words: Sequence[str]) -> None:
    """Open the alert of the card that is named, or set it to the amount behind the name."""
    cards = await context.cards("manage")
    for at in range(len(words), 0, -1):
        found = matching(context, cards, words_of(" ".join(words[:at])))
        if len(found) == 1 and words[at:]:
            await _take(context, found[0], " ".join(words[at:]))
        elif len(found) == 1:
            await _show(context, found[0])
        elif found:
            await _overview(context, 0)
        if found:
            return
    await say_none(context)


async def turned(context: Context, at: str) -> None:
    """Turn to a page of the list."""
    await _overview(context, number(at))


async def _overview(context: Context, at: int) -> None:
    voice, person = context.voice, context.person
    cards = await context.cards("manage")
    page = Page.of(len(cards), PER_PAGE, at)
    here = page.cut(cards)
    lines = [voice.say("<b>Alerts</b>")]
    lines += [
        Markup("{} {} — {}").format(
            "🔔" if card.alerts_on else "🔕", panel.masked(card), _rule(context, card)
        )
        for card in here
    ]
    if not cards:
        lines.append(voice.say("You have no card yet. /bind adds one."))
    if person.quiet_from is not None and person.quiet_to is not None:
        lines.append(
            voice.say(
                "🌙 Quiet from {start} to {end}; alerts wait until then.",
                start=clock_time(person.quiet_from),
                end=clock_time(person.quiet_to),
            )
        )
    rows = [[Button(panel.masked(card), f"alert:{card.id}")] for card in here]
    rows += page.turns(voice, lambda to: f"alerts:{to}")
    if not cards:
        rows.append([Button(voice.plain("Bind a card"), "bind")])
    rows.append([Button(voice.plain("🌙 Quiet hours"), "quiet")])
    await context.present(f"alerts:{page.at}", Markup("\n").join(lines), rows)


def _rule(context: Context, card: Card) -> Markup:
    voice = context.voice
    if not card.alerts_on:
        return voice.say("off")
    limit, currency = threshold(card), card.currency or context.parts.settings.currency
    amount = voice.money(Money(limit or 0, currency))
    if card.threshold_percent is None:
        return voice.say("warns below {amount}", amount=amount)
    share = voice.language.percent(card.threshold_percent)
    if limit is None:
        return voice.say("warns below {percent} of the highest balance", percent=share)
    return voice.say(
        "warns below {percent} of the highest balance, {amount}", percent=share, amount=amount
    )


async def opened(context: Context, card_id: str) -> None:
    """Show one card's alert and its choices."""
    await _show(context, await context.card(card_id, "manage"))


async def _show(context: Context, card: Card) -> None:
    voice = context.voice
    text = [
        voice.say("<b>Alert</b> for {card}", card=panel.masked(card)),
        _rule(context, card),
    ]
    if card.alerts_on and enough(card) in (Enough.LOW, Enough.EMPTY):
        text.append(
            voice.say(
                "It is already below that. I will warn you the next time it drops, after a top-up."
            )
        )
    if card.alerts_on and card.snoozed_until and card.snoozed_until > voice.now:
        text.append(voice.say("Snoozed until {when}.", when=voice.moment(card.snoozed_until)))
    if card.owner_id != context.person.id:
        text.append(
            voice.say(
                "The amount is the same for all who have the card; on or off is only for you."
            )
        )
    turn = "alertoff" if card.alerts_on else "alerton"
    rows = [
        [Button(voice.language.percent(n), f"share:{card.id}:{n}") for n in SHARES],
        [Button(voice.plain("Another amount or percentage"), f"amount:{card.id}")],
        [
            Button(
                voice.plain("🔕 Switch off") if card.alerts_on else voice.plain("🔔 Switch on"),
                f"{turn}:{card.id}",
            ),
            back_to_card(voice, card),
        ],
    ]
    await context.present(f"alert:{card.id}", Markup("\n").join(text), rows)


async def share(context: Context, card_id: str, percent: str) -> None:
    """Warn below a share of the highest balance."""
    chosen = number(percent)
    if not 1 <= chosen <= 100:  # noqa: PLR2004 - percent
        raise OutdatedButton
    card = await context.card(card_id, "manage")
    await watch(context, card, percent=chosen)
    await opened(context, card_id)


async def switched_on(context: Context, card_id: str) -> None:
    """Warn this person about this card."""
    await switch(context, await context.card(card_id, "manage"), on=True)
    await opened(context, card_id)


async def switched_off(context: Context, card_id: str) -> None:
    """Do not warn this person about this card; whoever else has it is warned as before."""
    await switch(context, await context.card(card_id, "manage"), on=False)
    await opened(context, card_id)


async def amount(context: Context, card_id: str) -> None:
    """Ask for a threshold in words."""
    card, voice = await context.card(card_id, "manage"), context.voice
    dialogue = Dialogue("threshold", data={"card": card.id})
    await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.ask(
        voice.say(
            "Below which amount shall I warn you about “{card}”? Send an amount such as 50, "
            "or a share of the highest balance such as 30%.",
            card=panel.masked(card),
        ),
        [[to_cancel(voice)]],
    )


async def on_threshold(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take a threshold: an amount, or a share of the highest balance."""
    await _take(context, await context.card(dialogue.data["card"], "manage"), text)


async def _take(context: Context, card: Card, text: str) -> None:
    parts, minor, percent = context.parts, None, None
    if (found := _SHARE.fullmatch(text)) and 1 <= int(found[1]) <= 100:  # noqa: PLR2004 - percent
        percent = int(found[1])
    else:
        money = await money_typed(context, text, card.currency or parts.settings.currency)
        if money is None:
            return
        minor = money.minor
    await watch(context, card, minor=minor, percent=percent, asked=True)
    await opened(context, card.id)


async def snooze(context: Context, card_id: str, days: str) -> None:
    """Keep quiet about a low card for a day or a week, then remind."""
    parts, voice = context.parts, context.voice
    if number(days) not in SNOOZES:
        raise OutdatedButton
    until = parts.clock() + timedelta(days=number(days))
    held = await context.card(card_id, "manage")
    card = await parts.wallet.snooze(held.owner_id, held.id, until)
    if card is None:
        raise OutdatedButton
    await context.notice(
        voice.plain("I will remind you {when} if it is still low.", when=voice.ago(until))
    )


async def quiet(context: Context) -> None:
    """Ask for the quiet hours."""
    voice = context.voice
    await context.parts.dialogues.keep(context.person.id, Dialogue("quiet"))
    usual = ((22, 8), (23, 7))
    rows = [[Button(f"{one}:00-{end}:00", f"hours:{one}-{end}") for one, end in usual]]
    rows.append([Button(voice.plain("No quiet hours"), "hours:")])
    await context.ask(
        voice.say(
            "When shall I be quiet? Send hours such as 22:30-7:00, in your time zone, {zone}.",
            zone=voice.place,
        ),
        rows,
    )


async def hours_pressed(context: Context, hours: str) -> None:
    """Take quiet hours from a button; none where the button says none."""
    await _keep_hours(context, hours)


async def hours_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take quiet hours as typed."""
    assert dialogue.kind == "quiet"
    await _keep_hours(context, text)


async def _keep_hours(context: Context, text: str) -> None:
    parts, person = context.parts, context.person
    start, end = _hours(text) if text else (None, None)
    if text and start is None:
        await context.reply(
            context.voice.say("Send two times of day such as 22:30-7:00, or /cancel.")
        )
        return
    async with parts.store.transaction() as tx:
        await tx.people.change(person.id, quiet_from=start, quiet_to=end)
        await tx.dialogues.drop(person.id)
    if changed := await parts.store.people.get(person.id):
        context.person = changed
    await _overview(context, 0)


def _hours(text: str) -> tuple[int, int] | tuple[None, None]:
    """Read "22:30-7" as minutes after midnight."""
    found = _HOURS.fullmatch(text.strip())
    if not found:
        return None, None
    a, b, c, d = (int(part or 0) for part in found.groups())
    start, end = a * 60 + b, c * 60 + d
    if max(b, d) > 59 or max(a, c) > 24 or start % 1440 == end % 1440:  # noqa: PLR2004 - a clock
        return None, None
    return start % 1440, end % 1440


COMMANDS = (Command("alerts", mark("When I warn you, and quiet hours"), alerts, order=40),)
BUTTONS = {
    "alerts": turned,
    "alert": opened,
    "share": share,
    "alerton": switched_on,
    "alertoff": switched_off,
    "amount": amount,
    "snooze": snooze,
    "quiet": quiet,
    "hours": hours_pressed,
}
DIALOGUES = {"threshold": on_threshold, "quiet": hours_typed}
