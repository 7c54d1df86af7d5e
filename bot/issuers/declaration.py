"""What an issuer's TOML file may say. The format, in full; `registry` reads files into it."""

# ruff: noqa: TC001 - pydantic reads the annotations when the program runs

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic import Field as Key

from bot.issuers.answers import AmountFormat, Expression, TimeFormat
from bot.issuers.contract import CardState, FaultKind
from bot.issuers.fields import Field
from bot.issuers.vocabulary import (
    Body,
    Currency,
    EntryMeaning,
    Headers,
    Path,
    Pattern,
    Place,
    Text,
    Words,
    Zone,
)


class Table(BaseModel):
    """A table of the file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class FieldTable(Table):
    """`[[fields]]`: what the holder gives. The first is the card's number."""

    name: Annotated[str, Key(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Words
    pattern: Pattern
    secret: bool = False
    example: str | None = None
    hint: Words | None = None
    case: Literal["keep", "upper", "lower"] = "keep"
    keep_dashes: bool = False

    @model_validator(mode="after")
    def _example_fits(self) -> FieldTable:
        if self.example is not None and not self.field().accepts(self.example):
            raise ValueError(f"expected an example that fits the pattern, found {self.example!r}")
        return self

    def field(self) -> Field:
        """Give the field as the rest of the program knows it."""
        return Field(
            self.name,
            self.label,
            self.pattern,
            self.secret,
            self.example,
            self.hint or {},
            self.case,
            self.keep_dashes,
        )


class Call(Table):
    """A request: `path` under the server's URL, `query`, `headers`, `json` body."""

    method: Literal["GET", "POST"] = "GET"
    path: Path
    query: dict[str, Text] = {}
    headers: Headers = {}
    body: Annotated[Body | None, Key(alias="json")] = None

    def names(self) -> frozenset[str]:
        """Every placeholder of the request."""
        texts = [self.path, *self.query.values(), *self.headers.values()]
        return frozenset().union(
            *(text.names for text in texts), self.body.names if self.body else ()
        )


class Server(Table):
    """`[server]`: where the API is, what every request carries, and how hard it may be asked."""

    url: Text
    allow_http: bool = False
    headers: Headers = {}
    timeout_seconds: Annotated[float, Key(gt=0, le=60)] = 10
    concurrency: Annotated[int, Key(ge=1, le=1000)] = 4


class Balance(Table):
    """`[balance]`: the request, and where in its answer things are.

    `card` leads to the card, or to a list that must hold exactly one; the other places are seen
    from there. `number` is where the answer repeats the number, to be the one that was asked for.
    `keep` are values that the history's request can use as `{balance:name}`.
    """

    request: Call
    card: Place = Expression("@")
    number: Place | None = None
    amount: Place
    amount_format: AmountFormat
    currency: Place | None = None
    state: Place | None = None
    states: dict[str, CardState] = {}
    expires: Place | None = None
    expires_format: TimeFormat = "text"
    keep: dict[str, Place] = {}


class NextLink(Table):
    """Pages by a link in the answer; followed on the same server only."""

    kind: Literal["next-link"]
    next: Place


class PageNumber(Table):
    """Pages by number, from 1. `total` is where the number of all entries is."""

    kind: Literal["page-number"]
    parameter: str = "page"
    size: Annotated[int, Key(ge=1)]
    total: Place


class History(Table):
    """`[history]`: the request, and where in its answer the entries are.

    `kinds` says what the issuer's own words mean: `purchase`, `top-up`, `refund`, `adjustment`,
    `opening` or `skip`; with `+` or `-` before it where amounts come without a sign. What is at
    the places of `text` is joined for the person to read.
    """

    request: Call
    entries: Place
    id: Place
    at: Place
    at_format: TimeFormat = "text"
    amount: Place
    amount_format: AmountFormat
    kind: Place | None = None
    kinds: dict[str, EntryMeaning] = {}
    text: list[Place] = []
    balance_after: Place | None = None
    newest: Literal["first", "last"] = "first"
    paging: Annotated[NextLink | PageNumber, Key(discriminator="kind")] | None = None
    max_pages: Annotated[int, Key(ge=1, le=50)] = 5


class ErrorRule(Table):
    """`[[errors]]`: an answer with this status, for which this expression holds, means `is`."""

    status: int | list[int] | None = None
    when: Place | None = None
    meaning: Annotated[FaultKind, Key(alias="is")]

    @model_validator(mode="after")
    def _says_when(self) -> ErrorRule:
        if self.status is None and self.when is None:
            raise ValueError("expected a status or a condition (when)")
        return self


class Declaration(Table):
    """What every kind of issuer declares.

    `recognise` is a pattern of the normalised number, where the field's own would fit too much.
    `source` is where the facts are from.
    """

    name: Words
    source: str | None = None
    currency: Currency | None = None
    recognise: Pattern | None = None
    fields: Annotated[list[FieldTable], Key(min_length=1)]


class ManualDeclaration(Declaration):
    """`kind = "manual"`: an issuer that nobody can ask."""

    kind: Literal["manual"]


class HttpDeclaration(Declaration):
    """`kind = "http"`: an issuer with an HTTP API that speaks JSON.

    `timezone` is where its dates are dates. `check` is a request that `kabao check` makes.
    """

    kind: Literal["http"]
    timezone: Zone = ZoneInfo("UTC")
    server: Server
    check: Call | None = None
    balance: Balance
    history: History | None = None
    errors: list[ErrorRule] = []

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> HttpDeclaration:
        given = {field.name for field in self.fields}
        kept = {f"balance:{name}" for name in self.balance.keep}
        _known("server.url", self.server.url.names, set())
        for name, text in self.server.headers.items():
            _known(f"server.headers.{name}", text.names, set())
        if self.check:
            _known("check", self.check.names(), set())
        _known("balance.request", self.balance.request.names(), given)
        if self.history:
            _known("history.request", self.history.request.names(), given | kept)
        if self.balance.currency is None and self.currency is None:
            raise ValueError("expected a currency: fixed (currency) or read (balance.currency)")
        return self

    def secrets(self) -> frozenset[str]:
        """List the names of the operator's secrets that its requests use."""
        calls = [self.balance.request, self.check, self.history and self.history.request]
        names = self.server.url.names.union(
            *(text.names for text in self.server.headers.values()),
            *(call.names() for call in calls if call),
        )
        return frozenset(
            name.removeprefix("secret:") for name in names if name.startswith("secret:")
        )


def _known(where: str, names: frozenset[str], known: set[str]) -> None:
    for name in sorted(names - known):
        if not name.startswith("secret:"):
            there = ", ".join(f"{{{k}}}" for k in sorted(known)) or "only {secret:NAME}"
            raise ValueError(f"{where}: expected {there}; found {{{name}}}")
