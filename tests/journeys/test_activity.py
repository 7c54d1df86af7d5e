"""What happened on one's account is there to be read, in one's own words and hours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.activity import SENTENCES, Action
from bot.playground.world import stable_id
from tests.house import FLAKY, KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.playground import Seen


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[House]:
    """A house that is closed, with one admin."""
    async with House(tmp_path, access="closed", admins=str(stable_id("Carol"))) as opened:
        yield opened


def told(seen: Seen) -> list[str]:
    """What happened, without when: the first line of each paragraph that has one."""
    paragraphs = [text.split("\n") for text in seen.text.split("\n\n")[1:]]
    return [lines[0] for lines in paragraphs if len(lines) > 1]


async def actions(house: House, guest: Guest) -> list[str]:
    return [row.action for row in await house.kabao.parts.store.audit.of(guest.id, limit=50)]


async def test_where_nothing_has_happened_it_is_said_kindly(alice: Guest) -> None:
    seen = await alice.says("/activity")
    assert "Nothing yet" in seen.text
    assert seen.labels == ["‹ All cards"]


async def test_what_was_done_with_cards_stands_there_the_latest_first(
    house: House, alice: Guest, bob: Guest
) -> None:
    await bob.binds(YUAN, PIN)
    await alice.binds(KIOSK)
    await alice.presses("Alert")
    await alice.presses("🔕 Switch off")
    await alice.says("/cards")
    await alice.presses("🗑")
    await alice.presses("Yes, remove")
    await house.passes(seconds=30)
    await alice.presses("Undo")
    seen = await alice.says("/activity")
    card = "Kiosk Card ·2001"
    assert told(seen) == [
        f"Card brought back · {card}",
        f"Card removed · {card}",
        f"Alerts switched off · {card}",
        f"Card bound · {card}",
    ]
    assert "12:00" in seen.text
    assert "/lock" in seen.text
    for number in (KIOSK, YUAN, "1001"):
        assert number not in seen.text
    await alice.says("/timezone Europe/Paris")
    assert "5:00" in (await alice.says("/activity")).text


async def test_xiaoming_reads_it_in_chinese(ming: Guest) -> None:
    assert "还没有记录" in (await ming.says("/activity")).text
    await ming.binds(KIOSK)
    seen = await ming.says("/activity")
    assert "账户动态" in seen.text
    assert re.search(r"绑定了卡 · .*·2001\n12:00", seen.text)
    assert not re.search("[A-Za-z]{3,}", re.sub("Telegram|/lock", "", seen.text))


async def test_a_long_list_is_turned_page_by_page(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    audit = house.kabao.parts.store.audit
    for number in range(20):
        detail = {"label": f"Shop {number}", "tail": "77"}
        await audit.append("shown", subject=alice.id, actor=alice.id, detail=detail)
    first = await alice.says("/activity")
    assert told(first)[0] == "Number or PIN shown · Shop 19 ·77"
    assert "1 of 3" in first.labels
    second = await alice.presses("Older ▶")
    assert told(second)[0] == "Number or PIN shown · Shop 11 ·77"
    assert "/lock" not in second.text
    last = await alice.presses("Older ▶")
    assert told(last)[-1] == "Card bound · Kiosk Card ·2001"
    assert "Older ▶" not in last.labels
    assert told(await alice.presses("◀ Newer")) == told(second)
    assert "1 of 3" not in (await alice.forges("activity:999999"))
    assert told(alice.newest) == told(last)


async def test_a_failure_is_written_down_when_it_begins_and_not_each_time(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.fail_next(503, times=1000)
    for _ in range(5):
        await house.passes(hours=7)
    assert await actions(house, alice) == ["refresh failed", "bound"]
    house.issuer._script.clear()
    await house.passes(hours=24)
    house.issuer.fail_next(429, times=1000)
    await house.passes(hours=30)
    assert await actions(house, alice) == ["refresh failed", "refresh failed", "bound"]


async def test_a_card_that_is_refused_all_of_a_sudden_is_told_at_once_and_once(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await bob.binds(FLAKY)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(hours=7)
    news = [text for text in alice.told if "somebody else may have used this card" in text]
    assert len(news) == 1
    assert "Panda Gift Card ·1001" in news[0]
    assert "no longer accepts the PIN" in news[0]
    for _ in range(3):
        await house.passes(hours=30)
    again = [text for text in alice.told if "somebody else may have used this card" in text]
    assert len(again) == 1
    assert not bob.sees("somebody else")
    seen = await alice.says("/activity")
    assert told(seen)[0] == "Balance could not be read · Panda Gift Card ·1001"
    assert "The number or PIN was not accepted" in seen.text


async def test_a_refusal_that_its_holder_watches_is_no_news(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(minutes=5)
    await alice.presses("Refresh")
    assert alice.sees("no longer accepts the PIN")
    assert not alice.sees("somebody else may have used")


async def test_who_invited_is_told_who_came_and_both_can_read_it(closed: House) -> None:
    carol, dave = closed.guest("Carol", "en"), closed.guest("Dave", "en")
    link = (await carol.says("/invite")).text.rpartition("?start=")[2]
    await dave.says(f"/start {link.split()[0]}")
    assert carol.sees(f"Dave (Telegram id {dave.id}) came in with your invitation.")
    assert told(await dave.says("/activity")) == ["Given access"]
    assert told(await carol.says("/activity")) == ["Invitation made"]


async def test_an_invitation_is_taken_though_its_maker_cannot_be_told(closed: House) -> None:
    carol, dave = closed.guest("Carol", "en"), closed.guest("Dave", "en")
    link = (await carol.says("/invite")).text.rpartition("?start=")[2]
    await carol.person.blocks()
    assert "You are in" in (await dave.says(f"/start {link.split()[0]}")).text


async def test_whoever_asked_reads_what_was_decided(closed: House) -> None:
    carol, dave = closed.guest("Carol", "en"), closed.guest("Dave", "en")
    await carol.says("/start")
    await dave.says("/start")
    await dave.presses("Ask to be let in")
    await carol.presses("Let in")
    assert told(await dave.says("/activity")) == ["Given access", "Access asked for"]


async def test_whoever_is_erased_and_comes_back_reads_nothing_of_before(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/forget")
    await alice.presses("Yes, erase everything")
    assert "Nothing yet" in (await alice.says("/activity")).text
    await alice.binds(YUAN, PIN)
    assert told(await alice.says("/activity")) == ["Card bound · Panda Gift Card ·1001"]
    log = [row.action async for row in house.kabao.parts.store.audit.walk()]
    assert log == ["started", "bound", "erased", "bound"]


async def test_a_row_that_was_tampered_with_spoils_no_other(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    audit = house.kabao.parts.store.audit
    await audit.append("from the future", subject=alice.id, actor=alice.id)
    await audit.append("shown", subject=alice.id, detail={"label": "<b>إفطار", "tail": "77"})
    seen = await alice.says("/activity")
    assert told(seen)[1:] == ["from the future", "Card bound · Kiosk Card ·2001"]
    assert "<b>" in told(seen)[0]


async def test_a_card_with_new_values_is_bound_again(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(hours=7)
    await alice.binds(YUAN, "4321")
    assert (await actions(house, alice))[0] == Action.BOUND_AGAIN


def test_whatever_can_happen_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Action)
    assert len(set(SENTENCES.values())) == len(SENTENCES)
