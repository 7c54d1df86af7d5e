"""The calls an answer is made of, over real HTTP, with pictures and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram.error import BadRequest, NetworkError

from bot import calls
from bot.buttons import Button, contact_keyboard
from bot.playground.shapes import Upload
from tests.playground.parrot import picture

if TYPE_CHECKING:
    from bot.sealed import SealedBot
    from tests.house import Guest, House

PNG = picture(3, 2)


@pytest.fixture
async def bot(house: House, alice: Guest) -> SealedBot:
    """A bot that she has started."""
    await alice.says("/start")
    return house.kabao.parts.bot


async def test_a_picture_arrives_as_it_was_with_its_caption_and_buttons(
    bot: SealedBot, alice: Guest
) -> None:
    sent = await calls.send_photo(bot, alice.id, PNG, "<b>扫</b> &amp; go", [[Button("Hm", "hm")]])
    newest = alice.newest
    assert (newest.id, newest.file, newest.text) == (sent, "photo", "扫 & go")
    assert newest.labels == ["Hm"]
    assert alice.person.opens(newest) == PNG
    assert not newest.protected


async def test_what_is_protected_is_so_as_a_text_and_as_a_picture(
    bot: SealedBot, alice: Guest
) -> None:
    await calls.send(bot, alice.id, "secret", protect=True)
    assert alice.newest.protected
    await calls.send_photo(bot, alice.id, PNG, protect=True)
    assert alice.newest.protected
    await calls.send(bot, alice.id, "no secret")
    assert not alice.newest.protected


async def test_a_file_arrives_byte_for_byte_under_its_name(bot: SealedBot, alice: Guest) -> None:
    content = bytes(range(256)) * 4096
    sent = await calls.send_document(bot, alice.id, "备份 1.age", content, "Made at noon")
    newest = alice.newest
    assert (newest.id, newest.file, newest.text) == (sent, "备份 1.age", "Made at noon")
    assert alice.person.opens(newest) == content


async def test_a_picture_takes_the_place_of_a_text_and_of_a_picture(
    bot: SealedBot, alice: Guest
) -> None:
    sent = await calls.send(bot, alice.id, "wait", [[Button("Hm", "hm")]], protect=True)
    await calls.edit_photo(bot, alice.id, sent, PNG, "<i>Look</i>", [[Button("Ah", "ah")]])
    assert (alice.newest.id, alice.newest.text) == (sent, "Look")
    assert (alice.newest.labels, alice.newest.protected) == (["Ah"], True)
    await calls.edit_photo(bot, alice.id, sent, picture(1, 1))
    assert alice.person.opens(alice.newest) == picture(1, 1)
    assert (alice.newest.text, alice.newest.labels) == ("", [])


async def test_a_file_takes_the_place_of_a_text_and_of_a_file(bot: SealedBot, alice: Guest) -> None:
    sent = await calls.send(bot, alice.id, "wait")
    await calls.edit_document(bot, alice.id, sent, "密钥.age", b"\x00one", "<i>Look</i>")
    assert (alice.newest.id, alice.newest.file, alice.newest.text) == (sent, "密钥.age", "Look")
    assert alice.person.opens(alice.newest) == b"\x00one"
    await calls.edit_document(bot, alice.id, sent, "x.age", b"two")
    assert (alice.newest.id, alice.newest.file, alice.newest.text) == (sent, "x.age", "")
    assert alice.person.opens(alice.newest) == b"two"


async def test_a_file_that_telegram_puts_off_is_sent_whole_again(
    house: House, bot: SealedBot, alice: Guest
) -> None:
    house.telegram.fail("sendDocument", retry_after=1)
    await calls.send_document(bot, alice.id, "x.age", b"whole")
    first, second = house.telegram.called("sendDocument")
    assert first["document"] == second["document"] == Upload("x.age", b"whole")
    assert alice.person.opens(alice.newest) == b"whole"


async def test_what_goes_wrong_with_a_file_is_told_without_what_is_in_it(
    house: House, bot: SealedBot, alice: Guest
) -> None:
    with pytest.raises(BadRequest, match="File must be non-empty"):
        await calls.send_document(bot, alice.id, "x.age", b"")
    house.telegram.reset("sendPhoto")
    with pytest.raises(NetworkError) as failed:
        await calls.send_photo(bot, alice.id, PNG, "what only Alice reads")
    assert "only Alice" not in repr(failed.value)


async def test_the_button_below_the_chat_asks_for_ones_number_and_goes(
    bot: SealedBot, alice: Guest
) -> None:
    await calls.send(bot, alice.id, "Your number?", markup=contact_keyboard("Share my number"))
    assert alice.person.keyboard == ["Share my number"]
    await calls.send(bot, alice.id, "Never mind.", markup={"remove_keyboard": True})
    assert alice.person.keyboard == []
