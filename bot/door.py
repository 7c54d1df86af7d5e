"""Who comes in, and which feature answers them: every update passes through here."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from inspect import signature
from typing import TYPE_CHECKING, Any

from telegram import Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    MessageHandler,
    filters,
)

from bot import gate, slips, spoken
from bot.attached import attached_to
from bot.buttons import OutdatedButton
from bot.commands import command_in
from bot.context import UNDELETED, Context, dates_apart, holds_number
from bot.features import offered
from bot.gate import Gate, asks_passcode
from bot.group_door import OUTDATED, GroupDoor
from bot.languages import language_for, mark
from bot.numbers import tail_of
from bot.roles import may_enter, may_use, stranger

if TYPE_CHECKING:
    from bot.dialogue import Dialogue
    from bot.features import Features, OnButton, OnDialogue
    from bot.gate import Wanted
    from bot.parts import Command, Parts
    from bot.spoken import Wish
    from storage import Person

SEEN_EVERY = timedelta(hours=1)
"""How exactly it is known when a person was last here."""

CARD_GONE = mark("That card is no longer here. Send /balance for those you have.")
TAKES_SECRETS = frozenset({"bind", "start", "import"})
"""Commands that know themselves what is written behind them: a number, an invitation."""

READS_SECRETS = gate.PASSCODES | {"barcode", "bind", "import", "export"}
"""Conversations that tell themselves a card number from what they asked for."""

AnyContext = CallbackContext[Any, Any, Any, Any]


class Door:
    """Turns Telegram's updates into calls of features, for those who may come in."""

    def __init__(self, parts: Parts, features: Features) -> None:
        self._parts = parts
        self._features = features
        self._gate = Gate(features.guarded, features.homes, self._resume)
        self._groups = GroupDoor(parts, features)

    def open(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Take the application's updates from now on."""
        private = filters.ChatType.PRIVATE
        for handler in (
            MessageHandler(
                private & filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL, self.on_message
            ),
            MessageHandler(private & filters.UpdateType.EDITED_MESSAGE, self.on_changed),
            CallbackQueryHandler(self.on_button),
            ChatMemberHandler(self.on_membership, ChatMemberHandler.MY_CHAT_MEMBER),
        ):
            application.add_handler(handler)
        self._groups.open(application)

    async def on_message(self, update: Update, _: AnyContext) -> None:
        """Answer a command, an awaited text, or anything else, in private."""
        message, user = update.effective_message, update.effective_user
        assert message is not None
        assert user is not None
        context = await self._context(user, message)
        command, context.args = command_in(message)
        if not self.may_enter(context.person):
            for greet in self._features.strangers:
                await greet(context)
        elif command:
            await self._command(context, command)
        elif message.text:
            await self._text(context, message.text.strip())
        elif message.contact and self._features.contacts:
            await self._features.contacts[0](context, message.contact)
        elif not await self._file(context):
            asked = asks_passcode(await self._parts.dialogues.current(context.person.id))
            await slips.not_text(context, message.caption or "", asked=asked)

    async def on_changed(self, update: Update, _: AnyContext) -> None:
        """Delete a message that was changed into a secret; nothing else of it is read."""
        message, user = update.effective_message, update.effective_user
        assert message is not None
        assert user is not None
        context = await self._context(user, message)
        if self.may_enter(context.person):
            dialogue = await self._parts.dialogues.current(context.person.id)
            asked = dialogue is not None and dialogue.secret
            text = message.text or message.caption or ""
            await slips.took_changed(context, text, asked=asked)

    async def on_button(self, update: Update, _: AnyContext) -> None:
        """Do what a button says. Its data comes from the client and may be stale or forged."""
        query = update.callback_query
        assert query is not None
        if isinstance(query.message, Message) and query.message.chat.type != ChatType.PRIVATE:
            await self._groups.on_button(query)
            return
        try:
            # In a private chat the person's id is the chat's.
            data = self._parts.bot.seal.open(query.from_user.id, query.data or "")
        except OutdatedButton:
            data = ""
        message = query.message
        if not data or not isinstance(message, Message):
            # Nothing that was sent to this person, or not since the buttons carry a tag.
            person = await self._parts.store.people.get(query.from_user.id)
            voice = self._parts.voice(person, query.from_user.language_code)
            with suppress(TelegramError):
                await query.answer(voice.plain(OUTDATED))
            return
        context = await self._context(query.from_user, message)
        context.query = query
        try:
            await self._press(context, data)
        finally:
            await context.notice("")

    async def _press(self, context: Context, data: str) -> None:
        name, colon, words = data.partition(":")
        press = self._features.buttons.get(name)
        rest = words.split(":", _takes(press) - 1) if press and colon else []
        if not self.may_enter(context.person):
            context.args = data
            for greet in self._features.strangers:
                await greet(context)
        elif press is None or len(rest) != _takes(press):
            await context.notice(context.voice.plain(OUTDATED))
        elif not await self._gate.stops(
            context, name, {"press": data, "message": context.message.message_id}
        ):
            try:
                await press(context, *rest)
            except OutdatedButton:
                await context.notice(context.voice.plain(OUTDATED))

    async def on_membership(self, update: Update, _: AnyContext) -> None:
        """Notice that a person stopped the bot, until they write again, or a group threw it out."""
        change = update.my_chat_member
        assert change is not None
        status = change.new_chat_member.status
        gone = status == ChatMemberStatus.BANNED
        if change.chat.type != ChatType.PRIVATE and (gone or status == ChatMemberStatus.LEFT):
            await self._groups.on_leaving(change.chat.id)
        if gone and change.chat.type == ChatType.PRIVATE:
            await self._parts.store.people.change(
                change.from_user.id, blocked_at=self._parts.clock()
            )

    def may_enter(self, person: Person) -> bool:
        """Say whether the operator's rules let this person use the bot."""
        return may_enter(self._parts.settings, person)

    async def _context(self, user: User, message: Message) -> Context:
        """Find out who it is. A stranger leaves no trace in the store."""
        parts, now = self._parts, self._parts.clock()
        language = language_for(user.language_code, parts.settings.language).code
        person = await parts.store.people.get(user.id)
        invited = parts.settings.access == "open" or user.id in parts.settings.admins
        if person is None and not invited:
            person = stranger(user.id, user.full_name, language, now)
        elif person is None or now - person.last_seen_at > SEEN_EVERY or person.blocked_at:
            person = await parts.store.people.arrive(
                user.id, name=user.full_name, language=language
            )
        return Context(
            parts=parts,
            person=person,
            voice=parts.voice(person),
            chat_id=message.chat_id,
            message=message,
        )

    async def _command(self, context: Context, name: str) -> None:
        command = self._features.commands.get(name)
        if command is None or not may_use(self._parts.settings, context.person, command):
            if asks_passcode(await self._parts.dialogues.current(context.person.id)):
                await self._text(context, (context.message.text or "").strip())  # with its slash
            else:
                await slips.not_understood(context, f"{name} {context.args}", context.args or name)
            return
        said, dates = dates_apart(context.args)
        if name not in TAKES_SECRETS and self._parts.issuers.looks_like_a_number(said):
            # The number stays in nobody's chat; its last digits are enough to find the card.
            if not await context.take_secret():
                await context.reply(context.voice.say(UNDELETED))
            context.args = f"{tail_of(said)} {dates}".rstrip()
        secret = name in TAKES_SECRETS and bool(context.args)
        wanted = {"command": name, "args": "" if secret else context.args}
        if not await self._gate.stops(context, name, wanted):
            await self._run(context, command)
        elif secret and not await context.take_secret():
            await context.reply(context.voice.say(UNDELETED))

    async def _run(self, context: Context, command: Command) -> None:
        kind, hyphen, rest = context.args.partition("-")
        follow = self._features.starts.get(kind) if command.name == "start" and hyphen else None
        await (follow(context, rest) if follow else command.run(context))

    async def _resume(self, context: Context, wanted: Wanted) -> None:
        """Do what had been wanted before the passcode was asked for."""
        if name := wanted.get("proven"):
            await self._features.proven[name](context)
        elif name := wanted.get("command"):
            context.args = wanted["args"]
            await self._command(context, name)
        else:
            # As if typed: the press was answered, but what its message has to do with it counts.
            context.stand_on(wanted["message"])
            await self._press(context, wanted["press"])

    async def _text(self, context: Context, text: str) -> None:
        dialogue = await self._parts.dialogues.current(context.person.id)
        asked, kind = asks_passcode(dialogue), dialogue.kind if dialogue else None
        told = context.message.forward_origin is not None or holds_number(self._parts, text)
        wish = None if told else spoken.meant(text, kind)
        whole = dialogue is not None or wish is not None
        pressed = self._parts.views.typed(context.chat_id, text, whole=whole, asked=asked)
        if pressed is not None:
            await self._press(context, pressed)
        elif dialogue and dialogue.kind == gate.KIND:
            await self._gate.answer(context, dialogue, text)
        elif dialogue and wish:
            await self._wished(context, wish)
        elif dialogue and (answer := self._features.dialogues.get(dialogue.kind)):
            reads_secrets = dialogue.kind in READS_SECRETS
            if not reads_secrets and await self._interrupted(context, text):
                return
            if reads_secrets or not await context.took_misplaced(text):
                await self._answer(context, answer, dialogue, text)
        elif not await context.took_late(text):
            await self._unasked(context, text, wish)

    async def _unasked(self, context: Context, text: str, wish: Wish | None) -> None:
        """Offer a text that nobody asked for to the features, if nothing is guarded."""
        wanted = {"command": wish.command, "args": wish.args} if wish else {}
        if await self._gate.stops(context, "", wanted):
            secret = holds_number(self._parts, text) or await slips.may_be_passcode(context, text)
            if secret and not await context.take_secret():
                await context.reply(context.voice.say(UNDELETED))
            return
        if await offered(self._features.listeners, context, text):
            return
        await (self._wished(context, wish) if wish else slips.not_understood(context, text, text))

    async def _wished(self, context: Context, wish: Wish) -> None:
        context.args = wish.args
        await self._command(context, wish.command)

    async def _file(self, context: Context) -> bool:
        """Give a file to what is under way, else offer it, if nothing is guarded."""
        attached = attached_to(context.message)
        if attached is None:
            return False
        dialogue = await self._parts.dialogues.current(context.person.id)
        take = dialogue and self._features.dialogue_files.get(dialogue.kind)
        if dialogue and take and await take(context, dialogue, attached):
            return True
        if asks_passcode(dialogue):
            return False
        if await self._gate.stops(context, "", {}):
            return await context.take_secret()  # for it may show a card
        return await offered(self._features.files, context, attached)

    async def _interrupted(self, context: Context, text: str) -> bool:
        if await self._gate.covers(context):
            return False
        return await offered(self._features.interruptions, context, text)

    async def _answer(
        self, context: Context, answer: OnDialogue, dialogue: Dialogue, text: str
    ) -> None:
        try:
            await answer(context, dialogue, text)
        except OutdatedButton:
            await self._parts.dialogues.end(context.person.id)
            await context.reply(context.voice.say(CARD_GONE))


def _takes(press: OnButton) -> int:
    """Count the words a button's handler takes besides the context; the last takes what is left."""
    return len(signature(press).parameters) - 1
