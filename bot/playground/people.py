"""The people of a playground: what they write and press, and what they see."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from bot.playground.contacts import contact_of, gives_contact
from bot.playground.entities import formatted
from bot.playground.files import picture_size
from bot.playground.memberships import note_membership
from bot.playground.refusals import Refusal
from bot.playground.sight import Button, Seen, seen
from bot.playground.world import BLOCKED, World

if TYPE_CHECKING:
    from bot.playground.chats import Chat, Event, Message
    from bot.playground.groups import Group

ANONYMOUS = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""From whom a message comes that an admin wrote in the name of their group."""


@dataclass(eq=False)
class Person:
    """Somebody with a Telegram client. Every act returns the `update_id` it caused, if any."""

    name: str
    language: str | None
    user: dict[str, Any]
    where: Chat
    world: World = field(repr=False)

    @property
    def id(self) -> int:
        """Their Telegram id, which is also the id of their private chat with the bot."""
        return self.where.id

    @property
    def chat(self) -> list[Seen]:
        """What they see in their private chat with the bot, oldest first."""
        return [seen(message, self.world.bot["id"]) for message in self.where.messages()]

    @property
    def newest(self) -> Seen:
        """The newest message of the bot. `LookupError` if there is none."""
        for message in reversed(self.chat):
            if message.by_bot:
                return message
        raise LookupError(f"{self.name} sees no message of the bot")

    @property
    def phone(self) -> str:
        """Their phone number, the same in every playground."""
        return f"+86138{self.id % 10**8:08}"

    @property
    def keyboard(self) -> list[str]:
        """What the buttons below their private chat say."""
        below = self.where.keyboard
        return [one["text"] for row in below.markup["keyboard"] for one in row] if below else []

    @property
    def notices(self) -> list[str]:
        """The answers to buttons they pressed, oldest first."""
        return [
            event.message["text"] for event in self.events() if event.what in {"notice", "alert"}
        ]

    @property
    def menu(self) -> list[dict[str, str]]:
        """The commands their menu button offers in the private chat."""
        return self.world.menus.shown(self.where.about, self.language)

    def opens(self, message: Seen) -> bytes:
        """Look at the picture or file of a message. `LookupError` if it brings none."""
        raw = message.raw
        files = raw["photo"][-1:] if "photo" in raw else [raw["document"]]
        return self.world.files.get(files[0]["file_id"]).content

    def sees(self, text: str) -> bool:
        """Tell whether the text stands in a message of the bot that is visible now."""
        return any(text in message.text for message in self.chat if message.by_bot)

    async def finds(self, text: str, *, within: float = 10.0) -> Seen:
        """Wait until the bot shows the text; `LookupError` with the chat if it does not in time.

        `within` is in seconds of real time, whatever the playground's clock says.
        """
        bell = self.world.chats.bell
        try:
            async with asyncio.timeout(within):
                while True:
                    for message in reversed(self.chat):
                        if message.by_bot and text in message.text:
                            return message
                    await bell.wait(bell.last, within)
        except TimeoutError:
            shown = "\n".join(str(message) for message in self.chat)
            raise LookupError(f"{self.name} does not see {text!r} but:\n{shown}") from None

    def events(self, after: int = 0) -> list[Event]:
        """List what they could see happen, in all of their chats, after an event."""
        chats = [chat for chat in self.world.chats if chat is self.where or self.id in chat.members]
        return self.world.chats.events(self.id, chats, after)

    async def says(
        self,
        text: str,
        *,
        chat: Group | None = None,
        reply_to: int | None = None,
        topic: int | None = None,
        anonymous: bool = False,
    ) -> int | None:
        """Send text, as it is typed. Whoever blocked the bot unblocks it by that.

        `anonymous`: in a group's own name, as its admins can.
        """
        plain, entities = formatted(text, None, None)
        if not plain:
            raise ValueError("there is nothing to send")
        content: Message = {"text": plain}
        if entities:
            content["entities"] = entities
        if topic is not None:
            content |= {"message_thread_id": topic, "is_topic_message": True}
        if anonymous and chat is not None:
            content |= {"from": ANONYMOUS, "sender_chat": chat.where.about}
        return self._sends(content, chat, reply_to)

    async def forwards(self, text: str, *, sender: str, sent_at: int) -> int | None:
        """Forward what somebody wrote to them at a Unix time; who it was is only a name."""
        origin = {"type": "hidden_user", "sender_user_name": sender, "date": sent_at}
        return self._sends({"text": text, "forward_origin": origin}, None, None)

    async def sends(
        self,
        name: str,
        content: bytes,
        *,
        caption: str = "",
        chat: Group | None = None,
        topic: int | None = None,
        album: str = "",
    ) -> int | None:
        """Send a file, a PNG or JPEG as a picture; those of an `album` belong together."""
        text: Message = {"caption": caption} if caption else {}
        text |= {"media_group_id": album} if album else {}
        if topic is not None:
            text |= {"message_thread_id": topic, "is_topic_message": True}
        try:
            width, height = picture_size(content)
        except Refusal:
            stored = self.world.files.keep("documents", name, content)
            about = {"file_name": stored.name, "mime_type": stored.type}
            return self._sends({"document": {**stored.about(), **about}, **text}, chat, None)
        stored = self.world.files.keep("photos", name, content)
        size = {**stored.about(), "width": width, "height": height}
        return self._sends({"photo": [size], **text}, chat, None)

    async def shares_contact(
        self, of: Person | str | None = None, *, attached: bool = False, forwarded: bool = False
    ) -> int | None:
        """Send a contact: their own by the button below the chat, or another's as an attachment.

        `of` is whose, or a phone number that nobody in Telegram has. One's own may be `attached`
        too. `forwarded`: somebody else had sent it to them. `LookupError` without such a button.
        """
        content: Message = {"contact": contact_of(self if of is None else of)}
        reply_to = None
        if forwarded:
            origin = {"type": "hidden_user", "sender_user_name": "Somebody"}
            content["forward_origin"] = {**origin, "date": self.world.now()}
        elif of is None and not attached:
            reply_to = gives_contact(self.where)
        return self._sends(content, None, reply_to)

    def _sends(self, content: Message, chat: Group | None, reply_to: int | None) -> int | None:
        where = chat.where if chat else self.where
        if where is self.where:
            self._open()
        elif self.id not in where.members:
            raise ValueError(f"{self.name} is not in that group")
        if reply_to is not None and (answered := where.get(reply_to)) is not None:
            content["reply_to_message"] = answered
            if thread := answered.get("message_thread_id"):
                content |= {"message_thread_id": thread, "is_topic_message": True}
        message = where.post(self.user, self.world.now(), content)
        # A bot that is an admin of a group hears everything that is said there.
        hears = where.closed is None and (where.deletes or self._concerns_bot(message))
        if where.private or hears:
            return self.world.updates.put("message", message)
        return None

    def _concerns_bot(self, message: Message) -> bool:
        username = self.world.bot["username"].lower()
        answered = message.get("reply_to_message", {}).get("from", {}).get("id")
        text = str(message.get("text") or message.get("caption", "")).lower()
        command = re.match(r"/\w+(?:@(\w+))?", text)
        addressed = command is not None and (command[1] or username) == username
        return answered == self.world.bot["id"] or f"@{username}" in text or addressed

    async def edits(self, message_id: int, text: str) -> int | None:
        """Change what they wrote before in the private chat."""
        message = self.where.get(message_id)
        if message is None or message["from"]["id"] != self.id:
            raise LookupError("people edit what they wrote")
        plain, entities = formatted(text, None, None)
        kept = {name: value for name, value in message.items() if name != "entities"}
        changed = {**kept, "text": plain, "edit_date": self.world.now()}
        changed |= {"entities": entities} if entities else {}
        self.where.replace(changed)
        return self.world.updates.put("edited_message", changed)

    async def presses(
        self, button: int | str, *, message: Seen | int | None = None, chat: Group | None = None
    ) -> int | None:
        """Press a button by its number (from 1) or its label, or a part of it only one has.

        That of the newest message with buttons, unless a message is given. A deep link to the
        bot opens the private chat and starts it there; other links do nothing here.
        `LookupError` if there is no such button.
        """
        where = chat.where if chat else self.where
        target = self._with_buttons(where, message)
        pressed = target.button(button)
        if pressed.url is not None:
            return await self._follows(pressed.url)
        if pressed.data is None:
            return None
        query = {
            "id": self.world.ask(where, self.id),
            "from": self.user,
            "message": where.get(target.id),
            "chat_instance": str(where.id),
            "data": pressed.data,
        }
        return self.world.updates.put("callback_query", query)

    def pressable(
        self, button: int | str, *, message: Seen | int | None = None, chat: Group | None = None
    ) -> Button:
        """Find the button that `presses` would press."""
        return self._with_buttons(chat.where if chat else self.where, message).button(button)

    def _with_buttons(self, where: Chat, message: Seen | int | None) -> Seen:
        if message is not None:
            found = where.get(message if isinstance(message, int) else message.id)
            if found is None:
                raise LookupError("that message is gone")
            return seen(found, self.world.bot["id"])
        for candidate in reversed(where.messages()):
            if "reply_markup" in candidate:
                return seen(candidate, self.world.bot["id"])
        raise LookupError("there is no button to press")

    async def _follows(self, url: str) -> int | None:
        link = urlsplit(url)
        if link.netloc == "t.me" and link.path == f"/{self.world.bot['username']}":
            payload = parse_qs(link.query).get("start", [""])[0]
            return await self.says(f"/start {payload}".strip())
        return None

    async def blocks(self) -> int | None:
        """Block the bot: it can no longer write to them."""
        was, self.where.closed = self.where.closed, BLOCKED
        return self._membership("member", "kicked") if was != BLOCKED else None

    async def unblocks(self) -> int | None:
        """Let the bot write again."""
        if self.where.closed != BLOCKED:
            return None
        self.where.closed = None
        return self._membership("kicked", "member")

    def _open(self) -> None:
        if self.where.closed == BLOCKED:
            self._membership("kicked", "member")
        self.where.closed = None

    def _membership(self, before: str, after: str) -> int | None:
        return note_membership(self.world, self.where, self.user, before, after)
