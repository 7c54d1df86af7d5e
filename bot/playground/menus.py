"""The command menu and the bot's descriptions, per scope and language, with their fallbacks."""

from __future__ import annotations

import re
from typing import Any

from bot.playground.refusals import bad_request

Command = dict[str, str]
Scope = tuple[Any, ...]

MOST_COMMANDS = 100
LONGEST_DESCRIPTION = 256


def scope_key(scope: dict[str, Any] | None) -> Scope:
    """Tell scopes apart: their type and whom they concern."""
    scope = scope or {"type": "default"}
    return (scope["type"], scope.get("chat_id"), scope.get("user_id"))


class Menus:
    """What the menu button shows to whom."""

    def __init__(self) -> None:
        self._commands: dict[tuple[Scope, str], list[Command]] = {}
        self._descriptions: dict[tuple[str, str], str] = {}

    def set(self, commands: list[Command], scope: dict[str, Any] | None, language: str) -> None:
        """Replace one menu; `Refusal` 400 for names or descriptions Telegram does not take."""
        if len(commands) > MOST_COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        commands = [{**one, "command": one["command"].removeprefix("/")} for one in commands]
        for one in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(one["description"]) <= LONGEST_DESCRIPTION:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self._commands[scope_key(scope), checked_language(language)] = commands
        if not commands:
            self.delete(scope, language)

    def delete(self, scope: dict[str, Any] | None, language: str) -> None:
        """Take one menu away."""
        self._commands.pop((scope_key(scope), checked_language(language)), None)

    def get(self, scope: dict[str, Any] | None, language: str) -> list[Command]:
        """Give exactly this scope's and language's menu."""
        return self._commands.get((scope_key(scope), checked_language(language)), [])

    def describe(self, kind: str, text: str, language: str) -> None:
        """Keep a "description" or "short_description" for a language."""
        self._descriptions[kind, checked_language(language)] = text

    def described(self, kind: str, language: str | None) -> str:
        """Give the description a person of that language reads."""
        spoken = self._descriptions.get((kind, _two_letters(language)))
        return spoken or self._descriptions.get((kind, ""), "")

    def shown(self, chat: dict[str, Any], language: str | None) -> list[Command]:
        """Give what a person sees in a chat: the nearest scope that has a menu for them."""
        private = chat["type"] == "private"
        scopes: list[Scope] = [
            ("chat", chat["id"], None),
            ("all_private_chats" if private else "all_group_chats", None, None),
            ("default", None, None),
        ]
        for scope in scopes:
            for code in (_two_letters(language), ""):
                if found := self._commands.get((scope, code)):
                    return found
        return []


def _two_letters(language: str | None) -> str:
    return (language or "").partition("-")[0].lower()


def checked_language(code: str) -> str:
    """Let an ISO 639-1 code or nothing pass."""
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad_request("invalid language code specified")
    return code
