"""A card's last day, and what people are told before it comes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.expiry import end_of, leads_typed
from bot.last_days import last_days
from tests.house import EXPIRED, KIOSK, PIN, YUAN, Guest, House, refusing

DAY = 24
TODAY = date(2026, 11, 24)


async def with_date(guest: Guest, typed: str = "2026-12-04") -> None:
    """Noon of 24 November in Shanghai: ten days are left."""
    await guest.binds(KIOSK)
    await guest.says(f"/expiring Kiosk {typed}")


def reminders(guest: Guest) -> list[str]:
    return [text for text in guest.told if "⏳" in text and "can be used until" in text]


async def test_she_sets_a_date_by_button_and_it_stands_on_the_card(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.presses("More")
    await alice.presses("Expiry")
    assert alice.sees("No date is set.")
    await alice.presses("Set the date")
    await alice.says("gibberish")
    assert "I cannot read a day" in alice.newest.text
    await alice.says("31 March")
    assert "Until Mar 31, 2027: in 127 days." in alice.newest.text
    await alice.presses("The card")
    assert "Valid until: Mar 31, 2027" in alice.newest.text
    assert "⏳" not in alice.newest.text
    await alice.says("/expiring")
    assert "Kiosk Card ·2001: Mar 31, 2027, in 127 days" in alice.newest.text
    await alice.presses("Kiosk Card")
    await alice.presses("No date")
    assert alice.sees("No date is set.")


async def test_he_sets_dates_and_lead_days_in_chinese(ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.says("/expiring 2001 12月4日")
    assert "有效期至 2026年12月4日：还有 10 天。" in ming.newest.text
    await ming.says("/expiring 15天、3天")
    assert "提前 15、3 天提醒你" in ming.newest.text


async def test_she_is_reminded_at_nine_in_her_morning_once_for_each_lead(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    assert reminders(alice) == []
    await house.passes(hours=2 * DAY + 20.9)
    assert reminders(alice) == []
    await house.passes(hours=0.2)
    assert reminders(alice) == [
        "⏳ Kiosk Card ·2001 can be used until Dec 4, 2026: in 7 days.\nCN¥161.50 is on it."
    ]
    for _ in range(5):
        await house.passes(hours=DAY)
    assert len(reminders(alice)) == 1
    await house.passes(hours=DAY)
    assert "tomorrow is the last day" in reminders(alice)[-1]
    await house.passes(hours=2 * DAY)
    assert "⚫ Kiosk Card ·2001 has expired." in alice.told[-1]
    assert len(reminders(alice)) == 2


async def test_a_reminder_that_cannot_be_sent_is_sent_after_a_restart(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    refusal = house.telegram.fail("sendMessage", status=502, times=None)
    await house.passes(hours=2 * DAY + 22.1)
    assert refusal.hits
    await house.restart()
    assert reminders(alice) == []
    house.telegram.heal()
    await house.passes(hours=1)
    await house.restart()
    await house.passes(hours=1)
    assert len(reminders(alice)) == 1


async def test_nothing_is_lost_between_owing_a_reminder_and_planning_the_next(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    with refusing(house, "INSERT ON outbox"):
        await house.passes(hours=2 * DAY + 22.1)
    assert reminders(alice) == []
    await house.passes(minutes=6)
    assert len(reminders(alice)) == 1


async def test_a_bot_that_was_away_says_it_once(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/expiring Kiosk 2027-01-15")
    await house.stop()
    house.clock.advance(51 * DAY * 3600)  # the 30 and the 7 days went by
    await house.start()
    assert len(reminders(alice)) == 1
    assert "tomorrow is the last day" in reminders(alice)[0]


async def test_a_changed_date_makes_the_old_reminder_pointless(house: House, alice: Guest) -> None:
    await with_date(alice)
    house.telegram.fail("sendMessage", status=502, times=1)
    await house.passes(hours=2 * DAY + 22.1)
    await alice.says("/expiring Kiosk 2027-06-30")
    await house.passes(hours=3)
    assert reminders(alice) == []
    await house.passes(hours=(185) * DAY)
    assert len(reminders(alice)) == 1


async def test_she_snoozes_and_mutes(house: House, alice: Guest) -> None:
    await with_date(alice)
    await house.passes(hours=2 * DAY + 22.1)
    await alice.presses("Tomorrow")
    assert alice.person.notices[-1].startswith("Next reminder: ")
    await house.passes(hours=DAY)
    assert len(reminders(alice)) == 2
    await alice.presses("Not about this card")
    assert "Reminders of this card are off." in alice.newest.text
    await house.passes(hours=9 * DAY)
    assert len(reminders(alice)) == 2
    assert not alice.sees("has expired.")


async def test_who_blocked_the_bot_gets_one_reminder_on_coming_back(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    await house.settled(await alice.person.blocks())
    await house.passes(hours=2 * DAY + 22.1)
    await house.passes(hours=6 * DAY)
    await house.settled(await alice.person.unblocks())
    await alice.says("/start")
    await house.passes(minutes=1)
    assert len(reminders(alice)) == 1
    assert "tomorrow is the last day" in reminders(alice)[0]


async def test_the_day_she_said_stays_that_day_in_another_time_zone(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    await alice.says("/timezone Pacific/Honolulu", "/expiring 2001")
    assert "Until Dec 4, 2026" in alice.newest.text
    card = (await house.kabao.parts.store.cards.list(alice.id))[0]
    assert card.expires_at == datetime(2026, 12, 5, 10, tzinfo=UTC)
    assert card.next_expiry_at == datetime(2026, 11, 27, 19, tzinfo=UTC)


async def test_an_issuer_s_silence_does_not_take_her_date_and_its_word_does(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    await house.passes(hours=13)
    await alice.says("/balance")
    store = house.kabao.parts.store
    assert (await store.cards.list(alice.id))[0].expiry_source == "holder"
    house.issuer.card(KIOSK).expires_on = "2027-02-01"
    await house.passes(hours=13)
    card = (await store.cards.list(alice.id))[0]
    assert card.expiry_source == "issuer"
    await alice.says("/expiring 2001")
    assert "says so" in alice.newest.text


async def test_a_card_bound_expired_is_not_told_of(house: House, alice: Guest) -> None:
    await alice.binds(EXPIRED, PIN)
    await house.passes(hours=3 * DAY)
    assert not any("has expired." in text and "Archive it?" in text for text in alice.told)


async def test_what_lies_idle_is_listed(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await house.passes(hours=200 * DAY)
    await alice.says("/expiring")
    assert "Not used for long" in alice.newest.text


async def test_a_day_that_can_be_two_is_asked_for(alice: Guest) -> None:
    await with_date(alice, "03/04/2027")
    assert "Which day do you mean?" in alice.newest.text
    await alice.presses("Apr 3, 2027")
    assert "Until Apr 3, 2027" in alice.newest.text
    await alice.says("/expiring Kiosk 2020-01-01")
    assert "is over already" in alice.newest.text
    await alice.says("/expiring Kiosk 无")
    assert alice.sees("No date is set.")


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("2027-03-31", [date(2027, 3, 31)]),
        ("有效期至2027年3月31日", [date(2027, 3, 31)]),
        ("03/27", [date(2027, 3, 31), date(2027, 3, 27)]),
        ("3/2027", [date(2027, 3, 31)]),
        ("31.3.2027", [date(2027, 3, 31)]),
        ("03/04/2027", [date(2027, 3, 4), date(2027, 4, 3)]),
        ("March 2027", [date(2027, 3, 31)]),
        ("6个月后", [date(2027, 5, 24)]),
        ("半年后", [date(2027, 5, 24)]),
        ("明年3月", [date(2027, 3, 31)]),
        ("三月底", [date(2027, 3, 31)]),
        ("到明年底", [date(2027, 12, 31)]),
        ("27年6月30日前", [date(2027, 6, 30)]),
        ("next March", [date(2027, 3, 31)]),
        ("end of next year", [date(2027, 12, 31)]),
        ("in a year", [date(2027, 11, 24)]),
        ("月底", [date(2026, 11, 30)]),
        ("2月30日", []),
        ("2020-01-01", [date(2020, 1, 1)]),
        ("9999-99-99", []),
        ("Coffee", []),
        ("29 Feb", [date(2028, 2, 29)]),
        ("20270331", [date(2027, 3, 31)]),
        ("03-04-2027", [date(2027, 3, 4), date(2027, 4, 3)]),
        ("3.4.27", [date(2027, 4, 3)]),
        ("13/2027", []),
        ("2027-13", []),
        ("31.11.2027", []),
        ("sept 2027", [date(2027, 9, 30)]),
        ("March 31st, 2027", [date(2027, 3, 31)]),
        ("31 October", [date(2027, 10, 31)]),
        ("in two weeks", [date(2026, 12, 8)]),
        ("in three months", [date(2027, 2, 24)]),
        ("in 101 years", []),
        ("明天", [date(2026, 11, 25)]),
        ("today", [date(2026, 11, 24)]),
    ],
)
def test_last_days_as_people_type_them(typed: str, days: list[date]) -> None:
    assert list(last_days(typed, TODAY)) == days


@pytest.mark.parametrize(
    ("typed", "leads"),
    [("30, 7 and 1", (30, 7, 1)), ("1天 3天", (3, 1)), ("0", (0,)), ("366", None), ("x", None)],
)
def test_lead_days_as_people_type_them(typed: str, leads: tuple[int, ...] | None) -> None:
    assert leads_typed(typed) == leads


def test_a_day_without_midnight_ends_where_its_next_begins() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # 2024-03-31 began at one o'clock
    assert end_of(date(2024, 3, 30), beirut) == datetime(2024, 3, 30, 22, tzinfo=UTC)


async def test_a_last_day_that_is_near_stands_on_the_panel(alice: Guest) -> None:
    await with_date(alice)
    await alice.says("/balance")
    assert "⏳ Until Dec 4, 2026" in alice.newest.text


@pytest.mark.parametrize(("card", "stays"), [("2001", True), (KIOSK, False)])
@pytest.mark.parametrize("date_typed", ["2026-12-04", "2026/12/4"])
async def test_a_date_behind_a_card_is_no_part_of_its_number(
    alice: Guest, card: str, date_typed: str, *, stays: bool
) -> None:
    await alice.binds(KIOSK)
    await alice.says(f"/expiring {card} {date_typed}")
    assert "Until Dec 4, 2026" in alice.newest.text
    assert any(one.endswith(f"{card} {date_typed}") for one in alice.wrote) is stays


async def test_a_reminder_that_was_due_before_the_card_was_here_is_not_sent(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    # As when an issuer tells of another date: it is looked at now what is to be said about it.
    await store.cards.change(alice.id, card.id, next_expiry_at=house.clock())
    await house.passes(minutes=1)
    assert reminders(alice) == []
    (planned,) = await store.cards.list(alice.id)
    assert planned.next_expiry_at == card.next_expiry_at
    await house.passes(hours=3 * DAY)
    assert len(reminders(alice)) == 1


async def test_a_date_that_an_issuer_said_stays_that_moment_in_another_time_zone(
    house: House, alice: Guest
) -> None:
    await with_date(alice)
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    await alice.says("/timezone Pacific/Honolulu")
    (moved,) = await store.cards.list(alice.id)
    assert moved.expires_at != card.expires_at
    await store.cards.change(alice.id, card.id, expiry_source="issuer")
    await alice.says("/timezone Asia/Shanghai")
    (stays,) = await store.cards.list(alice.id)
    assert stays.expires_at == moved.expires_at


async def test_of_a_card_brought_back_its_issuer_is_asked_soon_if_there_is_one(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/bind", "8800 5566 1234", "Tea", "50")
    for name in ("Kiosk", "Tea"):
        await alice.says(f"/archive {name}")
        house.clock.advance(60)
        await alice.presses("Undo")
    cards = {card.label: card for card in await house.kabao.parts.store.cards.list(alice.id)}
    assert cards["Kiosk Card"].next_refresh_at is not None
    assert cards["Tea"].next_refresh_at is None
