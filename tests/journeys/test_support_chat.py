"""Where the operator's people answer: the chat may change, and what it got goes with its holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.playground.groups import SUPERGROUP
from bot.playground.world import stable_id
from bot.vanishing import _blank
from tests.house import KIOSK, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.playground import Group

PNG = _blank()


def supergroup(title: str) -> str:
    return str(SUPERGROUP - stable_id(title))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = {"admins": str(stable_id("Carol")), "language": "en"}
    async with House(tmp_path, **settings, support_chat=supergroup("Desk")) as opened:
        yield opened


@pytest.fixture
async def carol(house: House) -> Guest:
    carol = house.guest("Carol", "en")
    await carol.says("/start")
    return carol


def desk(house: House, carol: Guest, title: str = "Desk", *, topics: bool = True) -> Group:
    return house.telegram.group(title, [carol.person], deletes=True, topics=topics)


def topic(group: Group, ticket: int) -> int:
    brought = next(one for one in group.chat if f"#{ticket} ·" in one.text)
    return int(brought.raw["message_thread_id"])


async def test_in_another_support_chat_an_old_topic_leads_to_nobody(
    house: House, carol: Guest, alice: Guest
) -> None:
    old = desk(house, carol)
    await alice.says("/feedback first")
    thread = topic(old, 1)
    new = desk(house, carol, "Office")
    house._settings["support_chat"] = supergroup("Office")
    await house.restart()
    await house.settled(await carol.person.says("not for Alice", chat=new, topic=thread))
    await house.settled(await carol.person.says("nor this", chat=old, topic=thread))
    assert not alice.sees("not for Alice")
    assert not alice.sees("nor this")
    await alice.presses("My requests")
    await alice.presses("#1")
    await alice.presses("Write more")
    await alice.says("second")
    assert not any("second" in one.text for one in old.chat)
    await house.settled(await carol.person.says("now yes", chat=new, topic=topic(new, 1)))
    assert alice.sees("now yes")


async def test_a_group_that_becomes_a_supergroup_is_followed_and_the_admin_told(
    tmp_path: Path,
) -> None:
    chat = {"support_chat": str(-stable_id("Desk")), "language": "en"}
    async with House(tmp_path, admins=str(stable_id("Carol")), **chat) as house:
        carol, alice = house.guest("Carol", "en"), house.guest("Alice", "en")
        await carol.says("/start")
        group = house.telegram.group("Desk", [carol.person], deletes=True, basic=True)
        await alice.says("/feedback before")
        await house.stop()
        await group.upgrades()
        house.telegram.world.updates.drop()  # the bot was off for longer than Telegram keeps them
        await house.start()
        await alice.says("/feedback after")
        brought = next(one for one in group.chat if "after" in one.text)
        assert f"the id {group.where.id}" in carol.newest.text
        await house.settled(await carol.person.says("Hi", chat=group, reply_to=brought.id))
        assert alice.sees("Hi")
        await house.restart()
        await house.settled(await carol.person.says("Ho", chat=group, reply_to=brought.id))
        assert alice.sees("Ho")


async def test_a_chat_that_threw_the_bot_out_loses_nothing_and_the_admin_hears_of_it(
    house: House, carol: Guest, alice: Guest
) -> None:
    group = desk(house, carol)
    await group.removes_bot()
    await alice.says("/feedback urgent")
    assert alice.sees("Request #1 is on its way.")
    assert carol.told[-1].count("do not reach the support chat") == 1
    await house.passes(hours=3)
    assert sum("do not reach" in said for said in carol.told) == 1
    await carol.presses("Requests")
    await carol.presses("#1")
    assert "urgent" in carol.newest.text
    group.where.closed = None
    await house.passes(hours=2)
    assert any("urgent" in one.text for one in group.chat)


async def test_an_admin_who_writes_in_the_groups_name_answers_there_and_nowhere_else(
    house: House, carol: Guest, alice: Guest
) -> None:
    group = desk(house, carol)
    await alice.says("/feedback hello")
    await house.settled(
        await carol.person.says("In our name", chat=group, topic=topic(group, 1), anonymous=True)
    )
    assert alice.sees("In our name")
    count = len(group.chat)
    await house.settled(await carol.person.says("/balance", chat=group, anonymous=True))
    assert len(group.chat) == count + 1
    other = house.telegram.group("Family", [carol.person], deletes=True, topics=True)
    thread = topic(group, 1)
    await house.settled(
        await carol.person.says("In nobody's name", chat=other, topic=thread, anonymous=True)
    )
    assert not alice.sees("In nobody's name")


async def test_who_is_erased_leaves_nothing_in_the_support_chat(
    house: House, carol: Guest, alice: Guest, bob: Guest
) -> None:
    group = desk(house, carol)
    await alice.says("/feedback my secret opinion")
    await bob.says("/feedback mine stays")
    await alice.says("/forget")
    await alice.presses("Yes, erase everything")
    await house.settled()
    assert not any("my secret opinion" in one.text for one in group.chat)
    assert any("mine stays" in one.text for one in group.chat)
    assert len(group.where.topics) == 1


async def test_who_is_erased_leaves_nothing_in_a_chat_without_topics(
    house: House, carol: Guest, alice: Guest
) -> None:
    group = desk(house, carol, topics=False)
    await alice.says("/feedback my secret opinion")
    house.telegram.fail("deleteMessage", status=502, times=1)
    await alice.says("/forget")
    await alice.presses("Yes, erase everything")
    await house.passes(minutes=5)
    assert not any("my secret opinion" in one.text for one in group.chat)


async def test_a_topic_closes_with_its_request_and_opens_with_it_again(
    house: House, carol: Guest, alice: Guest
) -> None:
    group = desk(house, carol)
    await alice.says("/feedback hello")
    thread = topic(group, 1)
    await house.settled(await carol.person.sends("t.png", PNG, chat=group, topic=thread))
    assert "photo" in alice.newest.raw
    await alice.presses("Solved")
    assert group.where.topics == {thread: True}
    await alice.presses("1 ⭐")
    await alice.says("/tickets")
    await alice.presses("#1")
    await alice.presses("Write more")
    await alice.says("not solved after all")
    assert group.where.topics == {thread: False}
    assert "is open again" in group.chat[-1].text
    await house.settled(await carol.person.says("/close", chat=group, topic=thread))
    assert group.where.topics == {thread: True}


async def test_a_request_nobody_is_there_for_waits_for_the_first_who_comes(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, admins=str(stable_id("Carol")), language="en") as house:
        carol, alice = house.guest("Carol", "en"), house.guest("Alice", "en")
        await alice.says("/feedback anybody?")
        await house.passes(hours=1)
        await carol.says("/start")
        await house.passes(hours=1)
        assert carol.sees("anybody?")


async def test_without_a_support_chat_any_more_what_waits_goes_to_the_admins_not_back(
    house: House, carol: Guest, alice: Guest
) -> None:
    group = desk(house, carol)
    await group.removes_bot()
    await alice.says("/feedback where am I")
    del house._settings["support_chat"]
    await house.restart()
    await house.passes(hours=1)
    assert "where am I" in carol.newest.text
    assert not alice.sees("where am I")


async def test_what_is_brought_at_telegrams_pace_arrives_once(
    house: House, carol: Guest, alice: Guest
) -> None:
    group = desk(house, carol)
    house.telegram.fail(
        "sendMessage", retry_after=40, times=4, match=lambda sent: sent["chat_id"] == group.where.id
    )
    await alice.says("/feedback hello there")
    assert alice.sees("Request #1 is on its way.")
    for _ in range(4):
        await house.passes(minutes=5)
    assert sum("hello there" in one.text for one in group.chat) == 1
    assert len(group.where.topics) == 1
    assert not any("do not reach" in said for said in carol.told)


async def test_an_answer_waits_for_a_holder_who_stopped_the_bot(
    house: House, carol: Guest, alice: Guest
) -> None:
    group = desk(house, carol)
    await alice.says("/feedback hello")
    await alice.person.blocks()
    await house.settled(await carol.person.says("Here you are", chat=group, topic=topic(group, 1)))
    assert not alice.sees("Here you are")
    await house.passes(hours=30)
    await alice.says("/start")
    await house.passes(minutes=1)
    assert sum("Here you are" in said for said in alice.told) == 1


async def test_the_admin_sees_what_waits_and_for_how_long(
    house: House, carol: Guest, alice: Guest, bob: Guest
) -> None:
    group = desk(house, carol)
    await alice.says("/feedback one")
    await bob.says("/feedback two")
    await house.settled(await carol.person.says("answer", chat=group, topic=topic(group, 2)))
    await house.passes(hours=2)
    assert "Requests: 1 waiting, 1 answered" in (await carol.says("/admin")).text
    said = (await carol.presses("Requests")).text
    assert "Alice (en)\nwaiting for an answer · 2 hours ago" in said
    assert "Bob (en)\nanswered · 2 hours ago" in said
    await carol.presses("Back")
    assert "Issuers" in carol.newest.text
    await alice.binds(KIOSK)
    assert "Kiosk Card · 🟢 on · 1 card" in (await carol.says("/admin")).text
    house.issuer.down = True
    await house.passes(hours=7)
    assert "Kiosk Card · 🟡 on, but most cards cannot be read" in (await carol.says("/admin")).text
