"""Expiries go into a calendar as whole days, with alarms and without a number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from icalendar import Calendar

from tests.house import DOLLARS, PIN, YUAN, Guest, House
from tests.journeys.test_chinese import english_in

if TYPE_CHECKING:
    from icalendar import Component


async def events(guest: Guest) -> list[Component]:
    sent = await guest.says("/calendar")
    content = guest.person.opens(sent)
    assert YUAN.encode() not in content
    assert YUAN[-4:].encode() not in content
    calendar = Calendar.from_ical(content)
    assert isinstance(calendar, Calendar)
    return list(calendar.walk("VEVENT"))


def said(component: Component, name: str) -> Any:
    """Give the day, or the time before it, that a property holds."""
    value: Any = component[name]
    return value.dt


async def test_alice_takes_her_expiries_into_her_calendar(house: House, alice: Guest) -> None:
    assert "None of your cards has an expiry" in (await alice.says("/calendar")).text
    await alice.binds(YUAN, PIN)
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    # The first instant after the last day, in Shanghai.
    await store.cards.change(alice.id, card.id, expires_at=datetime(2027, 1, 31, 16, tzinfo=UTC))
    (event,) = await events(alice)
    assert said(event, "dtstart") == date(2027, 1, 31)
    assert said(event, "dtend") == date(2027, 2, 1)
    assert str(event["summary"]) == "Panda Gift Card expires"
    alarms = [said(alarm, "trigger") for alarm in event.walk("VALARM")]
    assert alarms == [timedelta(hours=9) - timedelta(days=days) for days in (30, 7, 1)]
    assert "1 expiry for your calendar" in alice.newest.text
    (again,) = await events(alice)
    assert again["uid"] == event["uid"]


async def test_the_days_are_those_of_her_zone_and_the_alarms_at_her_own_lead_times(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    await store.cards.change(alice.id, card.id, expires_at=datetime(2027, 1, 31, 16, tzinfo=UTC))
    await store.people.change(alice.id, timezone="Pacific/Auckland", lead_days="14")
    (event,) = await events(alice)
    assert said(event, "dtstart") == date(2027, 2, 1)
    assert [said(alarm, "trigger") for alarm in event.walk("VALARM")] == [
        timedelta(days=-14, hours=9)
    ]
    await store.cards.change(alice.id, card.id, reminders_on=False)
    (event,) = await events(alice)
    assert list(event.walk("VALARM")) == []


async def test_names_of_any_length_and_letters_stand_in_it_as_the_standard_has_them(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    name = '茶; 卡, "VIP" \\ 👨‍👩‍👧 的卡要记得用完再换新的一张'
    ends = datetime(2027, 1, 31, 16, tzinfo=UTC)
    await store.cards.change(alice.id, card.id, label=name, expires_at=ends)
    content = alice.person.opens(await alice.says("/calendar"))
    lines = content.split(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    assert any(line.startswith(b" ") for line in lines)
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert str(event["summary"]) == f"{name} expires"


async def test_xiaoming_reads_his_in_chinese(ming: Guest) -> None:
    await ming.binds(DOLLARS, PIN)
    (event,) = await events(ming)
    assert str(event["summary"]) == "熊猫礼品卡 到期"
    assert english_in(ming) == []
