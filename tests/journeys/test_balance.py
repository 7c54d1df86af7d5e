from __future__ import annotations

import asyncio
import re

import pytest

from storage import NewCard
from tests.house import (
    BLOCKED,
    DINARS,
    DOLLARS,
    EXPIRED,
    KIOSK,
    PIN,
    SLOW,
    YEN,
    YUAN,
    Guest,
    House,
)


async def test_the_panel_is_there_before_any_issuer_was_asked(house: House, alice: Guest) -> None:
    await alice.binds(SLOW)
    await house.passes(minutes=1)
    house.issuer.spend(SLOW, 500)
    asked_before = house.issuer.requests
    panel = asyncio.create_task(house.telegram.next_call("sendMessage"))
    await asyncio.sleep(0)
    update = await alice.person.says("/balance")
    assert "CN¥30.00" in (await panel)["text"]
    assert house.issuer.requests == asked_before
    await house.settled(update)
    assert "CN¥25.00" in alice.newest.text
    assert alice.newest.edited


async def test_all_issuers_are_asked_at_the_same_time_and_answered_in_place(
    house: House, alice: Guest
) -> None:
    for number in (KIOSK, YEN, DOLLARS):
        await alice.binds(number, PIN if number != KIOSK else None)
    await house.passes(minutes=1)
    for number in (KIOSK, YEN, DOLLARS):
        house.issuer.spend(number, 100)
    house.issuer.latency = 0.5
    edits = len(house.telegram.called("editMessageText"))
    panel = await alice.says("/balance")
    assert len(house.telegram.called("editMessageText")) == edits + 1
    for balance in ("CN¥160.50", "¥11,900", "$49.00"):
        assert balance in panel.text


async def test_each_card_says_which_it_is_what_is_on_it_since_when_and_whether_it_is_enough(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=1)
    panel = await alice.says("/balance")
    assert re.search(r"🟢 Kiosk Card ·2001  CN¥161\.50  Enough\njust now, from", panel.text)
    house.issuer.spend(KIOSK, 15000)
    await house.passes(minutes=1)
    await alice.says("/balance")
    assert alice.sees("🟠 Kiosk Card ·2001  CN¥11.50  Low")
    house.issuer.spend(KIOSK, 1150)
    await house.passes(minutes=1)
    await alice.says("/balance")
    assert alice.sees("🔴 Kiosk Card ·2001  CN¥0.00  Empty")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (503, "", "is down for now. I will try again by myself"),
        (429, "", "is getting too many requests. I will try again by myself"),
        (200, "<html>", "an answer I cannot read. Tell the operator"),
        (404, '{"error":{"code":"card_not_found"}}', "no longer accepts this number. Bind the"),
        (422, '{"error":{"code":"wrong_pin"}}', "no longer accepts the PIN. Bind the card again"),
        (401, "", "refuses this bot. Only the operator can fix that"),
    ],
)
async def test_an_issuer_that_fails_leaves_the_old_balance_marked_as_old_with_the_reason(
    house: House, alice: Guest, status: int, body: str, why: str
) -> None:
    await alice.binds(YUAN, PIN)
    await house.passes(minutes=5)
    house.issuer.fail_next(status, body, times=3)
    panel = await alice.says("/balance")
    assert "CN¥200.00" in panel.text
    assert "Old: 5 minutes ago, from Panda Gift Card" in panel.text
    assert f"⚠️ Panda Gift Card {why}" in panel.text.replace("gave ", "")


async def test_a_network_that_is_down_is_said_and_healed_by_itself(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.down = True
    await house.passes(minutes=2)
    panel = await alice.says("/balance")
    assert "could not be reached. I will try again by myself." in panel.text
    house.issuer.down = False
    await house.passes(minutes=3)
    assert "⚠️" not in (await alice.says("/balance")).text


async def test_one_issuer_that_fails_does_not_take_the_others_along(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", "AB-778899001", "Corner shop", "20")
    await alice.binds(KIOSK)
    house.issuer.down = True
    await house.passes(minutes=1)
    panel = await alice.says("/balance")
    assert "Corner shop ·9001  CN¥20.00  Enough\n1 minute ago, entered by hand" in panel.text
    assert panel.text.count("Old:") == 1


async def test_a_blocked_and_an_expired_card_say_what_to_do_and_are_not_in_the_total(
    alice: Guest,
) -> None:
    await alice.binds(BLOCKED, PIN)
    await alice.binds(EXPIRED, PIN)
    panel = await alice.says("/balance")
    assert "Blocked by the issuer" in panel.text
    assert "Ask Panda Gift Card why, and to unblock it." in panel.text
    assert "Ask Panda Gift Card whether it can be renewed" in panel.text
    assert "Total" not in panel.text
    await alice.binds(KIOSK)
    assert "Total: CN¥161.50" in (await alice.says("/balance")).text


async def test_a_card_whose_pin_was_changed_is_bound_again_and_stays_the_same_card(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Rename")
    await alice.says("Lunch")
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(minutes=1)
    await alice.says("/balance")
    await alice.presses("Lunch")
    assert "no longer accepts the PIN" in alice.newest.text
    await alice.presses("Bind again")
    renewed = await alice.says(YUAN, "4321")
    assert "Lunch" in renewed.text
    assert "CN¥200.00" in renewed.text
    panel = await alice.says("/balance")
    assert panel.text.count("·1001") == 1
    assert "⚠️" not in panel.text


async def test_a_changed_pin_is_not_tried_again_by_itself(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(minutes=1)
    await alice.says("/balance")
    asked = house.issuer.requests
    await alice.says("/balance")
    await house.passes(hours=48)
    assert house.issuer.requests == asked


async def test_totals_are_per_currency(alice: Guest) -> None:
    await alice.binds(KIOSK)
    for number in (YUAN, DOLLARS, YEN, DINARS):
        await alice.binds(number, PIN)
    text = (await alice.says("/balance")).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Total: CN¥361.50 + ¥12,000 + KWD 25.500 + $50.00" in text


async def test_a_card_is_found_by_its_label_its_issuer_or_its_last_digits(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    await alice.says("麦当劳 Lunch")
    await alice.binds(YUAN, PIN)
    for words in (
        "/balance 麦当劳",
        "/balance LUNCH",
        "/balance 2001",
        "/balance ２００１",
        "2001",
    ):
        found = await alice.says(words)
        assert "麦当劳 Lunch ·2001" in found.text
        assert "Issuer: Kiosk Card" in found.text
    assert "·1001" in (await alice.says("/balance panda")).text
    unknown = await alice.says("/balance nowhere")
    assert "No card of yours is called “nowhere”" in unknown.text


async def test_a_name_that_several_cards_have_finds_them_all_page_by_page(
    house: House, alice: Guest
) -> None:
    await alice.says("/start")
    await has_cards(house, alice, 30)
    found = await alice.says("/balance Card 1")
    assert "Your cards called “card 1”" in found.text
    assert found.text.count("Card 1") == 8
    further = await alice.presses("▶")
    assert further.text.count("Card 1") == 3
    everything = await alice.presses("All cards")
    assert "Card 0 ·0000" in everything.text


async def has_cards(house: House, guest: Guest, count: int) -> None:
    """Put cards without an issuer to ask into somebody's wallet."""
    await house.kabao.parts.store.cards.add_many(
        guest.id,
        [
            NewCard(
                issuer="other",
                label=f"Card {n}",
                tail=f"{n:04}",
                secrets={"number": f"X{n:08}"},
                number=f"X{n:08}",
            )
            for n in range(count)
        ],
    )


async def test_two_hundred_cards_are_turned_page_by_page(house: House, alice: Guest) -> None:
    await alice.says("/start")
    await has_cards(house, alice, 200)
    panel = await alice.says("/balance")
    seen = set(re.findall(r"Card (\d+)", panel.text))
    assert "1 of 25" in panel.labels
    while any(label == "▶" for label in panel.labels):
        panel = await alice.presses("▶")
        seen |= set(re.findall(r"Card (\d+)", panel.text))
    assert len(seen) == 200
    assert "24 of 25" in (await alice.presses("◀")).labels


async def test_a_second_panel_takes_the_place_of_the_first(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/balance", "/balance", "/history", "/cards", "/balance")
    assert len(alice.told) == 1


async def test_an_answer_that_comes_late_leaves_the_newer_panel_alone(
    house: House, alice: Guest
) -> None:
    await alice.binds(SLOW)
    await house.passes(minutes=1)
    await alice.person.says("/balance")
    await alice.says("/cards")
    assert "You have 1 card" in alice.newest.text
    await alice.says("/balance")
    assert len(alice.told) == 1


async def test_an_answer_that_comes_after_the_person_opened_a_card_does_not_close_it(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.binds(SLOW)
    await house.passes(minutes=1)
    await alice.person.says("/balance")
    await alice.person.finds("Your cards")
    await alice.presses("·2001")
    assert "Issuer: Kiosk Card" in alice.newest.text
    assert len(alice.told) == 1


async def test_the_refresh_button_asks_at_once_and_says_so(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/balance")
    house.issuer.spend(KIOSK, 150)
    assert "CN¥160.00" in (await alice.presses("Refresh")).text
    assert alice.person.notices == ["Asking the issuers…"]


async def test_two_people_never_see_each_others_cards(alice: Guest, bob: Guest) -> None:
    await alice.binds(KIOSK)
    await bob.binds(DOLLARS, PIN)
    assert "$50.00" not in (await alice.says("/balance")).text
    assert "2001" not in (await bob.says("/balance")).text
    assert "No card of yours" in (await bob.says("/balance 2001")).text
    assert "161.50" not in (await bob.says("/history")).text


async def test_a_person_without_a_card_is_shown_how_to_bind_one(alice: Guest) -> None:
    told = await alice.says("/balance")
    assert "You have no card yet" in told.text
    assert told.labels == ["Bind a card"]


async def test_an_old_panel_that_telegram_no_longer_deletes_is_emptied(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.telegram.fail("deleteMessage", status=400, description="message can't be deleted")
    await alice.says("/balance")
    assert alice.told[0] == "⤵️"
    assert len(alice.told) == 2
    assert alice.person.chat[1].labels == []
