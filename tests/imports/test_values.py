"""Single values of other programs' files, as nobody meant them to be."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from bot import barcodes
from bot.imports import found, values
from bot.imports.found import Gathering
from bot.money import LARGEST_MINOR
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = date(2026, 11, 26)


@pytest.fixture
def gathering() -> Gathering:
    return Gathering("")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be on a machine that stands in Shanghai."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_a_moment_without_a_zone_is_utc_wherever_the_machine_stands() -> None:
    assert values.moment("2026-03-01T10:00:00") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert values.moment("2026-03-01T10:00:00+08:00") == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert values.moment("yesterday") is None
    assert values.moment(20260301) is None


def test_a_currency_is_one_of_iso_4217_however_it_is_written() -> None:
    assert [values.currency(code) for code in (" cny ", "JPY")] == ["CNY", "JPY"]
    wrong = ("", "¥", "points", "ABC", "XAU", None, 156)
    assert [values.currency(code) for code in wrong] == [None] * len(wrong)


def test_an_amount_is_kept_only_as_fine_and_as_large_as_money_is() -> None:
    assert values.fits(Decimal("12.34"), "CNY")
    assert not values.fits(Decimal("12.345"), "CNY")
    assert not values.fits(Decimal("12.5"), "JPY")
    assert values.fits(Decimal(LARGEST_MINOR), "JPY")
    assert not values.fits(Decimal(LARGEST_MINOR + 1), "JPY")


def test_no_date_is_nothing_to_remark_on_and_one_that_is_none_is(gathering: Gathering) -> None:
    assert values.day(None, gathering, TODAY) is None
    assert values.day("", gathering, TODAY) is None
    assert not gathering.remarks
    assert values.day("2026-02-30", gathering, TODAY) is None
    assert values.day("soon", gathering, TODAY) is None
    assert gathering.remarks == {found.DATES: 2}
    assert values.day("2027-01-31T00:00:00Z", gathering, TODAY) == date(2027, 1, 31)


def test_a_long_name_is_cut_to_its_place_and_comes_back_whole(gathering: Gathering) -> None:
    fits = "n" * values.NAME_LONGEST
    assert values.name(fits, gathering) == (fits, None)
    cut, whole = values.name(f"{fits}!", gathering)
    assert cut == f"{fits[:-1]}…"
    assert whole == f"{fits}!"
    assert gathering.remarks == {found.LENGTHS: 1}


def test_a_note_of_blanks_is_none_and_a_long_one_is_cut(gathering: Gathering) -> None:
    assert values.lines(" \n \t", gathering) is None
    assert values.lines(7, gathering) is None
    assert not gathering.remarks
    note = values.lines("n" * (values.NOTE_LONGEST + 1), gathering)
    assert note == f"{'n' * (values.NOTE_LONGEST - 1)}…"
    assert gathering.remarks == {found.LENGTHS: 1}


def test_a_number_may_be_a_number_and_is_not_an_endless_one() -> None:
    assert values.line(6288000000001001) == "6288000000001001"
    assert values.line(True) == ""
    assert values.line(10**5000) == ""
    assert values.line(["6288"]) == ""


def test_a_barcode_needs_a_kind_that_is_known_and_a_text_that_it_may_have(
    gathering: Gathering,
) -> None:
    assert values.barcode("qr_code", "卡", gathering, "UTF-8") == Barcode("QRCode", "卡", "UTF-8")
    assert values.barcode("PKBarcodeFormatCode128", "1", gathering, "koi8") == Barcode(
        "Code128", "1"
    )
    assert values.barcode("NONE", "1", gathering) is None
    assert values.barcode("QR_CODE", 1234, gathering) is None
    assert not gathering.remarks
    assert values.barcode("QR_CODE", "1" * (barcodes.LONGEST + 1), gathering) is None
    assert values.barcode("cuneiform", "1", gathering) is None
    assert gathering.remarks == {found.BARCODES: 2}


def test_an_amount_in_powers_of_ten_is_read_and_words_are_remarked_on(gathering: Gathering) -> None:
    assert values.amount("1.5E+2", gathering) == 150
    assert values.amount(12.5, gathering) == Decimal("12.5")
    assert not gathering.remarks
    assert values.amount("1e999", gathering) is None
    assert values.amount("1,5", gathering) is None
    assert gathering.remarks == {found.BALANCES: 2}
