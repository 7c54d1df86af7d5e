"""What a person types for a day, and which day Kabao takes it for. Today is a Tuesday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.days import FAR_BACK, day_meant, moment_of

TODAY = date(2026, 11, 24)
every_day = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("今天", (2026, 11, 24)),
        ("昨天", (2026, 11, 23)),
        ("昨晚", (2026, 11, 23)),
        ("前天", (2026, 11, 22)),
        ("大前天", (2026, 11, 21)),
        ("3天前", (2026, 11, 21)),
        ("３ 天前", (2026, 11, 21)),
        ("三天前", (2026, 11, 21)),
        ("两天前", (2026, 11, 22)),
        ("十天前", (2026, 11, 14)),
        ("两周前", (2026, 11, 10)),
        ("1个星期前", (2026, 11, 17)),
        ("周一", (2026, 11, 23)),
        ("周二", (2026, 11, 24)),
        ("星期天", (2026, 11, 22)),
        ("上周五", (2026, 11, 20)),
        ("上个星期一", (2026, 11, 16)),
        ("11月20日", (2026, 11, 20)),
        ("11月20号", (2026, 11, 20)),
        ("十一月二十日", (2026, 11, 20)),
        ("2026年11月20日", (2026, 11, 20)),
        ("20号", (2026, 11, 20)),
        ("25日", (2026, 10, 25)),
        ("31号", (2026, 10, 31)),
        ("11-20", (2026, 11, 20)),
        ("11/20", (2026, 11, 20)),
        ("20/11", (2026, 11, 20)),
        ("5/5", (2026, 5, 5)),
        ("20.11.", (2026, 11, 20)),
        ("20.11.2025", (2025, 11, 20)),
        ("2026-11-20", (2026, 11, 20)),
        ("2026/11/2", (2026, 11, 2)),
        ("Yesterday", (2026, 11, 23)),
        ("the day before yesterday", (2026, 11, 22)),
        ("3 days ago", (2026, 11, 21)),
        ("a week ago", (2026, 11, 17)),
        ("Monday", (2026, 11, 23)),
        ("last Friday", (2026, 11, 20)),
        ("Nov 20", (2026, 11, 20)),
        ("nov. 20", (2026, 11, 20)),
        ("20th November", (2026, 11, 20)),
        ("November 20, 2025", (2025, 11, 20)),
        ("sept 3", (2026, 9, 3)),
    ],
)
def test_a_day_is_read_as_people_type_it(typed: str, meant: tuple[int, int, int]) -> None:
    found = day_meant(typed, TODAY)
    assert found is not None
    assert found.days == (date(*meant),)
    assert found.sure


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("03/04", [date(2026, 3, 4), date(2026, 4, 3)]),
        ("7-11", [date(2026, 7, 11), date(2026, 11, 7)]),
        ("3/4/2025", [date(2025, 3, 4), date(2025, 4, 3)]),
        ("last Monday", [date(2026, 11, 23), date(2026, 11, 16)]),
        ("11.20", [date(2026, 11, 20)]),
    ],
)
def test_what_may_be_another_day_or_none_is_not_sure(typed: str, days: list[date]) -> None:
    found = day_meant(typed, TODAY)
    assert found is not None
    assert list(found.days) == days
    assert not found.sure


@pytest.mark.parametrize(
    ("typed", "coming"),
    [
        ("明天", date(2026, 11, 25)),
        ("tomorrow", date(2026, 11, 25)),
        ("2027-01-02", date(2027, 1, 2)),
        ("11月30日", date(2026, 11, 30)),
        ("11-30", date(2026, 11, 30)),
    ],
)
def test_a_day_still_to_come_is_seen_as_such(typed: str, coming: date) -> None:
    found = day_meant(typed, TODAY)
    assert found is not None
    assert (found.days, found.sure, found.coming) == ((), False, coming)


def test_without_a_year_the_turn_of_the_year_is_between() -> None:
    found = day_meant("12-30", date(2027, 1, 3))
    assert found is not None
    assert found.days == (date(2026, 12, 30),)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "麦当劳",
        "7",
        "711",
        "38.50",
        "3D",
        "五芳斋",
        "三元里",
        "九亿天前",
        "20号楼",
        "3-5号线",
        "周记",
        "天前",
        "0.5",
        "11.30",
        "32号",
        "13月1日",
        "2月30日",
        "30/30",
        "2026-13-01",
        "may",
        "mar",
        "Sun",
        "last day",
        "birthday",
        "1234567890",
        "yesterday's lunch",
        "x" * 100,
    ],
)
def test_a_note_is_not_taken_for_a_day(typed: str) -> None:
    assert day_meant(typed, TODAY) is None


@given(every_day, st.integers(0, 999))
def test_any_day_written_in_full_is_understood(today: date, ago: int) -> None:
    day = today - timedelta(days=ago)
    for typed in (
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%d.%m.%Y}",
        f"{day:%B} {day.day}, {day.year}",
        f"{ago}天前",
        f"{ago} days ago",
    ):
        found = day_meant(typed, today)
        assert found is not None
        assert found.days == (day,), typed
        assert found.sure


@given(every_day, st.integers(0, FAR_BACK))
def test_any_day_of_the_last_half_year_needs_no_year(today: date, ago: int) -> None:
    day = today - timedelta(days=ago)
    for typed in (f"{day.month}月{day.day}日", f"{day:%d.%m.}", f"{day:%b} {day.day}"):
        found = day_meant(typed, today)
        assert found is not None
        assert found.days == (day,), typed
    either = day_meant(f"{day.month}/{day.day}", today)
    assert either is not None
    assert day in either.days


@given(
    st.one_of(
        st.text(max_size=40), st.text(alphabet="0123456789-/.年月日天前周 三十百万亿", max_size=12)
    )
)
def test_any_text_is_a_day_gone_by_or_none(typed: str) -> None:
    found = day_meant(typed, TODAY)
    if found is not None:
        assert found.days or found.coming
        assert all(day <= TODAY for day in found.days)
        assert found.sure <= (len(found.days) == 1)


def test_a_day_is_its_noon_where_the_person_lives() -> None:
    assert moment_of(TODAY, ZoneInfo("Asia/Shanghai")) == datetime(2026, 11, 24, 4, tzinfo=UTC)
    assert moment_of(TODAY, ZoneInfo("America/New_York")) == datetime(2026, 11, 24, 17, tzinfo=UTC)
