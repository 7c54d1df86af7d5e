"""The demo issuer's cards and their ledger: what each is for, and what happened on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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
    panda, kiosk = "62880000000010", "77000000200"
    cards = [
        _card(panda + "01", "CNY", 20000, "yuan, with a long history", "人民币，流水较多", pin=PIN),
        _card(panda + "02", "USD", 5000, "US dollars", "美元", pin=PIN),
        _card(panda + "03", "JPY", 12000, "yen: no decimals", "日元：没有小数", pin=PIN),
        _card(panda + "04", "KWD", 25500, "dinars: three decimals", "第纳尔：三位小数", pin=PIN),
        _card(panda + "05", "CNY", 8800, "blocked", "已冻结", pin=PIN, status="blocked"),
        _card(panda + "06", "CNY", 6600, "expired", "已过期", pin=PIN, expires_on="2026-01-31"),
        _card(kiosk + "1", "CNY", 16150, "no PIN", "无密码"),
        _card(
            kiosk + "2", "CNY", 3000, "slow: answers after 3 seconds", "慢：3 秒后才应答", slow=True
        ),
        _card(
            kiosk + "3", "CNY", 4500, "fails every second time", "每两次查询失败一次", flaky=True
        ),
        _card(
            kiosk + "4", "CNY", 5000, "spends a little every minute", "每分钟花一点", spends=True
        ),
    ]
    _past(cards, clock())
    return {card.number: card for card in cards}


def _card(
    number: str,
    currency: str,
    minor: int,
    english: str,
    chinese: str,
    *,
    pin: str | None = None,
    status: str = "active",
    expires_on: str | None = None,
    slow: bool = False,
    flaky: bool = False,
    spends: bool = False,
) -> DemoCard:
    about = {"en": english, "zh": chinese}
    card = DemoCard(number, currency, about, pin, status, expires_on, slow, flaky, spends)
    card.balance = minor
    return card


SHOPS = ("Noodle House 面馆", "Tea Corner 茶铺", "Bookshop 书店", "Bakery 面包店", "Cinema 电影院")


def _past(cards: Iterable[DemoCard], now: datetime) -> None:
    """Give each card a past that ends at its balance: opened, used; the first one 45 times."""
    for position, card in enumerate(cards):
        final, card.balance = card.balance, 0
        count = 45 if position == 0 else 0 if card.spends else 3
        step = max(final // 50, 1)
        opened = now - timedelta(days=count + 1)
        card.book(opened, "OPEN", final + step * count, "Card bought 购卡")
        for day in range(count):
            shop = SHOPS[(position + day) % len(SHOPS)]
            card.book(opened + timedelta(days=day + 1, hours=-day % 7), "REDEEM", -step, shop)


def bench_card(number: str) -> DemoCard:
    """Make up a card of the range for load tests: its balance follows from its number."""
    card = DemoCard(number, "CNY", {"en": "load test", "zh": "压力测试"})
    card.balance = 1000 + int(number[len(BENCH_PREFIX) :]) % 100_000
    return card
