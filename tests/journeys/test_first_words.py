from __future__ import annotations

import struct
import zlib

import pytest

from tests.house import KIOSK, PIN, YUAN, Guest, House

COMMANDS = [
    "pay",
    "show",
    "balance",
    "spent",
    "topup",
    "refund",
    "set",
    "bind",
    "history",
    "insights",
    "cards",
    "share",
    "expiring",
    "archive",
    "alerts",
    "digest",
    "language",
    "timezone",
    "lock",
    "activity",
    "privacy",
    "forget",
    "tips",
    "support",
    "feedback",
    "tickets",
    "import",
    "export",
    "calendar",
    "help",
    "cancel",
    "start",
]


def picture() -> bytes:
    """One white pixel, as a PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff")
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


async def test_start_says_in_a_few_lines_what_this_is_and_has_one_button(alice: Guest) -> None:
    told = await alice.says("/start")
    assert "keeps your gift cards" in told.text
    assert "stored encrypted" in told.text
    assert told.labels == ["Bind the first card"]
    await alice.presses("Bind the first card")
    assert "Whose card is it?" in alice.newest.text


async def test_start_does_not_speak_of_a_first_card_to_somebody_who_has_one(alice: Guest) -> None:
    await alice.binds(KIOSK)
    assert (await alice.says("/start")).labels == ["Bind a card"]


async def test_help_lists_every_command_in_the_order_of_the_menu(alice: Guest) -> None:
    told = (await alice.says("/help")).text
    listed = [line[1:].split()[0] for line in told.splitlines() if line.startswith("/")]
    assert listed == COMMANDS
    assert [entry["command"] for entry in alice.person.menu] == COMMANDS


async def test_help_stands_under_headings_and_what_is_for_admins_only_has_none_for_others(
    alice: Guest,
) -> None:
    told = (await alice.says("/help")).text
    blocks = [block.splitlines() for block in told.split("\n\n")]
    assert blocks[0][0] == "Paying and keeping account"
    assert all(not block[0].startswith("/") for block in blocks)
    assert "Running this bot" not in told


async def test_the_menu_is_registered_for_each_language(house: House) -> None:
    english = house.guest("Alice", "en").person.menu
    chinese = house.guest("小明", "zh-hans").person.menu
    other = house.guest("Jürgen", "de").person.menu
    assert "What is on my cards" in {entry["description"] for entry in english}
    assert "查看余额" in {entry["description"] for entry in chinese}
    assert other == chinese  # the operator's default


async def test_cancel_ends_any_conversation_at_any_step(alice: Guest) -> None:
    assert "nothing to cancel" in (await alice.says("/cancel")).text
    for steps in (["/bind"], ["/bind", YUAN], ["/timezone"], ["/bind", "AB-778899001", "Shop"]):
        await alice.says(*steps)
        assert "Cancelled. Nothing was saved." in (await alice.says("/cancel")).text
        assert "nothing to cancel" in (await alice.says("/cancel")).text
    await alice.binds(KIOSK)
    for button in ("Rename", "Alert"):
        await alice.says("/balance 2001")
        await alice.presses(button)
        if button == "Alert":
            await alice.presses("Another amount")
        assert "Cancelled" in (await alice.says("/cancel")).text
    assert "Kiosk Card" in (await alice.says("/balance")).text


@pytest.mark.parametrize("text", ["hm", "blah", "?", "/nosuchcommand", "/", "🤷", "what a day"])
async def test_anything_not_understood_gets_a_useful_answer(alice: Guest, text: str) -> None:
    told = await alice.says(text)
    for way in ("/balance", "/bind", "/help"):
        assert way in told.text


@pytest.mark.parametrize(
    "text", ["x" * 4096, "9" * 4096, "<b>&" * 1000, "/balance " + "&" * 4000, "/bind " + "x" * 4000]
)
async def test_a_very_long_text_is_answered_too(alice: Guest, text: str) -> None:
    await alice.binds(KIOSK)
    before = len(alice.told)
    told = await alice.says(text)
    assert len(alice.told) > before
    assert "Sorry" not in told.text


@pytest.mark.parametrize("steps", [["/bind"], ["/timezone"], ["/bind", YUAN], ["/alerts"]])
async def test_a_very_long_text_in_a_conversation_is_answered_too(
    alice: Guest, steps: list[str]
) -> None:
    await alice.says(*steps)
    told = await alice.says("<&>" * 1300)
    assert "Sorry" not in told.text
    assert told.by_bot


async def test_a_picture_or_a_file_is_answered_kindly_and_a_conversation_goes_on(
    house: House, alice: Guest
) -> None:
    await alice.says("/bind", YUAN)
    await house.settled(await alice.person.sends("card.png", picture(), caption="my card"))
    assert "no barcode or QR code" in alice.newest.text
    await house.settled(await alice.person.sends("card.pdf", b"%PDF-1.4"))
    assert "cannot open this" in alice.newest.text
    assert "Bound" in (await alice.says(PIN)).text


async def test_in_a_group_only_commands_are_answered_and_in_the_persons_language(
    house: House, alice: Guest
) -> None:
    await alice.says("/language zh")
    family = house.telegram.group("Family", [alice.person])
    told = await alice.says("/balance@kabao_demo_bot", chat=family)
    assert "共享给本群" in told.text
    before = len(family.chat)
    await house.settled(await alice.person.says("@kabao_demo_bot 770000002001", chat=family))
    assert len(family.chat) == before + 1
    assert house.issuer.requests == 0


async def test_commands_are_understood_in_capitals_and_with_the_bots_name(alice: Guest) -> None:
    assert "no card yet" in (await alice.says("/BALANCE@kabao_demo_bot")).text


async def test_an_answer_that_needs_html_is_never_broken_by_a_persons_name(house: House) -> None:
    guest = house.guest("<b>&amp; </i>", "en")
    assert "keeps your gift cards" in (await guest.says("/start")).text


async def test_whoever_types_what_a_button_says_has_pressed_it(house: House, alice: Guest) -> None:
    await alice.says("/bind", "Kiosk Card", KIOSK)
    assert "Bound" in alice.newest.text
    house.issuer.spend(KIOSK, 150)
    assert "CN¥160.00" in (await alice.says("refresh")).text
    assert "History of Kiosk Card" in (await alice.says("History")).text
    await alice.says("the card", "Rename")
    assert "Cancelled" in (await alice.says("cancel")).text
    assert "Kiosk Card ·2001" in (await alice.says("/balance 2001")).text
    await alice.says("remove", "yes")
    assert "is removed" in alice.newest.text
    assert "CN¥160.00" in (await alice.says("undo")).text
    await alice.says("/forget", "yes")
    assert "no card yet" in (await alice.says("/balance")).text


async def test_a_conversation_leaves_nothing_but_its_end_in_the_chat(alice: Guest) -> None:
    await alice.binds(YUAN, "9999")
    await alice.says(PIN)
    await alice.presses("Rename")
    await alice.says("x" * 40, "Lunch")
    assert [text for text in alice.told if "Lunch" not in text] == [
        "A name has up to 32 characters. Try a shorter one, or /cancel."
    ]
    await alice.says("/timezone", "Europe/Paris", "/bind", "/cancel")
    assert not any("?" in text or "Choose another" in text for text in alice.told)


async def test_a_panel_asked_for_in_a_conversation_leaves_its_question_standing(
    alice: Guest,
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    await alice.says("/balance")
    assert alice.sees("What shall “Kiosk Card ·2001” be called?")
    assert "Lunch" in (await alice.says("Lunch")).text
    assert not alice.sees("What shall")


async def test_an_alerts_buttons_can_be_typed_too(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 15000)
    await house.passes(hours=7)
    assert "runs low" in alice.newest.text
    assert "in 1 day" in (await alice.says("for a day")).text


async def test_a_bare_number_is_not_taken_for_the_beginning_of_a_button(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Alert")
    assert "did not understand" in (await alice.says("50")).text
    assert "50% of the highest" in (await alice.says("50%")).text


async def test_what_a_question_offers_can_be_typed_though_an_alert_came_meanwhile(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("Rename")
    house.issuer.spend(KIOSK, 15000)
    house.clock.advance(14 * 60)
    card = (await house.kabao.parts.store.cards.list(alice.id))[0]
    await house.kabao.parts.wallet.refresh(alice.id, card.id, insist=True)
    await house.settled()
    assert "runs low" in alice.newest.text
    await alice.says("Cancel")
    assert alice.sees("Cancelled")
    assert "Kiosk Card" in (await alice.says("/balance")).text


@pytest.mark.parametrize("refused", [False, True], ids=["deleted", "deletion refused"])
@pytest.mark.parametrize(
    "text", [f"/balance {YUAN}", f"/bnd {YUAN}", f"/add my card {YUAN[:4]} {YUAN[4:]}", f"/{YUAN}"]
)
async def test_a_number_behind_any_command_is_deleted_or_the_person_told_to(
    house: House, alice: Guest, text: str, refused: bool
) -> None:
    if refused:
        house.telegram.fail("deleteMessage", status=400, description="message can't be deleted")
    await alice.says(text)
    assert alice.sees("Please delete it yourself") is refused
    assert alice.wrote == ([text] if refused else [])
    if not text.startswith("/balance"):
        assert alice.sees("I deleted it and kept nothing of it") is not refused


@pytest.mark.parametrize("refused", [False, True], ids=["deleted", "deletion refused"])
async def test_a_number_under_a_picture_is_deleted_or_the_person_told_to(
    house: House, alice: Guest, refused: bool
) -> None:
    if refused:
        house.telegram.fail("deleteMessage", status=400, description="message can't be deleted")
    sent = await alice.person.sends("card.png", picture(), caption=f"my card {YUAN}")
    await house.settled(sent)
    assert ("delete it yourself" in alice.newest.text) is refused
    assert ("I deleted it" in alice.newest.text) is not refused
    assert len(alice.wrote) == refused


async def pressed(house: House, guest: Guest, message: dict[str, object] | None) -> None:
    """Press the button that begins a bind, on whatever Telegram still says of its message."""
    query = {
        "id": guest.person.world.ask(guest.person.where, guest.id),
        "from": guest.person.user,
        "message": message,
        "chat_instance": str(guest.id),
        "data": house.kabao.parts.bot.seal.close(guest.id, "bind"),
    }
    await house.settled(guest.person.world.updates.put("callback_query", query))


async def test_a_press_on_a_message_too_old_to_be_shown_or_edited_is_done_all_the_same(
    house: House, alice: Guest
) -> None:
    told = await alice.says("/start")
    refused = "Bad Request: message can't be edited"
    house.telegram.fail("editMessageText", status=400, description=refused)
    chat = alice.person.where.about
    await pressed(house, alice, {"chat": chat, "message_id": told.id, "date": 0})
    assert "Whose card is it?" in alice.newest.text


async def test_a_press_that_came_from_no_private_chat_is_answered_as_out_of_date(
    house: House, alice: Guest
) -> None:
    family = house.telegram.group("Family", [alice.person])
    told = await alice.says("/bind@kabao_demo_bot", chat=family)
    await pressed(house, alice, told.raw)
    await pressed(house, alice, None)
    assert len(alice.person.notices) == 2
    assert all("out of date" in notice for notice in alice.person.notices)


@pytest.mark.parametrize(
    "what",
    [
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}}},
    ],
    ids=lambda what: next(iter(what)),
)
async def test_what_telegram_itself_notes_in_the_chat_is_not_answered(
    house: House, alice: Guest, what: dict[str, object]
) -> None:
    await alice.says("/start")
    seen = alice.told
    note = {
        "message_id": 1000,
        "date": int(house.clock().timestamp()),
        "chat": alice.person.where.about,
        "from": alice.person.user,
        **what,
    }
    await house.settled(alice.person.world.updates.put("message", note))
    assert alice.told == seen
