"""What is wrong with a card: its issuer is really asked, and what is known is looked through.

`bot.diagnosis_words` puts it in words, with what to do next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.languages import mark
from bot.shared import said_by

if TYPE_CHECKING:
    from datetime import datetime

    from bot.limits import Refusal
    from bot.parts import Parts
    from storage import Card, Entry, Person

LOOKED_THROUGH: Final = 200
"""Entries of a card, the newest ones."""


class Trouble(StrEnum):
    """What people come with."""

    QUERY = "query"
    BALANCE = "balance"
    HISTORY = "history"
    PAYMENT = "payment"


NAMES: Final = {
    Trouble.QUERY: mark("The balance cannot be read"),
    Trouble.BALANCE: mark("The balance looks wrong"),
    Trouble.HISTORY: mark("Something is missing in the history"),
    Trouble.PAYMENT: mark("A payment was refused"),
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about a card, after its issuer was asked if it may be."""

    trouble: Trouble
    card: Card
    asks_api: bool
    has_history: bool
    page: str | None
    known: bool
    """Whether there is such an issuer at all."""
    down_since: datetime | None
    not_now: Refusal | None
    """Why the issuer was not asked."""
    others: int
    """How many cards of this issuer there are."""
    others_failing: int
    unexplained: tuple[Entry, ...] = field(repr=False)
    entries: int
    said_by: str | None = field(repr=False)
    """Who said the card's balance, if not whoever asks."""
    ledger_minor: int | None
    """What the entries add up to, in the card's currency."""


async def diagnose(parts: Parts, person: Person, card: Card, trouble: Trouble) -> Findings | None:
    """Ask the card's issuer now, within its limits and ours; None if the card is gone meanwhile.

    A number or PIN that was not accepted is not tried again: one try too many can lock a card.
    """
    issuer, owner = parts.issuers.get(card.issuer), card.owner_id
    not_now = await parts.wallet.live.not_now(issuer, card)
    if not_now is None:
        history = trouble is not Trouble.QUERY
        read = await parts.wallet.refresh(owner, card.id, insist=True, history=history)
        if read is None:
            return None
        card = read
    counted = [one for one in await parts.store.health.cards() if one.issuer == card.issuer]
    entries = await parts.store.ledger.page(owner, card.id, limit=LOOKED_THROUGH)
    sums = card.currency and await parts.store.ledger.sums(
        owner, card.id, card.currency, parts.clock()
    )
    return Findings(
        trouble=trouble,
        card=card,
        asks_api=issuer is not None and issuer.asks_api,
        has_history=issuer is not None and issuer.has_history,
        page=issuer.page if issuer else None,
        known=issuer is not None,
        down_since=issuer.down_since if issuer else None,
        not_now=not_now,
        others=sum(one.cards for one in counted),
        others_failing=sum(one.cards for one in counted if one.failure is not None),
        unexplained=tuple(one for one in entries if one.kind == "adjustment" and one.amount_minor),
        entries=await parts.store.ledger.count(owner, card.id),
        said_by=await said_by(parts, parts.voice(person), person.id, card),
        ledger_minor=sums.total if sums and entries else None,
    )
