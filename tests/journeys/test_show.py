"""A card's number and PIN are shown for a minute, to its holder, and nowhere else."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot import logs
from storage import StorageError
from storage.vanishing import Vanishing
from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.journeys.test_chinese import english_in
from tests.journeys.test_secrets import found_in, found_in_text

if TYPE_CHECKING:
    from pathlib import Path

    from bot.playground import Seen

GROUPED_PIN = "8305"


def secret_in(guest: Guest) -> list[Seen]:
    """Find the messages that show the number."""
    return [one for one in guest.person.chat if one.by_bot and YUAN in one.text]


async def owed(house: House) -> int:
    later = house.clock() + timedelta(days=40)
    return len(await house.kabao.parts.store.vanishing.due(later, 100))


async def test_ann_sees_her_number_and_a_minute_later_it_is_gone(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    shown = await alice.presses("Show number")
    assert shown.text == (
        f"Panda Gift Card ·1001\nCard number: {YUAN}\nTap it to copy it.\n\n"
        "This message goes away at 12:01\u202fPM."
    )
    assert shown.protected
    code = {"type": "code", "offset": shown.text.index(YUAN), "length": 16}
    assert code in shown.raw["entities"]
    assert shown.labels == ["📋 Copy card number", "👁 Show PIN", "▮▯ As a barcode", "Hide now"]
    assert PIN not in shown.text.replace(YUAN, "")
    await house.passes(seconds=59)
    assert secret_in(alice)
    await house.passes(seconds=1)
    assert secret_in(alice) == []
    assert alice.sees("¥200.00")
    assert await owed(house) == 0


async def test_the_pin_is_shown_on_a_press_of_its_own(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    shown = await alice.presses("Show PIN")
    assert f"\nPIN: {PIN}\n" in shown.text
    assert YUAN not in shown.text
    assert shown.protected
    assert shown.labels == ["📋 Copy PIN", "Hide now"]
    assert shown.button("Copy PIN").copies == PIN
    await house.passes(minutes=1)
    assert not alice.sees(PIN)
    assert not alice.sees(YUAN)


async def test_the_secret_was_never_in_the_message_that_rang(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    *_, sent = house.telegram.called("sendMessage")
    assert (sent["text"], sent["protect_content"]) == ("🔒 One moment…", True)
    assert not any(YUAN in str(call) for call in house.telegram.called("sendMessage"))


async def test_she_hides_it_at_once(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    await alice.presses("Hide now")
    assert secret_in(alice) == []
    assert await owed(house) == 0


async def test_a_command_shows_it_by_the_cards_name(house: House, alice: Guest) -> None:
    assert "You have no card yet." in (await alice.says("/show")).text
    await alice.binds(YUAN, PIN)
    assert YUAN in (await alice.says("/show")).text
    await house.passes(minutes=1)
    await alice.binds(KIOSK)
    asked = await alice.says("/show")
    assert asked.text == "Which card's number shall I show?"
    assert asked.labels == ["Panda Gift Card ·1001", "Kiosk Card ·2001"]
    assert KIOSK in (await alice.presses("Kiosk Card")).text
    assert YUAN in (await alice.says("/show panda")).text
    assert "No card of yours is called" in (await alice.says("/show tea")).text


async def test_a_card_without_a_pin_offers_none(alice: Guest) -> None:
    await alice.binds(KIOSK)
    shown = await alice.presses("Show number")
    assert KIOSK in shown.text
    assert shown.labels == ["📋 Copy card number", "▮▯ As a barcode", "Hide now"]


async def test_it_is_gone_also_when_the_bot_was_restarted_in_between(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    await house.stop()
    assert secret_in(alice)
    house.clock.advance(61)
    await house.start()
    assert secret_in(alice) == []
    assert await owed(house) == 0


async def test_it_is_gone_also_when_its_reader_erased_everything(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    await alice.says("/forget")
    await alice.presses("Yes")
    await house.passes(minutes=1)
    assert secret_in(alice) == []


async def test_a_bot_that_dies_before_the_secret_is_in_leaves_none(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.telegram.reset("editMessageText")
    dead = house.telegram.fail("deleteMessage", times=None)
    await alice.presses("Show number")
    assert secret_in(alice) == []
    assert alice.sees("🔒 One moment…")
    await house.stop()
    dead.end()
    house.clock.advance(61)
    await house.start()
    assert not alice.sees("🔒 One moment…")
    assert await owed(house) == 0


async def test_one_that_could_not_be_shown_says_so_and_leaves_nothing(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.telegram.fail("editMessageText", status=502)
    answer = await alice.presses("Show number")
    assert answer.text == "I could not show it just now. Try again in a moment."
    assert not alice.sees("🔒 One moment…")
    assert await owed(house) == 0


async def test_one_that_was_shown_though_the_answer_was_lost_goes_at_once(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.telegram.lose("editMessageText")
    answer = await alice.presses("Show number")
    assert answer.text == "I could not show it just now. Try again in a moment."
    assert secret_in(alice) == []


async def test_nothing_is_shown_whose_deletion_cannot_be_written_down(
    house: House, alice: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StorageError("no")

    await alice.binds(YUAN, PIN)
    monkeypatch.setattr(Vanishing, "owe", refuse)
    await alice.presses("Show number")
    assert secret_in(alice) == []
    assert not alice.sees("🔒 One moment…")
    assert not any(YUAN in str(call) for call in house.telegram.called("editMessageText"))


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_a_deletion_that_telegram_puts_off_is_tried_until_it_is_done(
    house: House, alice: Guest, status: int
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    if status == 429:
        fault = house.telegram.fail("deleteMessage", retry_after=50, times=1)
    else:
        fault = house.telegram.fail("deleteMessage", status=status, times=3)
    await house.passes(minutes=1)
    assert secret_in(alice)
    for _ in range(4):
        await house.passes(minutes=1)
    assert fault.hits >= 1
    assert secret_in(alice) == []
    assert await owed(house) == 0


async def test_one_that_telegram_never_lets_go_is_emptied(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    shown = await alice.presses("Show number")
    house.telegram.fail(
        "deleteMessage", status=400, description="Bad Request: message can't be deleted", times=None
    )
    await house.passes(minutes=1)
    assert secret_in(alice) == []
    left = next(one for one in alice.person.chat if one.id == shown.id)
    assert (left.text, left.labels) == ("⤵️", [])
    assert await owed(house) == 0


async def test_one_that_came_to_rest_in_a_bot_that_was_off_for_days_is_emptied(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Show number")
    await house.stop()
    house.clock.advance(49 * 3600)
    await house.start()
    assert secret_in(alice) == []
    assert await owed(house) == 0


async def test_that_it_was_shown_stands_in_the_audit_log_before_it_is(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    house.telegram.reset("editMessageText")
    await alice.presses("Show number")
    row, *_ = await house.kabao.parts.store.audit.of(alice.id, limit=1)
    assert (row.action, row.by_subject) == ("shown", True)
    assert (row.detail["tail"], row.detail["what"]) == ("1001", "number")
    assert YUAN not in str(row.detail)


async def test_bob_is_shown_nothing_of_alices_card(house: House, alice: Guest, bob: Guest) -> None:
    await alice.binds(YUAN, PIN)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await bob.says("/start")
    sealed = house.kabao.parts.bot.seal
    for data in (f"reveal:{card.id}", f"unveil:{card.id}:1"):
        for forged in (data, sealed.close(bob.id, data)):
            await bob.forges(forged)
    assert not any(YUAN in str(call) for call in house.telegram.called("editMessageText"))
    assert not bob.sees(PIN)
    assert await owed(house) == 0


@pytest.mark.parametrize("at", ["2", "99", "-1", "x", "٣"])
async def test_a_secret_that_a_card_does_not_have_is_not_shown(
    house: House, alice: Guest, at: str
) -> None:
    await alice.binds(YUAN, PIN)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    seal = house.kabao.parts.bot.seal
    notices = await alice.forges(seal.close(alice.id, f"unveil:{card.id}:{at}"))
    assert notices[-1].startswith("This button is out of date.")
    assert await owed(house) == 0


async def test_in_a_group_nothing_is_shown(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person])
    for text in ("/show", "/show@kabao_demo_bot panda"):
        assert "Cards are private" in (await alice.says(text, chat=group)).text
    assert not any(YUAN in one.text for one in group.chat)
    assert await owed(house) == 0


async def test_xiaoming_sees_it_in_chinese(house: House, ming: Guest) -> None:
    await ming.binds(YUAN, PIN)
    shown = await ming.presses("显示卡号")
    assert f"卡号：{YUAN}" in shown.text
    assert "12:01" in shown.text
    assert shown.labels == ["📋 复制卡号", "👁 显示密码", "▮▯ 显示为条码", "立即隐藏"]
    assert f"密码：{PIN}" in (await ming.presses("显示密码")).text
    assert english_in(ming) == []
    await house.passes(minutes=1)
    assert secret_in(ming) == []


async def test_what_was_shown_is_in_no_table_and_no_log(tmp_path: Path) -> None:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        async with House(tmp_path, log_level="DEBUG") as house:
            logs.set_up("DEBUG", secrets=[], stream=stream)
            alice = house.guest("Alice")
            house.issuer.card(YUAN).pin = GROUPED_PIN
            await alice.binds(YUAN, GROUPED_PIN)
            await alice.presses("Show number")
            await alice.presses("Show PIN")
            assert alice.sees(GROUPED_PIN)
            house.telegram.fail("deleteMessage", status=500)
            house.telegram.fail("editMessageText", status=502)
            await alice.says("/show")
            house.telegram.fail("deleteMessage", retry_after=50)
            found = found_in(tmp_path) | found_in_text(stream.getvalue())
            await house.passes(minutes=1)
            found |= found_in(tmp_path)
        found |= found_in(tmp_path) | found_in_text(stream.getvalue())
    finally:
        logging.basicConfig(level=before[1], handlers=before[0], force=True)
    assert found == set()
    assert "a message that shows a secret is deleted later" in stream.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        f"/show my {YUAN}",
        f"/balance tea {YUAN}",
        f"/history {YUAN} tea",
        f"my card is {YUAN} ok?",
        "spent 5 with 6288 0000 0000 1001 today",
    ],
)
async def test_a_number_among_other_words_is_deleted_and_not_said_again(
    alice: Guest, words: str
) -> None:
    await alice.binds(YUAN, PIN)
    told = await alice.says(words)
    assert "looks like a card number, so I deleted it" in told.text
    assert words not in alice.wrote
    assert not any(YUAN in one or "6288 0000" in one for one in alice.told)


async def test_a_number_is_no_part_of_a_cards_name(alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await alice.presses("Rename")
    told = await alice.says(f"gift {YUAN}")
    assert "looks like a card number, so I deleted it" in told.text
    assert "🟢 Gift ·1001" in (await alice.says("Gift")).text
    assert not any(YUAN in one for one in alice.told + alice.wrote)
