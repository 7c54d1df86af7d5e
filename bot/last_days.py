"""The last day of a card as people type it: 2027-03-31, 03/27, 31 March, 3月31日, in a year.

Unlike `bot.days` it looks ahead; a month alone means its last day, as it is printed on cards.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, timedelta

from bot.amounts import ONES
from bot.days import counted, date_of, month_names

LONGEST = 32
FARTHEST_YEARS = 100
CENTURY = 2000
MONTHS_A_YEAR = 12

WORDS = {
    0: ("今天", "今日", "today"),
    1: ("明天", "明日", "tomorrow"),
    2: ("后天", "後天", "day after tomorrow", "the day after tomorrow"),
}
MONTH_END = frozenset({"月底", "本月底", "end of month", "end of the month"})
YEAR_END = frozenset({"年底", "今年底", "end of year", "end of the year"})
_WORDS = {word: days for days, words in WORDS.items() for word in words}
_N = rf"(?P<n>\d{{1,4}}|[{ONES}十百两]{{1,4}}|a|an|one|two|three)"
_IN = re.compile(
    rf"(?:in |after )?{_N} ?(?:(?P<day>天|日|days?)|(?P<week>周|个?星期|个?礼拜|weeks?)"
    r"|(?P<month>个月|months?)|(?P<year>年|years?)) ?(?:后|後|以后|之后|内)?"
)
_YEAR_FIRST = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?)")
_COMPACT = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_MONTH_OF_YEAR = re.compile(r"(\d{4})(?:[-/.](\d{1,2})|年(\d{1,2})月底?)")
_YEAR_OF_MONTH = re.compile(r"(\d{1,2})[-/.](\d{4})")
_PAIR = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\.?")
_CHINESE = re.compile(r"(\d{1,2})月(?:(\d{1,2})[日号]?|底)?")
_YEAR_END_OF = re.compile(r"(\d{4})年?底|end of (\d{4})")
_AROUND = re.compile(
    r"^(?:有效期至|有效期到|有效期|到期日|到|至|valid (?:until|through|thru)|until) ?:? ?"
    r"|(?<=[月日号底])(?:之?前|为止|止|到期|过期)$"
)
_OF = re.compile(r"^(?:(?:the )?end of |next )")
_YEARS = {"今年": 0, "明年": 1, "后年": 2, "this year": 0, "next year": 1}
_HAN = re.compile(rf"[{ONES}十]{{1,3}}(?=[月日号])")
_SHORT = re.compile(r"^(\d{2})(?=年)")
_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th|\.)? )?(?P<month>[a-z]{3,9})\.?"
    r"(?: (?P<day_last>\d{1,2})(?:st|nd|rd|th)?(?!\d))?(?:,? (?P<year>\d{4}))?"
)


def last_days(words: str, today: date) -> tuple[date, ...]:
    """Read which last day is meant, seen from the person's own today; none if it is no day.

    Several where it can be read in several ways, the likeliest first: 03/04/2027, 11/12. Days
    that are over are among them, so that the person can be told so.
    """
    text = " ".join(unicodedata.normalize("NFKC", words).casefold().split())
    text = _in_digits(_AROUND.sub("", text), today)
    if not text or len(text) > LONGEST:
        return ()
    found: list[date | None] = []
    for read in (_ahead, _whole, _of_month, _pair, _named):
        found += read(text, today)
        if found:
            break
    limit = today.year + FARTHEST_YEARS
    return tuple(dict.fromkeys(day for day in found if day is not None and day.year <= limit))


def _in_digits(text: str, today: date) -> str:
    """Write 明年三月 as 2027年3月, 27年 as 2027年, and half a year as 6 months."""
    text = text.replace("半年", "6个月").replace("half a year", "6 months")
    text = _HAN.sub(lambda han: str(counted(han[0]) or han[0]), text)
    for name, years in _YEARS.items():
        if text.startswith(name):
            text = f"{today.year + years}年{text.removeprefix(name).removeprefix('年')}"
        elif text.endswith(f" {name}"):
            text = f"{text.removesuffix(name)}{today.year + years}"
    return _SHORT.sub(lambda short: str(CENTURY + int(short[1])), text)


def _ahead(text: str, today: date) -> list[date | None]:
    if (plain := _in_words(text, today)) is not None:
        return [plain]
    if not (found := _IN.fullmatch(text)):
        return []
    if (n := counted(found["n"])) is None:
        return []
    if found["day"] or found["week"]:
        return [today + timedelta(days=n * (7 if found["week"] else 1))]
    months = n * (MONTHS_A_YEAR if found["year"] else 1)
    if months > FARTHEST_YEARS * MONTHS_A_YEAR:
        return []
    at = today.year * MONTHS_A_YEAR + today.month - 1 + months
    year, month = at // MONTHS_A_YEAR, at % MONTHS_A_YEAR + 1
    return [date(year, month, min(today.day, calendar.monthrange(year, month)[1]))]


def _in_words(text: str, today: date) -> date | None:
    if text in _WORDS:
        return today + timedelta(days=_WORDS[text])
    if text in MONTH_END:
        return _month_end(today.year, today.month)
    if found := _YEAR_END_OF.fullmatch(text):
        return _month_end(int(found[1] or found[2]), MONTHS_A_YEAR)
    return date(today.year, 12, 31) if text in YEAR_END else None


def _whole(text: str, today: date) -> list[date | None]:
    del today
    if found := _YEAR_FIRST.fullmatch(text):
        year, _, *parts = found.groups()
        month, day = (int(part) for part in parts if part)
        return [date_of(int(year), month, day)]
    if compact := _COMPACT.fullmatch(text):
        return [date_of(*map(int, compact.groups()))]
    if not (last := _YEAR_LAST.fullmatch(text)):
        return []
    first, mark, second, short = int(last[1]), last[2], int(last[3]), int(last[4])
    year_ = short if short > 99 else CENTURY + short  # noqa: PLR2004 - two digits
    if mark == ".":
        return [date_of(year_, second, first)]
    return [date_of(year_, first, second), date_of(year_, second, first)]


def _of_month(text: str, today: date) -> list[date | None]:
    del today
    if found := _MONTH_OF_YEAR.fullmatch(text):
        return [_month_end(int(found[1]), int(found[2] or found[3]))]
    if turned := _YEAR_OF_MONTH.fullmatch(text):
        return [_month_end(int(turned[2]), int(turned[1]))]
    return []


def _pair(text: str, today: date) -> list[date | None]:
    """Read 31.3. as a day, 03/27 as a month of a year, 11/12 as either."""
    if chinese := _CHINESE.fullmatch(text):
        month = int(chinese[1])
        if chinese[2] is None:
            return [_coming_end(month, today)]
        return [_coming(month, int(chinese[2]), today)]
    if not (found := _PAIR.fullmatch(text)):
        return []
    first, mark, second = int(found[1]), found[2], int(found[3])
    if mark == ".":
        return [_coming(second, first, today)]
    days = [_coming(first, second, today), _coming(second, first, today)]
    if CENTURY + second >= today.year and (end := _month_end(CENTURY + second, first)):
        return [end, *days]
    return days


def _named(text: str, today: date) -> list[date | None]:
    found = _NAMED.fullmatch(_OF.sub("", text))
    month = month_names().get(found["month"]) if found else None
    if found is None or month is None:
        return []
    day, year = found["day"] or found["day_last"], found["year"]
    if day is None:
        return [_month_end(int(year), month) if year else _coming_end(month, today)]
    return [date_of(int(year), month, int(day)) if year else _coming(month, int(day), today)]


def _coming(month: int, day: int, today: date) -> date | None:
    """Give the next day of that name, today included."""
    for year in range(today.year, today.year + 9):
        found = date_of(year, month, day)
        if found is not None and found >= today:
            return found
    return None


def _coming_end(month: int, today: date) -> date | None:
    """Give the end of the next month of that name, this one included."""
    ends = (_month_end(year, month) for year in (today.year, today.year + 1))
    return next((end for end in ends if end and end >= today), None)


def _month_end(year: int, month: int) -> date | None:
    if not 1 <= month <= MONTHS_A_YEAR or not date.min.year <= year <= date.max.year:
        return None
    return date(year, month, calendar.monthrange(year, month)[1])
