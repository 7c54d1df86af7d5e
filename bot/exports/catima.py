"""Cards for Catima: its table of version 2, as its own export has it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.expiry import last_day
from bot.imports.catima import FILE, UNIT
from bot.money import UNITS, Money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, tzinfo

    from storage import Whole

__all__ = ["FILE", "written"]

COLUMNS: Final = (
    *("_id", "store", "note", "validfrom", "expiry", "balance", "balancetype", "cardid"),
    *("barcodeid", "barcodetype", "barcodeencoding", "headercolor", "starstatus", "lastused"),
    "archive",
)
COLOUR: Final = -10902850
"""Of the card's heading there, which has to be some."""

_TYPES: Final = {
    "Aztec": "AZTEC",
    "Codabar": "CODABAR",
    "Code39": "CODE_39",
    "Code93": "CODE_93",
    "Code128": "CODE_128",
    "DataMatrix": "DATA_MATRIX",
    "EAN8": "EAN_8",
    "EAN13": "EAN_13",
    "ITF": "ITF",
    "PDF417": "PDF_417",
    "QRCode": "QR_CODE",
    "UPCA": "UPC_A",
    "UPCE": "UPC_E",
}
"""What it draws, as it names it. It has names for three more, but stumbles over a card of these."""


def written(wholes: Sequence[Whole], zone: tzinfo) -> bytes:
    """Write `catima.csv`. It has no place for a PIN, so that stands in the note.

    Nor has it a unit beside currencies and points, which it takes what has no currency for.
    """
    out = io.StringIO(newline="")
    out.write("2\r\n\r\n_id\r\n\r\n")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(place, whole, zone) for place, whole in enumerate(wholes, 1))
    out.write("\r\ncardId,groupId\r\n")
    return out.getvalue().encode()


def _row(place: int, whole: Whole, zone: tzinfo) -> list[object]:
    card, code = whole.card, whole.barcode
    kind = _TYPES.get(code.format, "") if code else ""
    known = card.balance_minor is not None and card.currency is not None
    amount = Money(card.balance_minor or 0, card.currency or "").amount if known else Decimal(0)
    return [
        place,
        card.label,
        "\n".join(_noted(whole, kind=kind)),
        "",
        _day(last_day(card, zone)) if card.expires_at else "",
        f"{amount:f}",
        card.currency if known and card.currency not in UNITS else "",
        whole.number,
        code.value if code and kind and code.value != whole.number else "",
        kind,
        (code.encoding or _charset(code.value)) if code and kind else "",
        COLOUR,
        int(card.starred),
        int(whole.card.created_at.timestamp()),
        int(card.archived_at is not None),
    ]


def _noted(whole: Whole, *, kind: str) -> list[str]:
    """Give the note's lines, and below them what has no place of its own there."""
    card, code = whole.card, whole.barcode
    lines = [card.note] if card.note else []
    lines += [f"{name}: {text}" for name, text in whole.secrets.items() if text != whole.number]
    if code and not kind and code.value != whole.number:
        lines.append(f"{code.format}: {code.value}")
    told = {"visits": card.balance_minor is not None, "points": card.balance_minor == 0}
    if told.get(card.currency or "", False):
        lines.append(f"{UNIT}: {card.currency}")
    return lines


def _charset(value: str) -> str:
    return "ISO-8859-1" if all(char <= "\xff" for char in value) else "UTF-8"


def _day(last: date) -> str:
    """Write the last day a card is good as its date picker does: midnight UTC, in milliseconds."""
    return str(int(datetime.combine(last, time(), UTC).timestamp()) * 1000)
