"""One message instead of several, for those who want that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.digest import covered, look_after
from bot.money import Money
from storage import NewCard
from tests.house import KIOSK, SPENDER, Guest, House, refusing

if TYPE_CHECKING:
    from datetime import datetime

DAY = 24


def warnings(guest: Guest) -> int:
    return sum(
        "🟠" in m.text and any("💤" in label for label in m.labels) for m in guest.person.chat
    )


def digests(guest: Guest) -> list[str]:
    return [text for text in guest.told if text.startswith(("Today", "This week", "今日汇总"))]


async def test_what_may_wait_comes_in_one_message_at_nine(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/expiring Kiosk 2026-12-01")
    await alice.says("/digest daily")
    assert "Daily at 9:00." in alice.newest.text
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)
    assert not alice.sees("runs low")
    await house.passes(hours=14)
    (digest,) = digests(alice)
    assert "Kiosk Card ·2001" in digest
    assert "CN¥21.50" in digest
    await house.passes(hours=2 * DAY)
    assert len(digests(alice)) == 1  # an empty one is not sent


async def test_a_reminder_comes_in_the_digest_of_its_own_morning(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/expiring Kiosk 2026-11-26", "/digest daily")
    await house.passes(hours=20.9)
    assert digests(alice) == []
    await house.passes(hours=0.2)
    (digest,) = digests(alice)
    assert "Kiosk Card ·2001" in digest
    assert "tomorrow is the last day" in digest
    assert not any("can be used until" in text for text in alice.told if text != digest)


async def test_no_weekly_digest_is_waited_for_that_would_come_too_late_to_use_a_card(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)  # it is Tuesday
    await alice.says("/expiring Kiosk 2026-11-27", "/digest weekly")
    await house.passes(hours=DAY)
    assert not alice.sees("can be used until")
    await house.passes(hours=DAY)
    assert alice.sees("tomorrow is the last day")
    await alice.presses("💤 Tomorrow")
    await house.passes(hours=DAY)
    assert alice.sees("today is the last day")
    assert digests(alice) == []


async def test_that_a_card_is_empty_comes_at_once(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/digest weekly")
    house.issuer.spend(KIOSK, 16150)
    await house.passes(hours=7)
    assert alice.sees("is empty")


async def test_switching_it_off_lets_go_what_waited(house: House, ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.says("/digest 每周")
    assert "每周一 9:00" in ming.newest.text
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)
    assert warnings(ming) == 0
    await ming.presses("不要汇总")
    await house.passes(minutes=1)
    assert warnings(ming) == 1


async def test_whoever_locks_balances_away_reads_none_in_the_digest(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/expiring Kiosk 2026-12-01", "/digest daily")
    store = house.kabao.parts.store
    card = (await store.cards.list(alice.id))[0]
    person = await store.people.get(alice.id)
    assert person is not None
    assert person.next_digest_at is not None
    said = {"expires": str(card.expires_at and card.expires_at.isoformat())}
    payload = {**said, "at": house.clock().isoformat()}
    await store.outbox.put(alice.id, card.id, "expiry", payload, key="x", not_before=house.clock())
    await look_after_at(house, person.next_digest_at)
    item = (await store.outbox.claim(house.clock(), 60, 1))[0]
    text, _ = await covered(house.kabao.parts, person, None, item)
    assert "can be used until Dec 1, 2026" in text
    assert "161" not in text


async def look_after_at(house: House, when: datetime) -> None:
    house.clock.advance((when - house.clock()).total_seconds())
    await look_after(house.kabao.parts)


async def test_a_digest_is_tried_until_it_is_sent_and_nothing_is_told_twice(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/digest daily")
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)
    with refusing(house, "INSERT ON outbox"):
        await house.passes(hours=14)
    house.telegram.fail("sendMessage", status=502, times=2)
    await house.passes(minutes=1)
    assert digests(alice) == []
    await house.restart()
    await house.passes(minutes=5)
    await house.passes(hours=1)
    assert len(digests(alice)) == 1
    assert SPENDER not in digests(alice)[0]


async def test_more_than_one_message_holds_is_counted_and_not_lost(
    house: House, alice: Guest
) -> None:
    await alice.says("/digest daily")
    parts, now = house.kabao.parts, house.clock()
    new = [
        NewCard(
            "other",
            f"Shopping mall number {n}",
            f"{n:04}",
            {"number": f"77{n:010}"},
            f"77{n:010}",
            currency="CNY",
            state="active",
            balance_minor=5000,
            balance_at=now,
            balance_source="holder",
            threshold_minor=4000,
        )
        for n in range(70)
    ]
    for card in await parts.store.cards.add_many(alice.id, new):
        spent = Money(-4000, "CNY")
        await parts.bookings.book(alice.id, card.id, kind="purchase", change=spent, by=-1)
    await house.passes(hours=DAY)
    (digest,) = digests(alice)
    assert "Shopping mall number 0 ·0000" in digest
    told = digest.count("CN¥10.00")
    assert digest.endswith(f"and {70 - told} more")
    assert 30 < told < 70
