"""Where a card has a ledger and a reading: the issuer's word wins; what does not add up is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.money import Money
from tests.house import KIOSK, Guest, House, refusing
from tests.journeys.test_history import WITHOUT_HISTORY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from bot.bookings import Booked
    from bot.issuers import Reading

# The card holds 161.50 when it is bound. The kiosk's issuer keeps a history, the corner's none.


@pytest.fixture
async def corner(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose operator added an issuer that tells balances and no history."""
    folder = tmp_path / "issuers"
    folder.mkdir()
    (folder / "corner.toml").write_text(WITHOUT_HISTORY, encoding="utf-8")
    async with House(tmp_path, issuers_dir=str(folder)) as opened:
        yield opened


@pytest.fixture
async def carol(corner: House) -> Guest:
    """She has a card of the corner's."""
    guest = corner.guest("Carol", "en")
    await guest.says("/bind", KIOSK)
    await guest.presses("Corner")
    await corner.passes(minutes=5)
    return guest


async def books(
    house: House,
    guest: Guest,
    minor: int,
    text: str = "",
    at: datetime | None = None,
    **more: object,
) -> Booked:
    """Book a change on the guest's one card."""
    parts = house.kabao.parts
    (card,) = await parts.store.cards.list(guest.id)
    booked = await parts.bookings.book(
        guest.id,
        card.id,
        kind="purchase" if minor < 0 else "top-up",
        change=Money(minor, "CNY"),
        text=text,
        at=at,
        **more,  # type: ignore[arg-type]
    )
    assert booked is not None
    return booked


async def entries_of(house: House, guest: Guest) -> list[tuple[str, int, str]]:
    """What the history shows, newest first: source, amount, words."""
    store = house.kabao.parts.store
    found = await store.ledger.page(guest.id, None, limit=99)
    return [(entry.source, entry.amount_minor, entry.text) for entry in found]


async def balance_of(house: House, guest: Guest) -> tuple[int | None, str | None]:
    (card,) = await house.kabao.parts.store.cards.list(guest.id)
    return card.balance_minor, card.balance_source


async def adds_up(house: House, guest: Guest) -> bool:
    entries = await house.kabao.parts.store.ledger.page(guest.id, None, limit=99)
    return sum(entry.amount_minor for entry in entries) == (await balance_of(house, guest))[0]


def mismatches(guest: Guest) -> list[str]:
    return [m.text for m in guest.person.chat if m.by_bot and "does not add up" in m.text]


async def test_what_was_booked_and_is_so_is_not_mentioned(corner: House, carol: Guest) -> None:
    await books(corner, carol, -1250, "Noodles")
    corner.issuer.spend(KIOSK, 1250)
    await corner.passes(hours=7)
    assert await balance_of(corner, carol) == (14900, "issuer")
    assert mismatches(carol) == []
    assert (await entries_of(corner, carol))[0] == ("holder", -1250, "Noodles")
    assert await adds_up(corner, carol)


async def test_what_does_not_add_up_is_put_right_and_told_once(corner: House, carol: Guest) -> None:
    await books(corner, carol, -1250, "Noodles")
    corner.issuer.spend(KIOSK, 2000)
    await corner.passes(hours=7)
    (told,) = mismatches(carol)
    assert "By what was booked here: CN¥149.00" in told
    assert "Corner Card said just now: CN¥141.50" in told
    assert "-CN¥7.50 in the history" in told
    assert await balance_of(corner, carol) == (14150, "issuer")
    assert (await entries_of(corner, carol))[:2] == [
        ("issuer", -750, ""),
        ("holder", -1250, "Noodles"),
    ]
    assert await adds_up(corner, carol)
    await corner.passes(hours=100)
    assert len(mismatches(carol)) == 1
    shown = await carol.presses("History")
    assert "-CN¥7.50  Adjusted by the issuer" in shown.text


async def test_a_message_found_later_explains_what_did_not_add_up(
    corner: House, carol: Guest
) -> None:
    await books(corner, carol, -1250, "Noodles")
    corner.issuer.spend(KIOSK, 2000)
    at = corner.clock()
    await corner.passes(hours=7)
    booked = await books(
        corner,
        carol,
        -750,
        "Tea",
        at,
        balance=Money(14150, "CNY"),
        source="message",
    )
    assert booked.after == Money(14150, "CNY")
    assert await entries_of(corner, carol) == [
        ("message", -750, "Tea"),
        ("holder", -1250, "Noodles"),
        ("issuer", 16150, ""),
    ]
    undone = await corner.kabao.parts.bookings.undo(carol.id, booked.card.id, booked.entries[0].id)
    assert undone is not None
    assert undone.after == Money(14150, "CNY")
    assert (await entries_of(corner, carol))[0] == ("issuer", -750, "")
    await corner.passes(hours=7)
    assert len(mismatches(carol)) == 1


async def test_without_bookings_a_change_is_what_was_seen(corner: House, carol: Guest) -> None:
    corner.issuer.spend(KIOSK, 1250)
    await corner.passes(hours=7)
    assert (await entries_of(corner, carol))[0] == ("observed", -1250, "")
    assert mismatches(carol) == []


async def test_a_booking_taken_back_before_the_reading_explains_nothing(
    corner: House, carol: Guest
) -> None:
    booked = await books(corner, carol, -1250)
    await corner.kabao.parts.bookings.undo(carol.id, booked.card.id, booked.entries[0].id)
    corner.issuer.spend(KIOSK, 1250)
    await corner.passes(hours=7)
    assert (await entries_of(corner, carol))[0] == ("observed", -1250, "")
    assert mismatches(carol) == []


async def test_a_booking_the_issuer_learns_of_late_is_seen_to_be_the_same(
    corner: House, carol: Guest
) -> None:
    await books(corner, carol, -1250, "Noodles")
    await corner.passes(hours=7)
    assert len(mismatches(carol)) == 1
    assert await balance_of(corner, carol) == (16150, "issuer")
    corner.issuer.spend(KIOSK, 1250)
    await corner.passes(hours=7)
    assert await balance_of(corner, carol) == (14900, "issuer")
    assert [amount for _, amount, _ in await entries_of(corner, carol)] == [-1250, 16150]
    assert len(mismatches(carol)) == 1
    assert await adds_up(corner, carol)


async def test_an_undo_after_the_issuer_spoke_leaves_the_issuers_balance(
    corner: House, carol: Guest
) -> None:
    booked = await books(corner, carol, -1250, "Noodles")
    corner.issuer.spend(KIOSK, 1250)
    await corner.passes(hours=7)
    undone = await corner.kabao.parts.bookings.undo(carol.id, booked.card.id, booked.entries[0].id)
    assert undone is not None
    assert undone.after == Money(14900, "CNY")
    assert (await entries_of(corner, carol))[0] == ("issuer", -1250, "")
    assert await adds_up(corner, carol)


async def test_an_answer_that_a_booking_overtook_is_asked_for_again(
    corner: House, carol: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = corner.kabao.parts
    issuer = parts.issuers.get("corner")
    assert issuer is not None
    answered, arrives, read = asyncio.Event(), asyncio.Event(), issuer.read

    async def slow(values: Mapping[str, str], *, history: bool = False) -> Reading:
        reading = await read(values, history=history)
        answered.set()
        await arrives.wait()
        return reading

    monkeypatch.setattr(issuer, "read", slow)
    (card,) = await parts.store.cards.list(carol.id)
    refreshing = asyncio.create_task(parts.wallet.refresh(carol.id, card.id, insist=True))
    await answered.wait()
    corner.clock.advance(1)
    await books(corner, carol, -1250, "Noodles")
    corner.issuer.spend(KIOSK, 1250)
    arrives.set()
    found = await refreshing
    assert found is not None
    assert (found.balance_minor, found.balance_source) == (14900, "issuer")
    await corner.settled()
    assert mismatches(carol) == []


async def test_nothing_is_told_of_a_reading_that_could_not_be_kept(
    corner: House, carol: Guest
) -> None:
    await books(corner, carol, -1250, "Noodles")
    with refusing(corner, "INSERT ON outbox"):
        await corner.passes(hours=7)
    assert await balance_of(corner, carol) == (14900, "holder")
    assert await adds_up(corner, carol)
    await corner.restart()
    await corner.passes(hours=7)
    assert len(mismatches(carol)) == 1
    assert await adds_up(corner, carol)


async def test_a_bot_stopped_before_it_could_tell_tells_after_its_start(
    corner: House, carol: Guest
) -> None:
    await books(corner, carol, -1250, "Noodles")
    corner.telegram.fail("sendMessage", status=502, times=None)
    await corner.passes(hours=7)
    await corner.stop()
    corner.telegram.heal()
    await corner.start()
    await corner.passes(minutes=1)
    assert len(mismatches(carol)) == 1


async def test_a_card_removed_meanwhile_is_not_spoken_of(corner: House, carol: Guest) -> None:
    booked = await books(corner, carol, -1250, "Noodles")
    corner.telegram.fail("sendMessage", status=502, times=None)
    await corner.passes(hours=7)
    await corner.kabao.parts.store.cards.remove(carol.id, booked.card.id, corner.clock())
    corner.telegram.heal()
    await corner.passes(hours=2)
    assert mismatches(carol) == []


async def test_in_chinese_it_is_told_in_chinese(corner: House) -> None:
    ming = corner.guest("小明", "zh-hans")
    await ming.says("/bind", KIOSK)
    await ming.presses("街角")
    await corner.passes(minutes=5)
    await books(corner, ming, -1250)
    await corner.passes(hours=7)
    assert ming.sees("账对不上")
    assert ming.sees("按这里记的账：¥149.00")


async def test_an_issuers_entry_takes_the_bookings_place_and_keeps_its_words(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = await entries_of(house, alice)
    await house.passes(minutes=5)
    await books(house, alice, -1250, "lunch with Bo")
    await house.passes(minutes=10)
    house.issuer.spend(KIOSK, 1250, "POS 0042 Noodle House")
    await house.passes(hours=7)
    assert (await entries_of(house, alice)) == [("issuer", -1250, "lunch with Bo"), *before]
    assert await balance_of(house, alice) == (14900, "issuer")
    assert mismatches(alice) == []


async def test_one_without_words_takes_the_issuers(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=5)
    await books(house, alice, -1250)
    house.issuer.spend(KIOSK, 1250, "Noodle House")
    await house.passes(hours=7)
    assert (await entries_of(house, alice))[0] == ("issuer", -1250, "Noodle House")


async def test_what_the_issuer_has_listed_before_it_was_booked_is_the_same_too(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = await entries_of(house, alice)
    house.issuer.spend(KIOSK, 1250, "Noodle House")
    await house.passes(hours=7)
    await books(house, alice, -1250, "lunch", at=house.clock() - timedelta(hours=6))
    await house.passes(hours=7)
    assert (await entries_of(house, alice)) == [("issuer", -1250, "lunch"), *before]
    assert await balance_of(house, alice) == (14900, "issuer")
    assert mismatches(alice) == []


async def test_two_of_one_price_are_one_booking_and_one_that_was_not_booked(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = await entries_of(house, alice)
    await house.passes(minutes=5)
    house.issuer.spend(KIOSK, 300, "Tea 1")
    await house.passes(minutes=30)
    house.issuer.spend(KIOSK, 300, "Tea 2")
    await books(house, alice, -300, "with Bo")
    await house.passes(hours=7)
    assert (await entries_of(house, alice)) == [
        ("issuer", -300, "with Bo"),
        ("issuer", -300, "Tea 1"),
        *before,
    ]
    assert mismatches(alice) == []


async def test_what_the_issuer_does_not_list_is_put_right_and_told(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    total = sum(amount for _, amount, _ in await entries_of(house, alice))
    await house.passes(minutes=5)
    await books(house, alice, -1250, "Noodles")
    house.issuer.spend(KIOSK, 500, "Tea")
    await house.passes(hours=7)
    (told,) = mismatches(alice)
    assert "By what was booked here: CN¥144.00" in told
    assert "said just now: CN¥156.50" in told
    assert "+CN¥12.50 in the history" in told
    amounts = [amount for _, amount, _ in await entries_of(house, alice)]
    assert sum(amounts) - total == -500
    await house.passes(hours=100)
    assert len(mismatches(alice)) == 1


async def test_what_it_lists_days_later_takes_the_place_and_the_adjustment_goes(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = await entries_of(house, alice)
    await house.passes(minutes=5)
    await books(house, alice, -1250, "Noodles")
    await house.passes(hours=30)
    assert len(mismatches(alice)) == 1
    house.issuer.spend(KIOSK, 1250, "POS 0042")
    await house.passes(hours=7)
    assert (await entries_of(house, alice)) == [("issuer", -1250, "Noodles"), *before]
    assert len(mismatches(alice)) == 1
    assert await balance_of(house, alice) == (14900, "issuer")


async def test_what_is_listed_a_week_later_is_another_thing(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=5)
    await books(house, alice, -1250, "Noodles")
    await house.passes(hours=24 * 7)
    house.issuer.spend(KIOSK, 1250, "POS 0042")
    await house.passes(hours=7)
    assert [words for _, _, words in await entries_of(house, alice)][:1] == ["POS 0042"]
    assert ("holder", -1250, "Noodles") in await entries_of(house, alice)


async def test_a_message_that_repeats_what_was_read_changes_nothing(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = await entries_of(house, alice)
    house.issuer.spend(KIOSK, 1250, "Noodle House")
    await house.passes(hours=7)
    said: dict[str, Any] = {
        "balance": Money(14900, "CNY"),
        "source": "message",
        "external_id": "sms",
        "at": house.clock() - timedelta(hours=7),
    }
    booked = await books(house, alice, -1250, "POS", **said)
    assert booked.after == Money(14900, "CNY")
    await house.passes(hours=7)
    assert (await entries_of(house, alice)) == [("issuer", -1250, "POS"), *before]
    assert mismatches(alice) == []
    again = await books(house, alice, -1250, "POS", **said)
    assert again.already
    assert again.entries[0].source == "issuer"


async def test_a_booking_is_not_lost_while_the_history_cannot_be_read(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = await entries_of(house, alice)
    await house.passes(minutes=5)
    house.issuer.spend(KIOSK, 500, "Tea")
    await books(house, alice, -1250, "Noodles")
    house.issuer.spend(KIOSK, 1250, "POS 0042")
    house.issuer.fail_next(503, after=1, times=9)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.wallet.refresh(alice.id, card.id, insist=True)
    assert await balance_of(house, alice) == (14400, "issuer")
    house.issuer._script.clear()
    await house.passes(hours=7)
    assert sorted(await entries_of(house, alice)) == sorted(
        [("issuer", -1250, "Noodles"), ("issuer", -500, "Tea"), *before]
    )
    assert mismatches(alice) == []


async def test_one_booking_that_the_issuer_lists_in_two_parts_is_nobodys_worry(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    total = sum(amount for _, amount, _ in await entries_of(house, alice))
    await house.passes(minutes=5)
    await books(house, alice, -1250, "Noodles and tea")
    house.issuer.spend(KIOSK, 1000, "Noodles")
    house.issuer.spend(KIOSK, 250, "Tea")
    await house.passes(hours=7)
    assert mismatches(alice) == []
    assert await balance_of(house, alice) == (14900, "issuer")
    amounts = [amount for _, amount, _ in await entries_of(house, alice)]
    assert sum(amounts) - total == -1250


async def test_what_does_not_add_up_is_told_when_the_history_can_be_read_again(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    total = sum(amount for _, amount, _ in await entries_of(house, alice))
    await house.passes(minutes=5)
    house.issuer.spend(KIOSK, 500, "Tea")
    await books(house, alice, -1250, "Noodles")
    house.issuer.fail_next(503, after=1, times=9)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.wallet.refresh(alice.id, card.id, insist=True)
    await house.settled()
    assert mismatches(alice) == []
    house.issuer._script.clear()
    await house.passes(hours=7)
    (told,) = mismatches(alice)
    assert "By what was booked here: CN¥144.00" in told
    assert "+CN¥12.50 in the history" in told
    amounts = [amount for _, amount, _ in await entries_of(house, alice)]
    assert sum(amounts) - total == -500


async def test_what_was_left_unmatched_is_not_undone_onto_the_issuers_balance(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = await entries_of(house, alice)
    await house.passes(minutes=5)
    booked = await books(house, alice, -1250, "by mistake")
    await house.passes(hours=7)
    undone = await house.kabao.parts.bookings.undo(alice.id, booked.card.id, booked.entries[0].id)
    assert undone is not None
    assert undone.after == Money(16150, "CNY")
    assert await entries_of(house, alice) == before
