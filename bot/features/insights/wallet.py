"""What became of all of a person's cards, added up by the store: hundreds cost what a few do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.advice import Past
from bot.charts import Line
from bot.features.insights.story import PERIODS, Story, months_of
from bot.forecast import LOOK_BACK, Spend
from bot.money import Money, most_used

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Spent

STEPS: Final = 180
"""Of the one line in which all balances are added up."""

SHORTEST: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wallet:
    """Many cards, and what was spent from each in each of the last months, oldest first."""

    cards: Sequence[Card]
    spent: Sequence[Spent]

    def currencies(self) -> list[str]:
        """List the currencies there are, the most used first, and then points and visits."""
        seen = Counter(card.currency for card in self.cards if card.currency)
        known = {card.id: card.currency for card in self.cards}
        seen.update(
            one.currency
            for one in self.spent
            if one.card_id in known and one.currency != known[one.card_id]
        )
        return most_used(seen)

    async def story(self, parts: Parts, voice: Voice, person_id: int, code: str, n: int) -> Story:
        """Tell what became of the money in one currency in the last `n` months."""
        months, known = months_of(voice, n), {card.id: card for card in self.cards}
        by_month, by_card = dict.fromkeys(months, 0), []
        for one in self.spent:
            if one.currency == code and one.card_id in known:
                sums = one.sums[-n:]
                by_card.append((known[one.card_id], sum(sums)))
                for month, minor in zip(months, sums, strict=True):
                    by_month[month] += minor
        by_card.sort(key=lambda one: -one[1])
        lines = await self._line(parts, voice, person_id, code, n)
        return Story(lines, by_month, by_card, len(self.cards))

    async def _line(
        self, parts: Parts, voice: Voice, person_id: int, code: str, n: int
    ) -> list[Line]:
        """Add up the balances as they were, from what they are now and what came and went."""
        mine = {c.id: c.balance_minor for c in self.cards if c.currency == code}
        began = [one.first for one in self.spent if one.currency == code and one.card_id in mine]
        left = [minor for minor in mine.values() if minor is not None]
        if not began or not left:
            return []
        first, now = months_of(voice, n)[0], voice.now
        since = max(first, min(began) - SHORTEST)
        width = max((now - since) / STEPS, SHORTEST)
        moves = await parts.store.spending.moves(person_id, code, since, width)
        at = sum(left) - sum(minor for _, minor in moves)
        steps = [(since, at)] if since == first else []
        for when, minor in moves:
            at += minor
            steps.append((min(when, now), at))
        return [Line("", [(when, float(Money(minor, code).amount)) for when, minor in steps])]


async def wallet_of(parts: Parts, voice: Voice, person_id: int, cards: Sequence[Card]) -> Wallet:
    """Ask the store what was spent from all these cards of a person."""
    bounds = [*months_of(voice, max(PERIODS)), voice.now + SHORTEST]
    return Wallet(cards, await parts.store.spending.sums(person_id, bounds))


async def past_of(parts: Parts, voice: Voice, person_id: int, wallet: Wallet) -> Past:
    """Ask the store what the advice about these cards goes by."""
    found = await parts.store.spending.spends(person_id, voice.now - LOOK_BACK)
    last: dict[str, datetime] = {}
    for one in wallet.spent:
        if one.last is not None:
            last[one.card_id] = max(one.last, last.get(one.card_id, one.last))
    return Past({card: [Spend(*spend) for spend in spends] for card, spends in found.items()}, last)
