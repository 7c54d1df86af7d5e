"""The demo issuer, read as any other: by its declarations, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.issuers import CATALOG, CardState, EntryKind, FaultKind, IssuerFault, Issuers
from bot.money import Money
from bot.playground.demo_cards import BENCH_PREFIX
from bot.playground.issuer import ISSUERS, DemoIssuer
from tests.issuers.conftest import named

if TYPE_CHECKING:
    import aiohttp

    from bot.issuers import Issuer
    from tests.issuers.conftest import Hands

YUAN = {"number": "6288000000001001", "pin": "1234"}


async def fault_of(issuer: Issuer, values: dict[str, str]) -> IssuerFault:
    with pytest.raises(IssuerFault) as caught:
        await issuer.read(values)
    return caught.value


@pytest.mark.parametrize(
    ("tail", "money"),
    [
        ("1001", Money(20000, "CNY")),
        ("1002", Money(5000, "USD")),
        ("1003", Money(12000, "JPY")),
        ("1004", Money(25500, "KWD")),
    ],
)
async def test_a_card_is_read_in_its_own_currency(panda: Issuer, tail: str, money: Money) -> None:
    reading = await panda.read({"number": f"628800000000{tail}", "pin": "1234"})
    assert reading.balance == money
    assert reading.state is CardState.ACTIVE
    assert reading.entries is None


async def test_a_card_without_a_pin_needs_none(kiosk: Issuer) -> None:
    assert [field.name for field in kiosk.fields] == ["number"]
    assert (await kiosk.read({"number": "7700 0000 2001"})).balance == Money(16150, "CNY")


async def test_a_wrong_pin_and_an_unknown_number_are_told_apart(panda: Issuer) -> None:
    wrong = await fault_of(panda, YUAN | {"pin": "4321"})
    unknown = await fault_of(panda, YUAN | {"number": "6288000000009999"})
    assert (wrong.kind, unknown.kind) == (FaultKind.WRONG_PIN, FaultKind.NOT_FOUND)
    assert wrong.ask_holder
    assert wrong.permanent


async def test_a_number_of_another_shape_is_not_even_asked(panda: Issuer, demo: DemoIssuer) -> None:
    assert (await fault_of(panda, {"number": "", "pin": "1234"})).kind is FaultKind.NOT_FOUND
    assert (await fault_of(panda, {"number": "1", "pin": "1234"})).kind is FaultKind.NOT_FOUND
    assert (await fault_of(panda, YUAN | {"pin": "12345"})).kind is FaultKind.WRONG_PIN
    assert (await fault_of(panda, {"number": YUAN["number"]})).kind is FaultKind.WRONG_PIN
    assert demo.requests == 0


async def test_a_blocked_card_says_so_and_keeps_its_balance(panda: Issuer) -> None:
    reading = await panda.read({"number": "6288000000001005", "pin": "1234"})
    assert (reading.state, reading.balance) == (CardState.BLOCKED, Money(8800, "CNY"))


async def test_an_expired_card_says_since_when(panda: Issuer, clock: Hands) -> None:
    reading = await panda.read({"number": "6288000000001006", "pin": "1234"})
    assert reading.state is CardState.EXPIRED
    # 25 October, to its end in Shanghai.
    assert reading.expires_at == datetime(2026, 10, 25, 16, 0, tzinfo=UTC)
    good = await panda.read({"number": "6288000000001002", "pin": "1234"})
    assert good.expires_at is not None
    assert good.expires_at > clock()
    assert good.state is CardState.ACTIVE


async def test_a_card_that_fails_half_of_the_time_fails_every_second_time(kiosk: Issuer) -> None:
    values = {"number": "770000002003"}
    for _ in range(3):
        assert (await kiosk.read(values)).balance == Money(4500, "CNY")
        assert (await fault_of(kiosk, values)).kind is FaultKind.ISSUER_DOWN


async def test_history_is_newest_first_over_all_pages_and_adds_up(panda: Issuer) -> None:
    reading = await panda.read(YUAN, history=True)
    assert reading.entries is not None
    assert reading.balance is not None
    assert len(reading.entries) == len({entry.id for entry in reading.entries}) == 46
    assert sum(entry.amount.minor for entry in reading.entries) == reading.balance.minor
    times = [entry.at for entry in reading.entries]
    assert times == sorted(times, reverse=True)
    newest, oldest = reading.entries[0], reading.entries[-1]
    assert newest.kind is EntryKind.PURCHASE
    assert newest.amount.minor < 0
    assert newest.balance_after == reading.balance
    assert oldest.kind is EntryKind.OPENING
    assert oldest.text == "Card bought 购卡"


async def test_what_is_spent_and_topped_up_is_in_the_next_reading(
    panda: Issuer, demo: DemoIssuer
) -> None:
    demo.spend(YUAN["number"], 1250, "Lunch 午饭")
    demo.top_up(YUAN["number"], 5000)
    reading = await panda.read(YUAN, history=True)
    assert reading.balance == Money(23750, "CNY")
    assert reading.entries is not None
    top_up, lunch = (
        reading.entries[:2]
        if reading.entries[0].amount.minor > 0
        else (
            reading.entries[1],
            reading.entries[0],
        )
    )
    assert (top_up.kind, top_up.amount) == (EntryKind.TOP_UP, Money(5000, "CNY"))
    assert (lunch.text, lunch.amount) == ("Lunch 午饭", Money(-1250, "CNY"))


async def test_a_history_that_fails_leaves_the_balance(panda: Issuer, demo: DemoIssuer) -> None:
    demo.fail_next(503, after=2, times=3)
    reading = await panda.read(YUAN, history=True)
    assert reading.balance == Money(20000, "CNY")
    assert reading.entries is None
    assert reading.history_fault is not None
    assert reading.history_fault.kind is FaultKind.ISSUER_DOWN


async def test_a_card_that_spends_crosses_a_fifth_in_five_minutes_and_is_topped_up_again(
    kiosk: Issuer, clock: Hands
) -> None:
    values = {"number": "770000002004"}
    clock.advance(hours=3)  # nobody looked yet: nothing happened
    seen = []
    for _ in range(10):
        balance = (await kiosk.read(values)).balance
        assert balance is not None
        seen.append(balance.minor)
        clock.advance(minutes=1)
    assert seen == [5000, 4120, 3130, 2110, 1350, 700, 0, 0, 0, 5000]
    reading = await kiosk.read(values, history=True)
    assert reading.entries is not None
    assert len(reading.entries) == 9


async def test_a_key_that_is_not_accepted_is_the_operators_trouble(
    demo: DemoIssuer, http: aiohttp.ClientSession, clock: Hands
) -> None:
    secrets = demo.secrets | {"DEMO_KEY": "stolen"}
    panda = named(Issuers.load([ISSUERS], secrets, http, clock), "panda")
    fault = await fault_of(panda, YUAN)
    assert fault.kind is FaultKind.REFUSED
    assert fault.ask_operator
    assert not fault.ask_holder
    with pytest.raises(IssuerFault, match="refused"):
        await panda.check()


async def test_an_issuer_that_is_down_and_up_again(panda: Issuer, demo: DemoIssuer) -> None:
    demo.down = True
    assert (await fault_of(panda, YUAN)).kind is FaultKind.NETWORK
    demo.down = False
    assert (await panda.read(YUAN)).balance == Money(20000, "CNY")
    await panda.check()
    await demo.stop()
    assert (await fault_of(panda, YUAN)).kind is FaultKind.NETWORK


async def test_made_up_cards_for_load_exist_only_where_they_are_asked_for(
    http: aiohttp.ClientSession, clock: Hands, kiosk: Issuer
) -> None:
    number = f"{BENCH_PREFIX}00012345"
    assert (await fault_of(kiosk, {"number": number})).kind is FaultKind.NOT_FOUND
    loaded = DemoIssuer(clock, bench=True)
    await loaded.start()
    bench = named(Issuers.load([CATALOG, ISSUERS], loaded.secrets, http, clock), "kiosk")
    assert (await bench.read({"number": number})).balance == Money(13345, "CNY")
    await loaded.stop()


def test_every_card_to_try_is_recognised_by_its_issuer(demo: DemoIssuer, issuers: Issuers) -> None:
    for card in demo.cards:
        pasted = " ".join(card.number[i : i + 4] for i in range(0, len(card.number), 4))
        assert [i.slug for i in issuers.proposals(pasted)] == [card.issuer, "other"]
        assert set(card.about) == {"en", "zh"}
    assert {card.currency for card in demo.cards} == {"CNY", "USD", "JPY", "KWD"}
