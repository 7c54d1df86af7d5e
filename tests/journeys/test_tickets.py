"""Requests for help reach people without a card number, and their answers come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot import barcodes, pictures
from bot.playground.world import stable_id
from bot.vanishing import _blank
from storage import Barcode
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.playground import Group

PNG = _blank()


def support_chat(title: str) -> str:
    return str(-1_000_000_000_000 - stable_id(title))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = {"admins": str(stable_id("Carol")), "language": "en"}
    chat = {"support_chat": support_chat("Desk"), "support_hours": "Mon-Fri 14:00-18:00"}
    async with House(tmp_path, **settings, **chat) as opened:
        yield opened


def desk(house: House, *, topics: bool = True) -> tuple[Guest, Group]:
    carol = house.guest("Carol", "en")
    group = house.telegram.group("Desk", [carol.person], deletes=True, topics=topics)
    return carol, group


async def test_a_request_goes_to_a_topic_and_its_answer_comes_back(
    house: House, alice: Guest
) -> None:
    carol, group = desk(house)
    await alice.binds(YUAN, PIN)
    await alice.says("/support")
    await alice.presses("Write to a person")
    await alice.says(f"My card {YUAN} with PIN 1234 was refused")
    assert not any(YUAN in text for text in alice.wrote)
    assert alice.sees("Request #1 is on its way.")
    assert alice.sees("a person will answer here from 2:00")
    assert alice.sees("My card ‹•••› with PIN ‹•••› was refused")
    brought = next(message for message in group.chat if "#1" in message.text)
    assert YUAN not in str([message.raw for message in group.chat])
    assert "1234" not in brought.text
    assert "Panda" not in brought.text  # she did not say which card
    thread = brought.raw["message_thread_id"]
    where = {"chat": group, "topic": thread}
    await house.settled(await carol.person.says("# she is new here", **where))
    await house.settled(await carol.person.says("Try the other till", **where))
    assert "Answer to your request #1" in alice.newest.text
    assert "Try the other till" in alice.newest.text
    assert not alice.sees("she is new")
    await house.settled(await carol.person.says("/close", **where))
    assert "How was it" in alice.newest.text
    await alice.presses("5 ⭐")
    assert any("5 of 5 stars" in message.text for message in group.chat)
    ticket = await house.kabao.parts.store.tickets.find(1)
    assert ticket is not None
    assert (ticket.state, ticket.rating) == ("closed", 5)


async def test_only_the_support_chat_counts(house: House, alice: Guest, bob: Guest) -> None:
    await alice.says("/feedback I like it")
    other = house.telegram.group("Elsewhere", [bob.person], deletes=True, topics=True)
    await bob.says("/close 1", chat=other)
    await bob.says("/close 1")
    await bob.forges("deskclose:1")
    await bob.forges("ticket:1")
    await bob.forges("addto:1")
    ticket = await house.kabao.parts.store.tickets.find(1)
    assert ticket is not None
    assert ticket.state == "open"
    assert not bob.sees("I like it")


async def test_a_picture_is_asked_about_before_it_goes(house: House, alice: Guest) -> None:
    _, group = desk(house, topics=False)
    await alice.says("/feedback")
    await house.settled(await alice.person.sends("till.png", PNG, caption="the till says no"))
    assert "Shall it go as it is?" in alice.newest.text
    assert not any("#1" in message.text for message in group.chat)
    await alice.presses("Yes, send it")
    assert any("photo" in message.raw for message in group.chat)


async def test_a_barcode_on_a_picture_is_covered_before_anybody_sees_it(
    house: House, alice: Guest
) -> None:
    _, group = desk(house, topics=False)
    drawn = barcodes.draw(Barcode("Code128", YUAN), YUAN)
    assert pictures.codes_in(drawn)
    await alice.says("/feedback")
    await house.settled(await alice.person.sends("card.png", drawn, caption="is it worn out?"))
    assert not [message for message in alice.person.chat if not message.by_bot][-1].raw.get("photo")
    assert "so I covered it" in alice.newest.text
    await alice.presses("Yes, send it")
    brought = next(message for message in group.chat if "photo" in message.raw)
    assert "is it worn out?" in brought.text
    assert pictures.codes_in(alice.person.opens(brought)) == []


async def test_a_picture_that_is_not_to_go_after_all_goes_and_words_are_awaited_still(
    house: House, ming: Guest
) -> None:
    _, group = desk(house, topics=False)
    drawn = barcodes.draw(Barcode("QRCode", YUAN))
    await ming.says("/feedback")
    await house.settled(await ming.person.sends("card.png", drawn))
    assert "我已经遮住" in ming.newest.text
    await ming.presses("不，删除")
    assert not any("photo" in message.raw for message in ming.person.chat)
    await ming.says("算了，只说一句：很好用")
    assert any("很好用" in message.text for message in group.chat)


async def test_the_card_is_named_only_where_its_holder_says_so(house: House, alice: Guest) -> None:
    _, group = desk(house)
    await alice.binds(KIOSK)
    await alice.says("/support balance")
    await alice.presses("Write to a person")
    await alice.presses("Tell them which card")
    await alice.says("It looks too little")
    text = "\n".join(message.text for message in group.chat)
    assert "Card: Kiosk Card, “Kiosk Card”" in text
    assert "2001" not in text


async def test_who_writes_to_a_person_is_told_once_what_nobody_asks_for(alice: Guest) -> None:
    assert "ever asks for your PIN" in (await alice.says("/feedback one")).text
    assert "ever asks for your PIN" not in (await alice.says("/feedback two")).text


async def test_too_many_requests_are_not_opened(house: House, alice: Guest) -> None:
    for n in range(4):
        await alice.says(f"/feedback number {n}")
    assert "several requests already" in alice.newest.text
    assert len(await house.kabao.parts.store.tickets.of(alice.id, limit=9)) == 3


async def test_without_a_support_chat_admins_answer_in_private(tmp_path: Path) -> None:
    async with House(tmp_path, admins=str(stable_id("Carol"))) as house:
        carol, alice = house.guest("Carol", "en"), house.guest("小明", "zh-hans")
        await carol.says("/start")
        await alice.says("/feedback 很好用")
        assert "很好用" in carol.newest.text
        brought = carol.newest
        await house.settled(await carol.person.says("Thank you!", reply_to=brought.id))
        assert "你的请求 #1 有回复了" in alice.newest.text
        assert "Thank you!" in alice.newest.text
        await carol.presses("Answer", message=brought)
        await carol.says("And come again")
        assert "And come again" in alice.newest.text
        await house.restart()
        await alice.presses("写更多")
        await alice.says("再见")
        assert "再见" in carol.newest.text


async def test_a_long_text_is_cut_between_letters_on_either_side(
    house: House, alice: Guest
) -> None:
    carol, _ = desk(house)
    await carol.says("/start")
    await alice.says(f"/feedback {'a' * 398}<b>& more")
    await alice.says("/tickets")
    mine = await alice.presses("#1")
    assert mine.text.endswith(f"{'a' * 398}<…")
    await carol.forges("desk:1")
    assert carol.newest.text.endswith(f"{'a' * 398}<…")


async def test_whoever_writes_too_much_is_told_what_of_it_goes(house: House, alice: Guest) -> None:
    carol, group = desk(house)
    await alice.says(f"/feedback {'a' * 3000}")
    assert not alice.sees("too long")
    await alice.says(f"/feedback {'b' * 3001}")
    assert alice.sees("only its first 3,000 characters go.")
    brought = next(message for message in group.chat if "#2" in message.text)
    where = {"chat": group, "topic": brought.raw["message_thread_id"]}
    await house.settled(await carol.person.says("c" * 3001, **where))
    assert alice.newest.text.count("c") == 3000
    assert group.chat[-1].text == "It is too long: only its first 3,000 characters go."
