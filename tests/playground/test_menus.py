"""The menu and the descriptions people see, in their language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import BadRequest

if TYPE_CHECKING:
    from bot.playground import Person, Telegram


def names(person: Person) -> list[str]:
    return [one["description"] for one in person.menu]


async def test_each_person_sees_the_menu_of_their_language(
    telegram: Telegram, bot: Bot, alice: Person
) -> None:
    ming = telegram.person("小明", language="zh-hans")
    await bot.set_my_commands([("balance", "Balance")], BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([("balance", "余额")], BotCommandScopeAllPrivateChats(), "zh")
    assert (names(alice), names(ming)) == (["Balance"], ["余额"])


async def test_the_nearest_scope_wins(bot: Bot, alice: Person) -> None:
    await bot.set_my_commands([("a", "everywhere")])
    assert names(alice) == ["everywhere"]
    await bot.set_my_commands([("a", "in groups")], BotCommandScopeAllGroupChats())
    assert names(alice) == ["everywhere"]
    await bot.set_my_commands([("a", "here")], BotCommandScopeChat(alice.id))
    assert names(alice) == ["here"]
    assert await bot.get_my_commands(BotCommandScopeChat(alice.id)) == (BotCommand("a", "here"),)
    await bot.delete_my_commands(BotCommandScopeChat(alice.id))
    assert await bot.get_my_commands(BotCommandScopeChat(alice.id)) == ()
    assert names(alice) == ["everywhere"]


@pytest.mark.parametrize(
    ("command", "description", "complaint"),
    [
        ("Balance", "x", "Bot_command_invalid"),
        ("余额", "x", "Bot_command_invalid"),
        ("balance", "", "Bot_command_description_invalid"),
        ("balance", "x" * 257, "Bot_command_description_invalid"),
    ],
)
async def test_a_command_is_lower_case_and_described(
    bot: Bot, command: str, description: str, complaint: str
) -> None:
    with pytest.raises(BadRequest, match=complaint):
        await bot.set_my_commands([(command, description)])


async def test_a_bot_describes_itself(telegram: Telegram, bot: Bot) -> None:
    await bot.set_my_description("A wallet")
    await bot.set_my_description("卡包", "zh")
    await bot.set_my_short_description("short")
    menus = telegram.world.menus
    assert menus.described("description", "zh-hans") == "卡包"
    assert menus.described("description", "fr") == "A wallet"
    assert menus.described("short_description", None) == "short"
    with pytest.raises(BadRequest, match="Short description is too long"):
        await bot.set_my_short_description("x" * 121)
    with pytest.raises(BadRequest, match="Invalid language code"):
        await bot.set_my_description("x", "zh-hans")


async def test_a_bot_knows_itself_and_its_chats(bot: Bot, alice: Person) -> None:
    assert bot.username == "kabao_demo_bot"
    assert bot.can_read_all_group_messages is False
    chat = await bot.get_chat(alice.id)
    assert (chat.first_name, chat.type) == ("Alice", "private")
    assert await bot.send_chat_action(alice.id, "typing")
    with pytest.raises(BadRequest, match="Wrong parameter action"):
        await bot.send_chat_action(alice.id, "dancing")


@pytest.mark.usefixtures("alice")
async def test_polling_goes_on_from_a_clean_start(bot: Bot) -> None:
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("", 1)
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()
