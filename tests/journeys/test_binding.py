from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import (
    BLOCKED,
    DINARS,
    DOLLARS,
    EXPIRED,
    FLAKY,
    KIOSK,
    PIN,
    SLOW,
    YEN,
    YUAN,
    Guest,
    House,
)


async def test_a_card_is_bound_by_picking_its_issuer_and_answering(alice: Guest) -> None:
    await alice.says("/start")
    await alice.presses("Bind the first card")
    await alice.presses("Panda")
    asked = await alice.says(YUAN)
    assert "PIN" in asked.text
    bound = await alice.says(PIN)
    assert "Bound" in bound.text
    assert "CN¥200.00" in bound.text
    assert "·1001" in bound.text
    assert YUAN not in "".join(alice.told)


async def test_a_pasted_number_finds_its_issuer_by_itself(alice: Guest) -> None:
    asked = await alice.says("6288 0000 0000 1001")
    assert "Panda" in asked.text
    assert "·1001" in asked.text
    assert "CN¥200.00" in (await alice.says(PIN)).text


async def test_messages_that_held_a_secret_are_deleted_at_once(alice: Guest) -> None:
    await alice.says("/bind", YUAN, PIN)
    assert alice.wrote == ["/bind"]


async def test_if_the_deletion_is_refused_nothing_is_saved_and_the_person_is_told(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind")
    house.telegram.fail("deleteMessage", status=400, description="message can't be deleted")
    told = await alice.says(KIOSK)
    assert "kept nothing" in told.text
    assert "delete it yourself" in told.text
    assert "no card yet" in (await alice.says("/balance")).text
    assert "nothing to cancel" in (await alice.says("/cancel")).text


async def test_a_number_of_the_wrong_form_is_explained_and_asked_again(alice: Guest) -> None:
    await alice.says("/bind")
    await alice.presses("Panda")
    refused = await alice.says("12 34")
    assert "not a" in refused.text
    assert "6288" in refused.text
    await alice.says(YUAN, "12345678901")
    assert "It looks like 1234" in alice.newest.text
    assert "Bound" in (await alice.says(PIN)).text


async def test_a_wrong_pin_keeps_the_dialogue_open(alice: Guest) -> None:
    refused = await alice.binds(YUAN, "9999")
    assert "does not accept this PIN" in refused.text
    assert "Bound" in (await alice.says(PIN)).text


async def test_an_unknown_number_keeps_the_dialogue_open(alice: Guest) -> None:
    refused = await alice.binds("770000009999")
    assert "has no card with this number" in refused.text
    assert "Bound" in (await alice.says(KIOSK)).text


async def test_when_the_issuer_is_down_the_person_can_try_again(house: House, alice: Guest) -> None:
    house.issuer.down = True
    told = await alice.binds(KIOSK)
    assert "Nothing is saved yet" in told.text
    house.issuer.down = False
    assert "Bound" in (await alice.presses("Try again")).text


async def test_or_save_it_unverified_and_then_it_never_shows_as_zero(
    house: House, alice: Guest
) -> None:
    house.issuer.down = True
    await alice.binds(KIOSK)
    saved = await alice.presses("Save unverified")
    assert "not verified" in saved.text
    assert "Balance not known yet" in saved.text
    assert "0.00" not in saved.text
    house.issuer.down = False
    await house.passes(minutes=3)
    assert "CN¥161.50" in (await alice.says("/balance")).text


async def test_a_card_bound_twice_is_answered_with_its_balance(alice: Guest) -> None:
    await alice.binds(KIOSK)
    again = await alice.binds(KIOSK)
    assert alice.sees("You have this card already")
    assert "CN¥161.50" in again.text


async def test_a_half_finished_bind_survives_a_restart_and_is_sealed(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", YUAN)
    await house.restart()
    for file in Path(house.folder).iterdir():
        assert YUAN.encode() not in file.read_bytes()
    assert "Bound" in (await alice.says(PIN)).text


async def test_a_half_finished_bind_expires_after_a_quarter_of_an_hour(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", YUAN)
    await house.passes(minutes=16)
    await alice.says(PIN)
    assert "no card yet" in (await alice.says("/balance")).text


async def test_in_a_group_the_bot_points_to_the_private_chat(house: House, alice: Guest) -> None:
    family = house.telegram.group("Family", [alice.person])
    told = await alice.says("/bind@kabao_demo_bot", chat=family)
    assert "Cards are private" in told.text
    assert told.buttons[0].url == "https://t.me/kabao_demo_bot"


async def test_cancel_works_even_while_the_issuer_is_asked(house: House, alice: Guest) -> None:
    await alice.says("/bind")
    await alice.person.says(SLOW)
    assert "Cancelled" in (await alice.says("/cancel")).text
    await house.settled()
    assert "no card yet" in (await alice.says("/balance")).text


async def test_currencies_have_the_digits_they_should(alice: Guest) -> None:
    assert "$50.00" in (await alice.binds(DOLLARS, PIN)).text
    assert "¥12,000 " in (await alice.binds(YEN, PIN)).text
    assert "KWD 25.500" in (await alice.binds(DINARS, PIN)).text.replace("\N{NO-BREAK SPACE}", " ")


async def test_a_blocked_or_expired_card_says_so(alice: Guest) -> None:
    assert "blocked" in (await alice.binds(BLOCKED, PIN)).text.lower()
    await alice.says("/cancel")
    assert "expired" in (await alice.binds(EXPIRED, PIN)).text.lower()


async def test_a_card_without_any_api_is_kept_by_its_holder(alice: Guest) -> None:
    await alice.says("/bind", "AB-778899001")
    assert "called" in alice.newest.text
    await alice.says("Corner shop", "1,234")
    assert "can mean" in alice.newest.text
    kept = await alice.says("200 USD")
    assert "Corner shop" in kept.text
    assert "$200.00" in kept.text
    assert "entered by hand" in kept.text
    await alice.presses("Set balance")
    assert "$15.00" in (await alice.says("15")).text


async def test_a_card_that_fails_every_second_time_can_still_be_bound(alice: Guest) -> None:
    told = await alice.binds(FLAKY)
    if "Nothing is saved yet" in told.text:
        told = await alice.presses("Try again")
    assert "Bound" in told.text


async def test_a_chinese_reader_binds_in_chinese(ming: Guest) -> None:
    await ming.says("/bind")
    await ming.presses("熊猫礼品卡")
    bound = await ming.says(YUAN, PIN)
    assert "余额充足" in bound.text
    assert "¥200.00" in bound.text


async def test_a_number_typed_where_a_name_was_asked_is_deleted_and_never_shown(
    alice: Guest,
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    told = await alice.says(YUAN)
    assert "looks like a card number" in told.text
    await alice.says("Lunch")
    await alice.says(f"/balance {YUAN}")
    assert YUAN not in "".join([*alice.told, *alice.wrote])
    assert "Lunch" in (await alice.says("/balance")).text


@pytest.mark.parametrize("cleaned", [False, True], ids=["not cleaned yet", "cleaned, restarted"])
async def test_a_pin_typed_after_the_quarter_of_an_hour_is_deleted_and_explained(
    house: House, alice: Guest, cleaned: bool
) -> None:
    await alice.says("/bind", YUAN)
    await house.passes(minutes=16)
    if cleaned:
        await house.kabao.parts.store.dialogues.purge(house.clock())
        await house.restart()
    told = await alice.says(PIN)
    assert "took longer than 15 minutes" in told.text
    assert "/bind" in told.text
    assert alice.wrote == ["/bind"]
    assert "did not understand" in (await alice.says("hm")).text


async def test_a_late_pin_that_cannot_be_deleted_is_admitted(house: House, alice: Guest) -> None:
    await alice.says("/bind", YUAN)
    await house.passes(minutes=16)
    house.telegram.fail("deleteMessage", status=400, description="message can't be deleted")
    assert "delete it yourself" in (await alice.says(PIN)).text


async def test_a_number_sent_late_begins_anew_and_a_late_name_is_no_secret(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", YUAN)
    await house.passes(minutes=16)
    assert "Send me the PIN." in (await alice.says(YUAN)).text
    assert "Bound" in (await alice.says(PIN)).text
    await alice.presses("Rename")
    await house.passes(minutes=16)
    assert "did not understand" in (await alice.says("Lunch")).text
    assert "Lunch" in alice.wrote


async def test_a_new_pin_saved_unverified_takes_the_place_of_the_old_one(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "4321"
    await house.passes(hours=7)
    assert "no longer accepts the PIN" in (await alice.says("/balance")).text
    house.issuer.down = True
    await alice.binds(YUAN, "4321")
    saved = await alice.presses("Save unverified")
    assert "not verified" in saved.text
    assert "no longer accepts" not in saved.text
    house.issuer.down = False
    house.issuer.spend(YUAN, 500)
    await house.passes(seconds=1)
    assert house.issuer.card(YUAN).balance == 19500
    assert "CN¥195.00" in (await alice.says("/balance")).text


async def test_what_becomes_of_the_asking_can_always_be_seen(house: House, alice: Guest) -> None:
    house.issuer.latency = 0.2
    await alice.says("/bind")
    await alice.person.says(KIOSK)
    asking = await alice.person.finds("Asking")
    assert asking.labels == ["Ask again", "Cancel"]
    house.telegram.fail("editMessageText", status=502)
    await house.settled()
    assert "Bound" in alice.newest.text
    assert not alice.sees("Asking")


async def test_an_issuer_s_refusal_is_told_even_if_the_asking_cannot_be_edited(
    house: House, alice: Guest
) -> None:
    house.issuer.latency = 0.2
    house.issuer.down = True
    await alice.says("/bind")
    await alice.person.says(KIOSK)
    await alice.person.finds("Asking")
    house.telegram.fail("editMessageText", status=502)
    await house.settled()
    assert "Nothing is saved yet" in alice.newest.text
    assert not alice.sees("Asking")


async def test_an_asking_cut_short_by_a_restart_can_be_asked_again(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind")
    await alice.person.says(SLOW)
    await alice.person.finds("Asking")
    await house.restart()
    told = await alice.says(PIN)
    assert "I deleted what you typed" in told.text
    assert "no answer from the issuer yet" in told.text
    assert alice.wrote == ["/bind"]
    asking = next(m for m in alice.person.chat if "Asking" in m.text)
    await alice.presses("Ask again", message=asking)
    assert alice.sees("Bound")


async def test_a_balance_that_took_a_while_is_not_from_the_future(
    house: House, alice: Guest
) -> None:
    house.issuer.latency = 0.2
    await alice.says("/bind")
    await alice.person.says(KIOSK)
    await alice.person.finds("Asking")
    house.clock.advance(12)
    await house.settled()
    assert "just now" in alice.newest.text


@pytest.mark.parametrize(("deletes", "said"), [(True, "I deleted"), (False, "Delete the card")])
async def test_a_number_written_in_a_group_must_go(
    house: House, alice: Guest, deletes: bool, said: str
) -> None:
    family = house.telegram.group("Family", [alice.person], deletes=deletes)
    told = await alice.says(f"/bind@kabao_demo_bot {YUAN}", chat=family)
    assert said in told.text
    assert "Cards are private" in told.text
    assert any(YUAN in message.text for message in family.chat) is not deletes
    assert house.issuer.requests == 0


async def test_a_deletion_that_happened_counts_though_its_answer_was_lost(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind")
    house.telegram.lose("deleteMessage")
    assert "Bound" in (await alice.says(KIOSK)).text
    await alice.says("/bind", YUAN)
    house.telegram.reset("deleteMessage")
    assert "Bound" in (await alice.says(PIN)).text
    assert alice.wrote == ["/bind", "/bind"]


async def test_a_field_is_named_as_within_a_sentence(alice: Guest) -> None:
    await alice.says("/bind")
    asked = await alice.presses("Panda")
    assert "Send me the card number." in asked.text
    assert "Send me the PIN." in (await alice.says(YUAN)).text
