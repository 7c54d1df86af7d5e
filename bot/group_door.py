"""Turns what happens in groups into calls of the features that have to do with groups."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from telegram.error import TelegramError
from telegram.ext import Application, CallbackContext, MessageHandler, filters

from bot import groups, support_chat
from bot.commands import command_in
from bot.features import offered
from bot.languages import mark

if TYPE_CHECKING:
    from telegram import CallbackQuery, Message, Update, User

    from bot.features import Features
    from bot.parts import Parts

OUTDATED = mark("This button is out of date. Send /balance for a fresh view.")


class GroupDoor:
    """Takes the updates of groups; each feature that knows groups is offered them."""

    def __init__(self, parts: Parts, features: Features) -> None:
        self._parts = parts
        self._features = features

    def open(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Take the application's messages of groups from now on."""
        written = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE
        application.add_handler(MessageHandler(written, self.on_message))

    async def on_message(self, update: Update, _: CallbackContext[Any, Any, Any, Any]) -> None:
        """Offer a message to the features; others' commands point to the private chat."""
        message, user = update.effective_message, update.effective_user
        assert message is not None
        if message.migrate_to_chat_id is not None:
            await support_chat.moved(self._parts, message.chat_id, message.migrate_to_chat_id)
            return
        if message.left_chat_member is not None:
            await groups.ended(self._parts, message.chat_id, message.left_chat_member.id)
            return
        if user is None:
            return
        if user.is_bot and not await self._anonymous(message):
            await self._nameless(message, user)
            return
        if await offered(self._features.group_listeners, self._parts, message, user):
            return
        name, args = command_in(message, self._parts.bot.username)
        if name:
            await groups.answer(self._parts, message, user, args)

    async def _anonymous(self, message: Message) -> bool:
        """Say whether one of the operator's people wrote in the name of their own group."""
        sender = message.sender_chat
        if sender is None or sender.id != message.chat_id:
            return False
        return sender.id == await support_chat.chat_of(self._parts)

    async def _nameless(self, message: Message, user: User) -> None:
        """Show balances also to who writes in a group's name; for all else one must be known."""
        name, _ = command_in(message, self._parts.bot.username)
        if message.sender_chat is None or message.is_automatic_forward:
            return
        if name not in self._features.commands:  # it may be meant for another bot
            return
        if name != "balance":
            await groups.unnamed(self._parts, message)
        elif not await offered(self._features.group_listeners, self._parts, message, user):
            await groups.answer(self._parts, message, user, "")

    async def on_leaving(self, chat_id: int) -> None:
        """Note that the bot was thrown out of a group: its cards are shown there no more."""
        await groups.ended(self._parts, chat_id)
        if chat_id == await support_chat.chat_of(self._parts):
            await support_chat.lost(self._parts, "the bot was removed from it")

    async def on_button(self, query: CallbackQuery) -> None:
        """Offer a press in a group to the features; one that none knows is out of date."""
        if await offered(self._features.group_presses, self._parts, query):
            return
        person = await self._parts.store.people.get(query.from_user.id)
        voice = self._parts.voice(person, query.from_user.language_code)
        with suppress(TelegramError):
            await query.answer(voice.plain(OUTDATED))
