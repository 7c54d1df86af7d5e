"""Somebody looks at what became of the money, when it will be gone, and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.easel import Easel, NotDrawnError
from storage import NewCard, NewEntry, ledger, spending
from tests.house import DOLLARS, KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from sqlalchemy.sql import Executable

    from bot.charts import Picture
    from storage import Card


async def habit(house: House, guest: Guest, days: int = 40, minor: int = 400) -> Card:
    """Let the first card have been spent from every other day."""
    store = house.kabao.parts.store
    card, *_ = await store.cards.list(guest.id)
    spent = [
        NewEntry(
            house.clock() - timedelta(days=n, hours=n % 5), -minor, "CNY", "purchase", "", "message"
        )
        for n in range(days, 0, -2)
    ]
    await store.ledger.add(guest.id, card.id, spent)
    return card


async def forgotten(house: House, guest: Guest) -> None:
    """Take away what the issuer knows of the first card's past."""
    store = house.kabao.parts.store
    card, *_ = await store.cards.list(guest.id)
    for entry in await store.ledger.page(guest.id, card.id, limit=50):
        await store.ledger.remove(guest.id, card.id, entry.id)


async def test_who_has_no_card_is_told_how_to_get_one(alice: Guest) -> None:
    assert "You have no card yet" in (await alice.says("/insights")).text


async def test_what_can_be_seen_comes_as_one_picture_with_advice(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await habit(house, alice)
    seen = await alice.says("/insights")
    assert seen.text.startswith("Insights: My cards")
    assert seen.labels == ["• 3 months", "6 months", "12 months", "One card…"]
    assert len(house.telegram.called("sendPhoto")) == 1


async def test_one_card_says_when_it_runs_dry_and_how_sure_that_is(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await habit(house, alice)
    await alice.presses("More")
    seen = await alice.presses("Insights")
    assert "At the present pace it is empty about" in seen.text
    assert "give or take" in seen.text
    assert "right in 8 of 10 cases" in seen.text


async def test_without_enough_to_go_on_nothing_is_foreseen(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await forgotten(house, alice)
    await habit(house, alice, days=6)
    seen = await alice.says("/insights 1001")
    assert "At the present pace" not in seen.text


async def test_money_comes_before_points_and_a_debt_is_drawn(
    house: House, alice: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.says("/start")
    store, now = house.kabao.parts.store, house.clock()
    for name, code, opening, spent in (("A", "points", 90, 10), ("B", "CNY", 2_000, 3_500)):
        card = await store.cards.add(
            alice.id,
            NewCard("other", name, name * 4, {}, name, code, balance_minor=opening - spent),
        )
        lines = [
            NewEntry(now - timedelta(days=20), opening, code, "opening", "", "holder"),
            NewEntry(now - timedelta(days=2), -spent, code, "purchase", "", "holder"),
        ]
        await store.ledger.add(alice.id, card.id, lines)
    drawn: list[Picture] = []

    async def draw(picture: Picture) -> bytes:
        drawn.append(picture)
        raise NotDrawnError("it is looked at here")

    monkeypatch.setattr(house.easel, "draw", draw)
    await alice.says("/insights")
    (picture,) = drawn
    assert picture.title == "My cards · Chinese Yuan"
    assert [amount for _, amount in picture.balances[0].steps] == [20.0, -15.0]


async def test_another_period_is_drawn_on_the_same_message(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await habit(house, alice)
    first = await alice.says("/insights")
    again = await alice.presses("12 months")
    assert again.id == first.id
    assert "• 12 months" in again.labels
    assert len(house.telegram.called("sendPhoto")) == 1
    await alice.says("6 months")
    assert "• 6 months" in alice.newest.labels


async def test_currencies_are_looked_at_one_by_one(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await habit(house, alice)
    await alice.binds(DOLLARS, PIN)
    house.issuer.spend(DOLLARS, 500)
    await house.passes(minutes=1)
    seen = await alice.says("/insights")
    assert len({"• Chinese Yuan", "• US Dollar"} & set(seen.labels)) == 1
    for name in ("Chinese Yuan", "US Dollar"):
        seen = await alice.presses(name)
        assert f"• {name}" in seen.labels
        assert len([label for label in seen.labels if label.startswith("•")]) == 2


async def test_of_many_cards_the_largest_are_named_and_the_rest_added_up(
    house: House, alice: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.says("/start")
    store, now, asked = house.kabao.parts.store, house.clock(), []
    new = [
        NewCard(
            "other", f"Shop {n}", f"{n:04}", {"number": f"{n}"}, f"{n}", "CNY", balance_minor=5_000
        )
        for n in range(40)
    ]
    for n, card in enumerate(await store.cards.add_many(alice.id, new)):
        lines = [
            NewEntry(now - timedelta(days=20), 6_000 + n, "CNY", "opening", "", "holder"),
            NewEntry(now - timedelta(days=2), -1_000 - n, "CNY", "purchase", "", "holder"),
        ]
        await store.ledger.add(alice.id, card.id, lines)
    drawn: list[Picture] = []
    draws = house.easel.draw

    async def draw(picture: Picture) -> bytes:
        drawn.append(picture)
        return await draws(picture)

    monkeypatch.setattr(house.easel, "draw", draw)
    fetch = store._runner.fetch

    async def counted(statement: Executable, **values: object) -> list[Any]:
        asked.append(statement)
        return await fetch(statement, **values)

    monkeypatch.setattr(store._runner, "fetch", counted)
    seen = await alice.says("/insights")
    assert seen.text.startswith("Insights: My cards")
    assert not {ledger._PAGE_ONE, ledger._READINGS} & set(asked)
    assert sum(one in {spending._SUMS, spending._SPENDS, spending._MOVES} for one in asked) == 3
    (picture,) = drawn
    assert picture.balances_head == "Balance of all 40 cards"
    (line,) = picture.balances
    assert [amount for _, amount in line.steps] == [2407.8, 2000.0]
    names = [bar.label for bar in picture.cards]
    assert names[:2] == ["Shop 39 ·0039", "Shop 38 ·0038"]
    assert names[-1] == "34 more cards"
    assert len(names) == 7
    assert [bar.written for bar in picture.cards[-2:]] == ["CN¥10.34", "CN¥345.61"]
    assert picture.cards[-1].amount == 0
    assert [bar.amount for bar in picture.months] == [pytest.approx(407.8)]


async def test_too_little_is_said_kindly(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await forgotten(house, alice)
    seen = await alice.says("/insights")
    assert "There is too little to draw yet" in seen.text
    assert house.telegram.called("sendPhoto") == []


async def test_a_card_that_expires_is_advised_first_with_its_reason(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    card = await habit(house, alice)
    soon = house.clock() + timedelta(days=9)
    await house.kabao.parts.store.cards.change(alice.id, card.id, expires_at=soon)
    seen = await alice.says("/insights")
    assert "Use Panda Gift Card ·1001 first" in seen.text
    assert "expires on Dec 3, 2026" in seen.text


async def test_it_is_drawn_apart_from_the_bot_and_ends_with_it(house: House, alice: Guest) -> None:
    house.easel = Easel()
    await house.restart()
    await alice.binds(YUAN, PIN)
    await habit(house, alice)
    assert (await alice.says("/insights")).text.startswith("Insights: My cards")
    assert len(house.telegram.called("sendPhoto")) == 1
    process = house.easel._process
    assert process is not None
    await house.restart()
    assert process.returncode is not None


async def test_if_no_picture_comes_what_is_known_is_said(
    house: House, alice: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.binds(YUAN, PIN)
    await habit(house, alice)

    async def fails(*_: object) -> bytes:
        raise NotDrawnError("it took too long")

    monkeypatch.setattr(house.easel, "draw", fails)
    seen = await alice.says("/insights 1001")
    assert seen.text.startswith("Insights: Panda Gift Card ·1001")
    assert "it is empty about" in seen.text
    assert seen.text.endswith("The picture could not be drawn just now. /insights tries again.")


async def test_bob_sees_nothing_of_alices_card(house: House, alice: Guest, bob: Guest) -> None:
    await alice.binds(YUAN, PIN)
    card = await habit(house, alice)
    await bob.says("/start")
    notices = await bob.forges(f"insights:{card.id}")
    assert notices[-1].startswith("This button is out of date.")
    for wrong in ("drawn:::7", "drawn:::x", f"drawn:{card.id}:CNY:3"):
        assert (await bob.forges(wrong))[-1].startswith("This button is out of date.")


async def test_xiaoming_reads_it_in_chinese(house: House, ming: Guest) -> None:
    await ming.binds(YUAN, PIN)
    await habit(house, ming)
    seen = await ming.says("/insights")
    assert seen.text.startswith("分析：我的卡")
    assert seen.labels == ["• 3 个月", "6 个月", "12 个月", "单张卡…"]
    await ming.presses("单张卡…")
    seen = await ming.presses("1001")
    assert "照现在的用法，大约在" in seen.text
