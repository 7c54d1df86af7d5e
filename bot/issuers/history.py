"""An issuer's history: its entries in one list, newest first, each once."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.issuers.amounts import amount, column
from bot.issuers.answers import LONGEST_TEXT, Unreadable, moment, phrase, word
from bot.issuers.contract import EntryKind, IssuerEntry
from bot.issuers.paging import pages
from bot.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from bot.issuers.answers import Expression
    from bot.issuers.calls import Caller
    from bot.issuers.format.history import History

BETWEEN = "\x1f"
"""Stands between the parts of an identity; no part has one in it, as it cannot be printed."""

LONGEST_PART = 200


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
        self._currency = currency
        self._zone = zone
        self._form = declared.amount_format
        self._at_format = declared.at_format
        ids = declared.id if isinstance(declared.id, list) else [declared.id]
        self._ids = [place.of for place in ids]
        self._at = declared.at.of
        self._amount = _where(declared.amount)
        self._columns = [place.of for place in (declared.up, declared.down) if place is not None]
        self._kind = _where(declared.kind)
        self._texts = [place.of for place in declared.text]
        self._after = _where(declared.balance_after)
        self._meanings = {said: _meaning(text) for said, text in declared.kinds.items()}
        self._kinds_direct = any(sign for sign, _ in self._meanings.values())

    def read(self, raw: object) -> IssuerEntry | None:
        """Read one; None for one that the declaration skips. `Unreadable`."""
        sign, kind = 0, None
        if self._kind is not None:
            meaning = self._meanings.get(word(self._kind(raw)) or "")
            if meaning is not None:
                sign, kind = meaning
                if kind is None:
                    return None
        at = moment(self._at(raw), self._at_format, self._zone)
        if at is None:
            raise Unreadable("an entry without a time")
        money = self._signed(raw, sign)
        after = None if self._after is None else self._after(raw)
        return IssuerEntry(
            self._identity(raw),
            at,
            money,
            kind or self._usual(money),
            self._text(raw),
            None if after is None else amount(after, self._form, self._currency),
        )

    def _identity(self, raw: object) -> str:
        """Put an entry's identity together: places that are empty in it keep their place."""
        parts = [word(place(raw)) or "" for place in self._ids]
        for part in parts:
            if len(part) > LONGEST_PART or not part.isprintable():
                raise Unreadable("an identity that is no ordinary text")
        if not any(parts):
            raise Unreadable("an entry without an identity")
        return BETWEEN.join(parts)

    def _signed(self, raw: object, sign: int) -> Money:
        """Give the amount its direction: its own sign, its column's, or its kind's."""
        if self._amount is None:
            up, down = (column(place(raw), self._form, self._currency) for place in self._columns)
            if up is None and down is None:
                raise Unreadable("an entry with nothing in either column")
            return Money((up or 0) - (down or 0), self._currency)
        money = amount(self._amount(raw), self._form, self._currency)
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

    def _text(self, raw: object) -> str:
        parts = [part for place in self._texts if (part := phrase(place(raw)))]
        return " ".join(parts)[:LONGEST_TEXT]


def _where(place: Expression | None) -> Callable[[object], Any] | None:
    return None if place is None else place.of


def _meaning(text: str) -> tuple[int, EntryKind | None]:
    """Take `-purchase` apart: its direction, and the kind, None for what is skipped."""
    sign = {"+": 1, "-": -1}.get(text[:1], 0)
    return sign, None if text == "skip" else EntryKind(text.lstrip("+-"))
