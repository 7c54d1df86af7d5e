"""Answers: where in them the balance is, and what they mean when there is none."""

# ruff: noqa: RUF012, TC001 - pydantic copies defaults, and reads annotations when it runs

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Key
from pydantic import model_validator

from bot.issuers.amounts import AmountFormat
from bot.issuers.answers import Expression, TimeFormat
from bot.issuers.contract import CardState, FaultKind
from bot.issuers.format.request import Call
from bot.issuers.format.table import Table
from bot.issuers.vocabulary import Place


class Balance(Table):
    """`[balance]`: the request, and where in its answer things are.

    `card` leads to the card, or to a list that must hold exactly one; the other places are seen
    from there. `number` is where the answer repeats the number, to be the one that was asked for
    (of several places, one of them); `number_ends` where it repeats the last characters only. With
    `sum` the amount's place leads to a list, of a card's accounts, that is added up. `starts` is
    from when on a card is good, and `expires` until when; a date alone is a whole day. `keep` are
    values that the history's request can use as `{balance:name}`.
    """

    request: Call
    card: Place = Expression("@")
    number: Place | Annotated[list[Place], Key(min_length=1)] | None = None
    number_ends: Place | None = None
    amount: Place
    amount_format: AmountFormat
    sum: bool = False
    currency: Place | None = None
    state: Place | None = None
    states: dict[str, CardState] = {}
    starts: Place | None = None
    starts_format: TimeFormat = "text"
    expires: Place | None = None
    expires_format: TimeFormat = "text"
    keep: dict[str, Place] = {}


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
