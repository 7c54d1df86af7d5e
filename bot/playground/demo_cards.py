"""The demo issuer's cards and their ledger: what each is for, and what happened on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

BENCH_PREFIX = "7799"
PIN = "1234"

# What the card that spends by itself does, minute by minute, in fen: from 50.00 under 10.00 (a
# fifth) in the fifth minute, to zero in the sixth, topped up in the ninth, and so on.
CYCLE = (-880, -990, -1020, -760, -650, -700, 0, 0, 5000)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a card's ledger; `minor` is signed, `after` is the balance after it."""

    id: str
    at: datetime
    type: str
    minor: int
    after: int
    text: str


@dataclass(slots=True)
class DemoCard:
    """A card of the demo issuer. `about` says in each language what it is there to show."""

    number: str
    currency: str
    about: dict[str, str]
    pin: str | None = None
    status: str = "active"
    expires_on: str | None = None
    slow: bool = False
    flaky: bool = False
    spends: bool = False
    balance: int = 0
    lines: list[Line] = field(default_factory=list)
    lookups: int = 0
    minutes: int = 0
    first_seen: datetime | None = None

    @property
    def issuer(self) -> str:
        """The issuer's file that reads it."""
        return "panda" if self.pin else "kiosk"

    @property
    def id(self) -> str:
        """What the issuer calls it in its own addresses."""
        return f"card-{self.number}"

    def book(self, at: datetime, kind: str, minor: int, text: str) -> Line:
        """Write a line: OPEN, REDEEM, LOAD or REFUND, with a signed amount."""
        self.balance += minor
        line = Line(f"{self.id}-{len(self.lines) + 1}", at, kind, minor, self.balance, text)
        self.lines.append(line)
        return line

    def catch_up(self, now: datetime) -> None:
        """Do what was due since somebody first looked: one line a minute for the card that spends.

        It begins when it is looked at, so that a demo left alone is not over before it is seen.
        """
        if not self.spends:
            return
        self.first_seen = self.first_seen or now
        while (at := self.first_seen + timedelta(minutes=self.minutes + 1)) <= now:
            minor = max(CYCLE[self.minutes % len(CYCLE)], -self.balance)
            self.minutes += 1
            if minor < 0:
                self.book(at, "REDEEM", minor, "Vending machine 自动售货机")
            elif minor:
                self.book(at, "LOAD", minor, "Automatic top-up 自动充值")


def stock(clock: Callable[[], datetime]) -> dict[str, DemoCard]:
    """Make the cards of the table that `kabao demo` prints, with a past of some weeks."""
    now = clock()
    cards = [
        _pin_card(1001, "CNY", 20000, "yuan, with a long history", "人民币，流水较多"),
        _pin_card(1002, "USD", 5000, "US dollars", "美元"),
        _pin_card(1003, "JPY", 12000, "yen: no decimals", "日元：没有小数"),
        _pin_card(1004, "KWD", 25500, "dinars: three decimals", "第纳尔：三位小数"),
        _pin_card(1005, "CNY", 8800, "blocked", "已冻结"),
        _pin_card(1006, "CNY", 6600, "expired", "已过期"),
        _open_card(2001, 16150, "no PIN", "无密码"),
        _open_card(2002, 3000, "slow to answer", "应答很慢"),
        _open_card(2003, 4500, "fails every second time", "每两次查询失败一次"),
        _open_card(2004, 5000, "spends a little every minute", "每分钟花一点"),
    ]
    by_tail = {card.number[-4:]: card for card in cards}
    by_tail["1002"].expires_on = (now + timedelta(days=400)).date().isoformat()
    by_tail["1005"].status = "blocked"
    by_tail["1006"].expires_on = (now - timedelta(days=30)).date().isoformat()
    by_tail["2002"].slow = True
    by_tail["2003"].flaky = True
    by_tail["2004"].spends = True
    for card in cards:
        visits = {"1001": 45, "2004": 0}.get(card.number[-4:], 3)
        _past(card, visits, now)
    return {card.number: card for card in cards}


def _pin_card(tail: int, currency: str, minor: int, english: str, chinese: str) -> DemoCard:
    about = {"en": english, "zh": chinese}
    return DemoCard(f"628800000000{tail}", currency, about, pin=PIN, balance=minor)


def _open_card(tail: int, minor: int, english: str, chinese: str) -> DemoCard:
    return DemoCard(f"77000000{tail}", "CNY", {"en": english, "zh": chinese}, balance=minor)


SHOPS = ("Noodle House 面馆", "Tea Corner 茶铺", "Bookshop 书店", "Bakery 面包店", "Cinema 电影院")


def _past(card: DemoCard, visits: int, now: datetime) -> None:
    """Give a card a past that ends at its balance: bought, then used in a shop a day."""
    unit = max(card.balance // 100, 1)
    spent = [unit * (1 + visit * 3 % 7) for visit in range(visits)]
    final, card.balance = card.balance, 0
    bought = now - timedelta(days=visits + 1)
    card.book(bought, "OPEN", final + sum(spent), "Card bought 购卡")
    for visit, minor in enumerate(spent):
        at = bought + timedelta(days=visit + 1, hours=-visit % 7)
        card.book(at, "REDEEM", -minor, SHOPS[visit % len(SHOPS)])


def bench_card(number: str) -> DemoCard:
    """Make up a card of the range for load tests: its balance follows from its number."""
    card = DemoCard(number, "CNY", {"en": "load test", "zh": "压力测试"})
    card.balance = 1000 + int(number[len(BENCH_PREFIX) :]) % 100_000
    return card
