"""Any table: which column is what, what is shown of it, and what is read of each row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from bot.imports import table
from bot.imports.table import Role, Table

if TYPE_CHECKING:
    from bot.imports.found import Incoming

TODAY = date(2026, 11, 26)
NUMBER = "6288000000001001"


def rows_of(roles: dict[Role, int], *rows: str, currency: str = "CNY") -> list[Incoming]:
    """Read rows written with bars between their cells."""
    cells = tuple(tuple(row.split("|")) for row in rows)
    made = Table((None,) * len(cells[0]), cells)
    found = table.cards_of(made, roles, currency, TODAY)
    assert not found.skipped
    return list(found.cards)


@pytest.mark.parametrize(
    ("cell", "role", "shown"),
    [
        ("123456789", "pin", "••••••"),
        ("12", "pin", "••"),
        (NUMBER, "number", "••••1001"),
        ("Tea", "number", "•••"),
        (NUMBER, None, "••••1001"),
        (NUMBER, "name", "••••1001"),
        ("1234567", None, "•••••••"),
        ("42", None, "42"),
        ("1234.50", None, "1234.50"),
        ("2027-03-31", None, "2027-03-31"),
        ("1234", "balance", "1234"),
        ("Tea house", "name", "Tea house"),
        ("The house of tea, by the sea", "name", "The house of tea…"),
    ],
)
def test_an_example_gives_away_no_number_and_no_pin(
    cell: str, role: Role | None, shown: str
) -> None:
    rows = (("", "x"), (cell, "y"))
    assert table.example(Table((None, None), rows), 0, role) == shown


def test_the_first_heading_that_fits_is_taken_and_each_column_for_one_thing() -> None:
    read = table.read(f"Name,Store,PIN code,Card number,Note\nTea,Mall,1234,{NUMBER},gift\n")
    assert read.headings == ("Name", "Store", "PIN code", "Card number", "Note")
    assert table.guessed(read) == {"name": 0, "pin": 2, "number": 3, "note": 4}


def test_without_headings_the_number_is_the_column_that_looks_most_like_one() -> None:
    read = table.read(f"Tea,2027-03-31,{NUMBER}\nBooks,2027-04-30,6288000000001002\n")
    assert read.headings == (None, None, None)
    assert table.guessed(read) == {"number": 2}
    words = table.read("Name,,Note\nTea 1,a,b\nBooks 2,c,d\n")
    assert words.headings == ("Name", None, "Note")
    assert "number" not in table.guessed(words)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("03/27", date(2027, 3, 31)),
        ("12/26", date(2026, 12, 31)),
        ("2/2028", date(2028, 2, 29)),
        ("2027-03-31T23:59:59Z", date(2027, 3, 31)),
        ("2027年3月31日", date(2027, 3, 31)),
        ("31.3.2027", date(2027, 3, 31)),
        ("12/31/2026", date(2026, 12, 31)),
        ("31/12/2026", date(2026, 12, 31)),
        ("5/5/2027", date(2027, 5, 5)),
        ("March 31, 2027", date(2027, 3, 31)),
        ("3/4/2027", None),
        ("13/27", None),
        ("n/a", None),
    ],
)
def test_a_last_day_is_read_as_it_is_written_and_not_guessed(
    written: str, day: date | None
) -> None:
    (card,) = rows_of({"number": 0, "expires": 1}, f"{NUMBER}|{written}")
    assert card.expires == day


def test_the_order_of_day_and_month_is_taken_from_rows_that_tell_it() -> None:
    roles: dict[Role, int] = {"number": 0, "expires": 1}
    sure = rows_of(roles, f"{NUMBER}|3/4/2027", f"{NUMBER}|31/12/2027")
    assert sure[0].expires == date(2027, 4, 3)
    other = rows_of(roles, f"{NUMBER}|3/4/2027", f"{NUMBER}|12/31/2027")
    assert other[0].expires == date(2027, 3, 4)
    # With dots the day comes first anyway: that tells nothing of the others.
    apart = rows_of(roles, f"{NUMBER}|3/4/2027", f"{NUMBER}|31.12.2027")
    assert apart[0].expires is None


def test_an_amount_is_read_in_the_currency_of_its_own_row() -> None:
    roles: dict[Role, int] = {"number": 0, "balance": 1, "currency": 2}
    yen, yuan, none = rows_of(
        roles, f"{NUMBER}|1,234|JPY", f"{NUMBER}|12.34|CNY", f"{NUMBER}|12.34|", currency="EUR"
    )
    assert (yen.amount, yen.currency) == (Decimal(1234), "JPY")
    assert (yuan.amount, yuan.currency) == (Decimal("12.34"), "CNY")
    assert (none.amount, none.currency) == (Decimal("12.34"), None)


def test_which_mark_stands_before_decimals_is_taken_from_rows_that_tell_it() -> None:
    cells = tuple((NUMBER, cell) for cell in ("12,50", "1.234", "1,234"))
    read = table.cards_of(Table((None, None), cells), {"number": 0, "balance": 1}, "EUR", TODAY)
    assert [card.amount for card in read.cards] == [Decimal("12.50"), Decimal(1234), None]
    assert read.remarks == {"Balances that can be read in two ways, left out": 1}


def test_what_keeps_a_spreadsheet_from_rounding_is_taken_off_a_number_and_a_pin() -> None:
    roles: dict[Role, int] = {"number": 0, "pin": 1, "name": 2}
    card, other = rows_of(roles, f"'{NUMBER}|'0012|Tea", f'="{NUMBER}"|="0034"|Books')
    assert (card.number, card.pin, card.name) == (NUMBER, "0012", "Tea")
    assert (other.number, other.pin) == (NUMBER, "0034")
