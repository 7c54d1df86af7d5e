"""How an alert reads, and whether there is still anything to tell when it is about to go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from markupsafe import Markup

from bot import ledger_view, panel
from bot.buttons import Button
from bot.money import Money
from bot.readings import money_of
from bot.shared import BY_PEOPLE
from bot.thresholds import threshold
from bot.ways import to_card

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.issuers import Issuers
    from bot.readings import Alert
    from bot.voice import Voice
    from storage import Card, OutboxItem


NEWS = timedelta(minutes=1)
"""What a person knew shorter ago is before their eyes."""


def facts_of(item: OutboxItem) -> Alert:
    """Give what the alert was put into the outbox with."""
    return cast("Alert", item.payload)


def pointless(card: Card, item: OutboxItem, now: datetime) -> str | None:
    """Say why there is nothing to tell any more because of what the person decided since."""
    if item.kind in ledger_view.KINDS:
        return ledger_view.pointless(card, item)
    if not card.alerts_on:
        return "alerts are off"
    if item.kind == "reminder":
        return _pointless_reminder(card, item)
    said, limit = facts_of(item), threshold(card)
    low = item.kind == "low"  # that a card is empty no threshold and no snooze keeps back
    if low and card.snoozed_until is not None and card.snoozed_until > now:
        return "snoozed: the reminder will tell"
    if low and (limit is None or said["balance"] >= limit):
        return "the threshold was changed"
    return None


def _pointless_reminder(card: Card, item: OutboxItem) -> str | None:
    if card.episode == "armed":
        return "no longer low"
    chosen = card.snoozed_until
    superseded = chosen is None or chosen != datetime.fromisoformat(facts_of(item)["due"])
    return "another snooze took its place" if superseded else None


def covered(voice: Voice, card: Card, item: OutboxItem) -> tuple[Markup, Buttons]:
    """Say that there is something to see, but not what, to whoever keeps balances locked.

    That a card is empty would be its balance.
    """
    name = panel.masked(card)
    rows = [[to_card(voice, card)]]
    if item.kind in ledger_view.KINDS:
        return ledger_view.covered(voice, card, item), rows
    if item.kind == "reminder":
        text = voice.say("⏰ <b>{card}</b> is still low.", card=name)
    else:
        text = voice.say("🟠 <b>{card}</b> runs low.", card=name)
    return text, [*rows, _snoozes(voice, card)]


def text_of(
    voice: Voice, issuers: Issuers, card: Card, item: OutboxItem, by: str | None = None
) -> Markup:
    """Say what was on the card, how far it fell since the person knew, and what is on it now.

    `by` is who said so, or booked what led to it, if not the reader.
    """
    if item.kind in ledger_view.KINDS:
        return ledger_view.text_of(voice, issuers, card, item, by)
    if item.kind == "reminder":
        first = voice.say("⏰ <b>{card}</b> is still low.", card=panel.masked(card))
        return Markup("\n").join([first, panel.lines(voice, issuers, card, by)])
    said, limit = facts_of(item), threshold(card)
    balance = Money(said["balance"], said["currency"])
    if item.kind == "zero":
        lines = [voice.say("🔴 <b>{card}</b> is empty.", card=panel.masked(card))]
    else:
        lines = [
            voice.say(
                "🟠 <b>{card}</b> runs low: <b>{balance}</b>",
                card=panel.masked(card),
                balance=voice.money(balance),
            )
        ]
    theirs = by is None and said["source"] in BY_PEOPLE  # nobody is told what they just booked
    if (fell := _fell(voice, said)) and not theirs:
        lines.append(fell)
    if limit is not None and item.kind == "low":
        amount = voice.money(Money(limit, balance.currency))
        lines.append(voice.say("Your threshold is {amount}.", amount=amount))
    if from_whom := _from_whom(voice, issuers, card, said, by):
        lines.append(from_whom)
    if money_of(card) != balance or not panel.is_usable(voice, card):
        lines.append(
            voice.say(
                "Now: <b>{balance}</b>  {verdict}",
                balance=panel.balance(voice, card),
                verdict=panel.verdict(voice, card),
            )
        )
    return Markup("\n").join(lines)


def _fell(voice: Voice, said: Alert) -> Markup | None:
    """Say how far a balance fell since its owner was told it, unless that is before their eyes."""
    if said["told"] is None or not said["told_at"] or said["told"] <= said["balance"]:
        return None
    amount = voice.money(Money(said["told"] - said["balance"], said["currency"]))
    since = datetime.fromisoformat(said["told_at"])
    if voice.now - since < NEWS:
        return None
    return voice.say("{amount} less than {ago}.", amount=amount, ago=voice.ago(since))


def _from_whom(
    voice: Voice, issuers: Issuers, card: Card, said: Alert, by: str | None
) -> Markup | None:
    """Say who said what is on a card; nobody is told what they booked this very minute."""
    at = datetime.fromisoformat(said["at"])
    when, source = voice.ago(at), said["source"]
    if source == "issuer":
        name = panel.issuer_name(voice, issuers, card.issuer)
        return voice.say("Read {ago} from {issuer}.", ago=when, issuer=name)
    if source == "message" and by is not None:
        return voice.say("A message that {name} sent on said so {ago}.", ago=when, name=by)
    if source == "message":
        return voice.say("A message said so {ago}.", ago=when)
    if by is not None:
        return voice.say("{name} booked it {ago}.", ago=when, name=by)
    return None if voice.now - at < NEWS else voice.say("Entered by hand {ago}.", ago=when)


def buttons_of(voice: Voice, issuers: Issuers, card: Card, item: OutboxItem) -> Buttons:
    """Offer what a person may want to do about it."""
    if item.kind in ledger_view.KINDS:
        return ledger_view.buttons_of(voice, issuers, card, item)
    return [
        [
            Button(voice.plain("📜 History"), f"history:{card.id}:0"),
            Button(voice.plain("🔔 Change threshold"), f"alert:{card.id}"),
        ],
        *(
            [[Button(voice.plain("🗄 Archive"), f"archive:{card.id}")]]
            if item.kind == "zero"
            else []
        ),
        _snoozes(voice, card),
    ]


def for_others(
    voice: Voice,
    issuers: Issuers,
    card: Card,
    item: OutboxItem,
    by: str | None = None,
    *,
    hidden: bool,
) -> tuple[Markup, Buttons]:
    """Write what somebody is told whom the card is shared with; when it warns, others decide."""
    rows = [[to_card(voice, card)]]
    if hidden:
        return covered(voice, card, item)[0], rows
    rows[0].append(Button(voice.plain("📜 History"), f"history:{card.id}:0"))
    return text_of(voice, issuers, card, item, by), rows


def _snoozes(voice: Voice, card: Card) -> list[Button]:
    return [
        Button(voice.plain("💤 For a day"), f"snooze:{card.id}:1"),
        Button(voice.plain("💤 For a week"), f"snooze:{card.id}:7"),
    ]
