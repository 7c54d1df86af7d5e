"""The bot is not a tool for thieves: numbers of others are not tried here for long."""

from __future__ import annotations

import asyncio
from contextlib import closing
from sqlite3 import connect
from typing import TYPE_CHECKING

import pytest

from bot.limits import FREE, NUMBERS, OF_ONE_NUMBER, Ticket
from bot.playground.demo_cards import DemoCard
from bot.playground.world import stable_id
from tests.house import KIOSK, PIN, SLOW, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

STOP = "I take no new cards from you for now"
STEM = "628812345678"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house that anybody may use, with one admin."""
    async with House(tmp_path, admins=str(stable_id("Carol"))) as opened:
        yield opened


@pytest.fixture
async def carol(house: House) -> Guest:
    """She runs the bot, and has started it."""
    carol = house.guest("Carol", "en")
    await carol.says("/start")
    return carol


@pytest.fixture
def mallory(house: House) -> Guest:
    """He has a list of numbers."""
    return house.guest("Mallory", "en")


def stolen(n: int) -> str:
    """A number of a list, unlike the others, and known to no issuer."""
    return f"6288{n:04d}00000000"


async def tries(house: House, guest: Guest, number: str, pin: str = PIN) -> int:
    """Try a number; gives how often its issuer was asked."""
    before = house.issuer.requests
    await guest.binds(number, None if number == KIOSK else pin)
    return house.issuer.requests - before


async def test_of_forty_numbers_tried_patiently_the_issuer_hears_ten(
    house: House, carol: Guest, mallory: Guest
) -> None:
    heard = 0
    for n in range(40):
        heard += await tries(house, mallory, stolen(n))
        await house.passes(minutes=15)
    assert heard == NUMBERS
    assert STOP in mallory.newest.text
    told = [text for text in carol.told if "I stopped binding" in text]
    assert len(told) == 1


async def test_of_forty_numbers_tried_in_haste_the_issuer_hears_three(
    house: House, mallory: Guest
) -> None:
    heard = [await tries(house, mallory, stolen(n)) for n in range(40)]
    assert sum(heard) == FREE
    assert "Go on at 12:01" in mallory.newest.text
    assert mallory.newest.labels == ["Try again", "Cancel"]
    await house.passes(minutes=1)
    before = house.issuer.requests
    await mallory.presses("Try again")
    assert house.issuer.requests == before + 1


async def test_numbers_counted_through_are_noticed_sooner(house: House, mallory: Guest) -> None:
    heard = 0
    for n in range(40):
        heard += await tries(house, mallory, f"{STEM}{n:04d}")
        await house.passes(minutes=15)
    assert heard == 6
    assert STOP in mallory.newest.text


async def test_to_be_forgotten_and_come_back_does_not_help(house: House, mallory: Guest) -> None:
    for n in range(NUMBERS):
        await tries(house, mallory, stolen(n))
        await house.passes(minutes=15)
    await mallory.says("/forget")
    await mallory.presses("Yes, erase everything")
    await mallory.says("/start")
    assert await tries(house, mallory, KIOSK) == 0
    assert STOP in mallory.newest.text
    await house.restart()
    assert await tries(house, mallory, KIOSK) == 0


async def test_the_waits_are_not_forgotten_either(house: House, mallory: Guest) -> None:
    for n in range(FREE):
        await tries(house, mallory, stolen(n))
    await mallory.says("/forget")
    await mallory.presses("Yes, erase everything")
    assert await tries(house, mallory, stolen(FREE)) == 0


async def test_several_who_count_through_together_are_each_stopped(
    house: House, carol: Guest
) -> None:
    gang = [house.guest(f"Gang {n}", "en") for n in range(6)]
    heard = sum([await tries(house, gang[n % 6], f"{STEM}{n:04d}") for n in range(60)])
    assert heard <= 6 * FREE
    assert all(STOP in one.newest.text for one in gang)
    assert any("differ only in their last digits" in text for text in carol.told)
    newcomer = house.guest("Newcomer", "en")
    assert await tries(house, newcomer, f"{STEM}9999") == 1
    assert await tries(house, newcomer, f"{STEM}9998") == 1
    assert STOP in newcomer.newest.text


async def test_the_pin_of_one_number_is_guessed_five_times_whoever_guesses(house: House) -> None:
    gang = [house.guest(f"Gang {n}", "en") for n in range(8)]
    heard = [await tries(house, one, YUAN, f"90{n:02d}") for n, one in enumerate(gang)]
    assert sum(heard) == OF_ONE_NUMBER
    assert "not accepted too often today" in gang[-1].newest.text
    assert await tries(house, house.guest("Lucky"), YUAN, PIN) == 0
    await house.passes(hours=24)
    assert await tries(house, house.guest("Holder"), YUAN, PIN) > 0


async def test_a_number_that_there_is_not_is_closed_in_the_same_way(house: House) -> None:
    gang = [house.guest(f"Gang {n}", "en") for n in range(8)]
    heard = [await tries(house, one, stolen(1), f"90{n:02d}") for n, one in enumerate(gang)]
    assert sum(heard) == OF_ONE_NUMBER
    assert "not accepted too often today" in gang[-1].newest.text


async def test_who_mistypes_twice_is_not_punished(carol: Guest, alice: Guest) -> None:
    assert "does not accept this PIN" in (await alice.binds(YUAN, "1243")).text
    assert "does not accept this PIN" in (await alice.says("2134")).text
    assert "Bound" in (await alice.says(PIN)).text
    assert "Bound" in (await alice.binds(KIOSK)).text
    assert not any("stopped" in text for text in carol.told)


async def test_a_family_moves_in_forty_cards_in_an_evening(
    house: House, carol: Guest, alice: Guest
) -> None:
    numbers = [f"{STEM}{n:04d}" for n in range(1000, 1040)]
    for number in numbers:
        card = DemoCard(number, "CNY", {"en": "gift"}, pin=PIN, balance=100)
        house.issuer._cards[number] = card
    for n, number in enumerate(numbers):
        if n % 6 == 5:
            await alice.binds(number[:-1] + str((n + 5) % 10) if n % 12 == 5 else number, "9999")
            await alice.says("/cancel")
        told = await alice.binds(number, PIN)
        if "Go on at" in told.text:
            await house.passes(minutes=1)
            told = await alice.presses("Try again")
        assert "Bound" in told.text
        await house.passes(minutes=2)
    await alice.says("/cards")
    assert alice.sees("You have 40 cards")
    assert not any("stopped" in text for text in carol.told)


async def test_an_admin_is_told_counts_and_a_name_and_allows_again(
    house: House, carol: Guest, mallory: Guest
) -> None:
    for n in range(NUMBERS):
        await tries(house, mallory, stolen(n))
        await house.passes(minutes=15)
    told = carol.newest
    assert f"I stopped binding for Mallory (Telegram id {mallory.id})" in told.text
    assert f"{NUMBERS} different numbers" in told.text
    assert not any(stolen(n)[:8] in told.text for n in range(NUMBERS))
    await carol.presses("Allow again", message=told)
    assert "Mallory can bind cards again." in carol.newest.text
    assert mallory.sees("You can bind cards again.")
    assert "Bound" in (await mallory.binds(KIOSK)).text


async def test_an_admin_is_told_in_quiet_hours_too_and_after_a_restart_once_only(
    house: House, carol: Guest, mallory: Guest
) -> None:
    await house.kabao.parts.store.people.change(carol.id, quiet_from=0, quiet_to=23 * 60)
    for n in range(NUMBERS):
        await tries(house, mallory, stolen(n))
        await house.passes(minutes=15)
    assert "I stopped binding" in carol.newest.text
    said = len(carol.told)
    await house.restart()
    await house.passes(minutes=5)
    assert len(carol.told) == said


async def test_nobody_but_an_admin_allows_again(house: House, carol: Guest, mallory: Guest) -> None:
    for n in range(NUMBERS):
        await tries(house, mallory, stolen(n))
        await house.passes(minutes=15)
    for whom in (str(mallory.id), "0", "", "x", "-1"):
        await mallory.forges(f"allow:{whom}")
    assert await tries(house, mallory, KIOSK) == 0
    told = carol.newest
    await carol.presses("Allow again", message=told)
    await carol.forges(f"allow:{mallory.id}")
    assert "out of date" in carol.person.notices[-1]


async def test_after_a_day_a_stop_is_over_by_itself(house: House, mallory: Guest) -> None:
    for n in range(NUMBERS):
        await tries(house, mallory, stolen(n))
        await house.passes(minutes=15)
    assert await tries(house, mallory, KIOSK) == 0
    await house.passes(hours=24)
    assert "Bound" in (await mallory.binds(KIOSK)).text


async def test_once_refusals_pile_up_unknown_and_wrong_pin_read_the_same(house: House) -> None:
    knows, guesses = house.guest("Knows", "en"), house.guest("Guesses", "en")
    for n in range(4):
        await tries(house, guesses, stolen(n))
        await tries(house, knows, YUAN, f"900{n}")
        if n < FREE - 1:
            continue
        assert guesses.newest.text == knows.newest.text
        assert guesses.newest.labels == knows.newest.labels
        assert "does not accept this number with this PIN" in knows.newest.text
        for one in (guesses, knows):
            assert "Send me the PIN" in (await one.says("6288 0000 0000 1002")).text
            await one.says("/cancel")
        await house.passes(minutes=1)


async def test_a_thief_is_told_the_same_in_chinese(house: House) -> None:
    mallory = house.guest("马洛里", "zh-hans")
    await house.guest("Carol", "zh-hans").says("/start")
    for n in range(FREE):
        await tries(house, mallory, stolen(n))
    assert "不接受这个卡号和密码" in mallory.newest.text
    assert "我们先等一会儿" in mallory.newest.text
    for n in range(FREE, NUMBERS):
        await house.passes(minutes=15)
        await tries(house, mallory, stolen(n))
    assert "我暂时不接受你绑新卡" in mallory.newest.text
    carol = house.guest("Carol", "zh-hans")
    assert "我已停止 马洛里" in carol.newest.text
    await carol.presses("重新允许")
    assert "你可以继续绑卡了" in mallory.newest.text


async def test_fifty_tries_at_once_are_not_more_than_the_limit(
    house: House, mallory: Guest
) -> None:
    await mallory.says("/start")
    limits = house.kabao.parts.limits
    got = await asyncio.gather(*(limits.begin(mallory.id, "panda", stolen(n)) for n in range(50)))
    assert sum(isinstance(one, Ticket) for one in got) == FREE


async def test_a_wrong_pin_is_asked_again_by_its_holder_only_and_not_for_ever(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.binds(KIOSK)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(hours=7)
    asked = house.issuer.card(KIOSK).lookups
    before = house.issuer.requests
    await alice.says("/balance")
    await alice.presses("Refresh")
    await alice.presses("Panda")
    await alice.says("/history")
    await house.restart()
    await house.passes(seconds=40)
    await alice.says("/balance")
    await alice.presses("Refresh")
    kiosks = house.issuer.card(KIOSK).lookups - asked
    assert kiosks >= 2
    assert house.issuer.requests - before == kiosks
    await alice.presses("Panda")
    before = house.issuer.requests
    for _ in range(60):
        await alice.presses("Refresh")
        await house.passes(minutes=15)
    assert house.issuer.card(KIOSK).lookups - asked > kiosks
    refused = house.issuer.requests - before - (house.issuer.card(KIOSK).lookups - asked - kiosks)
    assert refused == OF_ONE_NUMBER
    assert "not accepted too often today" in alice.person.notices[-1]


async def test_a_card_is_not_saved_unverified_past_an_issuer_that_answers(
    mallory: Guest,
) -> None:
    await mallory.says("/bind")
    await mallory.person.says(SLOW)
    await mallory.person.finds("Asking")
    await mallory.forges("unverified")
    assert "out of date" in mallory.person.notices[-1]
    await mallory.binds(YUAN, "9999")
    await mallory.forges("unverified")
    await mallory.forges("again")
    assert "out of date" in mallory.person.notices[-1]
    await mallory.says("/cancel")
    assert "You have 1 card" in (await mallory.says("/cards")).text


async def test_cards_saved_while_their_issuer_was_down_are_tries_when_it_is_back(
    house: House, carol: Guest, mallory: Guest
) -> None:
    house.issuer.down = True
    for n in range(20):
        await mallory.binds(stolen(n), PIN)
        await mallory.presses("Save unverified")
    house.issuer.down = False
    before = house.issuer.requests
    for _ in range(60):
        await house.passes(minutes=10)
    assert house.issuer.requests - before == NUMBERS
    assert any("I stopped binding" in text for text in carol.told)
    panel = (await mallory.says("/cards")).text
    assert "20" in panel
    said = (await mallory.says("/balance")).text
    assert "does not accept what was sent for this card" in said
    assert "no longer accepts" not in said


async def test_an_issuer_that_is_down_costs_its_holder_no_wait(house: House, alice: Guest) -> None:
    house.issuer.down = True
    await alice.binds(YUAN, PIN)
    for _ in range(10):
        await alice.presses("Try again")
    house.issuer.down = False
    await house.passes(minutes=10)
    assert "Bound" in (await alice.presses("Try again")).text


async def test_a_surge_of_new_people_leaves_those_in_peace_who_were_here(
    house: House, carol: Guest, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.passes(hours=25)
    for n in range(34):
        bot = house.guest(f"Bot {n}", "en")
        for m in range(FREE):
            await tries(house, bot, stolen(100 * n + m))
    assert any("all people together" in text for text in carol.told)
    newcomer = house.guest("Newcomer", "en")
    assert await tries(house, newcomer, KIOSK) == 0
    assert "by many people just now" in newcomer.newest.text
    assert "Bound" in (await alice.binds(YUAN, PIN)).text
    await carol.presses("Allow again")
    assert "from everybody again" in carol.newest.text
    assert "Bound" in (await newcomer.binds(KIOSK)).text


async def test_a_card_without_an_issuer_to_ask_is_no_try(house: House, mallory: Guest) -> None:
    for n in range(NUMBERS):
        await tries(house, mallory, stolen(n))
        await house.passes(minutes=15)
    await mallory.says("/bind", "AB-778899001", "Corner shop", "20")
    assert "Corner shop" in mallory.newest.text
    with closing(connect(house.database)) as raw:
        assert raw.execute("SELECT count(*) FROM tries").fetchone() == (NUMBERS,)
