"""How cards that were found in a file become cards here: whose they are, what is on them.

Nothing here knows Telegram. Nothing is saved before `save`; until then `plan` says what would be.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot import rests
from bot.expiry import USUAL_LEADS, end_of, upcoming
from bot.imports import found as said
from bot.imports.found import Incoming, Skipped
from bot.imports.values import fits
from bot.money import Money
from bot.numbers import tail_of
from bot.panel import issuer_name
from bot.schedule import FIRST_RETRY, next_check
from bot.thresholds import DEFAULT_PERCENT, enough, episode
from storage import MOST_CARDS, Card, Entry, Reading, Whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from bot.imports.found import Found
    from bot.issuers import Issuer, Issuers
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Store

ANY: Final = "other"
"""The issuer of cards that nobody can be asked about."""


class NoIssuer(LookupError):  # noqa: N818 - the operator's doing, not an error of the program
    """No issuer is set up here whose cards a person keeps by themselves."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the person chose: the currency of amounts without one, and what first balances are."""

    currency: str
    starts: bool = False
    leads: Sequence[int] = USUAL_LEADS
    """Days before an expiry at which the person is reminded."""


@dataclass(slots=True)
class Plan:
    """What would be saved of a file. `have` names cards that are here already."""

    new: list[Whole] = field(default_factory=list)
    have: list[Whole] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    remarks: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Which cards each remark is about, counted from 1, as far as that is known."""
    unpriced: int = 0
    """Cards with an amount whose currency the file does not tell."""
    starts: int = 0
    """Cards of which only the first balance is known."""


async def plan(
    parts: Parts, store: Store, owner_id: int, voice: Voice, found: Found, options: Options
) -> Plan:
    """Work out what a file would bring, and what of it is here already. `NoIssuer`."""
    mine = await store.cards.list(owner_id) + await store.cards.archived(owner_id)
    made = _Making(parts.issuers, voice, owner_id, options, {card.issuer for card in mine})
    planned, candidates = await asyncio.to_thread(made.all_of, found)
    pairs = [pair for wanted in candidates for pair in wanted[1]]
    known = iter(await store.moving.known(owner_id, pairs))
    room = MOST_CARDS - len(mine)
    for place, wanted in candidates:
        whole = made.wholes[place]
        if any([next(known) is not None for _ in wanted]):  # noqa: C419 - each has its answer
            planned.have.append(whole)
        elif len(planned.new) >= room:
            planned.skipped.append(Skipped(place, said.TOO_MANY))
        else:
            planned.new.append(whole)
    planned.skipped.sort(key=lambda one: one.place)
    return planned


class _Making:
    """Makes whole cards of what was found, one after another."""

    def __init__(
        self, issuers: Issuers, voice: Voice, owner_id: int, options: Options, slugs: set[str]
    ) -> None:
        manual = issuers.get(ANY) or next((i for i in issuers.all() if not i.asks_api), None)
        if manual is None:
            raise NoIssuer
        self._manual = manual
        self._issuers = issuers
        self._voice = voice
        self._owner = owner_id
        self._options = options
        self._others = [issuer for slug in sorted(slugs) if (issuer := issuers.get(slug))]
        self.wholes: dict[int, Whole] = {}

    def all_of(self, found: Found) -> tuple[Plan, list[tuple[int, list[tuple[str, str]]]]]:
        """Make every card; give with each the issuers and numbers by which it may be here."""
        made = Plan(skipped=list(found.skipped), remarks=dict(found.remarks), places=found.places)
        gone = {one.place for one in found.skipped}
        total = len(found.cards) + len(found.whole) + len(gone)
        places = (place for place in range(1, total + 1) if place not in gone)
        seen: set[tuple[str, str]] = set()
        candidates = []
        ones: list[Incoming | Whole] = [*found.cards, *found.whole]
        for place, one in zip(places, ones, strict=True):
            whole = self._of(one, made) if isinstance(one, Incoming) else self._here(one, made)
            this = (whole.card.issuer, whole.number)
            if this in seen:
                made.skipped.append(Skipped(place, said.TWICE))
                continue
            seen.add(this)
            self.wholes[place] = whole
            candidates.append((place, [this, *self._elsewhere(whole, this)]))
        return made, candidates

    def _elsewhere(self, whole: Whole, this: tuple[str, str]) -> list[tuple[str, str]]:
        """Give how the same number would be kept of the issuers the person has cards of."""
        pairs = [(one.slug, one.fields[0].normalise(whole.number)) for one in self._others]
        return [pair for pair in pairs if pair != this]

    def _issuer(self, one: Incoming) -> tuple[Issuer, dict[str, str]]:
        """Find whose card it is: an issuer that can be asked only if all it asks for is there.

        It is asked like one whose number was typed, within the limits on tries.
        """
        fit = []
        for issuer in self._issuers.proposals(one.number):
            number, *rest = issuer.fields
            if not issuer.asks_api or not number.accepts(one.number) or len(rest) > 1:
                continue
            values = {number.name: number.normalise(one.number)}
            if rest:
                if not one.pin or not rest[0].secret or not rest[0].accepts(one.pin):
                    continue
                values[rest[0].name] = rest[0].normalise(one.pin)
            fit.append((issuer, values))
        if len(fit) == 1:
            return fit[0]
        field_of = self._manual.fields[0]
        values = {field_of.name: field_of.normalise(one.number) or one.number}
        return self._manual, {**values, **({"pin": one.pin} if one.pin else {})}

    def _of(self, one: Incoming, made: Plan) -> Whole:
        """Make a card, with what its holder says of it, as if they had typed it just now."""
        issuer, values = self._issuer(one)
        number = values[issuer.fields[0].name]
        now, currency = self._voice.now, one.currency
        amount = one.amount
        if amount is None and one.start is not None:
            made.starts += 1
            amount = one.start if self._options.starts else None
        if amount is not None and currency is None:
            made.unpriced += 1
            currency = self._options.currency
        money = _money(amount, currency)
        if amount is not None and money is None:
            made.remarks[said.BALANCES] = made.remarks.get(said.BALANCES, 0) + 1
        note = one.note
        if one.start is not None and money is None:
            note = "\n".join([*([note] if note else []), f"{one.start:f} {currency or ''}".strip()])
        name = one.name or issuer_name(self._voice, self._issuers, issuer.slug)
        expires = end_of(one.expires, self._voice.zone) if one.expires else None
        minor = money.minor if money else None
        card = Card(
            id=str(len(self.wholes)),
            owner_id=self._owner,
            issuer=issuer.slug,
            label=name,
            tail=tail_of(number),
            state="active" if money else "unknown",
            currency=currency if money else one.currency or issuer.currency,
            balance_minor=minor,
            balance_at=now if money else None,
            balance_source="holder" if money else None,
            peak_minor=minor,
            expires_at=expires,
            threshold_minor=None,
            threshold_percent=DEFAULT_PERCENT,
            alerts_on=True,
            episode="armed",
            snoozed_until=None,
            told_minor=minor,
            told_at=now if money else None,
            next_refresh_at=now + FIRST_RETRY if issuer.asks_api else next_check(issuer, now),
            failures=0,
            failure=None,
            failed_at=None,
            history_stale=False,
            created_at=now + len(self.wholes) * timedelta.resolution,
            removed_at=None,
            archived_at=now if one.archived else None,
            expiry_source="holder" if expires else None,
            starred=one.starred,
            note=note,
        )
        card = replace(
            card,
            episode=episode("armed", enough(card)),
            next_expiry_at=upcoming(card, self._options.leads, self._voice.zone, now)
            if expires and not one.archived
            else None,
        )
        entries = _past(card, one, money, now) if money else ()
        readings = _readings(card, money, now) if money else ()
        return Whole(card, number, values, one.barcode, entries, readings)

    def _here(self, whole: Whole, made: Plan) -> Whole:
        """Take a card of Kabao's own export in; who said its balance is not taken from a file.

        That an issuer told a balance proves a card, and what is proved is asked for without
        limit: so the issuer has to say it here once more.
        """
        card, secrets = whole.card, dict(whole.secrets)
        issuer, number = self._issuers.get(card.issuer), whole.number
        if issuer is None:
            made.remarks[said.FOREIGN] = made.remarks.get(said.FOREIGN, 0) + 1
            issuer = self._manual
            name = next(name for name, text in secrets.items() if text == number)
            secrets = {issuer.fields[0].name: secrets.pop(name), **secrets}
            card = replace(card, issuer=issuer.slug, next_refresh_at=None, failure=None, failures=0)
        elif secrets.get(issuer.fields[0].name) != number:
            number = secrets.get(issuer.fields[0].name, number)
        if card.balance_source == "issuer":
            card = replace(card, balance_source="holder")
        label = card.label or issuer_name(self._voice, self._issuers, issuer.slug)
        card = replace(card, label=label, tail=tail_of(number))
        return replace(whole, card=card, number=number, secrets=secrets)


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    if amount is None or currency is None or not fits(amount, currency) or amount < 0:
        return None
    return Money.of(amount, currency)


def _past(card: Card, one: Incoming, now_on: Money, now: datetime) -> tuple[Entry, ...]:
    """Make the entries that lead to a balance: what was on the card before, and what happened."""
    moves = [move for move in one.past if move.at <= now and fits(move.amount, now_on.currency)]
    minors = [Money.of(move.amount, now_on.currency).minor for move in moves]
    first = moves[0].at - rests.JUST_BEFORE if moves else now
    entries = [_entry(card, 0, first, now_on.minor - sum(minors), "")]
    entries += [
        _entry(card, place, move.at, minor, move.text)
        for place, (move, minor) in enumerate(zip(moves, minors, strict=True), 1)
    ]
    return tuple(entries)


def _entry(card: Card, place: int, at: datetime, minor: int, text: str) -> Entry:
    return Entry(
        id=place,
        card_id=card.id,
        at=at,
        since=None,
        amount_minor=minor,
        currency=card.currency or "",
        kind="opening" if not place else "purchase" if minor < 0 else "top-up",
        text=text,
        balance_after_minor=None,
        source="holder",
    )


def _readings(card: Card, money: Money, now: datetime) -> tuple[Reading, ...]:
    return (Reading(now, money.minor, money.currency, card.state, "holder"),)


async def save(store: Store, owner_id: int, new: Sequence[Whole]) -> list[str]:
    """Keep the cards of a plan, all or none. `DuplicateCardError` if one came in meanwhile."""
    return await store.moving.put(owner_id, new)
