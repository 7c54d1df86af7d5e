from __future__ import annotations

import pytest

from storage import NewCard
from tests.house import DOLLARS, KIOSK, PIN, YUAN, Guest, House, refusing

HEBREW, OVERRIDE = "כרטיס", "\u202egnp"


def card_id(guest: Guest) -> str:
    """Read a card's id off the buttons of its details, as a client can."""
    return guest.offered("rename:").partition(":")[2]


async def test_a_card_opens_to_its_details_with_everything_that_can_be_done(alice: Guest) -> None:
    await alice.binds(DOLLARS, PIN)
    await alice.says("/balance")
    opened = await alice.presses("·1002")
    for fact in ("Issuer: Panda Gift Card", "Valid until: Dec 29, 2027", "Alert: below $10.00"):
        assert fact in opened.text
    assert [label.split(maxsplit=1)[1] for label in opened.labels] == [
        "Refresh",
        "History",
        "Spent",
        "Topped up",
        "Alert",
        "Rename",
        "Show number",
        "Remove",
        "More",
        "All cards",
    ]


async def test_cards_are_listed_to_be_renamed_and_removed(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.passes(seconds=1)
    await alice.binds(YUAN, PIN)
    listed = await alice.says("/cards")
    assert "You have 2 cards" in listed.text
    await alice.presses(2)
    assert "What shall “Kiosk Card ·2001” be called?" in alice.newest.text
    assert "🟢 Lunch ·2001" in (await alice.says("Lunch")).text
    assert "Lunch ·2001" in (await alice.says("/cards lunch")).text


@pytest.mark.parametrize("name", ["<b>&", "</b>", "{label}", "👨‍👩‍👧‍👦 Family 卡", "A" * 32])
async def test_a_name_is_shown_as_it_was_typed(alice: Guest, name: str) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    assert f"{name} ·2001" in (await alice.says(name)).text
    for command in ("/balance", "/cards", "/alerts", "/history"):
        shown = await alice.says(command)
        assert f"{name} ·2001" in shown.text + "".join(shown.labels)


async def test_a_name_from_right_to_left_does_not_turn_the_amount_around(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    shown = await alice.says(HEBREW)
    assert f"\u2068{HEBREW}\u2069 ·2001" in shown.text
    await alice.presses("Rename")
    assert "\u202e" not in (await alice.says(OVERRIDE)).text


@pytest.mark.parametrize("name", ["A" * 33, "\u200b\u200d", "x" * 4000])
async def test_a_name_that_is_too_long_or_cannot_be_seen_is_asked_again(
    alice: Guest, name: str
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    assert "up to 32 characters" in (await alice.says(name)).text
    assert "🟢 Lunch ·2001" in (await alice.says("Lunch")).text


async def test_removing_asks_first_and_can_be_undone_for_a_minute(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Remove")
    assert "Remove “Kiosk Card ·2001”?" in alice.newest.text
    await alice.presses("No, keep it")
    await alice.presses("Remove")
    await alice.presses("Yes, remove")
    assert "is removed" in alice.newest.text
    await house.passes(seconds=50)
    restored = await alice.presses("Undo")
    assert "CN¥161.50" in restored.text
    assert "Card bought" in (await alice.presses("History")).text


async def test_after_a_minute_it_is_too_late_to_undo(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Remove")
    await alice.presses("Yes, remove")
    await house.passes(seconds=61)
    await alice.presses("Undo")
    assert alice.person.notices == ["Too late: the card is gone. Bind it again with /bind."]
    assert "no card yet" in (await alice.says("/balance")).text


async def test_a_card_removed_and_bound_again_is_there_once(alice: Guest) -> None:
    await alice.binds(KIOSK)
    removed_id = card_id(alice)
    await alice.presses("Remove")
    await alice.presses("Yes, remove")
    await alice.binds(KIOSK)
    assert "Too late" in (await alice.forges(f"restore:{removed_id}"))[-1]
    assert (await alice.says("/balance")).text.count("·2001") == 1


async def test_a_card_that_went_while_its_name_was_asked_is_missed_kindly(alice: Guest) -> None:
    await alice.binds(KIOSK)
    details = alice.newest
    await alice.presses("Rename")
    await alice.presses("Remove", message=details)
    await alice.presses("Yes, remove", message=details)
    assert "no longer here" in (await alice.says("Lunch")).text
    assert "nothing to cancel" in (await alice.says("/cancel")).text


@pytest.mark.parametrize(
    "act",
    [
        "card:{id}",
        "refresh:{id}",
        "rename:{id}",
        "set:{id}",
        "remove:{id}",
        "removed:{id}",
        "restore:{id}",
        "history:{id}:0",
        "alert:{id}",
        "alertoff:{id}",
        "share:{id}:50",
        "amount:{id}",
        "snooze:{id}:1",
    ],
)
async def test_somebody_elses_card_cannot_be_reached_by_a_forged_button(
    alice: Guest, bob: Guest, act: str
) -> None:
    await alice.binds(KIOSK)
    await bob.says("/start")
    before = bob.told
    notices = await bob.forges(act.format(id=card_id(alice)))
    assert bob.told == before
    assert len(notices) == 1
    assert "out of date" in notices[0] or "Too late" in notices[0]
    await alice.says("/balance")
    assert "2001  CN¥161.50  Enough" in alice.newest.text


@pytest.mark.parametrize(
    "data",
    [
        "",
        ":",
        "nonsense",
        "card",
        "card:",
        "card:../../x",
        "card:a:b",
        "panel",
        "panel:-1::",
        "panel:x::",
        "panel:１::",
        "panel:9999999999999999::",
        "history::x",
        "history:::",
        "share:x:0",
        "language:xx",
        "issuer:none",
        "let:1",
        "decline:99999999999",
        "again",
        "unverified",
        "another",
        "skip",
        "kept:1",
        "x" * 64,
        "卡" * 21,
    ],
)
async def test_a_made_up_button_does_nothing_and_is_answered_kindly(
    alice: Guest, data: str
) -> None:
    await alice.binds(KIOSK)
    before = alice.told
    notices = await alice.forges(data)
    assert notices == ["This button is out of date. Send /balance for a fresh view."]
    assert alice.told == before


async def test_every_button_of_a_card_that_is_gone_says_that_it_is_out_of_date(
    alice: Guest,
) -> None:
    await alice.binds(KIOSK)
    gone = card_id(alice)
    await alice.forges(f"removed:{gone}")
    for act in ("card", "refresh", "rename", "remove", "removed", "alert"):
        assert "out of date" in (await alice.forges(f"{act}:{gone}"))[-1]


async def test_the_cancel_of_a_conversation_that_is_over_does_not_claim_to_have_undone_it(
    alice: Guest,
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    await alice.says("Lunch")
    await alice.forges("cancel")
    assert alice.sees("There is nothing to cancel.")
    assert "Lunch" in (await alice.says("/balance")).text


async def test_an_amount_that_can_mean_two_things_is_asked_and_then_understood(
    alice: Guest,
) -> None:
    await alice.says("/bind", "AB-778899001", "Souk", "1 KWD")
    await alice.presses("Set balance")
    doubt = (await alice.says("1.234")).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "can mean KWD 1,234.000 or KWD 1.234. Send it as 1234 or 1.2340." in doubt
    await alice.says("1.2340")
    assert "KWD 1.234" in alice.newest.text.replace("\N{NO-BREAK SPACE}", " ")
    await alice.presses("Set balance")
    assert "is not an amount in Kuwaiti Dinar" in (await alice.says("about ten")).text


@pytest.mark.parametrize(("currency", "example"), [("JPY", "161"), ("KWD", "161.50")])
async def test_an_example_of_a_balance_is_one_of_the_cards_currency(
    alice: Guest, currency: str, example: str
) -> None:
    await alice.says("/bind", "AB-778899001", "Shop", f"5 {currency}")
    assert "Another card" not in alice.newest.text
    asked = await alice.presses("Set balance")
    assert asked.text == f"How much is on “Shop ·9001” now? For example {example}"
    assert "161" in (await alice.says(example)).text


@pytest.mark.parametrize(
    ("button", "answer", "refused"),
    [
        ("Rename", "Lunch", "UPDATE OF label ON cards"),
        ("Set balance", "25", "UPDATE OF balance_minor ON cards"),
        ("Rename", "Lunch", "DELETE ON dialogues"),
        ("Set balance", "25", "DELETE ON dialogues"),
    ],
)
async def test_an_answer_that_cannot_be_saved_can_be_given_again(
    house: House, alice: Guest, button: str, answer: str, refused: str
) -> None:
    await alice.says("/bind", "AB-778899001", "Corner shop", "200 CNY")
    await alice.presses(button)
    with refusing(house, refused):
        await alice.says(answer)
        assert alice.sees("cannot write")
        assert "Corner shop ·9001  CN¥200.00" in (await alice.says("/balance")).text
    assert answer in (await alice.says(answer)).text
    assert "nothing to cancel" in (await alice.says("/cancel")).text


async def test_two_hundred_cards_are_listed_page_by_page(house: House, alice: Guest) -> None:
    await alice.says("/start")
    new = [
        NewCard(issuer="other", label=f"Card {n}", tail=f"{n:04}", secrets={}, number=f"X{n:08}")
        for n in range(200)
    ]
    await house.kabao.parts.store.cards.add_many(alice.id, new)
    listed = await alice.says("/cards")
    assert "You have 200 cards" in listed.text
    assert "1 of 20" in listed.labels
    assert "2 of 20" in (await alice.presses("▶")).labels
