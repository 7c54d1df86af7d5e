"""What is drawn of a person's cards: gathered from their entries and readings, in one currency."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from babel.dates import format_skeleton

from bot import panel
from bot.advice import SPENDING
from bot.charts import COLOURS, Bar, Line, Picture, round_amounts
from bot.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Entry, Reading

MOST_ENTRIES: Final = 5_000
MOST_READINGS: Final = 1_000
MOST_CARDS: Final = 6
PERIODS: Final = (3, 6, 12)
"""Months that can be looked at."""

LEAST_STEPS: Final = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some cards: their entries, newest first, and readings by card id."""

    cards: Sequence[Card]
    entries: Mapping[str, Sequence[Entry]]
    readings: Mapping[str, Sequence[Reading]]

    def currencies(self) -> list[str]:
        """List the currencies and units there are, the most used first."""
        seen: Counter[str] = Counter()
        for card in self.cards:
            if card.currency:
                seen[card.currency] += 1
            seen.update({entry.currency for entry in self.entries.get(card.id, ())})
        return [code for code, _ in seen.most_common()]


async def gather(parts: Parts, cards: Sequence[Card]) -> Known:
    """Ask the store for what became of these cards, whoever owns each."""
    entries, readings = {}, {}
    for card in cards:
        owner = card.owner_id
        entries[card.id] = await parts.store.ledger.page(owner, card.id, limit=MOST_ENTRIES)
        readings[card.id] = await parts.store.ledger.readings(owner, card.id, limit=MOST_READINGS)
    return Known(cards, entries, readings)


def picture_of(voice: Voice, known: Known, code: str, months: int, name: str) -> Picture | None:
    """Lay out what is to be seen; None where there is too little to see anything."""
    first = _months(voice, months)[0]
    lines = [_line(card, known, code, first) for card in known.cards]
    told = [line for line in lines if sum(v is not None for _, v in line.steps) >= LEAST_STEPS]
    told = sorted(told, key=lambda line: -len(line.steps))[: len(COLOURS)]
    by_month, by_card = _spent(voice, known, code, months)
    if not told and not any(by_month.values()):
        return None
    since = min((line.steps[0][0] for line in told), default=first)
    many = len(known.cards) > 1
    largest = [(card, minor) for card, minor in by_card if minor > 0][:MOST_CARDS] if many else []
    return Picture(
        title=f"{name} · {voice.language.currency(code)}",
        balances_head=voice.plain("Balance"),
        balances=told,
        months_head=voice.plain("Spent by month"),
        months=_bars(voice, by_month, code) if any(by_month.values()) else [],
        cards_head=voice.plain("Spent by card"),
        cards=[_bar(voice, panel.masked(card), minor, code) for card, minor in largest],
        until=voice.now,
        days=_days(voice, since),
        amounts=_amounts(voice, told),
    )


def _amounts(voice: Voice, lines: Sequence[Line]) -> list[tuple[float, str]]:
    """Write the round amounts that lines so high are read by."""
    highest = max((amount or 0 for line in lines for _, amount in line.steps), default=0)
    return [
        (amount, voice.language.number(round(Decimal(str(amount)), 2).normalize() + 0))
        for amount in round_amounts(highest)
    ]


def _line(card: Card, known: Known, code: str, first: datetime) -> Line:
    """Make steps of readings, and before the first of them of what entries left on the card."""
    read = sorted(known.readings.get(card.id, ()), key=lambda one: one.at)
    began = read[0].at if read else None
    left = [
        (entry.at, entry.balance_after_minor)
        for entry in reversed(known.entries.get(card.id, ()))
        if entry.currency == code
        and entry.balance_after_minor is not None
        and entry.balance_after_minor >= 0
        and (began is None or entry.at < began)
    ]
    steps: list[tuple[datetime, int | None]] = [*left]
    steps += [(one.at, one.balance_minor if one.currency == code else None) for one in read]
    if earlier := [amount for at, amount in steps if at < first]:
        steps = [(first, earlier[-1]), *(step for step in steps if step[0] >= first)]
    exact = [(at, None if m is None else float(Money(m, code).amount)) for at, m in steps]
    return Line(panel.masked(card), exact)


def _months(voice: Voice, count: int) -> list[datetime]:
    """List when each of the last months began in the person's zone, oldest first."""
    now = voice.now.astimezone(voice.zone)
    at = now.year * 12 + now.month - 1
    return [
        datetime(n // 12, n % 12 + 1, 1, tzinfo=voice.zone) for n in range(at - count + 1, at + 1)
    ]


def _spent(
    voice: Voice, known: Known, code: str, count: int
) -> tuple[dict[datetime, int], list[tuple[Card, int]]]:
    """Add up what was spent, less what was refunded, by month and by card."""
    by_month = dict.fromkeys(_months(voice, count), 0)
    by_card: list[tuple[Card, int]] = []
    for card in known.cards:
        total = 0
        for entry in known.entries.get(card.id, ()):
            spent = entry.kind in SPENDING and entry.amount_minor < 0
            if entry.currency != code or not (spent or entry.kind == "refund"):
                continue
            at = entry.at.astimezone(voice.zone)
            month = datetime(at.year, at.month, 1, tzinfo=voice.zone)
            if month in by_month:
                by_month[month] -= entry.amount_minor
                total -= entry.amount_minor
        by_card.append((card, total))
    by_card.sort(key=lambda one: -one[1])
    return {month: max(minor, 0) for month, minor in by_month.items()}, by_card


def _bars(voice: Voice, by_month: Mapping[datetime, int], code: str) -> list[Bar]:
    locale, bars = voice.language.locale, list(by_month.items())
    while len(bars) > 1 and not bars[0][1]:
        bars.pop(0)  # from before there was anything
    words = "MMM" if len(bars) <= max(PERIODS) // 2 or locale.language == "zh" else "LLLLL"
    return [
        _bar(voice, format_skeleton(words, month, locale=locale), minor, code, len(bars))
        for month, minor in bars
    ]


def _bar(voice: Voice, label: str, minor: int, code: str, crowd: int = 0) -> Bar:
    """Write whole units where many bars stand side by side."""
    money = Money(minor, code)
    short = crowd > PERIODS[0]
    written = voice.language.number(round(money.amount)) if short else voice.money(money)
    return Bar(label, float(money.amount), written)


def _days(voice: Voice, since: datetime) -> list[tuple[datetime, str]]:
    """Mark two days below the line, at a third and two thirds of the way."""
    third = (voice.now - since) / 3
    if third < timedelta(days=1):
        return []
    days = [since + third, since + 2 * third]
    locale = voice.language.locale
    return [
        (day, format_skeleton("MMMd", day.astimezone(voice.zone), locale=locale)) for day in days
    ]
