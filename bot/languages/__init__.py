"""What Kabao speaks: English in the code, every other language in one catalogue beside this file.

A sentence is written in English where it is said, `language.say("…")`, and looked up in
`<code>.po`. Adding a language is adding that file; its `Language:` header names the locale that
Babel formats money, numbers and time for.
"""

from __future__ import annotations

import copy
import io
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_timezone_location,
)
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    NumberPattern,
    format_decimal,
    format_percent,
    get_currency_name,
    get_currency_symbol,
)
from markupsafe import Markup, escape

from bot.money import UNITS, Money, exponent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

CATALOGUES = Path(__file__).parent
JUST_NOW_SECONDS = 60


def mark(text: str) -> str:
    """Mark a sentence for the catalogue where it is written but not yet said."""
    return text


_UNITS = {"points": mark("points"), "visits": mark("visits")}


@dataclass(frozen=True, slots=True)
class Language:
    """One language: `code` as catalogue and database name it ("zh"), `locale` as Babel does."""

    code: str
    locale: Locale = field(hash=False)
    _catalogue: NullTranslations = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """What its own speakers call it, for a list to choose from."""
        bare = Locale(self.locale.language, script=self.locale.script)
        return str(bare.get_display_name())

    def say(self, text: str, **values: object) -> Markup:
        """Give the sentence in this language, as HTML.

        The sentence may hold tags and `{names}`; the values filled in are escaped, so that a
        label like `<b>` stays what its owner typed. A value that is `Markup` is HTML already.
        """
        return _filled(self._catalogue.gettext(text), values)

    def plural(self, one: str, many: str, n: int, **values: object) -> Markup:
        """`say` for a sentence about `n` things; `{n}` is filled in as this language writes it."""
        text = self._catalogue.ngettext(one, many, n)
        return _filled(text, {"n": self.number(n), **values})

    def plain(self, text: str, **values: object) -> str:
        """`say` for where Telegram shows no HTML: a button, a notice, a command's description."""
        return self._catalogue.gettext(text).format(**values)

    def money(self, minor: int, currency: str) -> str:
        """Write an amount of minor units, with the digits ISO 4217 gives the currency.

        CLDR would show IQD without its fils and so round what somebody owns; ISO does not.
        """
        if currency == "points":
            return str(self.plural("{n} point", "{n} points", minor))
        if currency == "visits":
            return str(self.plural("{n} visit", "{n} visits", minor))
        return _money(self.locale, minor, currency)

    def signed_money(self, minor: int, currency: str) -> str:
        """`money` for a change: a rise has its plus sign."""
        plus = str(self.locale.number_symbols["latn"]["plusSign"]) if minor > 0 else ""
        return plus + self.money(minor, currency)

    def currency(self, code: str) -> str:
        """Name a currency: "人民币", "US Dollar"."""
        if code in UNITS:
            return self.plain(_UNITS[code])
        return get_currency_name(code, locale=self.locale)

    def number(self, n: int | Decimal) -> str:
        """Write a number with the digits grouped."""
        return format_decimal(n, locale=self.locale)

    def percent(self, n: int) -> str:
        """Write `n` hundredths: `percent(20)` is "20%"."""
        return format_percent(Decimal(n).scaleb(-2), locale=self.locale)

    def date(self, at: datetime, zone: tzinfo) -> str:
        """Write the day of an aware moment as it is in that time zone."""
        return format_date(at.astimezone(zone), "medium", self.locale)

    def clock(self, at: datetime, zone: tzinfo) -> str:
        """Write the time of day of an aware moment as it is in that time zone."""
        return format_time(at.astimezone(zone), "short", locale=self.locale)

    def place(self, zone: tzinfo) -> str:
        """Name the city a time zone is called after; its own name where it is after none."""
        return get_timezone_location(zone, locale=self.locale, return_city=True)

    def moment(self, at: datetime, zone: tzinfo, now: datetime | None = None) -> str:
        """Write day and time; given `now`, leave out what today or this year makes plain."""
        there = at.astimezone(zone)
        here = now.astimezone(zone) if now else None
        if here and here.date() == there.date():
            return self.clock(at, zone)
        if here and here.year == there.year:
            day = format_skeleton("MMMd", there, locale=self.locale)
        else:
            day = self.date(at, zone)
        joined = str(self.locale.datetime_formats["medium"])
        return joined.format(self.clock(at, zone), day)

    def ago(self, at: datetime, now: datetime) -> str:
        """Write how far off a moment is: "3 minutes ago", "in 2 hours", "just now"."""
        seconds = int((at - now).total_seconds())
        return (
            self.plain("just now")
            if abs(seconds) < JUST_NOW_SECONDS
            else _ago(self.locale, seconds)
        )


@lru_cache(maxsize=4096)
def _template(text: str) -> tuple[tuple[str, str], ...]:
    """Take a sentence apart once: pairs of words and the name filled in behind them, or ""."""
    pairs = []
    for words, name, spec, conversion in Formatter().parse(text):
        if spec or conversion or name == "" or not (name or "x").isidentifier():
            raise ValueError(f"only plain {{names}} can be filled in: {text!r}")
        pairs.append((words, name or ""))
    return tuple(pairs)


def _filled(text: str, values: Mapping[str, object]) -> Markup:
    """`Markup.format` in a third of its time: a panel of three cards says a dozen sentences."""
    pieces = []
    for words, name in _template(text):
        pieces.append(words)
        if name:
            pieces.append(escape(values[name]))
    said = "".join(pieces)
    return Markup(said)  # nosec B704 # noqa: S704 - our own words, and values just escaped


@lru_cache(maxsize=8192)
def _money(locale: Locale, minor: int, currency: str) -> str:
    pattern = _currency_pattern(locale, currency)
    amount = Money(minor, currency).amount
    return str(pattern.apply(amount, locale, currency=currency, currency_digits=False))


@lru_cache(maxsize=8192)
def _ago(locale: Locale, seconds: int) -> str:
    return format_timedelta(seconds, add_direction=True, locale=locale)


@lru_cache(maxsize=1024)
def _currency_pattern(locale: Locale, currency: str) -> NumberPattern:
    """Take the locale's own pattern, with ISO's digits and a space after a letter ("KWD 1")."""
    pattern: NumberPattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (exponent(currency),) * 2
    symbol = get_currency_symbol(currency, locale)
    if unicodedata.category(symbol[-1])[0] not in "SZ":
        rise, fall = (part.replace("¤", "¤\N{NO-BREAK SPACE}") for part in pattern.prefix)
        pattern.prefix = (rise, fall)
    return pattern


def _catalogue(path: Path) -> tuple[Locale, NullTranslations]:
    with path.open("rb") as lines:
        messages = read_po(lines)
    if messages.locale is None:
        raise ValueError(f"{path.name} does not name its language in the header")
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return messages.locale, GNUTranslations(compiled)


@lru_cache(maxsize=1)
def languages() -> tuple[Language, ...]:
    """List every language there is, English first. The catalogues are read once."""
    english = Language("en", Locale("en"), NullTranslations())
    others = [Language(path.stem, *_catalogue(path)) for path in sorted(CATALOGUES.glob("*.po"))]
    return (english, *others)


@lru_cache(maxsize=256)
def language_for(code: str | None, default: str = "en") -> Language:
    """Find the language for what Telegram or the database calls it ("zh-hans", "en-US", "zh").

    A region or script that has no catalogue of its own is answered in the language they share;
    a language without any catalogue, and None, in `default`. `ValueError` if that has none either.
    """
    spoken = {language.code: language for language in languages()}
    for wanted in (code, default):
        if wanted:
            parts = wanted.replace("_", "-").lower().split("-")
            while parts:
                if found := spoken.get("-".join(parts)):
                    return found
                parts.pop()
    raise ValueError(f"{default!r} has no catalogue in bot/languages")
