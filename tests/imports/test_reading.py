"""What other programs wrote is read as they meant it, and what nobody wrote harms nothing."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import imports
from bot.imports import Found, Locked, Table, Unreadable, table
from bot.imports.archive import MOST_UNPACKED
from storage import MOST_CARDS, Barcode
from tests.imports import written

TODAY = date(2026, 11, 24)


def read(content: bytes | str, passphrase: str | None = None) -> Found:
    raw = content.encode() if isinstance(content, str) else content
    found = imports.read(raw, passphrase, TODAY)
    assert isinstance(found, Found)
    return found


def test_catimas_table_is_read_with_notes_of_several_lines_and_both_ways_of_writing_dates() -> None:
    rows: list[dict[str, object]] = [
        {"store": "Pharmacy", "cardid": "dhshsvshs", "starstatus": 1},
        {"store": "Card 1", "cardid": "1234", "note": "Note 1", "balance": "100"}
        | {"balancetype": "USD", "expiry": 1618053234, "barcodeid": "5432"}
        | {"barcodetype": "QR_CODE"},
        {"store": "cheese", "cardid": "Käseschnitte", "barcodetype": "AZTEC"}
        | {"barcodeencoding": "UTF-8", "archive": 1},
        {"store": "Grocery", "cardid": "dhd", "note": 'several\n\nlines, and a "quote"'}
        | {"balance": "150", "expiry": 1798675200000},
        {"store": "", "cardid": "77"},
        {"store": "Nothing", "cardid": ""},
    ]
    found = read(written.catima_csv(rows, ["Health", "Food"], [(1, "Health"), (4, "Food")]))
    assert found.program == "Catima"
    pharmacy, one, cheese, grocery = found.cards
    assert (pharmacy.name, pharmacy.number, pharmacy.starred) == ("Pharmacy", "dhshsvshs", True)
    assert (pharmacy.amount, pharmacy.barcode, pharmacy.note) == (None, None, "Health")
    assert (one.amount, one.currency, one.expires) == (Decimal(100), "USD", date(2021, 4, 10))
    assert one.barcode == Barcode("QRCode", "5432")
    assert cheese.barcode == Barcode("Aztec", "Käseschnitte", "UTF-8")
    assert cheese.archived
    assert grocery.note == 'several\n\nlines, and a "quote"\nFood'
    assert (grocery.amount, grocery.currency) == (Decimal(150), "points")
    assert grocery.expires == date(2026, 12, 31)
    assert [(one.place, one.why) for one in found.skipped] == [
        (5, "no name"),
        (6, "no card number"),
    ]


@pytest.mark.parametrize(
    ("since", "day"),
    [
        (1798675200000, date(2026, 12, 31)),  # midnight UTC
        (1798646400000, date(2026, 12, 31)),  # midnight in Shanghai
        (1798704000000, date(2026, 12, 31)),  # midnight in Los Angeles
    ],
)
def test_a_catima_date_is_the_day_that_was_picked(since: int, day: date) -> None:
    (card,) = read(written.catima_csv([{"store": "a", "cardid": "1", "expiry": since}])).cards
    assert card.expires == day


@pytest.mark.parametrize("columns", ["starstatus", "", "headercolor,headertextcolor,starstatus"])
def test_catimas_first_version_is_read_with_whatever_columns_it_has(columns: str) -> None:
    header = ",".join(filter(None, ["_id,store,note,cardid,barcodetype", columns]))
    found = read(f"{header}\n1,store,note,12345,AZTEC,1,1,1\n")
    (card,) = found.cards
    assert (card.name, card.number, card.note) == ("store", "12345", "note")
    assert card.barcode == Barcode("Aztec", "12345")


def test_a_newer_catima_is_not_guessed_at() -> None:
    with pytest.raises(Unreadable, match="newer Catima"):
        read("3\r\n\r\n_id\r\n\r\n_id,store,cardid\r\n1,a,b\r\n")


def test_catimas_zip_is_read_with_and_without_a_passphrase() -> None:
    table_ = written.catima_csv([{"store": "Café", "cardid": "1234"}]).encode()
    files = {"catima.csv": table_, "card_1_front.png": written.PNG}
    for found in (
        read(written.zipped(files)),
        read(written.locked(files, "hunter 2 密"), "hunter 2 密"),
    ):
        assert [card.name for card in found.cards] == ["Café"]
        assert found.remarks == {"Pictures and files, which I do not keep": 1}
    for given_, wrong in ((None, False), ("hunter", True)):
        with pytest.raises(Locked) as locked:
            read(written.locked(files, "hunter 2"), given_)
        assert locked.value.wrong is wrong


@pytest.mark.parametrize(
    "host",
    [
        "https://catima.app/share",
        "https://catima.app/share/",
        "https://thelastproject.github.io/Catima/share",
        "https://brarcher.github.io/loyalty-card-locker/share",
    ],
)
def test_several_share_links_in_one_message_are_as_many_cards(host: str) -> None:
    one = written.share_link(
        host, store="Tea & Co", note="50% off = yes", cardid="12 34", balance="12.5",
        balancetype="EUR", expiry="1798675200000", barcodeid="99+1", barcodetype="CODE_128",
    )  # fmt: skip
    two = written.share_link(host, store="B", note="", cardid="2222")
    tea, b = read(f"have these:\n{one}\nand ({two} )").cards
    assert (tea.name, tea.number, tea.note) == ("Tea & Co", "12 34", "50% off = yes")
    assert (tea.amount, tea.currency, tea.expires) == (Decimal("12.5"), "EUR", date(2026, 12, 31))
    assert tea.barcode == Barcode("Code128", "99+1")
    assert (b.name, b.number) == ("B", "2222")


def test_voucher_vaults_api_tells_what_was_on_a_card_but_not_what_is_left() -> None:
    item = written.plus_item(user__username="li", id="x", pin="4321", is_pinned=True)
    for gone in ("tags", "wallet", "notes", "tile_color"):
        del item[gone]
    share = item | {"redeem_code": "HALF", "value_type": "percentage", "value": "50.00"}
    far = item | {"redeem_code": "3", "expiry_date": "2076-11-24", "is_used": True}
    found = read(json.dumps({"stats": {}, "item_details": [item, share, far, "x", {}]}))
    assert found.program == "VoucherVault"
    card, half, old = found.cards
    assert (card.amount, card.start, card.currency) == (None, Decimal("50.00"), "GBP")
    assert (card.pin, card.starred, card.expires) == ("4321", True, date(2027, 6, 30))
    assert card.barcode == Barcode("EAN13", "9780201379624")
    assert (half.start, half.note) == (None, "50 %\nBookshop Ltd")
    assert (old.expires, old.archived) == (None, True)
    assert [one.why for one in found.skipped] == ["not readable", "no card number"]


def test_the_forks_csv_and_json_are_read_and_only_its_zip_knows_what_is_left() -> None:
    moves = [
        {"date": "2026-03-02T10:00:00Z", "description": "Books", "value": "-12.50"},
        {"date": "2026-02-01T08:00:00+01:00", "description": "Top-up", "value": "20.00"},
        {"date": "nonsense", "description": "", "value": "1"},
    ]
    item = written.plus_item(tags=["family", "uk"], notes="in the drawer")
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(item))
    writer.writeheader()
    writer.writerow(item | {"tags": "family,uk"})
    for content in (out.getvalue(), json.dumps([item]), json.dumps({"items": [item]})):
        (card,) = read(content).cards
        assert (card.name, card.start, card.amount) == ("Bookshop", Decimal("50.00"), None)
        assert card.note == "in the drawer\nBookshop Ltd · family · uk"
    full = item | {"_id": 1, "_file": None, "_documents": [], "_transactions": moves}
    zip_ = written.zipped({"items.json": json.dumps([full]).encode(), "settings.json": b"{}",
                           "files/a.png": written.PNG})  # fmt: skip
    found = read(zip_)
    (card,) = found.cards
    assert found.program == "VoucherVault Plus+"
    assert (card.amount, card.start) == (Decimal("57.50"), None)
    assert [(one.amount, one.text) for one in card.past] == [
        (Decimal("20.00"), "Top-up"),
        (Decimal("-12.50"), "Books"),
    ]
    assert found.remarks["Entries I could not read"] == 1
    assert found.remarks["Pictures and files, which I do not keep"] == 1


def test_a_dump_of_voucher_vaults_database_knows_what_is_left() -> None:
    shop = written.plus_item()
    for gone in ("tags", "wallet", "notes"):
        shop.pop(gone, None)
    other = shop | {"redeem_code": "4006381333931", "name": "Cinema", "value": "-1"}
    spent = {"item": "b-2", "date": "2026-03-02T10:00:00Z", "description": "Tea", "value": "-12.5"}
    dump = [
        {"model": "auth.user", "pk": 1, "fields": {"username": "li", "item": "b-2"}},
        {"model": "myapp.item", "pk": "b-2", "fields": shop},
        {"model": "myapp.transaction", "pk": 1, "fields": spent},
        {"model": "myapp.transaction", "pk": 2, "fields": spent | {"item": "somebody else's"}},
        {"model": "myapp.transaction", "pk": 3, "fields": spent | {"date": None}},
        {"model": "myapp.transaction", "pk": 4, "fields": spent | {"value": "0.0001"}},
        {"model": "myapp.item", "pk": "b-3", "fields": other},
        {"model": "myapp.item", "pk": "b-4", "fields": None},
        "no row",
    ]
    found = read(json.dumps(dump))
    assert found.program == "VoucherVault"
    shop_, cinema = found.cards
    assert (shop_.amount, shop_.start, shop_.currency) == (Decimal("37.50"), None, "GBP")
    assert [(one.amount, one.text) for one in shop_.past] == [(Decimal("-12.5"), "Tea")]
    assert (cinema.name, cinema.amount, cinema.past) == ("Cinema", None, ())
    assert found.remarks == {"Entries I could not read": 2, "Balances I could not read": 1}


def test_the_forks_api_knows_what_is_left_and_answers_by_the_page() -> None:
    left = written.plus_item(
        transaction_total="37.50000000000000", card_number="9911 2233", wallet=7,
        wallet_name="Home", tags=[{"id": 1, "name": "uk", "color": "#fff"}], is_archived=True,
    )  # fmt: skip
    stamps = written.plus_item(
        type="loyaltycard", redeem_code="S-1", value="0.00", transaction_total="0",
        points_balance=120, membership_tier="Gold",
    )  # fmt: skip
    page = {"count": 40, "next": "https://vault.example/api/v1/items/?page=2", "results": [left]}
    found = read(json.dumps({**page, "results": [left, stamps]}))
    card, bakery = found.cards
    assert (card.amount, card.number, card.archived) == (Decimal("37.5"), "9911 2233", True)
    assert card.note == "Bookshop Ltd · Home · uk"
    assert (bakery.amount, bakery.currency) == (Decimal(120), "points")
    assert bakery.note == "Bookshop Ltd · Gold"
    assert found.remarks == {"Further pages that this answer names; send me those as well": 1}


def test_cards_of_several_accounts_in_one_answer_are_said_to_be() -> None:
    items = [written.plus_item(redeem_code=who, user__username=who) for who in ("li", "wang")]
    said = "Accounts whose cards are in this file; save it only if all are yours"
    assert read(json.dumps({"item_details": items})).remarks[said] == 2
    assert said not in read(json.dumps({"item_details": items[:1]})).remarks


def test_tim_smarts_voucher_vault_is_read_with_its_thousandths() -> None:
    usual = {"uuid": "u", "removeOnceExpired": True, "balance": None, "color": "GREY"}
    found = read(
        json.dumps(
            [
                usual
                | {"description": "Clothes", "code": "123456", "codeType": "CODE128"}
                | {"expires": None, "balanceMilliunits": None},
                usual
                | {"description": "Dept", "code": "26846363", "codeType": "AZTEC"}
                | {"expires": "2027-03-26T00:00:00.000", "balanceMilliunits": 3500, "notes": "n"},
                usual | {"description": "Text", "code": "9", "codeType": "TEXT", "balance": 2.5},
            ]
        )
    )
    clothes, dept, text = found.cards
    assert (clothes.barcode, clothes.amount) == (Barcode("Code128", "123456"), None)
    assert (dept.amount, dept.currency, dept.expires) == (Decimal("3.5"), None, date(2027, 3, 26))
    assert (dept.barcode, dept.note) == (Barcode("Aztec", "26846363"), "n")
    assert (text.barcode, text.amount) == (None, Decimal("2.5"))


def test_an_apple_store_card_is_read_with_its_balance_and_the_first_barcode_that_is_known() -> None:
    data = {
        "organizationName": "Coffee GmbH", "logoText": "Coffee", "serialNumber": "S-1",
        "expirationDate": "2027-05-01T23:59:00+02:00", "voided": False,
        "barcodes": [
            {"format": "PKBarcodeFormatMystery", "message": "?", "messageEncoding": "x"},
            {"format": "PKBarcodeFormatPDF417", "message": "ü-77", "messageEncoding": "utf-8",
             "altText": "6006 4912"},
        ],
        "storeCard": {
            "headerFields": [{"key": "points", "value": 12}],
            "primaryFields": [{"key": "b", "value": 21.75, "currencyCode": "EUR"}],
            "backFields": [{"key": "pin", "label": "PIN", "value": "0815"}],
        },
    }  # fmt: skip
    found = read(written.pkpass(data))
    (card,) = found.cards
    assert (card.name, card.number, card.pin) == ("Coffee", "6006 4912", "0815")
    assert (card.amount, card.currency) == (Decimal("21.75"), "EUR")
    assert card.expires == date(2027, 5, 1)
    assert card.barcode == Barcode("PDF417", "ü-77", "UTF-8")
    several = written.zipped({"1.pkpass": written.pkpass(data), "2.pkpass": b"PK", "x": b""})
    found = read(several)
    assert (len(found.cards), [one.why for one in found.skipped]) == (1, ["not readable"])
    many = {f"{n}.pkpass": written.pkpass({**data, "barcodes": [], "serialNumber": f"S-{n}"})
            for n in range(201)}  # fmt: skip
    assert len(read(written.zipped(many)).cards) == 201
    ticket = read(written.pkpass({"eventTicket": {}, "organizationName": "x"}))
    assert [one.why for one in ticket.skipped] == ["not a card but a ticket"]


@pytest.mark.parametrize(
    ("field", "amount", "currency"),
    [
        ({"key": "balance", "value": "40.00 EUR"}, "40.00", "EUR"),
        ({"key": "b", "label": "Guthaben", "value": "1.234,50 €"}, "1234.50", "EUR"),
        ({"key": "b", "label": "余额", "value": "188.5 元"}, "188.5", "CNY"),
        ({"key": "b", "label": "CREDIT", "value": "$10.00"}, "10.00", None),
        ({"key": "b", "label": "Balance", "value": "NT$ 300"}, "300", "TWD"),
        ({"key": "b", "label": "Balance", "value": "1,234"}, None, None),
        ({"key": "b", "label": "Balance", "value": "see the back"}, None, None),
        ({"key": "b", "label": "Points balance", "value": 42}, "42", "points"),
        ({"key": "b", "label": "Stamps", "value": "3 / 10"}, None, None),
        ({"key": "b", "label": "x", "value": 1, "semantics": {
            "balance": {"amount": "21.75", "currencyCode": "GBP"}}}, "21.75", "GBP"),
    ],
)  # fmt: skip
def test_a_balance_on_a_pass_is_read_as_it_is_written_and_no_dollar_is_guessed(
    field: dict[str, object], amount: str | None, currency: str | None
) -> None:
    data = {"serialNumber": "S-0001", "storeCard": {"headerFields": [field]}}
    (card,) = read(written.pkpass(data)).cards
    assert (card.amount, card.currency) == (Decimal(amount) if amount else None, currency)


@pytest.mark.parametrize(
    ("note", "pin", "left"),
    [
        ("PIN: 4711", "4711", None),
        ("blue\n\nPIN 0815\nbag", "0815", "blue\nbag"),
        ("密码：123456", "123456", None),
        ("PIN: on the back", None, "PIN: on the back"),
        ("pinned 2024", None, "pinned 2024"),
        ("Spin: 12345", None, "Spin: 12345"),
    ],
)
def test_a_pin_in_a_catima_note_is_kept_as_one(
    note: str, pin: str | None, left: str | None
) -> None:
    (card,) = read(written.catima_csv([{"store": "a", "cardid": "1", "note": note}])).cards
    assert (card.pin, card.note) == (pin, left)


HEAD = "店名,卡号,余额,币种,密码,有效期,备注"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_table_is_read_whatever_wrote_it(encoding: str, separator: str) -> None:
    rows = [
        HEAD.split(","),
        ["星巴克", "6288000011112222", "1,234.50", "CNY", "0815", "2027-12-31", "在抽屉里"],
        ["Käse", '="0012345"', "38块5", "", "", "31/12/2027", ""],
        ["超市", "88005566", "1,234", "EUR", "", "01/02/2027", ""],
        ["错", "6.28E+15", "", "", "", "", ""],
    ]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    read_ = imports.read(out.getvalue().encode(encoding), None, TODAY)
    assert isinstance(read_, Table)
    roles = table.guessed(read_)
    assert roles == {"name": 0, "number": 1, "balance": 2, "currency": 3, "pin": 4, "expires": 5,
                     "note": 6}  # fmt: skip
    shown = [table.example(read_, at, role) for role, at in roles.items()]
    assert not any("6288" in one or "0815" in one for one in shown)
    found = table.cards_of(read_, roles, "CNY", TODAY)
    star, cheese, market = found.cards
    assert (star.number, star.amount, star.pin) == ("6288000011112222", Decimal("1234.50"), "0815")
    assert (cheese.name, cheese.number, cheese.amount) == ("Käse", "0012345", Decimal("38.50"))
    assert [one.expires for one in found.cards] == [
        date(2027, 12, 31), date(2027, 12, 31), date(2027, 2, 1),
    ]  # fmt: skip
    assert (market.amount, market.currency) == (Decimal(1234), "EUR")
    assert [(one.place, one.why) for one in found.skipped] == [
        (4, "a spreadsheet has rounded the number")
    ]


def test_what_can_mean_two_things_in_a_table_is_left_out_and_said() -> None:
    read_ = imports.read(b"card number;value;expiry\n12345678;1,234;03/04/2027\n", None, TODAY)
    assert isinstance(read_, Table)
    found = table.cards_of(read_, table.guessed(read_), "EUR", TODAY)
    assert (found.cards[0].amount, found.cards[0].expires) == (None, None)
    assert found.remarks == {
        "Balances that can be read in two ways, left out": 1,
        "Dates I could not read": 1,
    }
    assert found.places == dict.fromkeys(found.remarks, (1,))


def test_what_an_amount_is_in_may_stand_beside_it_in_its_own_column_or_nowhere() -> None:
    rows = [
        "我的卡;;;", ";;;", "店名;卡号;余额;币种",
        "a;11110001;12,50;", "b;11110002;€12,50;", "c;11110003;30 points;", "d;11110004;10次;",
        "e;11110005;300;积分", "f;11110006;20;元", "g;11110007;20;US$", "h;11110008;20;Credits",
        "i;11110009;38块5;人民币", "j;11110010;;Credits", "合计;;999;",
    ]  # fmt: skip
    read_ = imports.read("\n".join(rows).encode(), None, TODAY)
    assert isinstance(read_, Table)
    assert read_.headings == ("店名", "卡号", "余额", "币种")
    found = table.cards_of(read_, table.guessed(read_), "CNY", TODAY)
    assert [f"{card.amount} {card.currency}" for card in found.cards] == [
        "12.50 None", "12.50 EUR", "30 points", "10 visits", "300 points", "20.00 CNY",
        "20.00 USD", "None None", "38.50 CNY", "None None",
    ]  # fmt: skip
    assert found.places == {"Balances I could not read": (8,)}
    assert [(one.place, one.why) for one in found.skipped] == [(11, "no card number")]


def test_western_letters_are_not_taken_for_chinese_ones() -> None:
    read_ = imports.read("Händler;Nummer\nKäserei Müller;12345678\n".encode("cp1252"), None, TODAY)
    assert isinstance(read_, Table)
    assert read_.rows == (("Käserei Müller", "12345678"),)


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = written.zipped({"catima.csv": bytes(MOST_UNPACKED + 1)})
    assert len(bomb) < 100_000
    for content in (bomb, written.zipped({"items.json": bytes(MOST_UNPACKED + 1)})):
        with pytest.raises(Unreadable, match="more in this zip"):
            read(content)
    crowd = written.zipped({f"{n:080}": b"" for n in range(9000)})
    with pytest.raises(Unreadable, match="more in this zip"):
        read(crowd)


def test_more_cards_than_one_person_can_have_are_left_out_and_counted() -> None:
    rows = [{"store": "s", "cardid": str(n)} for n in range(MOST_CARDS + 3)]
    found = read(written.catima_csv(rows))
    assert len(found.cards) == MOST_CARDS
    assert [one.why for one in found.skipped] == ["more cards than I keep of one person"] * 3
    host = "https://catima.app/share"
    links = [written.share_link(host, store="s", cardid=str(n)) for n in range(MOST_CARDS + 1)]
    found = read("\n".join(links))
    assert len(found.cards) == MOST_CARDS
    assert [one.place for one in found.skipped] == [MOST_CARDS + 1]


def test_a_balance_that_no_card_has_is_left_out_and_counted() -> None:
    amounts = ("-5", "12.345", "9" * 15, "0.01")
    rows = [
        {"store": "s", "cardid": str(n), "balance": amount, "balancetype": "CNY"}
        for n, amount in enumerate(amounts)
    ]
    found = read(written.catima_csv(rows))
    assert [(one.amount, one.currency) for one in found.cards] == [
        *[(None, "CNY")] * 3,
        (Decimal("0.01"), "CNY"),
    ]
    assert found.remarks["Balances I could not read"] == 3


PIECES = st.sampled_from(
    [
        b"2\r\n\r\n_id\r\n\r\n_id,store,cardid,balance,balancetype,expiry\r\n",
        b"1,a,b,1e999,XAU,9999999999999999\r\n", b'"', b"\0", b"\xff\xfe", b"PK\5\6", b"PK\3\4",
        b'{"item_details":[{"redeem_code":1,"code_type":[],"value":"NaN"}]}', b'[{"description":{}',
        b',"code":"x","codeType":3}]', b'{"storeCard":{"primaryFields":[1]},"barcodes":{}}',
        b'{"kabao":1,"cards":[{}]}', b"https://catima.app/share#%E4%zz%26store%3D",
        "卡号;余额\n12345678;1,234\n".encode("gb18030"), b"[" * 3000, b"sep=\n", b",,,\n\n",
    ]
)  # fmt: skip


@settings(max_examples=50)
@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=6).map(b"".join)))
@example(b"[" * 100_000)
@example(b'{"kabao": 1, "made_at": "x", "choices": null, "cards": 7}')
@example(b"sep=\x00\n1;2\n")
@example(b'[{"redeem_code": "1", "code_type": "", "_transactions": [7, {"date": []}]}]')
def test_no_bytes_do_worse_than_not_being_read(content: bytes) -> None:
    for raw in (content, written.zipped({"catima.csv": content, "pass.json": content}),
                written.zipped({"pass.json": content}), written.zipped({"items.json": content}),
                written.zipped({"kabao.json": content})):  # fmt: skip
        try:
            found = imports.read(raw, "x", TODAY)
        except (Unreadable, Locked):
            continue
        if isinstance(found, Table):
            table.cards_of(found, table.guessed(found), "CNY", TODAY)
