"""Chats, the messages in them, and what happened there lately."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bot.playground.refusals import Refusal, bad_request, forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Message = dict[str, Any]
"""A message as the Bot API has it. Never changed once made: an edit is a new one."""

MESSAGES_KEPT = 1000
EVENTS_KEPT = 500

Happening = Literal["message", "edited", "deleted", "notice", "alert"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something a person can see happen in a chat. `n` grows over the whole playground.

    `message` is the message as it is now (or was, if deleted). For a "notice" or an "alert",
    the answers to a pressed button, it is `{"text": ...}`, and `only` is the person who sees it.
    """

    n: int
    what: Happening
    message: Message
    only: int | None = None


@dataclass(frozen=True, slots=True)
class Below:
    """The keyboard below a chat, and the message it came with. `markup` as the Bot API has it."""

    message_id: int
    markup: dict[str, Any]


class Bell:
    """Numbers events and wakes those who wait for the next one."""

    def __init__(self) -> None:
        self.last = 0
        self._waiting: list[asyncio.Future[None]] = []

    def ring(self) -> int:
        """Give the next event its number."""
        self.last += 1
        if self._waiting:
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiting.clear()
        return self.last

    async def wait(self, after: int, seconds: float) -> None:
        """Return when there was an event after the number given, at the latest after `seconds`."""
        if self.last > after:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            self._waiting = [one for one in self._waiting if one is not waiter]


class Chat:
    """One chat the bot can be in: private with a person, or a group.

    `closed` is what the API says while the bot may not write there, None while it may.
    `deletes` tells whether it may delete others' messages.
    """

    def __init__(self, about: dict[str, Any], bell: Bell, first: int, closed: str | None) -> None:
        self.id: int = about["id"]
        self.about = about
        self.closed = closed
        self.moved_to: int | None = None
        self.keyboard: Below | None = None
        self.deletes = self.private = about["type"] == "private"
        self.members: list[int] = []
        self.topics: dict[int, bool] = {}
        """Of a group with topics: whether each is closed, by its id."""
        self._bell = bell
        self._next = first
        self._messages: dict[int, Message] = {}
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)

    def admit(self) -> None:
        """Let the bot write here; `Refusal` if it may not."""
        if self.moved_to is not None:
            raise Refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.moved_to,
            )
        if self.closed is not None:
            raise forbidden(self.closed)

    def post(self, sender: dict[str, Any], date: int, content: Message) -> Message:
        """Add a message by somebody, with the next id; `date` in seconds since 1970."""
        number, self._next = self._next, self._next + 1
        message = {
            "message_id": number,
            "from": sender,
            "chat": self.about,
            "date": date,
            **content,
        }
        messages = self._messages
        messages[number] = message
        if len(messages) > MESSAGES_KEPT:
            del messages[next(iter(messages))]
        self._note("message", message)
        return message

    def replace(self, message: Message) -> None:
        """Put an edited message in the place of the former."""
        self._messages[message["message_id"]] = message
        self._note("edited", message)

    def delete(self, message_id: int) -> None:
        """Take a message away for everybody."""
        self._note("deleted", self._messages.pop(message_id))

    def notice(self, text: str, *, alert: bool, to: int) -> None:
        """Show a person the answer to a pressed button."""
        self._note("alert" if alert else "notice", {"text": text, "chat": self.about}, to)

    def _note(self, what: Happening, message: Message, only: int | None = None) -> None:
        self._events.append(Event(self._bell.ring(), what, message, only))

    def get(self, message_id: int) -> Message | None:
        """Find a message that is still there."""
        return self._messages.get(message_id)

    def messages(self) -> list[Message]:
        """List what is there, oldest first."""
        return list(self._messages.values())

    def events(self, after: int) -> Iterator[Event]:
        """List what happened after the event of that number, oldest first."""
        return (event for event in self._events if event.n > after)


class Chats:
    """All chats by id."""

    def __init__(self) -> None:
        self.bell = Bell()
        self._by_id: dict[int, Chat] = {}

    def open(self, about: dict[str, Any], *, first: int, closed: str | None = None) -> Chat:
        """Make a chat that is not there yet."""
        chat = self._by_id[about["id"]] = Chat(about, self.bell, first, closed)
        return chat

    def __iter__(self) -> Iterator[Chat]:
        return iter(self._by_id.values())

    def of(self, chat_id: int) -> Chat | None:
        """Find a chat by its id."""
        return self._by_id.get(chat_id)

    def find(self, chat_id: int | str) -> Chat:
        """Find the chat a call names, by id or @username; `Refusal` 400 if there is none."""
        chat = self._by_id.get(chat_id) if type(chat_id) is int else self._named(str(chat_id))
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def _named(self, name: str) -> Chat | None:
        for chat in self:
            if name.startswith("@") and chat.about.get("username") == name[1:] and not chat.private:
                return chat
        return None

    def writable(self, chat_id: int | str) -> Chat:
        """Find a chat the bot may write to now."""
        chat = self.find(chat_id)
        if chat.closed is not None or chat.moved_to is not None:
            chat.admit()
        return chat

    def events(self, person: int, chats: Iterable[Chat], after: int) -> list[Event]:
        """List what a person could see happen in their chats after an event."""
        seen = [
            event for chat in chats for event in chat.events(after) if event.only in {None, person}
        ]
        return sorted(seen, key=lambda event: event.n)
