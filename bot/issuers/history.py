"""An issuer's history: its entries in one list, newest first, each once."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.issuers.amounts import amount, column
from bot.issuers.answers import Unreadable, moment, phrase, word
from bot.issuers.contract import EntryKind, IssuerEntry
from bot.issuers.paging import pages
from bot.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from bot.issuers.answers import Expression
    from bot.issuers.calls import Caller
    from bot.issuers.format.history import History

BETWEEN = "\x1f"
"""Stands between the parts of an identity; no part has one in it."""

LONGEST_IDENTITY = 200


async def read_history(
    declared: History,
    caller: Caller,
    values: Mapping[str, Any],
    currency: str,
    zone: ZoneInfo,
    *,
    answer: object = None,
    now: datetime | None = None,
) -> tuple[IssuerEntry, ...]:
    """Read as many pages as declared, the newest in any case. `IssuerFault`, `Unreadable`.

    `answer` is the balance's, for a history that stands in it; from `now` counts how far back is
    read. Where pages shift while they are read, an entry can be met twice: its identity settles it.
    Running balances are passed on as they are: they need not agree with the amounts, where an
    issuer leaves lines out.
    """
    reader = EntryReader(declared, currency, zone)
    oldest = None
    if declared.days is not None:
        oldest = (now or datetime.now(UTC)) - timedelta(days=declared.days)
    entries: dict[str, IssuerEntry] = {}
    async with aclosing(pages(declared, caller, values, answer)) as found:
        async for page in found:
            of_page = [entry for raw in page if (entry := reader.read(raw)) is not None]
            recent = [entry for entry in of_page if oldest is None or entry.at >= oldest]
            for entry in recent:
                entries.setdefault(entry.id, entry)
            if len(recent) < len(of_page):  # what the next pages have is older still
                break
    return tuple(sorted(entries.values(), key=lambda entry: entry.at, reverse=True))


class EntryReader:
    """Reads entries as declared. What is the same for all of them is settled once."""

    def __init__(self, declared: History, currency: str, zone: ZoneInfo) -> None:
        self._declared = declared
        self._currency = currency
        self._zone = zone
        self._ids = declared.id if isinstance(declared.id, list) else [declared.id]
        self._meanings = {said: _meaning(text) for said, text in declared.kinds.items()}
        self._kinds_direct = any(sign for sign, _ in self._meanings.values() if sign)

    def read(self, raw: object) -> IssuerEntry | None:
        """Read one; None for one that the declaration skips. `Unreadable`."""
        declared = self._declared
        sign, kind = 0, None
        if declared.kind is not None:
            said = word(declared.kind.of(raw)) or ""
            meaning = self._meanings.get(said)
            if meaning is not None:
                sign, kind = meaning
                if kind is None:
                    return None
        at = moment(declared.at.of(raw), declared.at_format, self._zone)
        if at is None:
            raise Unreadable("an entry without a time")
        money = self._amount(raw, sign)
        if kind is None:
            kind = self._usual(money)
        after = declared.balance_after.of(raw) if declared.balance_after is not None else None
        return IssuerEntry(
            self._identity(raw),
            at,
            money,
            kind,
            _text(declared.text, raw),
            None if after is None else amount(after, declared.amount_format, self._currency),
        )

    def _identity(self, raw: object) -> str:
        """Put an entry's identity together: places that are empty in it keep their place."""
        if len(self._ids) == 1:
            identity = word(self._ids[0].of(raw)) or ""
        else:
            parts = [word(place.of(raw)) or "" for place in self._ids]
            identity = BETWEEN.join(parts) if any(parts) else ""
            if any(BETWEEN in part for part in parts):
                raise Unreadable("an identity that is no ordinary text")
        if not identity:
            raise Unreadable("an entry without an identity")
        if len(identity) > LONGEST_IDENTITY or not identity.replace(BETWEEN, "").isprintable():
            raise Unreadable("an identity that is no ordinary text")
        return identity

    def _amount(self, raw: object, sign: int) -> Money:
        """Give the amount its direction: its own sign, its column's, or its kind's."""
        declared = self._declared
        if declared.up is not None and declared.down is not None:
            up = column(declared.up.of(raw), declared.amount_format, self._currency)
            down = column(declared.down.of(raw), declared.amount_format, self._currency)
            if up is None and down is None:
                raise Unreadable("an entry with nothing in either column")
            return Money((up or 0) - (down or 0), self._currency)
        assert declared.amount is not None
        money = amount(declared.amount.of(raw), declared.amount_format, self._currency)
        if sign > 0 > money.minor:
            raise Unreadable("an amount below zero in an entry of a kind that adds")
        return Money(-money.minor, self._currency) if sign < 0 < money.minor else money

    def _usual(self, money: Money) -> EntryKind:
        """Tell what an entry of no declared kind was, from its sign."""
        if self._kinds_direct:
            raise Unreadable("an entry of a kind that is not declared, so without a direction")
        if money.minor == 0:
            return EntryKind.ADJUSTMENT
        return EntryKind.PURCHASE if money.minor < 0 else EntryKind.TOP_UP


def _meaning(text: str) -> tuple[int, EntryKind | None]:
    """Take `-purchase` apart: its direction, and the kind, None for what is skipped."""
    sign = {"+": 1, "-": -1}.get(text[:1], 0)
    return sign, None if text == "skip" else EntryKind(text.lstrip("+-"))


def _text(places: list[Expression], raw: object) -> str:
    parts = [part for place in places if (part := phrase(place.of(raw)))]
    return phrase(" ".join(parts)) if len(parts) > 1 else "".join(parts)
