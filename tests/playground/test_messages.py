"""What python-telegram-bot's own client meets when it writes to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.error import BadRequest, Forbidden

if TYPE_CHECKING:
    from bot.playground import Clock, Person, Telegram


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=label.lower())] for label in labels]
    )


async def test_a_person_sees_what_the_bot_sends(bot: Bot, alice: Person, clock: Clock) -> None:
    sent = await bot.send_message(alice.id, "Hello", reply_markup=keyboard("Refresh", "History"))
    assert alice.sees("Hello")
    assert alice.newest.labels == ["Refresh", "History"]
    assert alice.newest.id == sent.message_id
    assert sent.date == clock()
    assert sent.chat.first_name == "Alice"
    assert sent.from_user is not None
    assert sent.from_user.username == "kabao_demo_bot"


async def test_an_edit_replaces_text_and_buttons(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "wait", reply_markup=keyboard("Refresh"))
    edited = await bot.edit_message_text("done", alice.id, sent.message_id)
    assert [(one.text, one.labels, one.edited) for one in alice.chat[1:]] == [("done", [], True)]
    assert getattr(edited, "edit_date", None) is not None


async def test_an_edit_to_the_same_is_refused(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "<b>same</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message is not modified: specified new message content"):
        await bot.edit_message_text(
            "<strong>same</strong>", alice.id, sent.message_id, parse_mode="HTML"
        )
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(alice.id, sent.message_id)
    await bot.edit_message_reply_markup(alice.id, sent.message_id, reply_markup=keyboard("New"))
    assert alice.newest.labels == ["New"]


async def test_only_what_is_there_and_its_own_can_be_edited(bot: Bot, alice: Person) -> None:
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("?", alice.id, 1)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("?", alice.id, alice.chat[0].id)


async def test_a_persons_message_can_be_deleted_for_48_hours(
    bot: Bot, alice: Person, clock: Clock
) -> None:
    secret = alice.chat[0].id
    clock.advance(48 * 3600)
    await alice.says("1234")
    assert await bot.delete_message(alice.id, secret)
    young = alice.chat[0].id
    clock.advance(48 * 3600 + 1)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(alice.id, young)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(alice.id, secret)


async def test_several_are_deleted_at_once_and_missing_ones_passed_over(
    bot: Bot, alice: Person
) -> None:
    first = await bot.send_message(alice.id, "1")
    second = await bot.send_message(alice.id, "2")
    await bot.delete_messages(alice.id, [first.message_id, 1, second.message_id])
    assert [one.text for one in alice.chat] == ["/start"]


async def test_nobody_is_written_to_who_did_not_write_first(telegram: Telegram, bot: Bot) -> None:
    bob = telegram.person("Bob")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(bob.id, "hi")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(42, "hi")


async def test_a_person_who_blocked_the_bot_is_out_of_reach_until_they_write(
    bot: Bot, alice: Person
) -> None:
    await alice.blocks()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(alice.id, "hi")
    await alice.says("back again")
    await bot.send_message(alice.id, "hi")
    updates = await bot.get_updates()
    changes = [one.my_chat_member for one in updates if one.my_chat_member]
    assert [change.new_chat_member.status for change in changes] == ["kicked", "member"]


async def test_a_reply_quotes_what_it_answers(bot: Bot, alice: Person) -> None:
    asked = alice.chat[0].id
    sent = await bot.send_message(
        alice.id, "yes", reply_parameters=ReplyParameters(asked), protect_content=True
    )
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/start"
    assert sent.has_protected_content
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(alice.id, "?", reply_parameters=ReplyParameters(1))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "Message text is empty"), (" \n", "Text must be non-empty"), ("x" * 4097, "too long")],
)
async def test_a_text_has_1_to_4096_characters(
    bot: Bot, alice: Person, text: str, complaint: str
) -> None:
    with pytest.raises(BadRequest, match=complaint):
        await bot.send_message(alice.id, text)


async def test_a_text_has_32_kilobytes_with_its_markup(bot: Bot, alice: Person) -> None:
    with pytest.raises(BadRequest, match="Text is too long"):
        await bot.send_message(alice.id, f"<b>x</b>{'<b></b>' * 4700}", parse_mode="HTML")


async def test_a_person_is_mentioned_who_has_written(
    telegram: Telegram, bot: Bot, alice: Person
) -> None:
    eve = telegram.person("Eve")
    sent = await bot.send_message(
        alice.id,
        f'<a href="tg://user?id={alice.id}">You</a>, <a href="tg://user?id={eve.id}">Eve</a>',
        parse_mode="HTML",
    )
    assert sent.text == "You, Eve"
    (mention,) = sent.entities
    assert mention.user is not None
    assert (mention.type, mention.user.first_name) == ("text_mention", "Alice")


async def test_a_person_changes_what_they_wrote(bot: Bot, alice: Person) -> None:
    number = await alice.edits(alice.chat[0].id, "/help")
    *_, update = await bot.get_updates()
    assert update.update_id == number
    assert update.edited_message is not None
    assert update.edited_message.text == "/help"
    with pytest.raises(LookupError, match="people edit what they wrote"):
        await alice.edits((await bot.send_message(alice.id, "x")).message_id, "y")


async def test_length_counts_after_the_markup_is_read(bot: Bot, alice: Person) -> None:
    await bot.send_message(alice.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert len(alice.newest.text) == 4096


@pytest.mark.parametrize("data", ["x" * 65, "余" * 22])
async def test_a_button_carries_at_most_64_bytes(bot: Bot, alice: Person, data: str) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data=data)]])
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        await bot.send_message(alice.id, "x", reply_markup=markup)
    assert not alice.sees("x")


async def test_a_button_leads_somewhere_and_has_a_text(bot: Bot, alice: Person) -> None:
    bad = [
        (InlineKeyboardButton("x"), "text buttons are unallowed"),
        (InlineKeyboardButton("x", callback_data=""), "text buttons are unallowed"),
        (InlineKeyboardButton(" ", callback_data="x"), "must be non-empty"),
        (InlineKeyboardButton("x", url="nowhere"), "wrong http url"),
        (InlineKeyboardButton("x", url="file:///etc/passwd"), "unsupported url protocol"),
    ]
    for button, complaint in bad:
        with pytest.raises(BadRequest, match=complaint):
            await bot.send_message(alice.id, "x", reply_markup=InlineKeyboardMarkup([[button]]))
