"""The command menu Telegram shows, per language and per person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from bot.languages import Language, language_for, languages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.parts import Command, Parts


def menu_of(
    commands: Sequence[Command], language: Language, *, admin: bool = False
) -> list[BotCommand]:
    """List the commands with their summaries in one language."""
    return [
        BotCommand(command.name, language.plain(command.summary))
        for command in commands
        if admin or not command.admins_only
    ]


async def register(parts: Parts) -> None:
    """Give Telegram the menu in every language, the operator's for everybody else."""
    everywhere = BotCommandScopeAllPrivateChats()
    default = language_for(parts.settings.language)
    await parts.bot.set_my_commands(menu_of(parts.menu, default), scope=everywhere)
    for language in languages():
        menu = menu_of(parts.menu, language)
        await parts.bot.set_my_commands(menu, scope=everywhere, language_code=language.code)


async def register_for(parts: Parts, person_id: int, language: Language) -> None:
    """Give one person the menu in the language they chose, an admin's with its own commands."""
    menu = menu_of(parts.menu, language, admin=person_id in parts.settings.admins)
    await parts.bot.set_my_commands(menu, scope=BotCommandScopeChat(person_id))


async def unregister_for(parts: Parts, person_id: int) -> None:
    """Take back the menu one person was given; they see everybody's again."""
    await parts.bot.delete_my_commands(scope=BotCommandScopeChat(person_id))
