"""Any table in a text file: which characters, which separator, which column holds what.

What a column holds is guessed from its heading and shown; the person has the last word.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal

from bot.amounts import AmbiguousAmount, parse_amount
from bot.days import day_meant
from bot.imports import found, values
from bot.imports.catima import NOT_CSV
from bot.imports.found import Found, Gathering, Incoming, Unreadable
from storage import MOST_CARDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Role = Literal["number", "name", "balance", "currency", "pin", "expires", "note"]
ROLES: Final[tuple[Role, ...]] = (
    "number", "name", "balance", "currency", "pin", "expires", "note"
)  # fmt: skip
MOST_COLUMNS: Final = 40
MOST_ROWS: Final = MOST_CARDS + 1
SEPARATORS: Final = ",;\t|"
LOOKED_AT: Final = 50
MASKED_FROM: Final = 3
SHOWN: Final = 16

HEADINGS: Final[Mapping[Role, str]] = {
    "pin": r"\bpin\b|密码|密碼|口令|验证码|passcode|password|cvv|security code|kartenpin",
    "number": r"card ?(?:no|num|id|code)|number|\bcode\b|redeem|nummer|numéro"
    r"|卡号|卡號|编号|券码|号码",
    "currency": r"currency|币种|货币|幣別|währung|devise|\bccy\b",
    "balance": r"balance|amount|value|余额|餘額|金额|面值|guthaben|betrag|solde|montant|saldo",
    "expires": r"expir|valid|有效期|到期|截止|过期|gültig|ablauf|validité",
    "name": r"name|store|shop|merchant|brand|issuer|店|商户|商家|名称|卡名|品牌"
    r"|laden|händler|magasin",
    "note": r"note|comment|remark|description|备注|说明|備註|bemerkung|notiz|remarque",
}
_DIGITS = re.compile(r"\d")
_NUMBER_LIKE = re.compile(r"(?=(?:.*\d){4})[A-Za-z0-9][A-Za-z0-9 ./_#*+-]{3,}")
_MONEY_LIKE = re.compile(r"[^\w]{0,3}\d{1,6}[.,]\d{1,2}[^\w]{0,3}")
_DATE_LIKE = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?:日|$|[T ])")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:$|[T ])")
_MONTH = re.compile(r"(0?[1-9]|1[0-2])[-/.](?:(20\d{2})|(\d{2}))")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_NONE: Final = frozenset({"", "-", "--", "n/a", "none", "null", "无", "無"})


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a table, all of one length; `headings` are made up (`None`) where it has none."""

    headings: tuple[str | None, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)


def decoded(content: bytes) -> str:
    """Decode a text: UTF-8 or UTF-16 by its mark, UTF-8, GB 18030, else Windows' Western."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if _in_pairs(content):
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return content.decode("cp1252", errors="replace")


def _in_pairs(content: bytes) -> bool:
    """Say whether high bytes come in pairs, as Chinese does; an accented letter stands alone."""
    runs = re.findall(rb"[\x80-\xff]+", content[:65536])
    paired = sum(len(run) for run in runs if len(run) > 1)
    return paired * 2 > sum(map(len, runs))


def read(text: str) -> Table:
    """Find the rows of a table. `Unreadable` where nothing in it can be a card."""
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"sep=(.)\s*", first)  # as Excel writes it
    body = rest if told else text
    separator = told[1] if told else _separator(body)
    try:
        reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
        rows = [
            [cell.strip() for cell in row[:MOST_COLUMNS]]
            for row, _ in zip(reader, range(MOST_ROWS + 1), strict=False)
            if any(cell.strip() for cell in row)
        ]
    except (csv.Error, TypeError, ValueError):
        raise Unreadable(NOT_CSV) from None
    width = max(map(len, rows), default=0)
    if (
        not rows
        or "\0" in text[:1000]
        or not any(map(_DIGITS.search, text.splitlines()[:LOOKED_AT]))
    ):
        raise Unreadable(NOT_CSV)
    whole = [(*row, *[""] * (width - len(row))) for row in rows]
    bare = len(whole) == 1 or any(_NUMBER_LIKE.fullmatch(cell) for cell in whole[0])
    headings = [None if bare else values.line(cell, 40) or None for cell in whole[0]]
    table = Table(tuple(headings), tuple(whole if bare else whole[1:]))
    if not guessed(table):
        raise Unreadable(NOT_CSV)
    return table


def _separator(text: str) -> str:
    """Choose the separator that splits most of the first lines into equally many parts."""
    sample = text[:20000].split("\n")[:LOOKED_AT]
    best, score = ",", 0.0
    for one in SEPARATORS:
        try:
            widths = Counter(
                len(row) for row in csv.reader(sample, delimiter=one) if any(map(str.strip, row))
            )
        except csv.Error:
            continue
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        value = times / widths.total() * min(width - 1, MOST_COLUMNS)
        if value > score:
            best, score = one, value
    return best


def guessed(table: Table) -> dict[Role, int]:
    """Guess which column holds what: by its heading, and the number also by what stands in it."""
    roles: dict[Role, int] = {}
    for role, words in HEADINGS.items():
        for at, heading in enumerate(table.headings):
            if heading and at not in roles.values() and re.search(words, heading.casefold()):
                roles[role] = at
                break
    if "number" not in roles:
        likely = [
            (sum(_is_number(row[at]) for row in table.rows[:LOOKED_AT]), -at)
            for at in range(len(table.headings))
            if at not in roles.values()
        ]
        most, at = max(likely, default=(0, 0))
        if most:
            roles["number"] = -at
    return roles


def _is_number(cell: str) -> bool:
    return bool(_NUMBER_LIKE.fullmatch(cell)) and not _DATE_LIKE.fullmatch(cell)


def example(table: Table, at: int, role: Role | None) -> str:
    """Show what stands in a column, without giving away what may be a number or a PIN."""
    cell = next((row[at] for row in table.rows if row[at]), "")
    cell = " ".join(cell.split())
    if role == "pin":
        return "•" * min(len(cell), 6)
    plain = (
        role in {"balance", "expires"} or _MONEY_LIKE.fullmatch(cell) or _DATE_LIKE.fullmatch(cell)
    )
    if role != "number" and (plain or not _DIGITS.search(cell)):
        return cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…"
    if len(cell) >= 8:  # noqa: PLR2004 - four of eight say little
        return f"••••{cell[-4:]}"
    return "•" * len(cell) if len(cell) >= MASKED_FROM else cell


def cards_of(table: Table, roles: Mapping[Role, int], currency: str, today: date) -> Found:
    """Read the rows as cards; amounts are in `currency` where a row does not say otherwise."""
    gathering = Gathering("")
    marks, orders = _decimal_marks(table, roles), _orders(table, roles)
    for gathering.place, row in enumerate(table.rows, 1):
        if len(gathering.cards) >= MOST_CARDS:
            gathering.skip(found.TOO_MANY)
            continue
        given: dict[Role, str] = {role: row[at] for role, at in roles.items() if at < len(row)}
        if _ROUNDED.fullmatch(given.get("number", "")):
            gathering.skip(found.ROUNDED)
            continue
        number = values.number(_bare(given.get("number", "")), gathering)
        if number is None:
            continue
        label, long = values.name(given.get("name"), gathering)
        code = values.currency(given.get("currency"))
        gathering.cards.append(
            Incoming(
                number=number,
                name=label,
                amount=_amount(given.get("balance", ""), code or currency, marks, gathering),
                currency=code,
                expires=_day(given.get("expires", ""), gathering, today, orders),
                pin=values.line(_bare(given.get("pin", ""))) or None,
                note=values.noted(values.lines(given.get("note"), gathering), long),
            )
        )
    return gathering.found()


def _bare(cell: str) -> str:
    """Take off what keeps a spreadsheet from rounding a number: ="628…", '628…."""
    return cell.removeprefix("=").strip('"').removeprefix("'").strip()


def _decimal_marks(table: Table, roles: Mapping[Role, int]) -> set[str]:
    """Find which marks stand before decimals in this table where that is beyond doubt."""
    at = roles.get("balance")
    cells = [row[at] for row in table.rows] if at is not None else []
    return {
        mark[1]
        for cell in cells
        if (mark := re.search(r"([.,])(?:\d{1,2}|\d{4,})\D*$", cell.strip()))
    }


def _amount(cell: str, currency: str, marks: set[str], gathering: Gathering) -> Decimal | None:
    """Read an amount as people write it; of two that it can be, what other rows tell."""
    text = cell.strip().removeprefix("+")
    if text.casefold() in _NONE:
        return None
    try:
        return parse_amount(text, currency).amount
    except AmbiguousAmount as doubt:
        mark = re.search(r"[.,](?=\d{3}\D*$)", text)
        if mark and len(marks) == 1 and mark[0] not in marks:
            return doubt.readings[0].amount
        gathering.remark(found.TWO_WAYS)
    except ValueError:
        gathering.remark(found.BALANCES)
    return None


def _day(cell: str, gathering: Gathering, today: date, orders: set[str]) -> date | None:
    """Read a day that can be only one; whichever of two it is, is not guessed."""
    text = unicodedata.normalize("NFKC", cell).strip()
    if text.casefold() in _NONE:
        return None
    try:
        read = _written(text, orders) or _named(text, today)
    except ValueError:
        read = None
    if read is None:
        gathering.remark(found.DATES)
        return None
    return values.none_if_far(read, today)


def _written(text: str, orders: set[str]) -> date | None:
    """Read a day in figures; of 3/4/2027 only where other rows tell the order."""
    if first := _YEAR_FIRST.match(text):
        return date(*(int(part) for part in first.groups()))
    if month := _MONTH.fullmatch(text):
        year = int(month[2] or month[3])
        year, after = year + (2000 if year < 100 else 0), int(month[1]) % 12 + 1  # noqa: PLR2004
        return date(year + (after == 1), after, 1) - timedelta(days=1)
    if not (pair := _YEAR_LAST.match(text)):
        return None
    one, mark, two, year = int(pair[1]), pair[2], int(pair[3]), int(pair[4])
    if mark == "." or one > 12 or orders == {"day"} or one == two:  # noqa: PLR2004 - months
        return date(year, two, one)
    if two > 12 or orders == {"month"}:  # noqa: PLR2004
        return date(year, one, two)
    return None


def _named(text: str, today: date) -> date | None:
    """Read a day with a month in words, or one of this year."""
    if not any(char.isalpha() for char in text) or len(text) > 32:  # noqa: PLR2004
        return None
    meant = day_meant(text, today)
    days = set() if meant is None else {d for d in (meant.coming, *meant.days) if d}
    return days.pop() if len(days) == 1 else None


def _orders(table: Table, roles: Mapping[Role, int]) -> set[str]:
    """Find whether day or month stands first in this table where that is beyond doubt."""
    at = roles.get("expires")
    pairs = [_YEAR_LAST.match(row[at].strip()) for row in table.rows] if at is not None else []
    found_orders = set()
    for pair in pairs:
        if pair and pair[2] != "." and int(pair[1]) > 12:  # noqa: PLR2004 - months
            found_orders.add("day")
        elif pair and pair[2] != "." and int(pair[3]) > 12:  # noqa: PLR2004
            found_orders.add("month")
    return found_orders
