"""Cards come in from other programs: shown first, saved once, and their file stays in no chat."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.imports import written
from tests.journeys.test_bind_by_picture import code, photo
from tests.journeys.test_chinese import english_in
from tests.journeys.test_secrets import found_in

if TYPE_CHECKING:
    from pathlib import Path

    from bot.playground import Seen

COFFEE = "6288111122223333"
ROWS: list[dict[str, object]] = [
    {"store": "Pharmacy", "cardid": "dhshsvshs", "starstatus": 1, "note": "blue\n\nbag"},
    {"store": "Coffee", "cardid": COFFEE, "balance": "100.50", "balancetype": "CNY"}
    | {"expiry": 1830211200000, "barcodetype": "QR_CODE", "barcodeid": "QR-77"},
    {"store": "Again", "cardid": "6288 1111 2222 3333"},
    {"store": "Nothing", "cardid": ""},
    {"store": "Old", "cardid": "471199-1199", "archive": 1},
]


def catima(passphrase: str | None = None) -> bytes:
    files = {"catima.csv": written.catima_csv(ROWS).encode(), "card_1_front.png": written.PNG}
    return written.locked(files, passphrase) if passphrase else written.zipped(files)


async def sends(house: House, guest: Guest, name: str, content: bytes, caption: str = "") -> Seen:
    await house.settled(await guest.person.sends(name, content, caption=caption))
    return guest.newest


async def test_alice_moves_in_from_catima_and_sees_first_what_she_gets(
    house: House, alice: Guest
) -> None:
    await alice.says("/import")
    shown = await sends(house, alice, "catima.zip", catima())
    assert alice.wrote == ["/import"]
    for line in (
        "From Catima",
        "Read: 5. New: 3. Here already: 0. Left out: 2.",
        "Your message is deleted from the chat.",
        "Nothing is saved yet.",
        "⭐ Pharmacy ·vshs",
        "Coffee ·3333 · CN¥100.50 · until Dec 31, 2027",
        "Old ·1199 · archived",
        "No. 3: the same number stands above",
        "No. 4: no card number",
        "Pictures and files, which I do not keep: 1",
    ):
        assert line in shown.text
    assert COFFEE not in shown.text
    store = house.kabao.parts.store
    assert await store.cards.list(alice.id) == []
    done = await alice.presses("Save 3")
    assert done.text == "✅ 3 cards moved in."
    pharmacy, coffee = await store.cards.list(alice.id)
    (old,) = await store.cards.archived(alice.id)
    assert (pharmacy.note, pharmacy.starred, pharmacy.balance_minor) == ("blue\n\nbag", True, None)
    assert (old.label, old.tail) == ("Old", "1199")
    barcode = await store.cards.barcode(alice.id, coffee.id)
    assert barcode is not None
    assert (barcode.format, barcode.value) == ("QRCode", "QR-77")
    assert coffee.expires_at == datetime(2027, 12, 31, 16, tzinfo=UTC)
    assert coffee.expiry_source == "holder"
    assert (await store.cards.secrets(alice.id, coffee.id)) == {"number": COFFEE}
    await alice.presses("All cards")
    assert alice.sees("Coffee ·3333  CN¥100.50  Enough")
    row, *_ = await store.audit.of(alice.id, limit=1)
    assert (row.action, row.detail["n"], row.detail["what"]) == ("imported", 3, "Catima")


async def test_a_card_that_moved_in_is_as_one_that_was_typed(house: House, alice: Guest) -> None:
    link = written.share_link(
        store="Tea", cardid="88005566", balance="50", balancetype="CNY", note=""
    )
    await alice.says(f"look at this: {link}")
    assert alice.wrote == []
    await alice.presses("Save 1")
    await alice.says("/bind", "88005577", "Tea", "50")
    store = house.kabao.parts.store
    moved, typed = await store.cards.list(alice.id)
    differs = {
        name for name in type(moved).__slots__ if getattr(moved, name) != getattr(typed, name)
    }
    assert differs == {"id", "tail"}
    for card in (moved, typed):
        (entry,) = await store.ledger.page(alice.id, card.id, limit=5)
        assert (entry.kind, entry.amount_minor, entry.source) == ("opening", 5000, "holder")
        (reading,) = await store.ledger.readings(alice.id, card.id, limit=5)
        assert (reading.balance_minor, reading.source) == (5000, "holder")
    await alice.says("/cards 5566")
    await alice.presses("Spent")
    await alice.says("12.50")
    assert alice.sees("50.00 - 12.50 = 37.50")


async def test_nothing_comes_in_twice(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    rows: list[dict[str, object]] = [{"store": "Gift", "cardid": YUAN}, *ROWS]
    again = written.zipped({"catima.csv": written.catima_csv(rows).encode()})
    shown = await sends(house, alice, "catima.zip", again)
    assert "New: 3. Here already: 1." in shown.text
    await alice.presses("Save 3")
    shown = await sends(house, alice, "catima.zip", again)
    assert "New: 0. Here already: 4." in shown.text
    assert "There is nothing new in it." in shown.text
    assert "To know" not in shown.text
    assert shown.labels == []
    assert len(await house.kabao.parts.store.cards.list(alice.id)) == 3


async def test_a_zip_with_a_passphrase_is_asked_for_it_and_the_passphrase_is_deleted(
    house: House, alice: Guest, tmp_path: Path
) -> None:
    asked = await sends(house, alice, "catima.zip", catima("open sesame 12345678"))
    assert asked.text.startswith("🔒 This file has a passphrase.")
    assert "does not open it" in (await alice.says("12345678")).text
    shown = await alice.says("open sesame 12345678")
    assert "New: 3." in shown.text
    assert alice.wrote == []
    await alice.presses("Cancel")
    shown = await sends(house, alice, "catima.zip", catima("pa ss"), caption="pa ss")
    assert "New: 3." in shown.text
    assert alice.wrote == []
    assert not found_in(tmp_path)
    for secret in (b"open sesame", COFFEE.encode()):
        assert not any(secret in path.read_bytes() for path in tmp_path.glob("kabao.db*"))


async def test_what_telegram_does_not_delete_she_is_told_to(house: House, alice: Guest) -> None:
    house.telegram.fail("deleteMessage", status=400, description="Bad Request: no", times=2)
    shown = await sends(house, alice, "catima.zip", catima())
    assert "I could not delete your message. Please delete it yourself" in shown.text


async def test_a_table_is_read_the_way_she_says_its_columns_are(house: House, alice: Guest) -> None:
    table = "Laden;Was;Code;Geheim;Wert\nBäcker;x;77001122;0815;12,50\nKiosk;y;77001133;0816;3,20\n"
    shown = await sends(house, alice, "karten.csv", table.encode("cp1252"))
    assert "A table of 2 rows" in shown.text
    assert "Code · ••••1122 → Card number" in shown.text
    assert "0815" not in shown.text
    await alice.presses("PIN: —")
    assert "Which column is “PIN”?" in alice.newest.text
    await alice.presses("Geheim")
    await alice.presses("Balance: —")
    await alice.presses("Wert")
    shown = await alice.says("Read it like this")
    assert "Bäcker ·1122 · CN¥12.50" in shown.text
    assert "2 amounts have no currency; I take them to be Chinese Yuan." in shown.text
    await alice.says("Another currency")
    shown = await alice.says("eur")
    assert "Bäcker ·1122 · €12.50" in shown.text
    assert "Kiosk ·1133 · €3.20" in shown.text
    await alice.says("Save 2")
    store = house.kabao.parts.store
    baker, _ = await store.cards.list(alice.id)
    assert await store.cards.secrets(alice.id, baker.id) == {"number": "77001122", "pin": "0815"}


async def test_a_first_balance_is_what_is_left_only_if_she_says_so(
    house: House, alice: Guest
) -> None:
    item = written.plus_item()
    shown = await sends(house, alice, "items.json", json.dumps([item]).encode())
    assert "Bookshop ·9624 · until Jun 30, 2027" in shown.text
    assert "only the first balance is known, not what is left: 1 (no. 1)" in shown.text
    shown = await alice.presses("Take the first balances")
    assert "Bookshop ·9624 · £50.00" in shown.text
    shown = await alice.presses("Leave out the first balances")
    assert "£50" not in shown.text
    await alice.presses("Save 1")
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    assert card.balance_minor is None
    assert "50.00 GBP" in (card.note or "")


async def test_what_happened_on_a_card_comes_along_and_adds_up(house: House, alice: Guest) -> None:
    moves = [{"date": "2026-03-02T10:00:00Z", "description": "Books", "value": "-12.50"}]
    full = written.plus_item(_transactions=moves)
    zip_ = written.zipped({"items.json": json.dumps([full]).encode()})
    await sends(house, alice, "backup.zip", zip_)
    await alice.presses("Save 1")
    history = await alice.says("/history")
    assert "-£12.50  Books" in history.text
    assert "→ £37.50" in history.text
    assert "+£50.00" in history.text


async def test_a_card_of_an_issuer_that_can_be_asked_is_asked_within_the_limits_on_tries(
    house: House, alice: Guest
) -> None:
    rows = [{"store": "Kiosk", "cardid": f"7700000000{n:02}"} for n in range(40)]
    rows.append({"store": "Mine", "cardid": KIOSK})
    content = written.catima_csv(rows).encode()
    await sends(house, alice, "catima.csv", content)
    await alice.presses("Save 41")
    cards = await house.kabao.parts.store.cards.list(alice.id)
    kiosk = [card for card in cards if card.issuer != "other"]
    assert len(kiosk) == 41
    for _ in range(12):
        await house.passes(hours=1)
    cards = await house.kabao.parts.store.cards.list(alice.id)
    refused = [card for card in cards if card.failure is not None]
    assert 3 <= len(refused) <= 20


async def test_a_panda_card_without_its_pin_is_kept_as_any_other(
    house: House, alice: Guest
) -> None:
    await sends(
        house, alice, "c.csv", written.catima_csv([{"store": "P", "cardid": YUAN}]).encode()
    )
    await alice.presses("Save 1")
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    assert card.issuer == "other"


async def test_a_file_that_nobody_can_read_is_answered_kindly(house: House, alice: Guest) -> None:
    for name, content, said in (
        ("a.bin", b"\x00\x01\x02" * 9, "I do not know this kind of file."),
        ("a.zip", b"PK\x03\x04", "The zip is damaged"),
        ("a.txt", b"Dear Anna, see you on 3 May.", "does not look like a table"),
        ("a.xlsx", written.zipped({"xl/workbook.xml": b"<x/>"}), "Save it as CSV"),
    ):
        answer = await sends(house, alice, name, content)
        assert said in answer.text
        assert answer.labels == ["What I can read"]
    await alice.presses("What I can read")
    assert alice.sees("Apple Wallet passes (.pkpass)")


async def test_links_in_the_middle_of_something_else_are_read_too(alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Rename")
    link = written.share_link(store="B", note="", cardid="2222")
    assert "B ·22" in (await alice.says(link)).text
    assert link not in alice.wrote


async def test_a_file_sent_while_a_card_is_bound_is_read_and_a_photo_sent_instead_of_a_file_too(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind")
    shown = await sends(house, alice, "catima.zip", catima())
    assert "New: 3." in shown.text
    assert alice.wrote == ["/bind"]
    await alice.says("/bind")
    await sends(house, alice, "a.bin", b"\x00\x01\x02" * 9)
    assert "What shall the card be called?" in (await alice.says("8800556677")).text
    await alice.says("/import")
    shown = await sends(house, alice, "card.jpg", photo(code(YUAN)))
    assert "Panda Gift Card ·1001" in shown.text


async def test_after_a_quarter_of_an_hour_nothing_of_it_is_left(house: House, alice: Guest) -> None:
    shown = await sends(house, alice, "catima.zip", catima())
    await house.passes(minutes=16)
    await alice.presses("Save 3", message=shown)
    assert await house.kabao.parts.store.cards.list(alice.id) == []
    assert alice.person.notices[-1].startswith("This button is out of date.")


async def test_xiaoming_moves_in_in_chinese(house: House, ming: Guest) -> None:
    await ming.says("/import")
    shown = await sends(house, ming, "catima.zip", catima("口令 88"))
    assert "这个文件加了口令" in shown.text
    shown = await ming.says("口令 88")
    assert "读到 5 张，新的 3 张，已有 0 张，略过 2 张。" in shown.text
    assert "第 3 张：与前面的卡号相同" in shown.text
    assert "✅ 已迁入 3 张卡。" in (await ming.says("保存 3 张")).text
    table = "店名,卡号,余额\n星巴克,6288000011112222,50\n".encode("gb18030")
    shown = await sends(house, ming, "卡.csv", table)
    assert "卡号 · ••••2222 → 卡号" in shown.text
    shown = await ming.says("就这样读取")
    assert "星巴克 ·2222 · ¥50.00" in shown.text
    left = [w for w in english_in(ming) if w not in {"Pharmacy", "Coffee", "Old", "Again"}]
    assert left == []
