"""A bot in a group hears what is said to it, and may do what it is allowed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, ChatMigrated, Forbidden

if TYPE_CHECKING:
    from bot.playground import Group, Person, Telegram


@pytest.fixture
def family(telegram: Telegram, alice: Person) -> Group:
    return telegram.group("Family", [alice, telegram.person("Bob")])


async def test_a_bot_hears_that_it_came_into_a_group(bot: Bot, family: Group) -> None:
    *_, update = await bot.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.chat.title == "Family"
    assert update.my_chat_member.new_chat_member.status == "member"
    await bot.send_message(family.where.id, "Good evening")
    assert family.sees("Good evening")


async def test_it_hears_commands_mentions_and_replies_alone(
    bot: Bot, family: Group, alice: Person
) -> None:
    said = await bot.send_message(family.where.id, "Yes?")
    assert await alice.says("what a day", chat=family) is None
    assert await alice.says("/balance@other_bot", chat=family) is None
    heard = ["/balance", "/balance@Kabao_Demo_Bot", "hey @kabao_demo_bot"]
    for text in heard:
        assert await alice.says(text, chat=family) is not None
    assert await alice.says("indeed", chat=family, reply_to=said.message_id) is not None
    updates = await bot.get_updates()
    texts = [update.message.text for update in updates if update.message is not None]
    assert texts == ["/start", *heard, "indeed"]
    assert updates[-1].message is not None
    assert updates[-1].message.reply_to_message is not None


async def test_a_person_outside_says_nothing_in_it(telegram: Telegram, family: Group) -> None:
    with pytest.raises(ValueError, match="Eve is not in that group"):
        await telegram.person("Eve").says("hi", chat=family)


async def test_it_deletes_others_messages_only_with_the_right_to(
    telegram: Telegram, bot: Bot, alice: Person, family: Group
) -> None:
    await alice.says("/bind 1234", chat=family)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(family.where.id, family.chat[0].id)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_messages(family.where.id, [family.chat[0].id])
    trusting = telegram.group("Trusting", [alice], deletes=True)
    await alice.says("/bind 1234", chat=trusting)
    await bot.delete_message(trusting.where.id, trusting.chat[0].id)
    assert trusting.chat == []


async def test_a_deep_link_leads_from_the_group_into_the_private_chat(
    bot: Bot, alice: Person, family: Group
) -> None:
    link = "https://t.me/kabao_demo_bot?start=bind"
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("In private", url=link)]])
    await bot.send_message(family.where.id, "Not here", reply_markup=markup)
    assert await alice.presses("private", chat=family) is not None
    assert alice.chat[-1].text == "/start bind"


async def test_a_group_that_became_a_supergroup_has_moved(
    telegram: Telegram, bot: Bot, alice: Person
) -> None:
    small = telegram.group("Small", [alice], basic=True)
    old = small.where.id
    await small.upgrades()
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old, "hi")
    await bot.send_message(moved.value.new_chat_id, "hi")
    assert small.sees("hi")
    *_, left, arrived = await bot.get_updates()
    assert left.message is not None
    assert left.message.migrate_to_chat_id == moved.value.new_chat_id
    assert arrived.message is not None
    assert arrived.message.migrate_from_chat_id == old


async def test_a_bot_that_is_out_writes_no_more(
    telegram: Telegram, bot: Bot, alice: Person, family: Group
) -> None:
    await family.removes_bot()
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(family.where.id, "hi")
    assert await alice.says("/balance", chat=family) is None
    other = telegram.group("Other", [alice])
    await bot.leave_chat(other.where.id)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(other.where.id, "hi")
    with pytest.raises(BadRequest, match="private chats"):
        await bot.leave_chat(alice.id)
