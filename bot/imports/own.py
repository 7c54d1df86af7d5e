"""Kabao's own export: everything of every card, checked before any of it is believed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from bot import barcodes
from bot.imports import found, values
from bot.imports.found import Choices, Found, Gathering, Unreadable
from bot.imports.kept import wholes
from bot.issuers import CardState
from bot.languages import mark
from bot.money import LARGEST_MINOR, exponent
from storage import MOST_CARDS

if TYPE_CHECKING:
    from typing import Any

    from storage import Card, Entry, Reading, Whole

PROGRAM: Final = "Kabao"
FILE: Final = "kabao.json"
VERSION: Final = 1
NEWER: Final = mark("This export is of a newer Kabao than this one.")
NOT_OURS: Final = mark("This is an export of Kabao's, but it is damaged.")
MOST_SECRETS: Final = 10
SECRET_LONGEST: Final = 200
EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in `kabao.json`. Times are ISO 8601 in UTC, amounts minor units."""

    kabao: int
    made_at: datetime
    choices: Choices
    cards: list[object]


@cache
def _headers() -> TypeAdapter[Written]:
    return TypeAdapter(Written)


def read(content: bytes) -> Found:
    """Read an export. `Unreadable` if it is none; a card that does not fit is skipped."""
    try:
        data: Any = orjson.loads(found.bounded(content))
        version = data.get("kabao") if isinstance(data, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise Unreadable(NEWER)
        written = _headers().validate_python(data)
    except (orjson.JSONDecodeError, ValidationError):
        raise Unreadable(NOT_OURS) from None
    gathering = Gathering(PROGRAM)
    whole: list[Whole] = []
    for gathering.place, one in enumerate(written.cards, 1):
        if len(whole) >= MOST_CARDS:
            gathering.skip(found.TOO_MANY)
            continue
        try:
            whole.append(_checked(wholes().validate_python(one), gathering))
        except (ValidationError, ValueError):
            gathering.skip(found.NO_CARD)
    return replace(gathering.found(), whole=tuple(whole), choices=written.choices)


def _checked(whole: Whole, gathering: Gathering) -> Whole:
    """Hold a card to what this program itself would have kept. `ValueError` for what it would not.

    Texts are cleaned, and not refused: what they may hold has changed over time.
    """
    card = whole.card
    CardState(card.state)
    secrets = {values.line(name, 40): text for name, text in whole.secrets.items()}
    number = values.line(whole.number)
    if not number or number != whole.number or number not in secrets.values():
        raise ValueError("no number")
    if len(secrets) > MOST_SECRETS or any(len(t) > SECRET_LONGEST for t in secrets.values()):
        raise ValueError("no such secrets")
    if len(whole.entries) > found.MOST_PAST or len(whole.readings) > found.MOST_PAST:
        raise ValueError("too long a past")
    label, _ = values.name(card.label, gathering)
    pieces: tuple[Card | Entry | Reading, ...] = (card, *whole.entries, *whole.readings)
    for one in pieces:
        _check(one)
    if card.balance_minor is not None and (card.currency is None or card.balance_at is None):
        raise ValueError("a balance of no currency or time")
    code = whole.barcode
    if code is not None and not 0 < len(code.value) <= barcodes.LONGEST:
        raise ValueError("no such barcode")
    note = values.lines(card.note, gathering)
    entries = tuple(replace(one, text=one.text[: values.NOTE_LONGEST]) for one in whole.entries)
    card = replace(card, label=label, note=note)
    return replace(whole, secrets=secrets, card=card, entries=entries)


def _in_time(at: datetime) -> bool:
    return at.utcoffset() == timedelta(0) and EARLIEST < at < LATEST


def _check(one: Card | Entry | Reading) -> None:
    """Hold amounts, times and currencies to what can be kept at all."""
    for each in fields(one):
        value = getattr(one, each.name)
        if each.name.endswith("_minor") and value is not None and abs(value) > LARGEST_MINOR:
            raise ValueError("no such amount")
        if isinstance(value, datetime) and not _in_time(value):
            raise ValueError("no such time")
    if one.currency is not None:
        exponent(one.currency)
