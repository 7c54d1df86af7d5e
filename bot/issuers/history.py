"""An issuer's history: pages of entries, made one list, newest first, each entry once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.issuers.answers import Unreadable, amount, moment, phrase, word
from bot.issuers.contract import EntryKind, IssuerEntry
from bot.issuers.format.history import History, NextLink, PageNumber
from bot.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from bot.issuers.calls import Caller


async def read_history(
    declared: History, caller: Caller, values: Mapping[str, str], currency: str, zone: ZoneInfo
) -> tuple[IssuerEntry, ...]:
    """Read as many pages as declared, the newest in any case. `IssuerFault`, `Unreadable`.

    Where pages shift while they are read, an entry can be met twice: its identity settles it.
    """
    entries: dict[str, IssuerEntry] = {}
    for page in await _pages(declared, caller, values):
        listed = declared.entries.of(page)
        if not isinstance(listed, list):
            raise Unreadable(f"no list of entries at {declared.entries.text!r}")
        for raw in reversed(listed) if declared.newest == "last" else listed:
            entry = _entry(declared, raw, currency, zone)
            if entry is not None:
                entries.setdefault(entry.id, entry)
    return tuple(sorted(entries.values(), key=lambda entry: entry.at, reverse=True))


async def _pages(declared: History, caller: Caller, values: Mapping[str, str]) -> list[Any]:
    """Get the pages, those with the newest entries first."""
    assert declared.request is not None
    if isinstance(declared.paging, PageNumber):
        return await _numbered(declared, declared.paging, caller, values)
    pages = [await caller.ask(declared.request, values)]
    if isinstance(declared.paging, NextLink):
        while link := declared.paging.next.of(pages[-1]):
            if len(pages) == declared.max_pages:
                if declared.newest == "last":
                    raise Unreadable(f"more than {declared.max_pages} pages before the newest")
                break
            pages.append(await caller.follow(link, declared.request, values))
    return pages[::-1] if declared.newest == "last" else pages


async def _numbered(
    declared: History, paging: PageNumber, caller: Caller, values: Mapping[str, str]
) -> list[Any]:
    assert declared.request is not None
    assert paging.total is not None
    first = await caller.ask(declared.request, values, {paging.parameter: "1"})
    total = paging.total.of(first)
    if not isinstance(total, int) or total < 0:
        raise Unreadable(f"no number of entries at {paging.total.text!r}")
    last = max(1, -(-total // paging.size))
    numbers = range(1, last + 1)
    if declared.newest == "last":
        numbers = numbers[::-1]
    return [
        first
        if number == 1
        else await caller.ask(declared.request, values, {paging.parameter: str(number)})
        for number in numbers[: declared.max_pages]
    ]


def _entry(declared: History, raw: object, currency: str, zone: ZoneInfo) -> IssuerEntry | None:
    meaning = declared.kinds.get(word(declared.kind.of(raw)) or "", "") if declared.kind else ""
    if meaning == "skip":
        return None
    places = declared.id if isinstance(declared.id, list) else [declared.id]
    identity = "|".join(filter(None, (word(place.of(raw)) for place in places))) or None
    at = moment(declared.at.of(raw), declared.at_format, zone)
    if identity is None or at is None:
        raise Unreadable("an entry without an identity or a time")
    assert declared.amount is not None
    money, kind = _signed(
        amount(declared.amount.of(raw), declared.amount_format, currency), meaning, declared
    )
    after = declared.balance_after.of(raw) if declared.balance_after else None
    return IssuerEntry(
        identity,
        at,
        money,
        kind,
        phrase(" ".join(filter(None, (phrase(place.of(raw)) for place in declared.text)))),
        None if after is None else amount(after, declared.amount_format, currency),
    )


def _signed(money: Money, meaning: str, declared: History) -> tuple[Money, EntryKind]:
    """Give the amount its direction: its own sign, or the one its kind is declared with."""
    if not meaning:
        if any(m.startswith(("+", "-")) for m in declared.kinds.values()):
            raise Unreadable("an entry of a kind that is not declared, so without a direction")
        if money.minor == 0:
            return money, EntryKind.ADJUSTMENT
        return money, EntryKind.PURCHASE if money.minor < 0 else EntryKind.TOP_UP
    kind = EntryKind(meaning.lstrip("+-"))
    if meaning[0] in "+-":
        size = abs(money.minor)
        return Money(-size if meaning[0] == "-" else size, money.currency), kind
    return money, kind
