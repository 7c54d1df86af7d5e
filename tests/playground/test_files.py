"""Pictures and documents, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram import Bot, InputFile, InputMediaPhoto, Message
from telegram.error import BadRequest

from bot.playground.files import KEPT, Files, picture_size
from bot.playground.refusals import Refusal
from tests.playground.parrot import picture

if TYPE_CHECKING:
    from bot.playground import Person


async def test_a_person_gets_a_picture_with_a_caption(bot: Bot, alice: Person) -> None:
    sent = await bot.send_photo(alice.id, picture(3, 2), caption="<b>Look</b>", parse_mode="HTML")
    assert (sent.photo[0].width, sent.photo[0].height) == (3, 2)
    assert (alice.newest.file, alice.newest.text) == ("photo", "Look")
    again = await bot.send_photo(alice.id, sent.photo[0].file_id)
    assert again.photo[0].file_unique_id == sent.photo[0].file_unique_id


async def test_a_person_gets_a_document_under_its_name(bot: Bot, alice: Person) -> None:
    sent = await bot.send_document(alice.id, InputFile(b"a,b", filename="历史.csv"))
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.mime_type) == ("历史.csv", "text/csv")
    assert alice.newest.file == "历史.csv"


async def test_an_attached_file_is_found_by_its_name(bot: Bot, alice: Person) -> None:
    sent = await bot.send_document(alice.id, InputFile(b"x", filename="x.txt", attach=True))
    assert sent.document is not None
    assert sent.document.file_name == "x.txt"


async def test_what_a_person_sends_can_be_downloaded(bot: Bot, alice: Person) -> None:
    await alice.sends("../../card.png", picture(5, 4), caption="my card")
    await alice.sends("list.csv", b"a,b")
    *_, photo, document = await bot.get_updates()
    assert photo.message is not None
    assert photo.message.caption == "my card"
    downloaded = await photo.message.photo[-1].get_file()
    assert await downloaded.download_as_bytearray() == picture(5, 4)
    assert document.message is not None
    assert document.message.document is not None
    assert document.message.document.file_name == "list.csv"
    file = await document.message.document.get_file()
    assert await file.download_as_bytearray() == b"a,b"


async def test_what_is_no_picture_is_refused(bot: Bot, alice: Person) -> None:
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(alice.id, b"words")
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(alice.id, "unknown-id")
    with pytest.raises(BadRequest, match="File must be non-empty"):
        await bot.send_document(alice.id, b"")
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_document(alice.id, b"x", caption="x" * 1025)
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.get_file("unknown-id")


async def test_a_picture_has_no_text_to_edit(bot: Bot, alice: Person) -> None:
    sent = await bot.send_photo(alice.id, picture(1, 1))
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("x", alice.id, sent.message_id)


async def test_a_person_looks_at_what_they_got(bot: Bot, alice: Person) -> None:
    await bot.send_photo(alice.id, picture(3, 2), protect_content=True)
    assert alice.opens(alice.newest) == picture(3, 2)
    assert alice.newest.protected
    await bot.send_document(alice.id, InputFile(b"a,b", filename="x.csv"))
    assert alice.opens(alice.newest) == b"a,b"
    assert not alice.newest.protected


async def test_a_picture_takes_the_place_of_a_text_which_stays_protected(
    bot: Bot, alice: Person
) -> None:
    sent = await bot.send_message(alice.id, "<b>wait</b>", parse_mode="HTML", protect_content=True)
    edited = await bot.edit_message_media(
        InputMediaPhoto(picture(3, 2), caption="<i>Look</i>", parse_mode="HTML"),
        alice.id,
        sent.message_id,
    )
    assert isinstance(edited, Message)
    assert (edited.message_id, edited.text, edited.caption) == (sent.message_id, None, "Look")
    assert alice.opens(alice.newest) == picture(3, 2)
    assert (alice.newest.edited, alice.newest.protected) == (True, True)
    await bot.edit_message_media(InputMediaPhoto(picture(1, 1)), alice.id, sent.message_id)
    assert alice.opens(alice.newest) == picture(1, 1)
    assert alice.newest.text == ""


async def test_a_picture_that_is_not_there_or_none_takes_no_place(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "wait")
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.edit_message_media(InputMediaPhoto("unknown-id"), alice.id, sent.message_id)
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.edit_message_media(InputMediaPhoto(b"words"), alice.id, sent.message_id)
    assert alice.newest.text == "wait"


def test_a_jpeg_tells_its_size() -> None:
    start = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
    frame = bytes.fromhex("ffc0001108003200640301220002110103110100")
    assert picture_size(start + frame) == (100, 50)
    with pytest.raises(Refusal):
        picture_size(start)


def test_old_files_make_room_for_new_ones() -> None:
    files = Files()
    stored = [files.keep("documents", "x", b"") for _ in range(KEPT + 1)]
    assert files.at(stored[0].path) is None
    assert files.get(stored[-1].id) is stored[-1]
