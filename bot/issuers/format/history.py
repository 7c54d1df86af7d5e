"""The history: where it comes from, how its pages follow each other, what an entry is."""

# ruff: noqa: RUF012, TC001 - pydantic copies defaults, and reads annotations when it runs

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import model_validator

from bot.issuers.amounts import AmountFormat
from bot.issuers.answers import TimeFormat
from bot.issuers.format.request import Call
from bot.issuers.format.table import Table
from bot.issuers.vocabulary import EntryMeaning, Place

Where = Literal["query", "body"]
"""Where a page's parameter goes: `body` is the JSON, the form, or GraphQL's variables."""


class NextLink(Table):
    """Pages by a link in the answer; followed on the same server only."""

    kind: Literal["next-link"]
    next: Place


class Cursor(Table):
    """Pages by a mark in the answer, given back as `parameter`; `more` says if there are more."""

    kind: Literal["cursor"]
    parameter: str
    where: Annotated[Where, Key(alias="in")] = "query"
    next: Place
    more: Place | None = None


class PageNumber(Table):
    """Pages by number, from `first`, of `size` entries. `total` is where the number of all is.

    Without `total` a page that is not full is the last.
    """

    kind: Literal["page-number"]
    parameter: str = "page"
    where: Annotated[Where, Key(alias="in")] = "query"
    first: int = 1
    size: Annotated[int, Key(ge=1)]
    total: Place | None = None


class Offset(Table):
    """Pages of `size` entries by how many to leave out, from 0. `total` as with `page-number`."""

    kind: Literal["offset"]
    parameter: str = "offset"
    where: Annotated[Where, Key(alias="in")] = "query"
    size: Annotated[int, Key(ge=1)]
    total: Place | None = None


Paging = Annotated[NextLink | Cursor | PageNumber | Offset, Key(discriminator="kind")]


class History(Table):
    """`[history]`: the request, and where in its answer the entries are.

    Without a request the entries are in the balance's answer, seen from its top. `id` may be
    several places, which together make an entry's identity. An amount has its own sign, or comes
    positive with a kind, or stands in one of two columns: `up` what the balance went up by, `down`
    what it went down by. `kinds` says what the issuer's own words mean: `purchase`, `top-up`,
    `refund`, `adjustment`, `opening` or `skip`; with `+` or `-` before it where amounts come
    without a sign. What is at the places of `text` is joined for the person to read. `days` is how
    far back to read; a request can say it as `{history:from}`, an RFC 3339 time.
    """

    request: Call | None = None
    entries: Place
    id: Place | Annotated[list[Place], Key(min_length=1)]
    at: Place
    at_format: TimeFormat = "text"
    amount: Place | None = None
    up: Place | None = None
    down: Place | None = None
    amount_format: AmountFormat
    kind: Place | None = None
    kinds: dict[str, EntryMeaning] = {}
    text: list[Place] = []
    balance_after: Place | None = None
    newest: Literal["first", "last"] = "first"
    paging: Paging | None = None
    max_pages: Annotated[int, Key(ge=1, le=50)] = 5
    days: Annotated[int, Key(ge=1, le=3660)] | None = None

    @model_validator(mode="after")
    def _amounts_and_pages(self) -> History:
        columns = self.up is not None and self.down is not None
        if (self.amount is not None) == columns or (self.up is None) != (self.down is None):
            raise ValueError("expected an amount, or two columns: up and down")
        if columns and any(meaning.startswith(("+", "-")) for meaning in self.kinds.values()):
            raise ValueError("expected kinds without + and -: the column says the direction")
        if self.request is None and self.paging is not None:
            raise ValueError("expected a request, whose pages paging can ask for")
        counted = isinstance(self.paging, PageNumber | Offset) and self.paging.total is None
        if counted and self.newest == "last":
            raise ValueError("expected paging.total: without it the newest page is not known")
        if getattr(self.paging, "where", "query") == "body" and not (
            self.request and self.request.has_fields
        ):
            raise ValueError(
                "expected a json table, a form or graphql for paging to put its mark in"
            )
        return self
