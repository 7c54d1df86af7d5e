"""What a person reads: amounts, times and sentences in their language."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from bot.languages import language_for, languages

EN = language_for("en")
ZH = language_for("zh")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (123450, "CNY", "CN¥1,234.50", "¥1,234.50"),
        (1234, "JPY", "¥1,234", "JP¥1,234"),
        (1234567, "KWD", "KWD\xa01,234.567", "KWD\xa01,234.567"),
        (500, "USD", "$5.00", "US$5.00"),
        (1250, "IQD", "IQD\xa01.250", "IQD\xa01.250"),
        (-5, "CNY", "-CN¥0.05", "-¥0.05"),
        (0, "CNY", "CN¥0.00", "¥0.00"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(
    minor: int, currency: str, english: str, chinese: str
) -> None:
    assert EN.money(minor, currency) == english
    assert ZH.money(minor, currency) == chinese


def test_the_largest_amount_loses_no_digit() -> None:
    assert EN.money(2**53, "CNY") == "CN¥90,071,992,547,409.92"


def test_a_change_says_its_direction_and_no_change_says_none() -> None:
    assert ZH.signed_money(2000, "CNY") == "+¥20.00"
    assert ZH.signed_money(-1250, "CNY") == "-¥12.50"
    assert ZH.signed_money(0, "CNY") == "¥0.00"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "just now", "刚刚"),
        (-9, "just now", "刚刚"),
        (3, "just now", "刚刚"),
        (-59, "just now", "刚刚"),
        (-60, "1 minute ago", "1分钟前"),
        (-180, "3 minutes ago", "3分钟前"),
        (-7200, "2 hours ago", "2小时前"),
        (-3 * 86400, "3 days ago", "3天前"),
        (7200, "in 2 hours", "2小时后"),
    ],
)
def test_how_long_ago_is_said_as_people_say_it(seconds: int, english: str, chinese: str) -> None:
    then = NOON + timedelta(seconds=seconds)
    assert EN.ago(then, NOON) == english
    assert ZH.ago(then, NOON) == chinese


def test_a_moment_is_told_in_the_time_zone_of_the_person() -> None:
    late = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert ZH.moment(late, SHANGHAI) == "2026年11月25日 01:30"
    assert EN.moment(late, NEW_YORK) == "Nov 24, 2026, 12:30\N{NARROW NO-BREAK SPACE}PM"
    assert ZH.date(late, SHANGHAI) == "2026年11月25日"
    assert EN.date(late, NEW_YORK) == "Nov 24, 2026"


def test_a_moment_leaves_out_what_today_makes_plain() -> None:
    assert ZH.moment(NOON, SHANGHAI, now=NOON + timedelta(hours=2)) == "20:00"
    assert ZH.moment(NOON, SHANGHAI, now=NOON + timedelta(hours=5)) == "11月24日 20:00"
    assert ZH.moment(NOON, SHANGHAI, now=NOON + timedelta(days=60)) == "2026年11月24日 20:00"
    assert EN.moment(NOON, UTC, now=NOON + timedelta(days=2)).startswith("Nov 24, 12:00")


def test_numbers_and_percentages_are_grouped_as_the_language_groups_them() -> None:
    assert EN.number(1234567) == "1,234,567"
    assert ZH.percent(20) == "20%"


def test_a_value_that_looks_like_html_stays_what_its_owner_typed() -> None:
    said = EN.say("<b>{label}</b> is empty", label="<i>Tom & Jerry</i>")
    assert said == "<b>&lt;i&gt;Tom &amp; Jerry&lt;/i&gt;</b> is empty"


def test_a_value_that_is_already_html_is_not_escaped_again() -> None:
    assert EN.say("{a}!", a=Markup("<b>x</b>")) == "<b>x</b>!"


def test_a_brace_can_be_said() -> None:
    assert EN.say("{{{name}}}", name="x") == "{x}"


def test_only_plain_names_are_filled_in() -> None:
    for text in ("{0}", "{}", "{a.b}", "{a!r}", "{a:>9}"):
        with pytest.raises(ValueError, match="plain"):
            EN.say(text, a="x")
    with pytest.raises(KeyError):
        EN.say("{forgotten}", a="x")


def test_a_button_shows_a_label_as_it_was_typed() -> None:
    assert EN.plain("Remove {label}", label="Tom & Jerry") == "Remove Tom & Jerry"


def test_one_thing_and_many_things_are_told_apart_where_the_language_does() -> None:
    assert EN.plural("{n} card", "{n} cards", 1) == "1 card"
    assert EN.plural("{n} card", "{n} cards", 1200) == "1,200 cards"
    assert ZH.plural("{n} thing untold", "{n} things untold", 2) == "2 things untold"


def test_a_sentence_without_translation_is_said_in_english() -> None:
    assert ZH.say("nobody has translated {this}", this="it") == "nobody has translated it"


@pytest.mark.parametrize(
    ("reported", "code"),
    [
        ("zh-hans", "zh"),
        ("zh-CN", "zh"),
        ("zh_Hans_CN", "zh"),
        ("zh-hant", "zh"),
        ("zh", "zh"),
        ("en-US", "en"),
        ("en", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_language_telegram_reports_is_found(reported: str | None, code: str) -> None:
    assert language_for(reported).code == code


def test_a_person_whose_language_is_not_spoken_is_answered_in_the_default() -> None:
    assert language_for("de", "zh").code == "zh"
    with pytest.raises(ValueError, match="'fr' has no catalogue"):
        language_for(None, "fr")


def test_each_language_is_listed_under_the_name_its_speakers_use() -> None:
    assert [(language.code, language.name) for language in languages()] == [
        ("en", "English"),
        ("zh", "中文 (简体)"),
    ]
