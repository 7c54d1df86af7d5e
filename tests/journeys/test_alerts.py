from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.money import Money
from storage import NewCard
from tests.house import KIOSK, PIN, SPENDER, YEN, YUAN, Guest, House, refusing

if TYPE_CHECKING:
    from pathlib import Path

# The kiosk card holds 161.50 when it is bound, so that it warns below 32.30, a fifth of it.


async def spends(house: House, minor: int, number: str = KIOSK) -> None:
    """Spend at the till, and let the next reading on schedule find it."""
    house.issuer.spend(number, minor)
    await house.passes(hours=7)


async def tops_up(house: House, minor: int, number: str = KIOSK) -> None:
    house.issuer.top_up(number, minor)
    await house.passes(hours=7)


def warnings(guest: Guest) -> list[str]:
    """Tell alerts from other messages by their buttons."""
    return [m.text for m in guest.person.chat if any("💤" in label for label in m.labels)]


async def test_a_card_that_falls_under_its_threshold_is_told_once(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    (told,) = warnings(alice)
    assert "Kiosk Card ·2001" in told
    assert "CN¥21.50" in told
    assert "Your threshold is CN¥32.30" in told
    await spends(house, 500)
    await house.passes(hours=48)
    assert len(warnings(alice)) == 1


async def test_nothing_is_told_while_nothing_crosses(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await spends(house, 12919)
    await house.passes(hours=48)
    assert warnings(alice) == []
    await spends(house, 2)
    assert len(warnings(alice)) == 1


async def test_a_card_that_is_low_when_it_is_bound_is_shown_as_low_and_not_told_again(
    house: House, alice: Guest
) -> None:
    house.issuer.top_up(KIOSK, 10000)
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    await alice.presses("Another amount")
    shown = await alice.says("300")
    assert "already below that" in shown.text
    await house.passes(hours=48)
    assert warnings(alice) == []


async def test_a_top_up_arms_the_alert_again(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    await tops_up(house, 10000)
    assert len(warnings(alice)) == 1
    await spends(house, 10000)
    assert len(warnings(alice)) == 2


async def test_a_top_up_that_does_not_reach_the_threshold_arms_nothing(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    await tops_up(house, 500)
    await spends(house, 500)
    assert len(warnings(alice)) == 1


async def test_one_more_is_told_at_zero(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    await spends(house, 2150)
    assert len(warnings(alice)) == 2
    assert "is empty" in alice.newest.text
    await house.passes(hours=48)
    assert len(warnings(alice)) == 2


async def test_falling_straight_to_zero_is_told_once(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await spends(house, 16150)
    (told,) = warnings(alice)
    assert "is empty" in told
    assert "CN¥161.50 less than" in told


async def test_the_alert_says_how_much_less_it_is_than_the_person_last_knew(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 5000)
    await house.passes(hours=17)
    await spends(house, 9000)
    (told,) = warnings(alice)
    assert "CN¥140.00 less than 1 day ago" in told
    await spends(house, 2150)
    assert "CN¥21.50 less than 7 hours ago" in warnings(alice)[1]


async def test_what_the_panel_showed_counts_as_known(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 10000)
    await house.passes(minutes=1)
    await alice.says("/balance")
    assert alice.sees("CN¥61.50")
    await spends(house, 4000)
    (told,) = warnings(alice)
    assert "CN¥40.00 less than 7 hours ago" in told


async def test_what_shows_no_balance_does_not_count_as_told(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=3)
    house.issuer.spend(KIOSK, 5000)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.wallet.refresh(alice.id, card.id, insist=True)
    await alice.says("/alerts")
    await house.passes(minutes=2)
    await spends(house, 9000)
    (told,) = warnings(alice)
    assert "CN¥140.00 less than" in told


async def test_an_old_balance_on_the_panel_does_not_make_the_fall_recent(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.passes(hours=3)
    house.issuer.spend(KIOSK, 14000)
    house.issuer.latency = 0.15
    await alice.says("/balance")
    (told,) = warnings(alice)
    assert "CN¥140.00 less than 3 hours ago" in told


async def test_a_threshold_can_be_an_amount(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    await alice.presses("Another amount")
    assert "below CN¥100.00" in (await alice.says("100")).text
    await spends(house, 6100)
    assert warnings(alice) == []
    await spends(house, 51)
    assert "Your threshold is CN¥100.00" in warnings(alice)[0]


async def test_or_a_share_of_the_highest_balance_seen(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    shown = await alice.presses("50%")
    assert "below 50% of the highest balance, CN¥80.75" in shown.text
    await tops_up(house, 3850)
    await spends(house, 9999)
    assert warnings(alice) == []
    await spends(house, 2)
    assert "Your threshold is CN¥100.00" in warnings(alice)[0]


async def test_or_nothing_at_all(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    await alice.presses("Switch off")
    await spends(house, 16150)
    assert warnings(alice) == []
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    shown = await alice.presses("Switch on")
    assert "already below that" in shown.text
    assert warnings(alice) == []
    await tops_up(house, 10000)
    await spends(house, 10000)
    assert len(warnings(alice)) == 1


async def test_yen_have_no_decimals_in_an_alert_either(house: House, alice: Guest) -> None:
    await alice.binds(YEN, PIN)
    await spends(house, 11000, YEN)
    (told,) = warnings(alice)
    assert "¥1,000" in told
    assert "¥11,000 less than" in told
    assert "." not in told.splitlines()[0]


async def test_a_card_kept_by_its_holder_warns_just_the_same(house: House, alice: Guest) -> None:
    await alice.says("/bind", "AB-778899001", "Corner shop", "200 USD")
    await house.passes(hours=1)
    await alice.presses("Set balance")
    await alice.says("15")
    (told,) = warnings(alice)
    assert "Corner shop" in told
    assert "$15.00" in told
    assert "Entered by hand" not in told  # just now, and they know


async def test_an_alert_names_who_said_its_balance_and_not_who_said_the_next(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail("sendMessage", status=502, times=1)
    await spends(house, 14000)
    bookings, store = house.kabao.parts.bookings, house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    await bookings.set(alice.id, card.id, Money(2000, "CNY"))
    await house.passes(minutes=1)
    (told,) = warnings(alice)
    assert "Read 1 minute ago from Kiosk Card" in told


async def test_the_buttons_of_an_alert_lead_to_the_history_and_the_threshold(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 14000, "New bicycle 自行车")
    await house.passes(hours=7)
    alert = alice.newest
    assert alert.labels == ["📜 History", "🔔 Change threshold", "💤 For a day", "💤 For a week"]
    assert "New bicycle" in (await alice.presses("History", message=alert)).text
    opened = await alice.presses("Change threshold", message=alert)
    assert "Alert for Kiosk Card ·2001" in opened.text
    assert "CN¥32.30" in opened.text
    assert warnings(alice) == [alert.text]


async def test_a_snooze_reminds_after_a_day_if_the_card_is_still_low(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    await alice.presses("For a day")
    assert "in 1 day" in alice.person.notices[-1]
    await house.passes(hours=23)
    assert len(warnings(alice)) == 1
    await house.passes(hours=2)
    assert len(warnings(alice)) == 2
    assert "is still low" in warnings(alice)[1]
    assert "CN¥21.50" in warnings(alice)[1]
    await house.passes(hours=200)
    assert len(warnings(alice)) == 2


async def test_a_snooze_does_not_remind_of_a_card_that_was_topped_up(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    await alice.presses("For a week")
    await tops_up(house, 10000)
    await house.passes(hours=24 * 8)
    assert len(warnings(alice)) == 1


async def test_a_snooze_is_about_one_shortage_and_not_about_the_next(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    await alice.presses("For a week")
    await tops_up(house, 10000)
    await spends(house, 10000)
    assert len(warnings(alice)) == 2
    assert "runs low" in warnings(alice)[1]
    await house.passes(hours=24 * 8)
    assert len(warnings(alice)) == 2


async def test_the_last_snooze_counts(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    alert = alice.newest
    await alice.presses("For a day", message=alert)
    await alice.presses("For a week", message=alert)
    await house.passes(hours=24 * 6)
    assert len(warnings(alice)) == 1
    await alice.presses("For a day", message=alert)
    await house.passes(hours=25)
    assert len(warnings(alice)) == 2
    await house.passes(hours=24 * 8)
    assert len(warnings(alice)) == 2


async def test_a_snoozed_card_that_runs_empty_is_told_at_once_and_not_again(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    await alice.presses("For a week")
    await spends(house, 2150)
    assert len(warnings(alice)) == 2
    assert "is empty" in warnings(alice)[1]
    await house.passes(hours=24 * 10)
    assert len(warnings(alice)) == 2


async def test_a_card_that_runs_empty_during_quiet_hours_is_told_after_them_though_low_is_snoozed(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)  # seven in the evening
    low = alice.newest
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    await alice.says("20-8")
    await spends(house, 2150)
    await alice.presses("For a week", message=low)
    assert len(warnings(alice)) == 1
    await house.passes(hours=7)
    assert len(warnings(alice)) == 2
    assert "is empty" in warnings(alice)[1]


# People live by Shanghai's clock unless they say something else; stories begin at noon there.


async def test_quiet_hours_hold_an_alert_back_and_do_not_drop_it(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    assert "Quiet from 22:00 to 8:00" in (await alice.presses("22:00-8:00")).text
    await house.passes(hours=7)
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)  # two o'clock at night
    await house.passes(hours=5, minutes=58)
    assert warnings(alice) == []
    await house.passes(minutes=3)
    (told,) = warnings(alice)
    assert "Read 6 hours ago" in told


async def test_quiet_hours_before_midnight_hold_until_the_next_morning(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    await alice.says("18:30-7")
    await spends(house, 14000)  # seven in the evening
    assert warnings(alice) == []
    await house.passes(hours=11, minutes=58)
    assert warnings(alice) == []
    await house.passes(minutes=3)
    assert len(warnings(alice)) == 1


async def test_quiet_hours_survive_a_restart_and_end_when_the_person_says_so(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    await alice.says("18:30-7")
    await spends(house, 14000)
    await house.restart()
    assert warnings(alice) == []
    await house.passes(hours=12)
    assert len(warnings(alice)) == 1
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    await alice.presses("No quiet hours")
    await tops_up(house, 10000)
    await house.passes(hours=1)
    house.issuer.spend(KIOSK, 10000)
    await house.passes(hours=7)
    assert len(warnings(alice)) == 2


@pytest.mark.parametrize(
    ("night", "hours"),
    [
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), 4.5),  # 1:30; two o'clock is skipped
        (datetime(2027, 10, 30, 23, 30, tzinfo=UTC), 6.5),  # 1:30; two o'clock comes twice
    ],
)
async def test_quiet_hours_end_by_the_clock_on_the_wall_when_summer_time_changes(
    tmp_path: Path, night: datetime, hours: float
) -> None:
    async with House(tmp_path, timezone="Europe/Berlin") as house:
        alice = house.guest("Alice")
        house.clock.advance((night - house.clock()).total_seconds() - 24 * 3600)
        await alice.binds(KIOSK)
        await alice.says("/alerts")
        await alice.presses("Quiet hours")
        await alice.says("22-7")
        house.issuer.spend(KIOSK, 14000)
        await house.passes(hours=24)
        await house.passes(hours=hours, minutes=-1)
        assert warnings(alice) == []
        await house.passes(minutes=2)
        assert len(warnings(alice)) == 1


async def test_quiet_hours_are_those_of_the_persons_own_zone(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.kabao.parts.store.people.change(alice.id, timezone="America/New_York")
    await alice.says("/alerts")
    assert "New York" in (await alice.presses("Quiet hours")).text
    await alice.says("9-17")  # by Shanghai's clock that is from ten at night to six
    await spends(house, 14000)  # six in the morning in New York
    assert len(warnings(alice)) == 1
    await tops_up(house, 10000)
    house.issuer.spend(KIOSK, 10000)
    await house.passes(hours=22)  # eleven in the morning
    assert len(warnings(alice)) == 1
    await house.passes(hours=7)
    assert len(warnings(alice)) == 2


async def test_what_is_not_a_time_of_day_is_asked_again(alice: Guest) -> None:
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    assert "such as 22:30-7:00" in (await alice.says("25-7")).text
    assert "such as 22:30-7:00" in (await alice.says("at night")).text
    assert "Quiet from 22:30 to 7:00" in (await alice.says("22:30 – 7")).text


async def test_quiet_hours_that_cannot_be_saved_can_be_sent_again(
    house: House, alice: Guest
) -> None:
    await alice.says("/alerts")
    await alice.presses("Quiet hours")
    with refusing(house, "UPDATE OF quiet_from ON people"):
        await alice.says("22:30-7")
        assert alice.sees("cannot write")
    assert "Quiet from 22:30 to 7:00" in (await alice.says("22:30-7")).text


async def test_a_threshold_and_the_end_of_its_question_are_saved_together(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.says("/alerts")
    await alice.presses("Kiosk")
    asked = await alice.presses("Another amount")
    assert "warn you about “Kiosk Card ·2001”?" in asked.text
    with refusing(house, "DELETE ON dialogues"):
        await alice.says("100")
        assert alice.sees("cannot write")
        assert "warns below 20%" in (await alice.says("/alerts")).text
    assert "warns below CN¥100.00" in (await alice.says("100")).text


async def test_every_card_has_its_place_in_the_overview(house: House, alice: Guest) -> None:
    await alice.says("/start")
    new = [
        NewCard(issuer="other", label=f"Card {n}", tail=f"{n:04}", secrets={}, number=f"X{n:08}")
        for n in range(45)
    ]
    await house.kabao.parts.store.cards.add_many(alice.id, new)
    seen = await alice.says("/alerts")
    texts = [seen.text]
    for page in range(2, 6):
        seen = await alice.presses("▶")
        assert f"{page} of 5" in seen.labels
        texts.append(seen.text)
    assert all(f"Card {n} ·{n:04}" in "".join(texts) for n in range(45))


async def test_an_alert_that_is_off_says_nothing_of_a_snooze(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await spends(house, 14000)
    alert = alice.newest
    await alice.presses("For a week", message=alert)
    assert "Snoozed until" in (await alice.presses("Change threshold", message=alert)).text
    assert "Snoozed" not in (await alice.presses("Switch off")).text


async def test_a_chinese_reader_is_warned_in_chinese(house: House, ming: Guest) -> None:
    await ming.binds(YUAN, PIN)
    await spends(house, 18000, YUAN)
    (told,) = warnings(ming)
    assert "熊猫礼品卡 ·1001" in told
    assert "¥20.00" in told
    assert "¥180.00" in told
    assert not any(word in told for word in ("low", "threshold", "Read"))
    assert "💤" in ming.newest.labels[2]


async def test_two_people_with_one_card_are_each_told(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    await bob.binds(KIOSK)
    await spends(house, 14000)
    assert len(warnings(alice)) == len(warnings(bob)) == 1


async def test_a_removed_card_says_nothing_more(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Remove")
    await alice.presses(1)
    await spends(house, 14000)
    assert warnings(alice) == []


async def test_the_demo_card_that_spends_by_itself_is_told_at_each_crossing(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, refresh_minutes="1") as house:
        alice = house.guest("Alice")
        await alice.binds(SPENDER)
        for _ in range(9):
            await house.passes(minutes=1)
        kinds = [text[0] for text in warnings(alice)]
        assert kinds == ["🟠", "🔴"]
        for _ in range(9):
            await house.passes(minutes=1)
        assert [text[0] for text in warnings(alice)] == ["🟠", "🔴"] * 2


async def test_a_threshold_or_quiet_hours_can_stand_behind_the_command(alice: Guest) -> None:
    await alice.says("8800 5566 1234", "Coffee card", "60")
    assert "warns below CN¥25.00" in (await alice.says("/alerts coffee 25")).text
    assert "30%" in (await alice.says("/alerts 1234 30%")).text
    assert "warns below" in (await alice.says("/alerts coffee card")).text
    assert "warns below CN¥20.00" in (await alice.says("warn me if coffee is below 20")).text
    assert "“twenty” is not an amount" in (await alice.says("/alerts coffee twenty")).text
    assert "Quiet from 22:30" in (await alice.says("/alerts 22:30-7")).text
    assert "No card of yours is called “tea 20”" in (await alice.says("/alerts tea 20")).text
