"""Any table in a text file: which characters, which separator, which column holds what.

What a column holds is guessed from its heading and shown; the person has the last word.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from bot.amounts import AmbiguousAmount
from bot.imports import found, priced, table_days, values
from bot.imports.catima import NOT_CSV
from bot.imports.found import Found, Gathering, Incoming, Unreadable
from storage import MOST_CARDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from bot.money import Money

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
TITLES: Final = 6
"""So many of the first lines may be the headings."""

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
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a table, all of one length; `headings` are made up (`None`) where it has none."""

    headings: tuple[str | None, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)


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
    whole = [(*row, *[""] * (width - len(row))) for row in rows[_titles(rows) :]]
    bare = len(whole) == 1 or any(_NUMBER_LIKE.fullmatch(cell) for cell in whole[0])
    headings = [None if bare else values.line(cell, 40) or None for cell in whole[0]]
    table = Table(tuple(headings), tuple(whole if bare else whole[1:]))
    if not guessed(table):
        raise Unreadable(NOT_CSV)
    return table


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """Count the lines above the headings, such as what the table is called."""
    known = [
        sum(any(re.search(words, cell.casefold()) for words in HEADINGS.values()) for cell in row)
        for row in rows[:TITLES]
    ]
    best = max(known, default=0)
    return known.index(best) if best > 1 else 0


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
    marks, orders = (
        _decimal_marks(table, roles),
        table_days.orders_in(_column(table, roles, "expires")),
    )
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
        amount, code = _priced(given, currency, marks, gathering)
        gathering.cards.append(
            Incoming(
                number=number,
                name=label,
                amount=amount,
                currency=code,
                expires=table_days.read(given.get("expires", ""), gathering, today, orders),
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
    return {
        mark[1]
        for cell in _column(table, roles, "balance")
        if (mark := re.search(r"([.,])(?:\d{1,2}|\d{4,})\D*$", cell.strip()))
    }


def _column(table: Table, roles: Mapping[Role, int], role: Role) -> list[str]:
    at = roles.get(role)
    return [] if at is None else [row[at] for row in table.rows if at < len(row)]


def _priced(
    given: Mapping[Role, str], usual: str, marks: set[str], gathering: Gathering
) -> tuple[Decimal | None, str | None]:
    """Read an amount and what it is in, as far as the row says so."""
    told = given.get("currency", "")
    code = priced.called(told, usual)
    if told.casefold() not in values.NOTHING and code is None:
        gathering.remark(found.BALANCES, given.get("balance", "").casefold() not in values.NOTHING)
        return None, None
    read = _amount(given.get("balance", ""), code or usual, marks, gathering)
    if read is None:
        return None, code
    return read.amount, read.currency if read.currency != usual else code


def _amount(cell: str, usual: str, marks: set[str], gathering: Gathering) -> Money | None:
    """Read an amount as people write it; of two that it can be, what other rows tell."""
    text = cell.strip().removeprefix("+")
    if text.casefold() in values.NOTHING:
        return None
    try:
        return priced.amount_in(text, usual)
    except AmbiguousAmount as doubt:
        mark = re.search(r"[.,](?=\d{3}\D*$)", text)
        if mark and len(marks) == 1 and mark[0] not in marks:
            return doubt.readings[0]
        gathering.remark(found.TWO_WAYS)
    except ValueError:
        gathering.remark(found.BALANCES)
    return None
