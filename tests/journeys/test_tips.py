"""A line of advice comes when it applies, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import tips
from bot.links import Why, impostor, suspicious
from tests.house import KIOSK

if TYPE_CHECKING:
    from tests.house import Guest, House

PAGE = ["https://www.pandacard.com/balance"]


async def test_all_of_them_are_listed(alice: Guest, ming: Guest) -> None:
    assert len((await alice.says("/tips")).text.split("💡")) == len(tips.TIPS) + 1
    assert "私聊" in (await ming.says("/tips")).text


async def test_each_is_told_once(house: House, alice: Guest) -> None:
    await alice.says("/start")
    parts = house.kabao.parts
    person = await parts.store.people.get(alice.id)
    assert "💡" in str(await tips.once(parts, person, "first_share"))
    assert await tips.once(parts, person, "first_share") is None
    assert await tips.once(parts, None, "first_share") is None


LINKS = {
    "see http://www.pandacard.com/balance": ("www.pandacard.com", Why.OPEN),
    "your card: https://pandacard-gift.top/x": ("pandacard-gift.top", Why.ALIKE),
    "https://pandacand.com": ("pandacand.com", Why.ALIKE),
    "https://www.pandacard.com@evil.example/": ("evil.example", Why.ALIKE),
    "https://pandacard.com.evil.example/x": ("pandacard.com.evil.example", Why.ALIKE),
    "https://xn--pndacard-4fg.com": ("xn--pndacard-4fg.com", Why.LETTERS),
    "\u0440\u0430ndacard.com": ("\u0440\u0430ndacard.com", Why.LETTERS),
    "pand\u0430card.com": ("pand\u0430card.com", Why.LETTERS),
    "http://203.0.113.9/login": ("203.0.113.9", Why.NUMBER),
    "http://0x7f000001:8080/": ("0x7f000001", Why.NUMBER),
    "https://t-me.example/join": ("t-me.example", Why.ALIKE),
    "telegrarn.org": ("telegrarn.org", Why.ALIKE),
    "打开https://te1egram.example，领取": ("te1egram.example", Why.ALIKE),
    "余额 dwz.cn/abc": ("dwz.cn", Why.SHORT),
    "https://bit.ly/3abc": ("bit.ly", Why.SHORT),
    "https://www.pandacard.com/balance": None,
    "shop.pandacard.com is fine": None,
    "访问pandacard.com查询": None,
    "https://example.org/lunch at 12.30": None,
    "https://t.me/panda web.telegram.org": None,
    "https://京东.com/ café.example 1.2.3.4": None,
    "bob@gmail.com": None,
}


@pytest.mark.parametrize("text", LINKS)
def test_links_that_are_not_what_they_look_like_are_found(text: str) -> None:
    assert suspicious(text, PAGE) == LINKS[text]


def test_a_link_behind_words_that_name_another_address_is_found() -> None:
    shown = ("www.pandacard.com", "https://evil.example/x")
    assert suspicious("see", PAGE, [shown]) == ("evil.example", Why.ELSEWHERE)
    assert suspicious("see", PAGE, [("here", "https://example.org/x")]) is None
    assert suspicious("see", PAGE, [("here", "https://bit.ly/x")]) == ("bit.ly", Why.SHORT)


def test_who_is_called_almost_like_the_bot_is_found() -> None:
    found = impostor("write to https://t.me/kaba0_botx", "kabao_bot")
    assert found == ("t.me/kaba0_botx", Why.ALIKE)
    assert impostor("t.me/kabao_bot, t.me/kiosk_bot", "kabao_bot") is None


@given(st.text(max_size=200))
@settings(max_examples=50)
def test_no_text_is_too_odd(text: str) -> None:
    suspicious(text, PAGE, [(text, text)])


async def test_a_link_is_warned_of_in_private_with_the_advice_once(ming: Guest) -> None:
    await ming.says("/start")
    assert "只是一串数字" in (await ming.says("http://203.0.113.9/card")).text
    assert "💡" in ming.newest.text
    said = (await ming.says("https://t-me.example/gift")).text
    assert said == "⚠️ 不要在 t-me.example 上填卡号和密码。\n它只是看起来像你认识的名字。"


async def test_an_issuers_message_with_a_short_link_is_still_read(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("bit.ly/3abc")
    assert "It hides where it leads" in alice.newest.text
    sent = int(house.clock().timestamp())
    text = "【Kiosk Card】您尾号2001的卡消费10.00元，余额151.50元，详情t.cn/A6x"
    await house.settled(await alice.person.forwards(text, sender="Kiosk", sent_at=sent))
    assert alice.newest.text.startswith("Kiosk Card ·2001: ")
    text = text.replace("t.cn/A6x", "http://203.0.113.9/A6x")
    await house.settled(await alice.person.forwards(text, sender="Kiosk", sent_at=sent))
    assert "mere number" in alice.newest.text


async def test_in_a_group_it_is_warned_of_where_cards_are_shared(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    family = house.telegram.group("Family", [alice.person, bob.person], deletes=True)
    await bob.says("https://t-me.example/gift", chat=family)
    assert not family.sees("no page")
    card = (await house.kabao.parts.store.cards.list(alice.id))[0]
    await house.kabao.parts.store.groups.share(alice.id, card.id, family.where.id, "Family")
    await bob.says("https://t-me.example/gift", chat=family)
    assert family.sees("t-me.example is no page to type a card into.")
    await bob.says("bit.ly/3abc", chat=family)
    assert not family.sees("bit.ly is")
