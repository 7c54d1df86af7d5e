"""A card nobody can be asked about: its holder is, when nobody touched the balance for long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.money import Money
from bot.reminders import remind_due
from tests.house import KIOSK, Guest, House, refusing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.playground import Seen
    from storage import Card

BAKERY = """
kind = "manual"
name = { en = "Bakery Card", zh = "面包店卡" }
currency = "CNY"
page = "https://bakery.example/balance"
remind_days = 30
[[fields]]
name = "number"
label = { en = "Card number", zh = "卡号" }
pattern = 'BK[0-9]{6}'
secret = true
"""
NUMBER = "BK778899"
DAY = 24


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The operator's issuers: a bakery without an API, whose file says to ask every 30 days."""
    made = tmp_path / "issuers"
    made.mkdir()
    (made / "bakery.toml").write_text(BAKERY, encoding="utf-8")
    return made


@pytest.fixture
async def bakery(tmp_path: Path, folder: Path) -> AsyncIterator[House]:
    async with House(tmp_path, issuers_dir=str(folder)) as opened:
        yield opened


@pytest.fixture
async def dora(bakery: House) -> Guest:
    """She has a card of the bakery's with 200.00 on it."""
    return await with_card(bakery, "Dora")


async def with_card(house: House, name: str, language: str = "en", balance: str = "200") -> Guest:
    guest = house.guest(name, language)
    await guest.says("/bind", NUMBER)
    await guest.presses("Bakery" if language == "en" else "面包店")
    await guest.says("Bakery", balance)
    return guest


async def card_of(house: House, guest: Guest) -> Card:
    (card,) = await house.kabao.parts.store.cards.list(guest.id)
    return card


def asked(guest: Guest) -> list[Seen]:
    return [m for m in guest.person.chat if m.by_bot and "Is it still right?" in m.text]


async def test_after_so_many_days_the_holder_is_asked_once(bakery: House, dora: Guest) -> None:
    await bakery.passes(hours=30 * DAY - 1)
    assert asked(dora) == []
    await bakery.passes(hours=2)
    (question,) = asked(dora)
    assert "You last set Bakery" in question.text
    assert "on Nov 24, 2026: CN¥200.00. Is it still right?" in question.text
    await bakery.passes(hours=29 * DAY)
    assert len(asked(dora)) == 1
    await bakery.passes(hours=2 * DAY)
    assert len(asked(dora)) == 2


async def test_the_question_leads_to_the_issuers_page_and_to_the_answer(
    bakery: House, dora: Guest
) -> None:
    await bakery.passes(hours=31 * DAY)
    (question,) = asked(dora)
    assert "https://bakery.example/balance" in [button.url for button in question.buttons]
    await dora.presses("Set balance", message=question)
    shown = await dora.says("150")
    assert "CN¥150.00" in shown.text


async def test_not_now_takes_the_question_away_until_the_next(bakery: House, dora: Guest) -> None:
    await bakery.passes(hours=31 * DAY)
    (question,) = asked(dora)
    await dora.presses("Not now", message=question)
    assert asked(dora) == []
    assert "ask again in 1 month" in dora.person.notices[-1]
    await bakery.passes(hours=31 * DAY)
    assert len(asked(dora)) == 1


async def test_whatever_touches_the_balance_puts_the_question_off(
    bakery: House, dora: Guest
) -> None:
    card, bookings = await card_of(bakery, dora), bakery.kabao.parts.bookings
    await bakery.passes(hours=20 * DAY)
    spent = await bookings.book(dora.id, card.id, kind="purchase", change=Money(-100, "CNY"))
    assert spent is not None
    await bakery.passes(hours=20 * DAY)
    assert asked(dora) == []
    await bookings.undo(dora.id, card.id, spent.entries[0].id)
    await bakery.passes(hours=20 * DAY)
    assert asked(dora) == []
    await bookings.set(dora.id, card.id, Money(20000, "CNY"))
    await bakery.passes(hours=29 * DAY)
    assert asked(dora) == []
    await bakery.passes(hours=2 * DAY)
    assert len(asked(dora)) == 1


async def test_a_balance_a_message_told_is_asked_about_as_such(bakery: House, dora: Guest) -> None:
    card, bookings = await card_of(bakery, dora), bakery.kabao.parts.bookings
    await bookings.book(
        dora.id, card.id, kind="purchase", change=Money(-100, "CNY"), source="message"
    )
    assert "by a message" in (await dora.says("/balance")).text
    await bakery.passes(hours=31 * DAY)
    (question,) = asked(dora)
    assert "The last message about Bakery" in question.text


async def test_quiet_hours_are_kept(bakery: House, dora: Guest) -> None:
    await dora.says("/alerts")
    await dora.presses("Quiet hours")
    await dora.says("11:00-15:00")  # the card was set at noon, so that it is asked about then
    await bakery.passes(hours=30 * DAY + 1)
    assert asked(dora) == []
    await bakery.passes(hours=3)
    assert len(asked(dora)) == 1


async def test_a_question_answered_while_it_waited_is_not_asked(bakery: House, dora: Guest) -> None:
    bakery.telegram.fail("sendMessage", status=502, times=None)
    await bakery.passes(hours=31 * DAY)
    card = await card_of(bakery, dora)
    await bakery.kabao.parts.bookings.set(dora.id, card.id, Money(15000, "CNY"))
    bakery.telegram.heal()
    await bakery.passes(hours=2)
    assert asked(dora) == []


async def test_a_card_whose_balance_was_never_said_is_asked_about_too(bakery: House) -> None:
    emil = bakery.guest("Emil")
    await emil.says("/bind", NUMBER)
    await emil.presses("Bakery")
    await emil.says("Bakery")
    await emil.presses("Skip")
    await bakery.passes(hours=31 * DAY)
    assert emil.sees("You have not said yet what is on Bakery")
    assert not emil.sees("0.00")


async def test_switched_off_alerts_do_not_silence_the_question(bakery: House, dora: Guest) -> None:
    card = await card_of(bakery, dora)
    await bakery.kabao.parts.wallet.switch(dora.id, card.id, on=False)
    await bakery.passes(hours=31 * DAY)
    assert len(asked(dora)) == 1


async def test_cards_bound_before_the_file_said_so_are_asked_about(
    tmp_path: Path, folder: Path
) -> None:
    file = folder / "bakery.toml"
    file.write_text(BAKERY.replace("remind_days = 30\n", ""), encoding="utf-8")
    async with House(tmp_path, issuers_dir=str(folder)) as house:
        dora = await with_card(house, "Dora")
        await house.passes(hours=100 * DAY)
        assert asked(dora) == []
        file.write_text(BAKERY, encoding="utf-8")
        await house.restart()
        await house.passes(minutes=1)
        assert len(asked(dora)) == 1


async def test_nobody_is_asked_about_a_card_that_an_issuer_answers_for(
    bakery: House, alice_there: Guest
) -> None:
    await bakery.passes(hours=100 * DAY)
    assert asked(alice_there) == []


@pytest.fixture
async def alice_there(bakery: House) -> Guest:
    guest = bakery.guest("Alice")
    await guest.binds(KIOSK)
    return guest


async def test_a_removed_card_is_not_asked_about(bakery: House, dora: Guest) -> None:
    card = await card_of(bakery, dora)
    await bakery.kabao.parts.store.cards.remove(dora.id, card.id, bakery.clock())
    await bakery.passes(hours=31 * DAY)
    assert asked(dora) == []


async def test_a_question_that_could_not_be_kept_is_kept_later(bakery: House, dora: Guest) -> None:
    with refusing(bakery, "INSERT ON outbox"):
        await bakery.passes(hours=31 * DAY)
    assert asked(dora) == []
    await bakery.restart()
    await bakery.passes(minutes=6)
    assert len(asked(dora)) == 1


async def test_two_bots_that_look_at_the_same_time_ask_once(bakery: House, dora: Guest) -> None:
    parts = bakery.kabao.parts
    issuer = parts.issuers.get("bakery")
    assert issuer is not None
    bakery.clock.advance(31 * DAY * 3600)
    looks = (remind_due(parts.store, issuer, parts.clock()) for _ in range(3))
    await asyncio.gather(*looks)
    await bakery.settled()
    assert len(asked(dora)) == 1


async def test_many_cards_are_all_asked_about(bakery: House) -> None:
    guests = [await with_card(bakery, f"Guest {n}") for n in range(7)]
    await bakery.passes(hours=31 * DAY)
    await bakery.passes(minutes=5)
    assert [len(asked(guest)) for guest in guests] == [1] * 7


async def test_in_chinese_it_is_asked_in_chinese(bakery: House) -> None:
    ming = await with_card(bakery, "小明", "zh-hans")
    await bakery.passes(hours=31 * DAY)
    assert ming.sees("现在还对吗？")


async def test_the_issuers_own_page_is_one_press_away_from_the_card(dora: Guest) -> None:
    opened = await dora.says("/cards bakery")
    link = next(button for button in opened.buttons if button.url)
    assert (link.label, link.url) == ("🔗 Look it up", "https://bakery.example/balance")
