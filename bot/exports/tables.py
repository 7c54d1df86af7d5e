"""Cards and what happened on them as tables, for a spreadsheet or any other program."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.expiry import last_day
from bot.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo

    from storage import Card, Whole

CARDS: Final = "cards.csv"
HISTORY: Final = "history.csv"
_CARD_COLUMNS: Final = (
    *("name", "issuer", "card number", "pin", "other secrets", "balance", "currency", "as of"),
    *(
        "balance from",
        "said by",
        "expires",
        "state",
        "barcode format",
        "barcode",
        "note",
        "starred",
    ),
    *("archived", "bound"),
)
_HISTORY_COLUMNS: Final = (
    *("name", "last digits", "at", "amount", "currency", "kind", "text", "balance after", "source"),
    "booked by",
)
Names: TypeAlias = Mapping[tuple[str, int], str]
"""What people are called, by a card's id and theirs."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def cards(wholes: Sequence[Whole], zone: tzinfo, names: Names) -> bytes:
    """Write one line a card; days and times are those of the person's zone."""
    rows = []
    for whole in wholes:
        card, code = whole.card, whole.barcode
        others = {name: text for name, text in whole.secrets.items() if text != whole.number}
        pin = others.pop("pin", "")
        rows.append(
            [
                _text(card.label),
                card.issuer,
                _text(whole.number),
                _text(pin),
                _text("; ".join(f"{name}={text}" for name, text in others.items())),
                _amount(card.balance_minor, card.currency),
                card.currency or "",
                _moment(card.balance_at, zone),
                card.balance_source or "",
                _by(card, card.balance_source, card.balance_by, names),
                last_day(card, zone).isoformat() if card.expires_at else "",
                card.state,
                _text(code.format if code else ""),
                _text(code.value if code else ""),
                _text(card.note or ""),
                "yes" if card.starred else "",
                _moment(card.archived_at, zone),
                _moment(card.created_at, zone),
            ]
        )
    return _written(_CARD_COLUMNS, rows)


def history(wholes: Sequence[Whole], zone: tzinfo, names: Names) -> bytes:
    """Write one line an entry, the oldest of each card first."""
    return _written(
        _HISTORY_COLUMNS,
        (
            [
                _text(whole.card.label),
                _text(whole.card.tail),
                _moment(entry.at, zone),
                _amount(entry.amount_minor, entry.currency),
                entry.currency,
                entry.kind,
                _text(entry.text),
                _amount(entry.balance_after_minor, entry.currency),
                entry.source,
                _by(whole.card, entry.source, entry.booked_by, names),
            ]
            for whole in wholes
            for entry in sorted(whole.entries, key=lambda one: (one.at, one.id))
        ),
    )


def _written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a table with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _by(card: Card, source: str | None, by: int | None, names: Names) -> str:
    who = card.owner_id if by is None and source in {"holder", "message"} else by
    return "" if who is None else _text(names.get((card.id, who), ""))


def _text(text: str) -> str:
    """Keep a text that others may have written from being a formula in a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _amount(minor: int | None, currency: str | None) -> str:
    return "" if minor is None or currency is None else f"{Money(minor, currency).amount:f}"


def _moment(at: datetime | None, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds") if at else ""
