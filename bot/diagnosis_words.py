"""What was found about a card in words: what is wrong, what is fine, what to do, what does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import panel, refusals
from bot.diagnosis import Findings, Trouble
from bot.issuers import ASK_HOLDER, CardState, FaultKind
from bot.money import Money
from bot.thresholds import Enough, enough

if TYPE_CHECKING:
    from bot.parts import Parts
    from bot.voice import Voice

SOON: Final = timedelta(days=30)
MANY: Final = 3
"""From so many cards of an issuer on it is said whether others fail too: fewer would tell whose."""


class Remedy(StrEnum):
    """What mends it: each is a button."""

    REFRESH = "refresh"
    BIND_AGAIN = "bind again"
    SET_BALANCE = "set balance"
    CHANGE_DATE = "change date"
    OTHER_CARD = "other card"
    HISTORY = "history"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is said: `wrong` and `fine` line by line, what to do next, and what does it."""

    wrong: list[Markup]
    fine: list[Markup]
    then: Markup
    remedies: list[Remedy]


def written(voice: Voice, parts: Parts, found: Findings, *, mine: bool = True) -> Diagnosis:
    """Put the findings in words, what is wrong first; `mine`: they are told the card's owner."""
    diagnosis = Diagnosis([], [], Markup(""), [])
    name = panel.issuer_name(voice, parts.issuers, found.card.issuer)
    _reached(voice, found, name, diagnosis)
    _accepted(voice, found, name, diagnosis)
    _state(voice, found, diagnosis)
    _read(voice, parts, found, diagnosis)
    if found.trouble is not Trouble.QUERY:
        _adds_up(voice, found, name, diagnosis)
    then, remedies = _next(voice, found, name, mine=mine)
    return Diagnosis(diagnosis.wrong, diagnosis.fine, then, remedies)


def _reached(  # noqa: C901 - one branch for each way an issuer is not reached
    voice: Voice, found: Findings, name: str, into: Diagnosis
) -> None:
    """Say whether the issuer can be reached, and whether it is the same for others."""
    failure = found.card.failure
    if not found.known:
        into.wrong.append(voice.say("{issuer} is not set up here any more.", issuer=name))
        return
    if not found.asks_api:
        into.fine.append(voice.say("Kept by hand: there is nobody to ask"))
        return
    if found.down_since is not None:
        since = voice.moment(found.down_since)
        into.wrong.append(
            voice.say("{issuer} has been out of order since {when}.", issuer=name, when=since)
        )
    elif failure == FaultKind.NETWORK:
        into.wrong.append(voice.say("{issuer} cannot be reached from here.", issuer=name))
    elif failure == FaultKind.ISSUER_DOWN:
        into.wrong.append(voice.say("{issuer} says that it is out of order.", issuer=name))
    elif failure == FaultKind.RATE_LIMITED:
        into.wrong.append(voice.say("{issuer} is getting too many requests.", issuer=name))
    elif failure == FaultKind.BAD_ANSWER:
        into.wrong.append(voice.say("{issuer} gives an answer I cannot read.", issuer=name))
    elif found.not_now is None and failure not in ASK_HOLDER:
        into.fine.append(voice.say("{issuer} answers", issuer=name))
    if found.not_now is not None:
        when = refusals.when(voice, found.not_now)
        into.wrong.append(voice.say(refusals.sentence(found.not_now), when=when))
    if failure is not None and failure not in ASK_HOLDER and found.others >= MANY:
        alone = found.others_failing < MANY
        into.wrong.append(
            voice.say("Other cards of {issuer} can be read.", issuer=name)
            if alone
            else voice.say("Other cards of {issuer} cannot be read either.", issuer=name)
        )


def _accepted(voice: Voice, found: Findings, name: str, into: Diagnosis) -> None:
    failure = found.card.failure
    if failure in ASK_HOLDER:
        into.wrong.append(
            voice.say(
                "{issuer} did not accept the number or PIN. I did not try again, because that can "
                "lock a card.",
                issuer=name,
            )
        )
    elif failure == FaultKind.REFUSED and found.known:
        into.wrong.append(voice.say("{issuer} refuses this bot, not your card.", issuer=name))
    elif failure is None and found.asks_api and found.not_now is None:
        into.fine.append(voice.say("number and PIN are accepted"))


def _state(voice: Voice, found: Findings, into: Diagnosis) -> None:
    """Say what the card is, until when it is good, and whether there is money on it."""
    card = found.card
    state = panel.state_of(voice, card)
    if state in panel.STATES:
        into.wrong.append(voice.say("{verdict}.", verdict=panel.verdict(voice, card)))
    elif card.failure == FaultKind.BLOCKED:
        into.wrong.append(voice.say(panel.STATES[CardState.BLOCKED]) + Markup("."))
    elif card.failure == FaultKind.EXPIRED:
        into.wrong.append(voice.say(panel.STATES[CardState.EXPIRED]) + Markup("."))
    elif found.asks_api and card.failure is None:
        into.fine.append(voice.say("the card is in force"))
    if card.expires_at is not None and card.expires_at > voice.now:
        said = voice.say("valid until {date}", date=voice.last_day(card.expires_at))
        (into.wrong if card.expires_at - voice.now <= SOON else into.fine).append(said)
    if found.trouble is Trouble.PAYMENT:
        if enough(card) is Enough.EMPTY:
            into.wrong.append(voice.say("There is nothing left on it."))
        elif card.balance_minor is not None:
            into.fine.append(voice.say("{amount} on it", amount=panel.balance(voice, card)))


def _read(voice: Voice, parts: Parts, found: Findings, into: Diagnosis) -> None:
    said = panel.as_of(voice, parts.issuers, found.card, found.said_by)
    if said is None:
        into.wrong.append(voice.say("Its balance has never been known."))
    elif found.card.failure is not None:
        into.wrong.append(voice.say("Last read: {when}", when=said))
    else:
        into.fine.append(voice.say("last read: {when}", when=said))


def _adds_up(voice: Voice, found: Findings, name: str, into: Diagnosis) -> None:
    """Say what does not add up between the entries and the balance, and what the history lacks."""
    card = found.card
    if found.ledger_minor is not None and card.balance_minor is not None and card.currency:
        # What is missing while the issuer cannot be asked, it may tell when it can.
        if found.ledger_minor != card.balance_minor and card.failure is None:
            into.wrong.append(
                voice.say(
                    "The entries add up to {sum}, the balance is {balance}.",
                    sum=voice.money(Money(found.ledger_minor, card.currency)),
                    balance=panel.balance(voice, card),
                )
            )
        elif found.ledger_minor == card.balance_minor and not found.unexplained:
            into.fine.append(voice.say("entries and balance agree"))
    if found.unexplained:
        newest = found.unexplained[0]
        into.wrong.append(
            voice.plural(
                "{n} change is not explained, of {amount} on {date}.",
                "{n} changes are not explained, the latest of {amount} on {date}.",
                len(found.unexplained),
                amount=voice.change(Money(newest.amount_minor, newest.currency)),
                date=voice.date(newest.at),
            )
        )
    if found.trouble is not Trouble.HISTORY:
        return
    if not found.asks_api:
        into.fine.append(voice.say("the history is what you book yourself"))
    elif not found.has_history:
        into.wrong.append(
            voice.say("{issuer} tells no history, only balances. I see what changed.", issuer=name)
        )
    elif card.history_stale:
        into.wrong.append(voice.say("The history could not be read last time."))
    else:
        into.fine.append(voice.plural("{n} entry", "{n} entries", found.entries))


def _next(voice: Voice, found: Findings, name: str, *, mine: bool) -> tuple[Markup, list[Remedy]]:
    """Say what to do, by what is most in the way; each with the buttons that do it."""
    then = (
        _of_card(voice, found, name, mine=mine)
        or _of_issuer(voice, found, name)
        or _of_trouble(voice, found, name)
    )
    return then[0], [*then[1], *([Remedy.PAGE] if found.page else [])]


def _of_card(
    voice: Voice, found: Findings, name: str, *, mine: bool
) -> tuple[Markup, list[Remedy]] | None:
    """Say what to do about a card that is not accepted, or not in force."""
    card, state = found.card, panel.state_of(voice, found.card)
    if card.failure in ASK_HOLDER and not mine:
        return voice.say("Only who shares the card with you can bind it again. Tell them."), []
    if card.failure in ASK_HOLDER:
        then = voice.say("Bind the card again with the number and PIN as printed on it.")
        return then, [Remedy.BIND_AGAIN]
    if card.failure == FaultKind.REFUSED or not found.known:
        return voice.say("Only the operator can mend that. Tell them."), []
    if state == CardState.EXPIRED and not found.asks_api:
        then = voice.say("Ask the shop whether it still takes it. If the date is wrong, change it.")
        return then, [Remedy.CHANGE_DATE]
    if card.failure in {FaultKind.BLOCKED, FaultKind.EXPIRED} or state in panel.STATES:
        then = voice.say("Only {issuer} can change that. Ask there.", issuer=name)
        return then, [Remedy.REFRESH]
    return None


def _of_issuer(voice: Voice, found: Findings, name: str) -> tuple[Markup, list[Remedy]] | None:
    """Say what to do where the issuer could not be asked."""
    failure = found.card.failure
    if failure == FaultKind.BAD_ANSWER:
        return voice.say("Only the operator can mend that. Tell them."), [Remedy.REFRESH]
    if found.not_now is not None:
        return voice.say("Wait until then, and look again."), []
    if failure is None:
        return None
    if found.trouble is Trouble.PAYMENT:
        then = voice.say(
            "The till may not reach {issuer} either: try again later, or pay another way. I keep "
            "trying too.",
            issuer=name,
        )
        return then, [Remedy.REFRESH, Remedy.OTHER_CARD]
    then = voice.say(
        "There is nothing you need to do: I keep trying, and the old balance stays until then."
    )
    return then, [Remedy.REFRESH]


def _of_trouble(voice: Voice, found: Findings, name: str) -> tuple[Markup, list[Remedy]]:
    """Say what to do about a card with which nothing is wrong."""
    card, paying = found.card, found.trouble is Trouble.PAYMENT
    if paying and enough(card) is Enough.EMPTY:
        then = voice.say("Top it up, or pay with another card.")
        return then, [Remedy.OTHER_CARD, Remedy.REFRESH]
    if not found.asks_api:
        then = voice.say("Look it up with the shop, and tell me what is on it.")
        return then, [Remedy.SET_BALANCE, Remedy.HISTORY]
    if paying:
        then = voice.say(
            "Nothing here stands in the way, up to {amount}. Ask the shop whether it takes this "
            "card, or {issuer}.",
            amount=panel.balance(voice, card),
            issuer=name,
        )
        return then, [Remedy.REFRESH, Remedy.HISTORY]
    if found.unexplained or found.trouble is Trouble.BALANCE:
        then = voice.say(
            "This is what {issuer} says now. If an entry is not yours, ask {issuer}.", issuer=name
        )
        return then, [Remedy.HISTORY, Remedy.REFRESH]
    if found.trouble is Trouble.HISTORY:
        then = voice.say("What is not listed there, {issuer} has not told yet.", issuer=name)
        return then, [Remedy.HISTORY]
    return voice.say("It works now. If not, tell a person."), [Remedy.REFRESH]
