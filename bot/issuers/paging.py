"""How the pages of a history follow each other: by a link, a mark, a number, an offset.

Whichever way an issuer counts, the pages come out with the newest entries first, one at a time:
who has read enough stops asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.issuers.answers import Unreadable, word
from bot.issuers.format.history import Cursor, NextLink, Offset, PageNumber

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from bot.issuers.answers import Expression
    from bot.issuers.calls import Caller
    from bot.issuers.format.history import History
    from bot.issuers.format.request import Call

_NO = ("", "false", "0")


async def pages(
    declared: History, caller: Caller, values: Mapping[str, Any], answer: object = None
) -> AsyncGenerator[list[Any], None]:
    """Give each page's entries, the newest entry first of all. `IssuerFault`, `Unreadable`.

    `answer` is the balance's, which has the entries where there is no request for them. At most
    `max_pages` pages are given, and a page that comes a second time is a fault: it would never end.
    """
    if declared.request is None:
        yield _newest_first(declared, _entries(declared, answer))
        return
    paging = declared.paging
    if isinstance(paging, PageNumber | Offset):
        found = _counted(declared, declared.request, paging, caller, values)
    elif paging is None:
        found = _only(declared.request, caller, values)
    else:
        found = _chained(declared, declared.request, paging, caller, values)
        if declared.newest == "last":
            found = _from_the_end(found)
    last: list[Any] = []
    async for page in found:
        entries = _entries(declared, page)
        if entries and entries == last:
            raise Unreadable("the same page of the history twice")
        last = entries
        yield _newest_first(declared, entries)


def _entries(declared: History, page: object) -> list[Any]:
    listed = declared.entries.of(page)
    if not isinstance(listed, list):
        raise Unreadable(f"no list of entries at {declared.entries.text!r}")
    return listed


def _newest_first(declared: History, entries: list[Any]) -> list[Any]:
    return entries[::-1] if declared.newest == "last" else entries


async def _only(
    request: Call, caller: Caller, values: Mapping[str, Any]
) -> AsyncGenerator[Any, None]:
    yield await caller.ask(request, values)


async def _chained(
    declared: History,
    request: Call,
    paging: NextLink | Cursor,
    caller: Caller,
    values: Mapping[str, Any],
) -> AsyncGenerator[Any, None]:
    """Go from page to page as each says; one page more than the most there may be is not asked."""
    seen: set[str | int] = set()
    page = await caller.ask(request, values)
    for _ in range(declared.max_pages):
        yield page
        mark = _next(paging, page)
        if mark is None:
            return
        if mark in seen:
            raise Unreadable("pages of the history that lead in a circle")
        seen.add(mark)
        if len(seen) == declared.max_pages:
            if declared.newest == "last":
                raise Unreadable(f"more than {declared.max_pages} pages before the newest")
            return
        if isinstance(paging, NextLink):
            page = await caller.follow(mark, request, values)
        else:
            extra = {paging.parameter: mark}
            page = await caller.ask(request, values, extra, paging.where)


def _next(paging: NextLink | Cursor, page: object) -> str | int | None:
    """Find what leads to the next page; None on the last."""
    found = paging.next.of(page)
    if isinstance(paging, Cursor) and paging.more is not None:
        if (word(paging.more.of(page)) or "") in _NO:
            return None
        if found is None or found == "":
            raise Unreadable(f"more entries, but nothing at {paging.next.text!r} to ask for them")
    if found is None or found == "" or found is False:
        return None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise Unreadable(f"no text and no number at {paging.next.text!r}")
    return found


async def _from_the_end(found: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    every = [page async for page in found]
    for page in reversed(every):
        yield page


async def _counted(
    declared: History,
    request: Call,
    paging: PageNumber | Offset,
    caller: Caller,
    values: Mapping[str, Any],
) -> AsyncGenerator[Any, None]:
    """Ask for pages by their place, from the end if the newest are there."""

    async def ask(place: int) -> Any:
        at = place * paging.size if isinstance(paging, Offset) else paging.first + place
        return await caller.ask(request, values, {paging.parameter: at}, paging.where)

    first = await ask(0)
    if paging.total is not None:
        every = _total(paging.total, first)
        if len(_entries(declared, first)) != min(every, paging.size):
            raise Unreadable(f"a page of another length than paging.size, {paging.size}")
        count = max(1, -(-every // paging.size))
        places = range(count)[::-1] if declared.newest == "last" else range(count)
        for place in places[: declared.max_pages]:
            yield await ask(place) if place else first
        return
    page = first
    for place in range(1, declared.max_pages + 1):
        yield page
        if place == declared.max_pages or len(_entries(declared, page)) < paging.size:
            return
        page = await ask(place)


def _total(place: Expression, page: object) -> int:
    text = word(place.of(page)) or ""
    if not text.isascii() or not text.isdecimal() or len(text) > 15:  # noqa: PLR2004 - no history is so long
        raise Unreadable(f"no number of entries at {place.text!r}")
    return int(text)
