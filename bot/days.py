"""Days as people type them: 昨天, 3天前, 11月20日, 11-20, yesterday, 20.11., last Friday.

Only a text that is a day from end to end is taken for one, because what is not becomes the note
of a ledger entry. A library was tried and is not used: dateparser 1.5 takes "7" for a day in July,
"20.11." for a time of day and "11月20日" for a day in 2011.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale

from bot.amounts import ONES, numeral

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import tzinfo

LONGEST = 32
LONGEST_WORDS = 4
"""The most words a day is typed in: "the day before yesterday"."""

FAR_BACK = 183
"""Days. Without a year, a day that is still to come this year is last year's only if so near."""

DAYS_AGO = {
    0: ("今天", "今日", "今早", "今晚", "today", "this morning", "tonight"),
    1: ("昨天", "昨日", "昨晚", "yesterday", "last night"),
    2: ("前天", "前日", "the day before yesterday", "day before yesterday"),
    3: ("大前天",),
    -1: ("明天", "明日", "tomorrow"),
    -2: ("后天", "後天", "the day after tomorrow", "day after tomorrow"),
}
_RELATIVE = {words: days for days, all_words in DAYS_AGO.items() for words in all_words}
_COUNTED = {"one": 1, "an": 1, "a": 1, "two": 2, "three": 3}
_N = rf"(?P<n>\d{{1,3}}|[{ONES}十百两]{{1,4}}|{'|'.join(_COUNTED)})"
_AGO = re.compile(
    rf"{_N} ?(?:(?P<day>天|日|days?)|(?P<week>周|个?星期|个?礼拜|weeks?)) ?(?:前|ago)"
)
_WEEKDAY = re.compile(r"(?P<last>上个?)?(?:周|星期|礼拜)(?P<which>[一二三四五六日天])")
_ENGLISH_WEEKDAY = re.compile(r"(?P<last>last )?(?P<which>[a-z]+day)")
_YEAR_FIRST = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?)")
_MONTH_DAY = re.compile(rf"(\d{{1,2}}|[{ONES}十]{{1,3}})月(\d{{1,2}}|[{ONES}十]{{1,3}})[日号]?")
_DAY_OF_MONTH = re.compile(rf"(\d{{1,2}}|[{ONES}十]{{1,3}})[日号]")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?")
_PAIR = re.compile(r"(\d{1,2})([-/.])(\d{1,2})(?:\2(\d{4}))?")
_NAMED = re.compile(
    r"(?:(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?"
    r"|(?P<day_first>\d{1,2})(?:st|nd|rd|th|\.)? (?P<month_last>[a-z]{3,9})\.?)"
    r"(?:,? (?P<year>\d{4}))?"
)


@dataclass(frozen=True, slots=True)
class Days:
    """What a text means as a day: `days` that can be meant, the likeliest first, none in future.

    `sure` where the text can be nothing else than this one day. `coming` is the day that is meant
    where it is still to come.
    """

    days: tuple[date, ...] = ()
    sure: bool = False
    coming: date | None = None


def day_meant(words: str, today: date) -> Days | None:
    """Read a day as typed, seen from the person's own today; None for what is no day at all."""
    text = " ".join(unicodedata.normalize("NFKC", words).casefold().split())
    if len(text) > LONGEST:
        return None
    for read in (_relative, _weekday, _with_year, _in_month, _pair):
        if (meant := read(text, today)) is not None:
            return meant
    return None


def moment_of(day: date, zone: tzinfo) -> datetime:
    """Give the middle of a day in that time zone, in UTC, for what happened at an unknown time."""
    return datetime.combine(day, time(12), zone).astimezone(UTC)


def _seen(days: Iterable[date | None], today: date, *, sure: bool = True) -> Days | None:
    found = [day for day in dict.fromkeys(days) if day is not None]
    if not found:
        return None
    past = tuple(day for day in found if day <= today)
    return Days(past, sure and len(found) == 1 and bool(past), None if past else found[0])


def _relative(text: str, today: date) -> Days | None:
    if text in _RELATIVE:
        return _seen([today - timedelta(days=_RELATIVE[text])], today)
    if not (ago := _AGO.fullmatch(text)):
        return None
    n = counted(ago["n"])
    return (
        None if n is None else _seen([today - timedelta(days=n * (7 if ago["week"] else 1))], today)
    )


def _weekday(text: str, today: date) -> Days | None:
    """Take 周五 for the latest Friday there was; 上周五 for last week's, as it is said in Chinese.

    "Last Friday" can mean this week's or the one of the week before, where both are past.
    """
    if chinese := _WEEKDAY.fullmatch(text):
        which = "一二三四五六日".index(chinese["which"].replace("天", "日"))
        monday = today - timedelta(days=today.weekday() + (7 if chinese["last"] else 0))
        day = monday + timedelta(days=which)
        return _seen([day if day <= today else day - timedelta(days=7)], today)
    english = _ENGLISH_WEEKDAY.fullmatch(text)
    which_day = _weekdays().get(english["which"]) if english else None
    if english is None or which_day is None:
        return None
    back = (today.weekday() - which_day) % 7
    latest = today - timedelta(days=back)
    if not english["last"]:
        return _seen([latest], today)
    before = latest - timedelta(days=7)
    if back == 0:
        return _seen([before], today)
    return _seen([latest, before] if latest.weekday() < today.weekday() else [latest], today)


def _with_year(text: str, today: date) -> Days | None:
    found = _YEAR_FIRST.fullmatch(text)
    if not found:
        return None
    year, _, *parts = found.groups()
    month, day = (int(part) for part in parts if part)
    return _seen([date_of(int(year), month, day)], today)


def _in_month(text: str, today: date) -> Days | None:
    if chinese := _MONTH_DAY.fullmatch(text):
        return _yearless([(counted(chinese[1]), counted(chinese[2]))], today)
    if of_month := _DAY_OF_MONTH.fullmatch(text):
        return _seen([_latest(counted(of_month[1]), today)], today)
    if named := _NAMED.fullmatch(text):
        month = month_names().get(named["month"] or named["month_last"])
        day = int(named["day"] or named["day_first"])
        if month and named["year"]:
            return _seen([date_of(int(named["year"]), month, day)], today)
        return _yearless([(month, day)], today)
    return None


def _pair(text: str, today: date) -> Days | None:
    """Read two numbers as month and day, either way round where both can be."""
    if dotted := _DOTTED.fullmatch(text):
        day, month = int(dotted[1]), int(dotted[2])
        if dotted[3]:
            return _seen([date_of(int(dotted[3]), month, day)], today)
        return _yearless([(month, day)], today)
    if not (found := _PAIR.fullmatch(text)):
        return None
    first, mark, second, year = int(found[1]), found[2], int(found[3]), found[4]
    ways: list[tuple[int | None, int | None]] = [(first, second), (second, first)]
    if year:
        return _seen(
            [date_of(int(year), month, day) for month, day in ways if month and day], today
        )
    meant = _yearless(ways, today, sure=mark != ".")
    return None if meant and mark == "." and meant.coming else meant


def _yearless(
    ways: Iterable[tuple[int | None, int | None]], today: date, *, sure: bool = True
) -> Days | None:
    return _seen((day for way in ways for day in _this_year(*way, today)), today, sure=sure)


def _this_year(month: int | None, day: int | None, today: date) -> Iterator[date]:
    """Give the day in this year, or in last year where that is the nearer of the two."""
    if month is None or day is None:
        return
    this, last = (date_of(year, month, day) for year in (today.year, today.year - 1))
    if this is not None and (this <= today or last is None or (today - last).days > FAR_BACK):
        yield this
    elif last is not None:
        yield last


def _latest(day: int | None, today: date) -> date | None:
    """Find the latest day of that number: this month's, or one of the two months before."""
    for back in range(3):
        month = today.year * 12 + today.month - 1 - back
        found = date_of(month // 12, month % 12 + 1, day or 0)
        if found is not None and found <= today:
            return found
    return None


def date_of(year: int, month: int, day: int) -> date | None:
    """Give a day; None where there is no such one."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def counted(text: str) -> int | None:
    """Read a small number in figures or in words; None if it is none."""
    if text in _COUNTED:
        return _COUNTED[text]
    try:
        return int(text) if text.isdecimal() else numeral(text)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def month_names() -> dict[str, int]:
    """Name the months in English, whole and short."""
    return {"sept": 9, **_by_name(lambda width: Locale("en").months["format"][width])}


@lru_cache(maxsize=1)
def _weekdays() -> dict[str, int]:
    return _by_name(lambda _: Locale("en").days["format"]["wide"])


def _by_name(named: Callable[[str], dict[int, str]]) -> dict[str, int]:
    return {
        name.casefold().rstrip("."): number
        for width in ("wide", "abbreviated")
        for number, name in named(width).items()
    }
