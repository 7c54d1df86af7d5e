"""What somebody tries who means no good: a share that ended, files that hurt, words that leak."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import date, timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from bot import imports
from bot.dialogue import Dialogue
from bot.imports import archive, pkpass
from bot.struck_words import struck
from storage import NewCard
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from storage import Card, Right

TODAY = date(2026, 11, 26)


async def a_card(house: House, owner: Guest, number: str = KIOSK, *pin: str) -> Card:
    await owner.binds(number, *pin)
    (card,) = await house.kabao.parts.store.cards.list(owner.id)
    return card


async def test_a_digest_tells_nothing_of_a_card_that_is_shared_no_longer(
    house: House, alice: Guest, bob: Guest
) -> None:
    card = await a_card(house, alice)
    await bob.says("/start")
    shares = house.kabao.parts.store.shares
    await shares.give(alice.id, card.id, bob.id, "spend")
    await bob.says("/digest daily")
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)
    person = await house.kabao.parts.store.people.get(bob.id)
    assert person is not None
    assert person.next_digest_at is not None
    left = (person.next_digest_at - house.clock()).total_seconds()
    await house.passes(seconds=left - 60)
    house.telegram.fail("sendMessage", status=502, times=1)  # it is owed, and not there yet
    await house.passes(seconds=61)
    await shares.revoke(alice.id, card.id, bob.id)
    await house.passes(hours=2)
    assert not any("21.50" in text for text in bob.told)


@pytest.mark.parametrize("right", ["spend", "own"])
async def test_of_two_who_take_a_link_at_once_one_has_the_card(
    house: House, alice: Guest, bob: Guest, right: Right
) -> None:
    card, carol = await a_card(house, alice, YUAN, PIN), house.guest("Carol", "en")
    for guest in (bob, carol):
        await guest.says("/start")
    shares, until = house.kabao.parts.store.shares, house.clock() + timedelta(days=1)
    await shares.new_link("t" * 22, alice.id, card.id, right, until)
    taken = await asyncio.gather(*(shares.redeem("t" * 22, one.id) for one in (bob, carol)))
    assert sum(one is not None for one in taken) == 1
    held = [await shares.held(one.id, card.id, right) for one in (bob, carol)]
    assert sum(one is not None for one in held) == 1
    mine = await shares.held(alice.id, card.id, "own")
    assert (mine is None) == (right == "own")


async def test_a_shown_number_is_shown_no_second_time_by_the_buttons_below_it(
    house: House, alice: Guest, bob: Guest
) -> None:
    card = await a_card(house, alice, YUAN, PIN)
    await bob.says("/start")
    shares = house.kabao.parts.store.shares
    await shares.give(alice.id, card.id, bob.id, "spend")
    await bob.forges(f"reveal:{card.id}")
    assert bob.sees(YUAN)
    await shares.revoke(alice.id, card.id, bob.id)
    notices = await bob.forges(f"unveil:{card.id}:1")
    assert notices[-1].startswith("This button is out of date.")
    await house.passes(minutes=2)
    assert not bob.sees(YUAN)
    assert not bob.sees(PIN)


async def test_a_stranger_in_a_group_and_a_barred_one_book_and_undo_nothing(
    house: House, alice: Guest, bob: Guest
) -> None:
    card = await a_card(house, alice, YUAN, PIN)
    await bob.says("/start")
    eve = house.guest("Eve", "en")  # never spoke with the bot
    store = house.kabao.parts.store
    group = house.telegram.group("Family", [alice.person, bob.person, eve.person])
    await store.groups.share(alice.id, card.id, group.where.id, "Family")
    await store.shares.give(alice.id, card.id, bob.id, "spend")
    await eve.says("/spent 10 lunch", chat=group)
    await bob.says("/spent 10 lunch", chat=group)
    await store.people.change(bob.id, barred_at=house.clock())
    await bob.says("/spent 10 lunch", chat=group)
    entries = await store.ledger.page(alice.id, card.id, limit=20)
    assert sum(one.text == "lunch" for one in entries) == 1
    undo = next(one for one in reversed(group.chat) if one.buttons)
    for guest in (bob, eve):
        await house.settled(await guest.person.presses("Undo", message=undo, chat=group))
    entries = await store.ledger.page(alice.id, card.id, limit=20)
    assert sum(one.text == "lunch" for one in entries) == 1
    assert not any(YUAN in one.text or PIN in one.text for one in group.chat)


async def test_who_is_no_helper_any_more_gets_no_request_that_was_on_its_way(
    house: House, alice: Guest, bob: Guest
) -> None:
    await bob.says("/start")
    people = house.kabao.parts.store.people
    await people.change(bob.id, role="helper")
    await bob.forges("hours:0-23")
    await alice.says("/feedback where is my money")
    await people.change(bob.id, role="holder")
    for _ in range(25):
        await house.passes(hours=1)
    assert not any("where is my money" in text for text in bob.told)


async def test_who_was_let_in_once_and_is_not_now_books_nothing_from_a_group(
    house: House, alice: Guest, bob: Guest
) -> None:
    card = await a_card(house, alice, YUAN, PIN)
    await bob.says("/start")
    store = house.kabao.parts.store
    group = house.telegram.group("Family", [alice.person, bob.person])
    await store.groups.share(alice.id, card.id, group.where.id, "Family")
    await store.shares.give(alice.id, card.id, bob.id, "spend")
    await bob.says("/spent 10 lunch", chat=group)
    await store.people.change(bob.id, access="none")
    house.kabao.parts.settings.__dict__["access"] = "closed"
    await bob.says("/spent 10 lunch", chat=group)
    entries = await store.ledger.page(alice.id, card.id, limit=20)
    assert sum(one.text == "lunch" for one in entries) == 1
    undo = next(one for one in reversed(group.chat) if one.buttons)
    await house.settled(await bob.person.presses("Undo", message=undo, chat=group))
    entries = await store.ledger.page(alice.id, card.id, limit=20)
    assert sum(one.text == "lunch" for one in entries) == 1


async def test_an_open_question_about_a_card_is_of_no_use_once_it_is_shared_no_longer(
    house: House, alice: Guest, bob: Guest
) -> None:
    card = await a_card(house, alice, YUAN, PIN)
    await bob.says("/start")
    shares = house.kabao.parts.store.shares
    await shares.give(alice.id, card.id, bob.id, "manage")
    for button in (f"rename:{card.id}", f"limit:{card.id}", f"book:spent:{card.id}"):
        await bob.forges(button)
        await shares.revoke(alice.id, card.id, bob.id)
        await bob.says("12.34")
        await shares.give(alice.id, card.id, bob.id, "manage")
    (now,) = await house.kabao.parts.store.cards.list(alice.id)
    assert (now.label, now.balance_minor, now.threshold_minor) == (
        card.label,
        card.balance_minor,
        card.threshold_minor,
    )


async def test_a_request_for_help_holds_no_secret_of_a_card_that_is_shared(
    house: House, alice: Guest, bob: Guest
) -> None:
    card = await a_card(house, alice, YUAN, PIN)
    await bob.says("/start")
    await house.kabao.parts.store.shares.give(alice.id, card.id, bob.id, "spend")
    parts = house.kabao.parts
    assert PIN not in await struck(parts, bob.id, f"it wants {PIN} and takes it not")
    assert YUAN not in await struck(parts, bob.id, f"number {YUAN}")


@pytest.mark.parametrize(
    "text",
    ["卡号6006491199990007密码4321不能用", "我的pin是4321", "号码：6006 4911 9999 0007，请看"],
)
async def test_numbers_that_stand_right_behind_chinese_words_are_struck_out(
    house: House, alice: Guest, text: str
) -> None:
    said = await struck(house.kabao.parts, alice.id, text)
    assert not any(secret in said for secret in ("6006", "0007", "4321"))
    assert len(said) > 5


async def test_a_number_that_is_cut_off_at_the_end_of_a_long_message_is_struck_out_before(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says(f"/feedback {'a ' * 1497}{KIOSK}")
    (one,) = await house.kabao.parts.store.tickets.messages(alice.id, 1, limit=5)
    assert KIOSK[:6] not in one.text
    assert len(one.text) <= 3000


def test_what_a_conversation_knows_is_not_in_its_representation() -> None:
    assert PIN not in repr(Dialogue("export", "again", {"passphrase": PIN}))
    assert YUAN not in repr(NewCard("demo", "Panda", "1001", {"number": YUAN}, YUAN))


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("content", [b"[" * 3_000_000, b"[" + b"[]," * 2_500_000 + b"[]]"])
def test_json_made_to_fill_the_memory_is_refused_before_it_is_read(content: bytes) -> None:
    with pytest.raises(imports.Unreadable, match="too long"):
        imports.read(content, None, TODAY)
    with pytest.raises(imports.Unreadable, match="too long"):
        imports.read(packed({"kabao.json": b'{"kabao":1,"cards":' + content + b"}"}), None, TODAY)


def test_many_passes_are_not_unpacked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_TOGETHER", 4_000)
    monkeypatch.setattr(pkpass, "MOST_TEXT", 2_500)
    one = packed({"pass.json": orjson.dumps({"storeCard": {}, "x": "0" * 1_000})})
    bundle = packed({f"{n}.pkpass": one for n in range(40)})
    got = pkpass.passes_in(archive.Archive(bundle))
    assert sum(map(len, got)) <= 2_500
    assert any(got)
    assert not all(got)
