"""The command menu Telegram shows, per language and per person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from bot.languages import Language, language_for, languages
from bot.roles import may_use

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.parts import Command, Parts


def menu_of(commands: Iterable[Command], language: Language) -> list[BotCommand]:
    """List commands with their summaries in one language."""
    return [BotCommand(command.name, language.plain(command.summary)) for command in commands]


async def register(parts: Parts) -> None:
    """Give Telegram the menu in every language, the operator's for everybody else."""
    everywhere = BotCommandScopeAllPrivateChats()
    commands = [command for command in parts.menu if not command.admins_only]
    default = language_for(parts.settings.language)
    await parts.bot.set_my_commands(menu_of(commands, default), scope=everywhere)
    for language in languages():
        menu = menu_of(commands, language)
        await parts.bot.set_my_commands(menu, scope=everywhere, language_code=language.code)


async def register_for(parts: Parts, person_id: int, language: Language) -> None:
    """Give one person the menu in the language they chose, with the commands of their role."""
    person = await parts.store.people.get(person_id)
    if person is None:
        return
    theirs = [command for command in parts.menu if may_use(parts.settings, person, command)]
    menu = menu_of(theirs, language)
    await parts.bot.set_my_commands(menu, scope=BotCommandScopeChat(person_id))


async def unregister_for(parts: Parts, person_id: int) -> None:
    """Take back the menu one person was given; they see everybody's again."""
    await parts.bot.delete_my_commands(scope=BotCommandScopeChat(person_id))
