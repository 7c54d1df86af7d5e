"""Everything of a person's cards goes into one locked file, and comes back from it the same."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pyzipper  # type: ignore[import-untyped]

from bot.imports.found import Choices
from storage import Barcode, Card, Entry, NewEntry, Person, Reading
from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_chinese import english_in

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Whole

PHRASE = "correct horse 42"

ANEW = {
    "id": "given anew, like every id",
    "owner_id": "whose it is there",
    "removed_at": "only present cards are exported",
    "balance_by": "names a person of the other installation",
    "balance_source": "that an issuer told a balance has to be heard from the issuer itself",
}
"""What of a card is not carried, and why; whatever else there is has to be."""

ENTRY_ANEW = {
    "id": "given anew, like every id",
    "card_id": "the card's id there",
    "beside": "the id, there, of the same entry",
    "booked_by": "names a person of the other installation",
    "booked_name": "what they are called there",
}

NOT_OURS_TO_CARRY = {
    "id", "name", "access", "blocked_at", "last_seen_at", "created_at", "panel_message_id",
    "role", "barred_at", "next_digest_at",
}  # fmt: skip
"""What of a person is Telegram's, the operator's, or follows from the rest."""


def opened(content: bytes, passphrase: str | None = PHRASE) -> dict[str, bytes]:
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        if passphrase:
            archive.setpassword(passphrase.encode())
        return {name: archive.read(name) for name in archive.namelist()}


async def exported(guest: Guest, *, kind: str = "", passphrase: str | None = PHRASE) -> bytes:
    await guest.says(f"/export {kind}".strip())
    if passphrase:
        await guest.says(passphrase, passphrase)
    else:
        await guest.presses("Without a passphrase")
        await guest.presses("Yes, without a passphrase")
    return guest.person.opens(guest.newest)


async def furnish(house: House, guest: Guest) -> None:
    """Give somebody two cards of which every field says something, and settings."""
    await guest.binds(YUAN, PIN)
    house.clock.advance(60)
    await guest.says("/bind", "8800 5566", "Tea <&>", "200")
    store, at = house.kabao.parts.store, house.clock()
    for card in await store.cards.list(guest.id):
        await store.cards.change(
            guest.id,
            card.id,
            expires_at=at + timedelta(days=90),
            threshold_minor=500,
            alerts_on=False,
            episode="low",
            snoozed_until=at + timedelta(days=1),
            failures=3,
            failure="network",
            failed_at=at - timedelta(minutes=5),
            history_stale=True,
            archived_at=at if card.label.startswith("Tea") else None,
            expiry_source="holder",
            reminders_on=False,
            next_expiry_at=at + timedelta(days=60),
            quick_minor=850,
            starred=True,
            note="=1+1\n在抽屉里",
            told_at=at,
            told_minor=7,
            balance_by=4,
        )
        await store.cards.set_barcode(guest.id, card.id, Barcode("QRCode", "QR 77", "UTF-8"))
        one = await store.ledger.book(
            guest.id,
            card.id,
            NewEntry(at, -850, "CNY", "purchase", "=cmd()", "holder", booked_by=4),
        )
        assert one is not None
        rest = await store.ledger.book(
            guest.id, card.id, NewEntry(at, 850, "CNY", "adjustment", "", "holder")
        )
        assert rest is not None
        await store.ledger.rewrite(
            guest.id, replace(one, beside=rest.id, since=at - timedelta(days=1), reconciled_at=at)
        )
    await store.people.change(
        guest.id, timezone="Asia/Tokyo", quiet_from=1320, quiet_to=420, lead_days="14,2",
        digest="weekly", language="en",
    )  # fmt: skip


def same(here: list[Whole], there: list[Whole]) -> None:
    """Hold every field of the model against itself."""
    assert len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        for name in {each.name for each in fields(Card)} - ANEW.keys():
            assert getattr(one.card, name) == getattr(other.card, name), name
        assert (one.secrets, one.barcode) == (other.secrets, other.barcode)
        assert one.readings == other.readings
        assert len(one.readings) >= 1
        assert len(one.listed) == len(other.listed)
        assert len(one.entries) == len(other.entries) >= 3
        beside = [[a.id for a in each].index for each in (one.entries, other.entries)]
        for a, b in zip(one.entries, other.entries, strict=True):
            for name in {each.name for each in fields(Entry)} - ENTRY_ANEW.keys():
                assert getattr(a, name) == getattr(b, name), name
            if a.beside is not None:
                assert b.beside is not None
                assert beside[0](a.beside) == beside[1](b.beside)


async def test_what_was_exported_is_everything_the_same_in_an_empty_instance(
    house: House, alice: Guest, tmp_path: Path
) -> None:
    await furnish(house, alice)
    content = await exported(alice)
    here = await house.kabao.parts.store.moving.out(alice.id)
    assert any(one.listed for one in here)
    (tmp_path / "other").mkdir()
    async with House(tmp_path / "other") as empty:
        anna = empty.guest("Anna", "zh-hans")
        await anna.says("/start")
        await empty.settled(await anna.person.sends("kabao.zip", content))
        shown = await anna.says(PHRASE)
        assert "来自 Kabao" in shown.text
        assert "Tea <&> ·5566 · ¥200.00" in shown.text
        await anna.presses("我的设置")
        assert "✅ 2 cards moved in." in anna.newest.text
        store = empty.kabao.parts.store
        there = await store.moving.out(anna.id)
        same(here, there)
        person, before = (
            await store.people.get(anna.id),
            await house.kabao.parts.store.people.get(alice.id),
        )
        assert person is not None
        assert before is not None
        for name in {each.name for each in fields(Person)} - NOT_OURS_TO_CARRY:
            assert getattr(person, name) == getattr(before, name), name
        assert {each.name for each in fields(Person)} - NOT_OURS_TO_CARRY == {
            each.name for each in fields(Choices)
        }
        assert {each.name for each in fields(Reading)} == {
            "at", "balance_minor", "currency", "state", "source",
        }  # fmt: skip
        # The issuer is asked, as of a number that was typed, and what it lists is there once.
        panda = next(one for one in there if one.card.issuer != "other")
        empty.issuer.card(YUAN)
        await store.cards.change(
            anna.id, panda.card.id, failure=None, next_refresh_at=empty.clock()
        )
        await empty.passes(minutes=1)
        (again,) = [w for w in await store.moving.out(anna.id) if w.card.id == panda.card.id]
        assert again.card.balance_source == "issuer"
        assert len([e for e in again.entries if e.source == "issuer" and e.text]) == len(
            [e for e in panda.entries if e.source == "issuer" and e.text]
        )


async def test_the_file_is_locked_and_gone_after_a_while(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.says("/export")
    assert "too short" in (await alice.says("short")).text
    assert "once more" in (await alice.says(PHRASE)).text
    assert "not the same" in (await alice.says("another phrase")).text
    await alice.says(PHRASE)
    sent = await alice.says(PHRASE)
    content = alice.person.opens(sent)
    assert alice.wrote == ["/bind", "/export"]
    assert YUAN.encode() not in content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert all(info.flag_bits & 1 for info in archive.infolist())
    files = opened(content)
    assert set(files) == {"kabao.json", "cards.csv", "history.csv"}
    row, *_ = await house.kabao.parts.store.audit.of(alice.id, limit=1)
    assert (row.action, row.detail["n"]) == ("exported", 1)
    await house.passes(minutes=9)
    assert any(one.id == sent.id for one in alice.person.chat)
    await house.passes(minutes=2)
    assert not any(one.id == sent.id for one in alice.person.chat)


async def test_the_tables_are_for_people_and_hold_no_formula(house: House, alice: Guest) -> None:
    await furnish(house, alice)
    files = opened(await exported(alice))
    cards = list(csv.DictReader(io.StringIO(files["cards.csv"].decode("utf-8-sig"), newline="")))
    panda, tea = cards
    assert (panda["card number"], panda["pin"]) == (YUAN, PIN)
    assert (tea["balance"], tea["currency"], tea["barcode"]) == ("200.00", "CNY", "QR 77")
    assert tea["note"] == "'=1+1\n在抽屉里"
    history = files["history.csv"].decode("utf-8-sig")
    assert "'=cmd()" in history
    assert orjson.loads(files["kabao.json"])["kabao"] == 1


async def test_a_file_for_catima_is_as_catima_writes_it(house: House, alice: Guest) -> None:
    await furnish(house, alice)
    content = await exported(alice, kind="catima")
    files = opened(content)
    assert list(files) == ["catima.csv"]
    rows = list(csv.reader(io.StringIO(files["catima.csv"].decode(), newline="")))
    assert rows[:4] == [["2"], [], ["_id"], []]
    assert rows[7:] == [[], ["cardId", "groupId"]]
    header, panda, tea = rows[4:7]
    card = dict(zip(header, tea, strict=True))
    assert (card["store"], card["cardid"], card["balance"]) == ("Tea <&>", "88005566", "200.00")
    assert (card["barcodeid"], card["barcodetype"]) == ("QR 77", "QR_CODE")
    assert (card["archive"], card["starstatus"], card["balancetype"]) == ("1", "1", "CNY")
    assert int(card["expiry"]) % 86_400_000 == 0
    assert f"pin: {PIN}" in panda[2]
    bob = house.guest("Bob")
    await house.settled(await bob.person.sends("catima.zip", content, caption=PHRASE))
    assert "New: 2." in bob.newest.text


async def test_without_a_passphrase_only_if_she_insists(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/export")
    asked = await alice.presses("Without a passphrase")
    assert "whoever gets hold of this file can spend your cards" in asked.text
    sent = await alice.presses("Yes, without a passphrase")
    assert KIOSK.encode() in opened(alice.person.opens(sent), None)["kabao.json"]
    assert "It is not locked" in sent.text


async def test_an_export_waits_behind_the_passcode(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/lock")
    await alice.presses(1)
    await alice.says("swordfish 9", "swordfish 9")
    await house.passes(hours=2)
    assert "Send your passcode" in (await alice.says("/export")).text
    assert "Everything about your cards" in (await alice.says("swordfish 9")).text
    await house.passes(minutes=14)
    await house.passes(hours=0)
    lock = await house.kabao.parts.store.locks.get(alice.id)
    assert lock is not None
    await house.kabao.parts.store.locks.change(alice.id, unlocked_until=house.clock())
    house.clock.advance(1)
    assert "Send your passcode" in (await alice.says(PHRASE)).text


async def test_an_export_that_was_made_up_does_not_open_other_doors(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    data = orjson.loads(opened(await exported(alice))["kabao.json"])
    (whole,) = data["cards"]
    for change in (
        {"balance_minor": 10**18}, {"state": "rich"}, {"currency": "XXX"},
        {"created_at": "0001-01-01T00:00:00+00:00"}, {"balance_at": "2026-11-24T04:00:00"},
    ):  # fmt: skip
        bad = {**data, "cards": [{**whole, "card": {**whole["card"], **change}}]}
        bob = house.guest(f"Bob {change}")
        await house.settled(await bob.person.sends("kabao.json", orjson.dumps(bad)))
        assert "No. 1: not readable" in bob.newest.text, change


async def test_nothing_is_exported_of_nothing(alice: Guest) -> None:
    assert "nothing to export" in (await alice.says("/export")).text


async def test_xiaoming_exports_in_chinese(ming: Guest) -> None:
    await ming.binds(KIOSK)
    assert "锁住" in (await ming.says("/export")).text
    await ming.says(PHRASE)
    sent = await ming.says(PHRASE)
    assert "📦 1 张卡" in sent.text
    assert opened(ming.person.opens(sent))
    assert english_in(ming) == ["Zip", "AES"]  # what programs and methods are called
