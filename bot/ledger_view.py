"""How the bot speaks of itself about a card's ledger: what does not add up, and is it still right.

Quiet words, for neither is an alarm. Both wait in the outbox as alerts do.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from markupsafe import Markup

from bot import panel
from bot.buttons import Button
from bot.money import Money
from bot.readings import money_of
from bot.ways import back_to_card

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.issuers import Issuers
    from bot.reconcile import Mismatch
    from bot.voice import Voice
    from storage import Card, OutboxItem

KINDS = frozenset({"mismatch", "check"})


def pointless(card: Card, item: OutboxItem) -> str | None:
    """Say why there is nothing to ask any more."""
    if item.kind == "check" and item.payload["known_at"] != known_at(card):
        return "the balance was touched since"
    return None


def known_at(card: Card) -> str | None:
    """Say since when a balance is known, as the outbox keeps it."""
    return card.balance_at.isoformat() if card.balance_at else None


def text_of(
    voice: Voice, issuers: Issuers, card: Card, item: OutboxItem, by: str | None = None
) -> Markup:
    """Say what the item is about; `by` is who said the card's balance, if not the reader."""
    if item.kind == "check":
        return _check(voice, card, by)
    return _mismatch(voice, issuers, card, cast("Mismatch", item.payload))


def covered(voice: Voice, card: Card, item: OutboxItem) -> Markup:
    """Say what the item is about without any amount."""
    if item.kind == "check":
        return voice.say("Is the balance of <b>{card}</b> still right?", card=panel.masked(card))
    return voice.say("🧾 <b>{card}</b> does not add up.", card=panel.masked(card))


def _check(voice: Voice, card: Card, by: str | None) -> Markup:
    balance = money_of(card)
    if balance is None or card.balance_at is None:
        return voice.say("You have not said yet what is on {card}.", card=panel.masked(card))
    values = {
        "card": panel.masked(card),
        "date": voice.date(card.balance_at),
        "balance": voice.money(balance),
    }
    if card.balance_source == "message":
        return voice.say(
            "The last message about {card} is from {date}: <b>{balance}</b>. Is it still right?",
            **values,
        )
    if by is not None:
        return voice.say(
            "{name} last changed {card}'s balance on {date}: <b>{balance}</b>. Is it still right?",
            name=by,
            **values,
        )
    return voice.say(
        "You last set {card}'s balance on {date}: <b>{balance}</b>. Is it still right?", **values
    )


def _mismatch(voice: Voice, issuers: Issuers, card: Card, said: Mismatch) -> Markup:
    expected = Money(said["expected"], said["currency"])
    balance = Money(said["balance"], said["currency"])
    issuer = panel.issuer_name(voice, issuers, card.issuer)
    lines = [
        voice.say("🧾 <b>{card}</b> does not add up.", card=panel.masked(card)),
        voice.say("By what was booked here: {amount}", amount=voice.money(expected)),
        voice.say(
            "{issuer} said {ago}: <b>{amount}</b>",
            issuer=issuer,
            ago=voice.ago(datetime.fromisoformat(said["at"])),
            amount=voice.money(balance),
        ),
        voice.say(
            "I went by {issuer}, and noted {change} in the history.",
            issuer=issuer,
            change=voice.change(balance - expected),
        ),
    ]
    if money_of(card) != balance:
        now = panel.balance(voice, card)
        verdict = panel.verdict(voice, card)
        lines.append(voice.say("Now: <b>{balance}</b>  {verdict}", balance=now, verdict=verdict))
    return Markup("\n").join(lines)


def buttons_of(voice: Voice, issuers: Issuers, card: Card, item: OutboxItem) -> Buttons:
    """Offer what a person may want to do about it."""
    if item.kind == "mismatch":
        return [
            [
                Button(voice.plain("📜 History"), f"history:{card.id}:0"),
                back_to_card(voice, card),
            ]
        ]
    issuer = issuers.get(card.issuer)
    rows = [[Button(voice.plain("✏️ Set balance"), f"set:{card.id}")]]
    if issuer is not None and issuer.page is not None:
        rows.append([Button(voice.plain("🔗 Look it up"), url=issuer.page)])
    rows.append([Button(voice.plain("Not now"), f"notnow:{card.id}")])
    return rows
