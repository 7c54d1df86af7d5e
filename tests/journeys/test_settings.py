from __future__ import annotations

from pathlib import Path

from tests.house import BLOCKED, KIOSK, PIN, YUAN, Guest, House, refusing


async def test_the_first_language_is_the_one_telegram_reports(house: House) -> None:
    for reported, greeting in (
        ("zh-hans", "我能做什么"),
        ("zh-TW", "我能做什么"),
        ("en-GB", "Everything I can do"),
        ("de", "我能做什么"),  # which the bot does not speak; the operator's language is Chinese
        (None, "我能做什么"),
    ):
        guest = house.guest(f"Guest {reported}", reported)
        assert greeting in (await guest.says("/help")).text


async def test_a_language_is_chosen_with_a_button_and_changes_the_menu_too(
    house: House, alice: Guest
) -> None:
    await alice.says("/language")
    chosen = await alice.presses("中文")
    assert "中文" in chosen.text
    assert "余额" in "".join(entry["description"] for entry in alice.person.menu)
    assert "还没有卡" in (await alice.says("/balance")).text
    await house.restart()
    assert "还没有卡" in (await alice.says("/balance")).text


async def test_a_language_can_be_named_too(alice: Guest) -> None:
    for name in ("zh", "中文", "chinese"):
        await alice.says(f"/language {name}")
        assert "中文" in alice.newest.text
    await alice.says("/language English")
    assert "I speak English now" in alice.newest.text
    assert "I do not speak “Klingon”" in (await alice.says("/language Klingon")).text


async def test_times_are_shown_in_the_time_zone_that_was_chosen(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=1)
    house.issuer.spend(KIOSK, 100, "Snack")
    noon = (await alice.says("/history 2001")).text.replace("\u202f", " ")
    assert "Snack\n12:01 PM" in noon
    await alice.says("/timezone")
    assert "in your time zone, Shanghai" in alice.newest.text
    await alice.presses("London")
    assert "Your time zone is London, where it is 4:01" in alice.newest.text
    early = (await alice.says("/history 2001")).text.replace("\u202f", " ")
    assert "Snack\n4:01 AM" in early


async def test_a_time_zone_can_be_typed_and_a_wrong_one_is_asked_again(alice: Guest) -> None:
    await alice.says("/timezone")
    assert "no time zone “Mars”" in (await alice.says("Mars")).text
    assert "New York" in (await alice.says("america/new york")).text
    assert "Paris" in (await alice.says("/timezone Europe/Paris")).text
    assert "Tokyo" in (await alice.says("/timezone tokyo")).text


async def test_a_time_zone_that_cannot_be_saved_can_be_sent_again(
    house: House, alice: Guest
) -> None:
    await alice.says("/timezone")
    with refusing(house, "UPDATE OF timezone ON people"):
        await alice.says("Tokyo")
        assert alice.sees("cannot write")
    assert "Your time zone is Tokyo" in (await alice.says("Tokyo")).text


async def test_what_is_stored_is_said_in_plain_words(alice: Guest) -> None:
    await alice.binds(KIOSK)
    told = (await alice.says("/privacy")).text
    for fact in ("1 card", "Encrypted", "Readable by the operator", "when you were last here"):
        assert fact in told
    assert "The operator of this bot holds the master key" in told
    assert "of your own" not in told


async def test_a_menu_that_telegram_does_not_take_is_no_reason_to_apologise(
    house: House, alice: Guest
) -> None:
    house.telegram.fail("setMyCommands", status=502, times=None)
    house.telegram.fail("deleteMyCommands", status=502, times=None)
    await alice.says("/language zh")
    assert "中文" in alice.newest.text
    await alice.says("/language en")
    assert "I speak English now" in alice.newest.text
    await alice.says("/forget")
    await alice.presses("Yes, erase everything")
    assert "Everything about you is erased" in alice.newest.text
    assert not any("Sorry" in text or "抱歉" in text for text in alice.told)


async def test_nothing_is_erased_without_a_yes(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/forget")
    assert "Nothing was erased" in (await alice.presses("No, keep it")).text
    assert "CN¥161.50" in (await alice.says("/balance")).text


async def test_whoever_is_forgotten_is_found_nowhere_in_the_database(
    house: House, alice: Guest, bob: Guest
) -> None:
    await bob.binds(YUAN, PIN)
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    await alice.says("Lunch money")
    await alice.binds(BLOCKED, PIN)
    await alice.says("/timezone Europe/Paris", "/history", "/bind", YUAN)
    await alice.says("/forget")
    erased = await alice.presses("Yes, erase everything")
    assert "Everything about you is erased" in erased.text
    await house.stop()
    content = b"".join(path.read_bytes() for path in Path(house.folder).glob("kabao.db*"))
    await house.start()
    for trace in (KIOSK, BLOCKED, "Lunch money", "Alice", "Europe/Paris", str(alice.id)):
        assert trace.encode() not in content
    assert alice.id.to_bytes(4, "big") not in content
    assert bob.id.to_bytes(4, "big") in content
    assert "no card yet" in (await alice.says("/balance")).text
    assert "CN¥200.00" in (await bob.says("/balance")).text


async def test_whoever_is_forgotten_begins_in_telegrams_language_again(alice: Guest) -> None:
    await alice.says("/language zh", "/forget")
    await alice.presses(1)
    assert "Everything I can do" in (await alice.says("/help")).text
    assert "What is on my cards" in {entry["description"] for entry in alice.person.menu}


async def test_nothing_of_the_cards_stays_in_the_chat_of_whoever_is_forgotten(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    await house.passes(minutes=1)
    house.issuer.latency = 0.2
    await alice.person.says("/balance")
    await alice.person.finds("Your cards")
    await alice.person.says("/forget")
    await alice.person.finds("Erase everything")
    await alice.presses("Yes, erase everything")
    await house.settled()
    assert not any("Kiosk" in text for text in alice.told)


async def test_an_answer_on_its_way_does_not_bring_back_who_was_forgotten(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.passes(minutes=1)
    house.issuer.latency = 0.2
    await alice.person.says("/balance")
    await alice.says("/forget")
    await alice.presses("Yes, erase everything")
    await house.settled()
    assert await house.kabao.parts.store.people.get(alice.id) is None
