"""A whole file: who the issuer is, what its holders give, and how it is asked if it can be."""

# ruff: noqa: RUF012, TC001 - pydantic copies defaults, and reads annotations when it runs

from __future__ import annotations

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field as Key
from pydantic import model_validator

from bot.issuers import messages
from bot.issuers.answers import TimeFormat
from bot.issuers.auth import Auth
from bot.issuers.fields import CheckDigit, Field
from bot.issuers.format.history import History
from bot.issuers.format.reading import Balance, ErrorRule
from bot.issuers.format.request import Call, Server, Step
from bot.issuers.format.table import Table
from bot.issuers.vocabulary import Category, Currency, LinearPattern, Pattern, WebPage, Words, Zone


class FieldTable(Table):
    """`[[fields]]`: what the holder gives. The first is the card's number.

    `pattern` is of the whole value once blanks and dashes are gone; `hint` says where on the card
    it is printed.
    """

    name: Annotated[str, Key(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Words
    pattern: Pattern
    secret: bool = False
    example: str | None = None
    hint: Words | None = None
    case: Literal["keep", "upper", "lower"] = "keep"
    keep_dashes: bool = False
    check_digit: CheckDigit | None = None

    @model_validator(mode="after")
    def _example_fits(self) -> FieldTable:
        if self.example is not None and not self.field().accepts(self.example):
            raise ValueError(
                "expected an example that fits the pattern and the check digit, "
                f"found {self.example!r}"
            )
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
            self.check_digit,
        )


class MessageTable(Table):
    """`[[messages]]`: what the issuer writes to its holders, by SMS or otherwise.

    `pattern` (RE2) is searched for in the text. Its named groups: `tail`, the card's last digits;
    `spent`, `added` or `refunded`, an amount; `balance`, what is left; `at`, when, in `at_format`
    or as people write it; `place`; `currency`. `example` is a text that it fits.
    """

    pattern: LinearPattern
    at_format: TimeFormat | None = None
    example: str

    @model_validator(mode="after")
    def _pattern_fits(self) -> MessageTable:
        messages.check(self.pattern, self.example)
        return self


class Declaration(Table):
    """What every kind of issuer declares.

    `recognise` is a pattern of the normalised number, where the field's own would fit too much.
    `source` is where the facts are from, `unconfirmed` what no source says. `defaults` are used
    where the operator has not set `KABAO_SECRET_<NAME>`. `page` is the issuer's own page for
    looking a balance up, for the holder to open. `category` is what is sold there, in a word that
    the operator's offers can name, such as `coffee`.
    """

    name: Words
    source: str | None = None
    unconfirmed: list[str] = []
    currency: Currency | None = None
    recognise: Pattern | None = None
    page: WebPage | None = None
    category: Category | None = None
    defaults: dict[Annotated[str, Key(pattern=r"^[A-Z][A-Z0-9_]*$")], str] = {}
    fields: Annotated[list[FieldTable], Key(min_length=1)]
    messages: list[MessageTable] = []

    @model_validator(mode="after")
    def _fields_have_their_own_names(self) -> Self:
        names = [field.name for field in self.fields]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"fields: expected a name of its own for each; found {twice!r} twice")
        return self


class ManualDeclaration(Declaration):
    """`kind = "manual"`: an issuer that nobody can ask.

    `remind_days`: how often the holder is asked whether the balance is still right.
    """

    kind: Literal["manual"]
    remind_days: Annotated[int, Key(ge=1, le=366)] | None = None


class HttpDeclaration(Declaration):
    """`kind = "http"`: an issuer with an HTTP API that speaks JSON.

    `timezone` is where its dates are dates. `check` is a request that `kabao check` makes.
    """

    kind: Literal["http"]
    timezone: Zone = ZoneInfo("UTC")
    server: Server
    auth: Auth | None = None
    check: Call | None = None
    steps: list[Step] = []
    balance: Balance
    history: History | None = None
    errors: list[ErrorRule] = []

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> HttpDeclaration:
        known = {field.name for field in self.fields}
        _known("server", self.server.names(), set())
        if self.auth:
            _known("auth", self.auth.names(), set())
        if self.check:
            _known("check", self.check.names(), set())
        for step in self.steps:
            _known(f"steps.{step.name}", step.request.names(), known)
            known |= {f"{step.name}:{key}" for key in step.keep}
        _known("balance.request", self.balance.request.names(), known)
        if self.history and self.history.request:
            kept = {f"balance:{name}" for name in self.balance.keep}
            since = {"history:from"} if self.history.days else set()
            _known("history.request", self.history.request.names(), known | kept | since)
        if self.balance.currency is None and self.currency is None:
            raise ValueError("expected a currency: fixed (currency) or read (balance.currency)")
        return self

    @model_validator(mode="after")
    def _steps_have_their_own_names(self) -> HttpDeclaration:
        taken = ["balance", "history", "secret", *(step.name for step in self.steps)]
        if len(set(taken)) < len(taken):
            raise ValueError("expected each step to have a name of its own")
        return self

    def secrets(self) -> frozenset[str]:
        """List the names of the operator's secrets that it uses, those with a default too."""
        return frozenset(
            name.removeprefix("secret:") for name in self.names() if name.startswith("secret:")
        )


def _known(where: str, names: frozenset[str], known: set[str]) -> None:
    for name in sorted(names - known):
        if not name.startswith("secret:"):
            there = ", ".join(f"{{{k}}}" for k in sorted(known)) or "only {secret:NAME}"
            raise ValueError(f"{where}: expected {there}; found {{{name}}}")
