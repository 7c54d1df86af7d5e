"""What a message says, and an amount as it stands there: which currency it is may be open."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import re2

from bot.amounts import parse_amount

if TYPE_CHECKING:
    from datetime import datetime

    from bot.money import Money

Kind = Literal["spent", "added", "refunded"]

MARKS: dict[str, tuple[str, ...]] = {
    "人民币": ("CNY",),
    "人民幣": ("CNY",),
    "rmb": ("CNY",),
    "cny": ("CNY",),
    "cn¥": ("CNY",),
    "¥": ("CNY", "JPY"),
    "元": ("CNY", "HKD", "TWD", "MOP"),
    "圆": ("CNY", "HKD", "TWD", "MOP"),
    "圓": ("TWD", "HKD", "MOP"),
    "块": ("CNY", "HKD", "TWD", "MOP"),
    "hk$": ("HKD",),
    "hkd": ("HKD",),
    "港币": ("HKD",),
    "港幣": ("HKD",),
    "港元": ("HKD",),
    "mop$": ("MOP",),
    "mop": ("MOP",),
    "澳门元": ("MOP",),
    "nt$": ("TWD",),
    "twd": ("TWD",),
    "新台币": ("TWD",),
    "新臺幣": ("TWD",),
    "us$": ("USD",),
    "usd": ("USD",),
    "美元": ("USD",),
    "$": ("USD", "HKD", "SGD", "AUD", "CAD", "NZD", "TWD", "MOP", "MXN"),
    "a$": ("AUD",),
    "au$": ("AUD",),
    "aud": ("AUD",),
    "c$": ("CAD",),
    "ca$": ("CAD",),
    "cad": ("CAD",),
    "s$": ("SGD",),
    "sgd": ("SGD",),
    "nz$": ("NZD",),
    "nzd": ("NZD",),
    "£": ("GBP",),
    "gbp": ("GBP",),
    "€": ("EUR",),
    "eur": ("EUR",),
    "欧元": ("EUR",),
    "円": ("JPY",),
    "jpy": ("JPY",),
    "日元": ("JPY",),
    "₩": ("KRW",),
    "krw": ("KRW",),
    "韩元": ("KRW",),
    "chf": ("CHF",),
    "thb": ("THB",),
    "฿": ("THB",),
    "rm": ("MYR",),
    "myr": ("MYR",),
    "₹": ("INR",),
    "inr": ("INR",),
}
"""How a message marks a currency, and which it may be, the likeliest first."""

_NUMBER = re2.compile(r"\d[\d,.'’ ]*")
_BY_COMMA = re2.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount as a message writes it. `currencies` it may be in, none if it does not say."""

    number: str
    currencies: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, currency: str = "") -> Sum:
        """Take an amount with its marks apart; `currency` is what was said elsewhere."""
        found = _NUMBER.search(text)
        around = _NUMBER.sub(" ", text, count=1).casefold()
        named = [
            MARKS.get(word.strip("+-−:() ")) for word in (*around.split(), currency.casefold())
        ]
        # The mark that leaves least open counts: in "HK$38元" it is the first.
        known = sorted((codes for codes in named if codes), key=len)
        if not known and currency.isascii() and currency.isalpha():
            known = [(currency.upper(),)]
        number = found[0].rstrip(",.'’ ") if found else ""
        return cls(number, known[0] if known else ())

    def money(self, currency: str | None) -> Money | None:
        """Read it for a card of this currency; `None` if it is none of that currency.

        In Chinese and English a comma before three digits groups thousands. What else can be read
        in two ways is no amount.
        """
        code = currency or (self.currencies[0] if self.currencies else None)
        if code is None or (self.currencies and code not in self.currencies):
            return None
        number = self.number.replace(",", "") if _BY_COMMA.fullmatch(self.number) else self.number
        with suppress(ValueError):
            return parse_amount(number, code)
        return None


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says of a card. Without a `kind` it states the balance alone.

    `tails` are the last characters of the cards it names, in capitals; usually one. `at` is aware
    UTC, `None` if the message does not say when. At least one of `amount` and `balance` is there.
    """

    kind: Kind | None
    amount: Sum | None
    balance: Sum | None
    tails: tuple[str, ...] = field(default=(), repr=False)
    at: datetime | None = None
    place: str = field(default="", repr=False)

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies it may be about, the likeliest first; none if it does not say."""
        said = [sum_.currencies for sum_ in (self.amount, self.balance) if sum_ and sum_.currencies]
        return min(said, key=len, default=())
