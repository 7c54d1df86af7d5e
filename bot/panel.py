"""How a card reads: the panel of all cards, one card's details, and each trouble in words."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING
from unicodedata import bidirectional

from markupsafe import Markup

from bot.issuers import ASK_HOLDER, CardState, FaultKind, Issuers
from bot.languages import mark
from bot.money import Money
from bot.readings import money_of
from bot.thresholds import Enough, enough, threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.voice import Voice
    from storage import Card

NAMELESS = "other"
"""The catalogue's issuer for cards of any shop; its name says nothing about a card."""

SOON = timedelta(days=30)
"""From when on a card's last day is said in every list."""

SIGN = {Enough.ENOUGH: "🟢", Enough.LOW: "🟠", Enough.EMPTY: "🔴", Enough.UNKNOWN: "⚪"}

IN_WORDS = {
    Enough.ENOUGH: mark("Enough"),
    Enough.LOW: mark("Low"),
    Enough.EMPTY: mark("Empty"),
    Enough.UNKNOWN: mark("Balance not known yet"),
}

STATES = {
    CardState.PENDING: mark("Not activated yet"),
    CardState.BLOCKED: mark("Blocked by the issuer"),
    CardState.DEACTIVATED: mark("Closed by the issuer"),
    CardState.EXPIRED: mark("Expired"),
    CardState.TRANSFERRING: mark("Transfer in progress"),
}

WHAT_THEN = {
    CardState.PENDING: mark("Activate it with {issuer} first."),
    CardState.BLOCKED: mark("Ask {issuer} why, and to unblock it."),
    CardState.DEACTIVATED: mark("Ask {issuer} about what was left on it, or remove it here."),
    CardState.EXPIRED: mark("Ask {issuer} whether it can be renewed, or remove it here."),
}

TROUBLES = {
    FaultKind.NETWORK: mark("{issuer} could not be reached. I will try again by myself."),
    FaultKind.ISSUER_DOWN: mark("{issuer} is down for now. I will try again by myself."),
    FaultKind.RATE_LIMITED: mark(
        "{issuer} is getting too many requests. I will try again by myself."
    ),
    FaultKind.BAD_ANSWER: mark("{issuer} gave an answer I cannot read. Tell the operator."),
    FaultKind.NOT_FOUND: mark("{issuer} no longer accepts this number. Bind the card again."),
    FaultKind.WRONG_PIN: mark("{issuer} no longer accepts the PIN. Bind the card again."),
    FaultKind.BLOCKED: mark("{issuer} says the card is blocked. Ask {issuer} why."),
    FaultKind.EXPIRED: mark(
        "{issuer} says the card has expired. Ask {issuer} whether it can be renewed."
    ),
    FaultKind.REFUSED: mark("{issuer} refuses this bot. Only the operator can fix that."),
}

NEVER_ACCEPTED = mark("{issuer} does not accept what was sent for this card. Bind the card again.")
"""Of a card its issuer never told a balance of; which part was wrong is not told apart here."""


def issuer_name(voice: Voice, issuers: Issuers, slug: str) -> str:
    """Give an issuer's name in the person's language; its slug if it is no longer set up."""
    issuer = issuers.get(slug)
    return issuer.name.get(voice.language.code, issuer.name["en"]) if issuer else slug


def masked(card: Card) -> str:
    """Show which card it is: its label and at most its last four digits."""
    return masked_as(card.label, card.tail)


def masked_as(label: str, tail: str) -> str:
    """`masked` by what is written down of a card."""
    return f"{isolated(label)} ·{tail}"


def label(card: Card) -> str:
    """Give a card's label."""
    return isolated(card.label)


def isolated(label: str) -> str:
    """Keep a label that is written from right to left from turning around what follows."""
    if any(bidirectional(char) in {"R", "AL", "AN"} for char in label):
        return f"\N{FIRST STRONG ISOLATE}{label}\N{POP DIRECTIONAL ISOLATE}"
    return label


def state_of(voice: Voice, card: Card) -> str:
    """Give the card's state, where a date that has passed counts as expired."""
    past = card.expires_at is not None and card.expires_at <= voice.now
    return str(CardState.EXPIRED) if past else card.state


def is_usable(voice: Voice, card: Card) -> bool:
    """Say whether money on the card can be spent now."""
    return state_of(voice, card) not in (*STATES,)


def trouble(voice: Voice, issuers: Issuers, card: Card) -> Markup | None:
    """Say why a card cannot be read or used, and what to do; nothing if it can."""
    issuer = issuer_name(voice, issuers, card.issuer)
    if card.failure in ASK_HOLDER and card.balance_source != "issuer":
        return voice.say(NEVER_ACCEPTED, issuer=issuer)
    if card.failure is not None:
        return voice.say(TROUBLES[FaultKind(card.failure)], issuer=issuer)
    state = state_of(voice, card)
    then = WHAT_THEN.get(CardState(state)) if state in STATES else None
    return voice.say(then, issuer=issuer) if then else None


def verdict(voice: Voice, card: Card) -> Markup:
    """Say in words whether the card holds enough, or why that does not matter."""
    state = state_of(voice, card)
    if state in STATES:
        return voice.say(STATES[CardState(state)])
    return voice.say(IN_WORDS[enough(card)])


def balance(voice: Voice, card: Card) -> str:
    """Write the balance; not knowing is said, never shown as zero."""
    known = money_of(card)
    return voice.money(known) if known else "—"


def as_of(voice: Voice, issuers: Issuers, card: Card, by: str | None = None) -> Markup | None:
    """Say from when the balance is, and from whom: `by` somebody, if not the reader."""
    if card.balance_at is None:
        return None
    when = voice.ago(card.balance_at)
    if by is not None and card.balance_source == "holder":
        return voice.say("{ago}, by {name}", ago=when, name=by)
    if by is not None and card.balance_source == "message":
        return voice.say("{ago}, by a message {name} sent on", ago=when, name=by)
    if card.balance_source == "holder":
        return voice.say("{ago}, entered by hand", ago=when)
    if card.balance_source == "message":
        return voice.say("{ago}, by a message", ago=when)
    return voice.say(
        "{ago}, from {issuer}", ago=when, issuer=issuer_name(voice, issuers, card.issuer)
    )


def shown(cards: Iterable[Card]) -> dict[str, int]:
    """Give the balances that are read of these cards on a panel: minor units by card id."""
    return {card.id: card.balance_minor for card in cards if card.balance_minor is not None}


def lines(voice: Voice, issuers: Issuers, card: Card, by: str | None = None) -> Markup:
    """Write one card for the panel, in two or three lines; `by` as for `as_of`."""
    sign = SIGN[enough(card)] if is_usable(voice, card) else "⚫"
    sign += "⭐" if card.starred else ""
    first = voice.say(
        "{sign} <b>{label}</b> ·{tail}  <b>{balance}</b>  {verdict}",
        sign=sign,
        label=label(card),
        tail=card.tail,
        balance=balance(voice, card),
        verdict=verdict(voice, card),
    )
    rest = [as_of(voice, issuers, card, by)]
    if why := trouble(voice, issuers, card):
        if rest[0] is not None and card.failure is not None:
            rest[0] = voice.say("Old: {when}", when=rest[0])
        rest.append(Markup("⚠️ ") + why)
    elif card.expires_at is not None and card.expires_at - voice.now <= SOON:
        rest.append(voice.say("⏳ Until {date}", date=voice.last_day(card.expires_at)))
    return Markup("\n").join([first, *(line for line in rest if line)])


def totals(voice: Voice, cards: Sequence[Card]) -> Markup | None:
    """Add up what can be spent, per currency."""
    sums: Counter[str] = Counter()
    for card in cards:
        if (known := money_of(card)) and is_usable(voice, card):
            sums[known.currency] += known.minor
    if not sums:
        return None
    amounts = " + ".join(voice.money(Money(minor, code)) for code, minor in sorted(sums.items()))
    return voice.say("Total: <b>{amounts}</b>", amounts=amounts)


def details(voice: Voice, issuers: Issuers, card: Card, by: str | None = None) -> Markup:
    """Write everything about one card that may be shown; `by` as for `as_of`."""
    limit, code = threshold(card), card.currency
    facts = [lines(voice, issuers, card, by), Markup("")]
    if card.issuer != NAMELESS:
        facts.append(voice.say("Issuer: {name}", name=issuer_name(voice, issuers, card.issuer)))
    if card.expires_at:
        facts.append(voice.say("Valid until: {date}", date=voice.last_day(card.expires_at)))
    if card.archived_at is not None:
        facts.append(voice.say("🗄 Archived: {date}", date=voice.date(card.archived_at)))
    elif not card.alerts_on:
        facts.append(voice.say("Alert: off"))
    elif limit is not None and code:
        facts.append(voice.say("Alert: below {amount}", amount=voice.money(Money(limit, code))))
    facts.append(voice.say("Bound: {date}", date=voice.date(card.created_at)))
    return Markup("\n").join(facts)
