"""Single values of other programs' files: texts, amounts, days, barcodes.

What cannot be read is remarked on, not raised.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from bot import barcodes
from bot.imports import found
from bot.money import LARGEST_MINOR, exponent, is_currency
from storage import Barcode

if TYPE_CHECKING:
    from bot.imports.found import Gathering

NUMBER_LONGEST: Final = 200
NAME_LONGEST: Final = 32
NOTE_LONGEST: Final = 1000
NO_EXPIRY_YEARS: Final = 40
"""Some programs cannot leave the date out, and put one half a century off."""

FIRST_YEAR: Final = 1970
"""Others put the year 1, or 1900; no card expired before there were any."""

SECONDS_BELOW: Final = 10**11
"""In milliseconds that is in 1973, before any card there is."""

NOTHING: Final = frozenset({"", "-", "--", "n/a", "none", "null", "无", "無"})
"""What stands in a cell that holds nothing, in small letters."""

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_DECIMAL: Final = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,20})?")
_PIN: Final = re.compile(
    r"^[ \t]*(?:PIN|密码|密碼|口令)[ \t]*[:：=]?[ \t]*((?=(?:\S*\d){3})[A-Za-z0-9-]{3,20})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:$|[T ])")


def line(value: object, longest: int = NUMBER_LONGEST) -> str:
    """Read a text of one line; empty for what is none. Cut at `longest` characters."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    text = str(value) if isinstance(value, int) and abs(value) < 10**40 else value
    if not isinstance(text, str):
        return ""
    plain = unicodedata.normalize("NFC", text[: 4 * longest])
    kept = "".join(char for char in " ".join(plain.split()) if not _hidden(char))
    return kept.strip()[:longest].strip()


def lines(value: object, gathering: Gathering) -> str | None:
    """Read a text of several lines for a note; None for an empty one."""
    if not isinstance(value, str):
        return None
    kept = "".join(
        char for char in unicodedata.normalize("NFC", value) if char == "\n" or not _hidden(char)
    ).strip()
    if len(kept) > NOTE_LONGEST:
        gathering.remark(found.LENGTHS)
        kept = f"{kept[: NOTE_LONGEST - 1].rstrip()}…"
    return kept or None


def pin_out_of(note: str | None, gathering: Gathering) -> tuple[str | None, str | None]:
    """Take a PIN out of a note, where people put it who have no other place; give what is left."""
    stood = _PIN.search(note or "")
    if note is None or stood is None:
        return note, None
    gathering.remark(found.PINS)
    left = (note[: stood.start()].rstrip(), note[stood.end() :].strip("\n"))
    return "\n".join(filter(None, left)) or None, stood[1]


def noted(note: str | None, *more: str | None) -> str | None:
    """Put further lines below a note."""
    kept = "\n".join(one for one in (note, *more) if one)
    return kept[:NOTE_LONGEST].rstrip() or None


def number(value: object, gathering: Gathering) -> str | None:
    """Read a card number; None, and the card is skipped, where there is none that can be one."""
    text = line(value, NUMBER_LONGEST + 1)
    if not text:
        gathering.skip(found.NO_NUMBER)
    elif len(text) > NUMBER_LONGEST:
        gathering.skip(found.TOO_LONG)
    else:
        return text
    return None


def name(value: object, gathering: Gathering) -> tuple[str, str | None]:
    """Read a card's name; what is too long comes back whole as well, for the note."""
    text = line(value, NUMBER_LONGEST)
    if len(text) <= NAME_LONGEST:
        return text, None
    gathering.remark(found.LENGTHS)
    return f"{text[: NAME_LONGEST - 1].rstrip()}…", text


def amount(value: object, gathering: Gathering, what: str = found.BALANCES) -> Decimal | None:
    """Read an amount written with a point; None, with a remark, for what is none."""
    text = str(value).strip() if isinstance(value, str | int | float | Decimal) else ""
    if isinstance(value, bool) or not text:
        return None
    if re.fullmatch(r"[+-]?\d+(\.\d+)?[eE][+-]?\d{1,2}", text):
        text = format(Decimal(text), "f")
    if not _DECIMAL.fullmatch(text):
        gathering.remark(what)
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        gathering.remark(what)
        return None


def currency(value: object) -> str | None:
    """Read an ISO 4217 code; None for what is none."""
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if is_currency(code) else None


def fits(value: Decimal, code: str | None) -> bool:
    """Say whether an amount can be kept: no finer than the minor unit, no larger than a card's."""
    digits = 2 if code is None else exponent(code)
    minor = value.scaleb(digits)
    return minor == minor.to_integral_value() and abs(minor) <= LARGEST_MINOR


def day(value: object, gathering: Gathering, today: date) -> date | None:
    """Read a date, 2026-12-31 with whatever follows; None where it stands for none."""
    if value is None or value == "":
        return None
    found_day = _DAY.match(value.strip()) if isinstance(value, str) else None
    if not found_day:
        gathering.remark(found.DATES)
        return None
    try:
        read = date(*(int(part) for part in found_day.groups()))
    except ValueError:
        gathering.remark(found.DATES)
        return None
    return none_if_far(read, today)


def day_of_milliseconds(value: object, gathering: Gathering, today: date) -> date | None:
    """Read the day of a time in milliseconds since 1970, midnight somewhere on earth."""
    text = str(value).strip() if isinstance(value, str | int) else ""
    if text in {"", "0", "null"}:
        return None
    if not re.fullmatch(r"-?\d{1,15}", text):
        gathering.remark(found.DATES)
        return None
    since = int(text)
    if abs(since) < SECONDS_BELOW:
        gathering.remark(found.SECONDS)
        since *= 1000
    try:
        # Midnight is written as that of UTC, of the zone of the phone, or as noon.
        at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=since, hours=12)
    except OverflowError:
        gathering.remark(found.DATES)
        return None
    return none_if_far(at.date(), today)


def none_if_far(read: date, today: date) -> date | None:
    """Give None for a day so far off that it stands for none."""
    return read if FIRST_YEAR <= read.year <= today.year + NO_EXPIRY_YEARS else None


def moment(value: object) -> datetime | None:
    """Read a time as aware UTC, a bare one as UTC; None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def barcode(
    kind: object, value: object, gathering: Gathering, encoding: object = None
) -> Barcode | None:
    """Read a barcode whose kind is spelled in any program's way; None where there is none."""
    text = value if isinstance(value, str) else ""
    spelled = re.sub(r"[^a-z0-9]", "", kind.lower()) if isinstance(kind, str) else ""
    if not text or not spelled or spelled in {"none", "text", "nobarcode"}:
        return None
    known = barcodes.format_named(spelled)
    if known is None or len(text) > barcodes.LONGEST:
        gathering.remark(found.BARCODES)
        return None
    charset = encoding.strip() if isinstance(encoding, str) else ""
    return Barcode(known, text, charset if charset in {"ISO-8859-1", "UTF-8"} else None)


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN and char != "\N{ZERO WIDTH JOINER}"
