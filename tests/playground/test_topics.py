"""Topics of a group, copies of messages and captions, as Telegram has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram.error import BadRequest

from bot.vanishing import _blank

if TYPE_CHECKING:
    from telegram import Bot

    from bot.playground import Group, Person, Telegram


@pytest.fixture
def support(telegram: Telegram, alice: Person) -> Group:
    return telegram.group("Support", [alice], deletes=True, topics=True)


async def test_a_topic_is_opened_written_in_answered_and_closed(
    bot: Bot, support: Group, alice: Person
) -> None:
    topic = await bot.create_forum_topic(support.where.id, "No. 1")
    thread = topic.message_thread_id
    said = await bot.send_message(support.where.id, "Hello", message_thread_id=thread)
    assert (said.message_thread_id, said.is_topic_message) == (thread, True)
    await alice.says("I see to it", chat=support, topic=thread)
    await alice.says("And this", chat=support, reply_to=said.message_id)
    heard = [one.message for one in await bot.get_updates() if one.message]
    assert [one.message_thread_id for one in heard if one.chat.id != alice.id] == [thread, thread]
    await bot.close_forum_topic(support.where.id, thread)
    with pytest.raises(BadRequest, match=r"(?i)TOPIC_NOT_MODIFIED"):
        await bot.close_forum_topic(support.where.id, thread)
    await bot.reopen_forum_topic(support.where.id, thread)


async def test_a_group_without_topics_has_none(bot: Bot, telegram: Telegram, alice: Person) -> None:
    plain = telegram.group("Plain", [alice], deletes=True)
    with pytest.raises(BadRequest, match=r"(?i)not a forum"):
        await bot.create_forum_topic(plain.where.id, "No. 1")
    with pytest.raises(BadRequest, match=r"(?i)message thread not found"):
        await bot.send_message(plain.where.id, "Hello", message_thread_id=7)


async def test_a_copy_brings_the_same_and_not_who_sent_it(
    bot: Bot, support: Group, alice: Person
) -> None:
    await alice.sends("card.png", _blank(), caption="Look")
    *_, update = await bot.get_updates()
    assert update.message is not None
    copied = await bot.copy_message(support.where.id, alice.id, update.message.message_id)
    copy = support.chat[-1]
    assert (copy.id, copy.text, copy.file) == (copied.message_id, "Look", "photo")
    assert copy.by_bot
    secret = await bot.send_message(alice.id, "1234", protect_content=True)
    with pytest.raises(BadRequest, match=r"(?i)can't be copied"):
        await bot.copy_message(support.where.id, alice.id, secret.message_id)
    with pytest.raises(BadRequest, match=r"(?i)message to copy not found"):
        await bot.copy_message(support.where.id, alice.id, 9)


async def test_a_caption_is_changed_in_place(bot: Bot, alice: Person) -> None:
    sent = await bot.send_photo(alice.id, _blank(), caption="Before")
    await bot.edit_message_caption(alice.id, sent.message_id, caption="After")
    assert alice.newest.text == "After"
    said = await bot.send_message(alice.id, "Only text")
    with pytest.raises(BadRequest, match=r"(?i)no caption"):
        await bot.edit_message_caption(alice.id, said.message_id, caption="After")
