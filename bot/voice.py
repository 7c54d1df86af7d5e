"""How the bot speaks to one person: their language, their time zone, and what time it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from markupsafe import Markup

    from bot.languages import Language
    from bot.money import Money


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, a time zone and a moment; all words a person reads pass through it."""

    language: Language
    zone: tzinfo
    now: datetime

    def say(self, text: str, **values: object) -> Markup:
        """Translate; values are escaped for HTML."""
        return self.language.say(text, **values)

    def plain(self, text: str, **values: object) -> str:
        """Translate for where Telegram shows no HTML: buttons and notices."""
        return self.language.plain(text, **values)

    def plural(self, one: str, many: str, n: int, **values: object) -> Markup:
        """Translate in the form that the number asks for; `{n}` is the number, formatted."""
        return self.language.plural(one, many, n, **values)

    def money(self, money: Money) -> str:
        """Write an amount with its currency."""
        return self.language.money(money.minor, money.currency)

    def change(self, money: Money) -> str:
        """Write an amount with its sign, plus included."""
        return self.language.signed_money(money.minor, money.currency)

    def ago(self, moment: datetime) -> str:
        """Say how long ago something was."""
        return self.language.ago(moment, self.now)

    def moment(self, moment: datetime) -> str:
        """Write a date with its time, in the person's zone; today's without the date."""
        return self.language.moment(moment, self.zone, self.now)

    @property
    def place(self) -> str:
        """Name the person's time zone by its city."""
        return self.language.place(self.zone)

    def date(self, moment: datetime) -> str:
        """Write a date, in the person's zone."""
        return self.language.date(moment, self.zone)

    def last_day(self, end: datetime) -> str:
        """Write the last day of what is over at `end`, such as a card's `expires_at`."""
        return self.date(end - end.resolution)


def within(label: str) -> str:
    """Write what stands by itself, such as a field's label, within a sentence: not a PIN."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
