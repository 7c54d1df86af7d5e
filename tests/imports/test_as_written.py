"""What other programs themselves wrote, of cards made up for it, is read field by field.

The files in `as_written` came out of VoucherVault 1.30.1 (its API, after its forms had been filled
in), its fork Plus+ 1.1.214 (both of its exports, and a pass), the exporter of Catima 2.45 (zips
with and without a passphrase) and passkit-generator 3.6.1. None was touched since.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from bot import imports
from bot.imports import Found
from storage import Barcode

if TYPE_CHECKING:
    from bot.imports.found import Incoming

HERE = Path(__file__).parent / "as_written"
TODAY = date(2026, 11, 26)
BIRTHDAY = 'Zum Geburtstag\n"nicht verlieren"\nBücherstube am Markt'


def read(name: str, passphrase: str | None = None) -> Found:
    found = imports.read((HERE / name).read_bytes(), passphrase, TODAY)
    assert isinstance(found, Found)
    assert found.skipped == ()
    return found


def named(found: Found) -> dict[str, Incoming]:
    return {card.name: card for card in found.cards}


def on(card: Incoming) -> str:
    return f"{card.amount} {card.currency}"


def test_what_voucher_vaults_api_answers() -> None:
    found = read("vouchervault-api.json")
    assert (found.program, len(found.cards)) == ("VoucherVault", 12)
    cards = named(found)
    books = cards["Bücherstube"]
    assert (books.number, books.pin, books.note) == ("9780201379624", "4321", BIRTHDAY)
    assert (books.start, books.currency, books.amount) == (Decimal(50), "EUR", None)
    assert (books.expires, books.starred) == (date(2027, 6, 30), True)
    assert cards["茶馆储值卡"].note == "老街茶馆"
    # It writes half a century where no expiry was given.
    assert cards["Kiosk"].expires is None
    assert {name: card.barcode.format for name, card in cards.items() if card.barcode} == {
        "Bücherstube": "EAN13", "茶馆储值卡": "Code128", "Kiosk": "QRCode", "Bakery stamps": "EAN8",
        "Half a haircut": "Code39", "Triple points": "ITF", "Five off": "UPCA", "Cinema": "UPCE",
        "Boat trip": "PDF417", "Old one": "Aztec", "Matrix": "DataMatrix",
    }  # fmt: skip
    assert (cards["Half a haircut"].note, cards["Half a haircut"].start) == ("50 %\nSalon", None)
    assert (cards["Triple points"].note, cards["Bakery stamps"].start) == ("3 ×\nMarket", None)
    # What is used up has nothing left, though the answer still has what once was on it.
    for used in ("Cinema", "Old one"):
        assert (cards[used].amount, cards[used].start) == (Decimal(0), None)
        assert cards[used].archived
    assert found.remarks == {
        "Cards of which only the first balance is known, not what is left": 7,
        "Cards that are worth a share of the price; it is in the note": 2,
        "Barcodes of a kind I do not know; their numbers are kept": 1,
    }


def test_what_the_fork_writes_as_csv_and_as_a_backup() -> None:
    table, backup = read("vouchervault-plus.csv"), read("vouchervault-plus-backup.zip")
    assert table.program == backup.program == "VoucherVault Plus+"
    for found in (table, backup):
        cards = named(found)
        assert len(cards) == 14
        lounge, plain = cards["Lounge"], cards["Plain"]
        assert (lounge.number, lounge.pin) == ("SCAN-VALUE-1", "0815")
        assert lounge.note == "in the drawer\n第二行\nAirport · 家里 Haus · family · 旅行"
        assert (plain.number, plain.barcode) == ("PLAIN-0001", None)
        assert cards["Stamps"].barcode == Barcode("Codabar", "A123B")
        assert cards["Bücherstube"].starred
        assert cards["Cinema"].archived
    assert named(table)["Plain"].start == Decimal(40)
    cards = named(backup)
    assert {
        name: card.amount for name, card in cards.items() if card.amount is not None
    } == {
        "Bücherstube": 50, "茶馆储值卡": Decimal("211.5"), "Kiosk": Decimal("12.5"), "Five off": 5,
        "Boat trip": 80, "Cinema": 0, "Matrix": Decimal("7.77"), "Journal": 10,
        "Lounge": Decimal("42.75"), "Plain": 40,
    }  # fmt: skip
    (spent,) = cards["茶馆储值卡"].past
    assert (spent.amount, spent.text) == (Decimal("-88.5"), "龙井 2 壶")
    assert spent.at == datetime(2026, 11, 26, 14, 39, 40, 549390, UTC)
    assert "only the first balance" not in " ".join(backup.remarks)


def test_what_catima_exports_with_and_without_a_passphrase() -> None:
    found = read("catima.zip")
    assert found == read("catima-locked.zip", "open sesame 密")
    cards = named(found)
    baker, tea = cards["Bäckerei Müller"], cards["茶馆"]
    assert (on(baker), baker.starred) == ("12.50 EUR", True)
    assert (baker.number, baker.expires) == ("4012345678901", date(2026, 12, 31))
    assert baker.note == 'an der Ecke\n\nmit "Leerzeile", Komma\nEssen'
    assert baker.barcode == Barcode("EAN13", "4012345678901", "ISO-8859-1")
    assert (on(tea), tea.expires) == ("188.00 CNY", date(2027, 12, 31))
    assert tea.barcode == Barcode("QRCode", "CHA-77 ☕", "UTF-8")
    assert tea.note == '在抽屉里\nEssen, 送礼, "好"'
    assert on(cards["Bonus"]) == "150 points"
    assert (cards["Half points"].amount, cards["Half points"].note) == (None, "7.5 points")
    assert (cards["Empty points"].amount, cards["Empty points"].number) == (None, "=cmd()")
    assert on(cards["Yen shop"]) == "3000 JPY"
    assert cards["Yen shop"].archived
    left = cards["Nothing left"]
    assert (on(left), left.pin, left.note) == ("0.00 USD", "4711", None)
    assert found.remarks == {
        "Pictures and files, which I do not keep": 2,
        "Cards in groups; the groups are in the note": 2,
        "Dates from which a card is good, which I do not keep": 1,
        "Balances in parts of points; they are in the note": 1,
        "PINs that stood in a note; they are kept as PINs now": 1,
    }


def test_passes_whose_balance_is_written_for_people_or_for_machines() -> None:
    (plain,) = read("vouchervault-plus.pkpass").cards
    assert (plain.number, plain.note, plain.barcode) == ("PLAIN-0001", "Plain", None)
    assert (on(plain), plain.expires) == ("40.00 EUR", None)
    tea, bakery = read("passkit-generator.pkpasses").cards
    assert (tea.name, tea.number, tea.pin) == ("老街茶馆", "6288 1111 2222 3333", "0815")
    assert (on(tea), tea.expires) == ("188.5 CNY", date(2027, 12, 31))
    assert tea.barcode == Barcode("QRCode", "CHA-77 ☕", "UTF-8")
    assert (bakery.number, on(bakery)) == ("4012 3456", "21.75 EUR")
    assert (bakery.barcode, bakery.archived) == (
        Barcode("Code128", "4012345678901", "ISO-8859-1"), True,
    )  # fmt: skip
