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
from bot.features.insights.story import PERIODS, Story, months_of
from bot.money import Money, exponent, most_used

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Entry, Reading

MOST_ENTRIES: Final = 5_000
MOST_READINGS: Final = 1_000
MOST_CARDS: Final = 6
LEAST_STEPS: Final = 2
LEAST_CARDS: Final = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some cards: their entries, newest first, and readings by card id."""

    cards: Sequence[Card]
    entries: Mapping[str, Sequence[Entry]]
    readings: Mapping[str, Sequence[Reading]]

    def currencies(self) -> list[str]:
        """List the currencies there are, the most used first, and then points and visits."""
        seen: Counter[str] = Counter()
        for card in self.cards:
            if card.currency:
                seen[card.currency] += 1
            seen.update({entry.currency for entry in self.entries.get(card.id, ())})
        return most_used(seen)


async def gather(parts: Parts, cards: Sequence[Card]) -> Known:
    """Ask the store for what became of these cards, whoever owns each."""
    entries, readings = {}, {}
    for card in cards:
        owner = card.owner_id
        entries[card.id] = await parts.store.ledger.page(owner, card.id, limit=MOST_ENTRIES)
        readings[card.id] = await parts.store.ledger.readings(owner, card.id, limit=MOST_READINGS)
    return Known(cards, entries, readings)


def story_of(voice: Voice, known: Known, code: str, months: int) -> Story:
    """Tell what became of a few cards' money in one currency, each card's balance for itself."""
    first = months_of(voice, months)[0]
    lines = [_line(card, known, code, first) for card in known.cards]
    return Story(lines, *_spent(voice, known, code, months))


def picture_of(voice: Voice, story: Story, code: str, name: str) -> Picture | None:
    """Lay out what is to be seen; None where there is too little to see anything."""
    told = [
        line for line in story.lines if sum(v is not None for _, v in line.steps) >= LEAST_STEPS
    ]
    told = sorted(told, key=lambda line: -len(line.steps))[: len(COLOURS)]
    by_month = {month: max(minor, 0) for month, minor in story.by_month.items()}
    if not told and not any(by_month.values()):
        return None
    since = min((line.steps[0][0] for line in told), default=min(by_month))
    head = voice.plain("Balance")
    if story.together:
        head = str(voice.plural("Balance of {n} card", "Balance of all {n} cards", story.together))
    return Picture(
        title=f"{name} · {voice.language.currency(code)}",
        balances_head=head,
        balances=told,
        months_head=voice.plain("Spent by month"),
        months=_bars(voice, by_month, code) if any(by_month.values()) else [],
        cards_head=voice.plain("Spent by card"),
        cards=_by_card(voice, story, code),
        until=voice.now,
        days=_days(voice, since),
        amounts=_amounts(voice, told, code),
    )


def _by_card(voice: Voice, story: Story, code: str) -> list[Bar]:
    """Show the cards most was spent from, and below them what all others come to, without a bar."""
    if len(story.by_card) < LEAST_CARDS:
        return []
    spent = [(card, minor) for card, minor in story.by_card if minor > 0]
    rest = spent[MOST_CARDS:] if len(spent) > MOST_CARDS + 1 else []
    bars = [_bar(voice, panel.masked(card), minor, code) for card, minor in spent]
    if rest:
        words = str(voice.plural("{n} more card", "{n} more cards", len(rest)))
        others = Money(sum(minor for _, minor in rest), code)
        bars[MOST_CARDS:] = [Bar(words, 0.0, voice.money(others))]
    return bars


def _amounts(voice: Voice, lines: Sequence[Line], code: str) -> list[tuple[float, str]]:
    """Write the round amounts that lines so high are read by."""
    highest = max((amount or 0 for line in lines for _, amount in line.steps), default=0)
    return [
        (amount, voice.language.number(round(Decimal(str(amount)), 2).normalize() + 0))
        for amount in round_amounts(highest, whole=exponent(code) == 0)
    ]


def _line(card: Card, known: Known, code: str, first: datetime) -> Line:
    """Make steps of readings, and before the first of them of what entries left on the card."""
    # Where something is missing in a history, what it adds up to may be less than there ever was.
    least = min(card.balance_minor or 0, 0)
    read = sorted(known.readings.get(card.id, ()), key=lambda one: one.at)
    began = read[0].at if read else None
    left = [
        (entry.at, entry.balance_after_minor)
        for entry in reversed(known.entries.get(card.id, ()))
        if entry.currency == code
        and entry.balance_after_minor is not None
        and entry.balance_after_minor >= least
        and (began is None or entry.at < began)
    ]
    steps: list[tuple[datetime, int | None]] = [*left]
    steps += [(one.at, one.balance_minor if one.currency == code else None) for one in read]
    if earlier := [amount for at, amount in steps if at < first]:
        steps = [(first, earlier[-1]), *(step for step in steps if step[0] >= first)]
    exact = [(at, None if m is None else float(Money(m, code).amount)) for at, m in steps]
    return Line(panel.masked(card), exact)


def _spent(
    voice: Voice, known: Known, code: str, count: int
) -> tuple[dict[datetime, int], list[tuple[Card, int]]]:
    """Add up what was spent, less what was refunded, by month and by card."""
    by_month = dict.fromkeys(months_of(voice, count), 0)
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
    return by_month, by_card


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
