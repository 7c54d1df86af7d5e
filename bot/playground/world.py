"""Everything there is in a playground, for whoever acts in it: the bot's calls, the people."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.playground.chats import Chat, Chats, Message
from bot.playground.files import Files
from bot.playground.menus import Menus
from bot.playground.updates import Updates

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.playground.limits import Limits

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
STRANGER = "bot can't initiate conversation with a user"
BLOCKED = "bot was blocked by the user"
QUERY_LIVES = 60
"""Seconds in which a pressed button waits for its answer."""
QUERIES_KEPT = 2000


def stable_id(name: str) -> int:
    """Give the Telegram id of the person of that name, the same in every playground."""
    digest = hashlib.sha256(name.encode()).digest()
    return 100_000_000 + int.from_bytes(digest[:8], "big") % 1_900_000_000


@dataclass(slots=True)
class Query:
    """A pressed button that waits for its answer."""

    chat: Chat
    person: int
    pressed: datetime


@dataclass(eq=False)
class World:
    """The state of one playground. `bot` is the User object of the bot."""

    clock: Callable[[], datetime]
    bot: dict[str, Any]
    limits: Limits | None = None
    chats: Chats = field(default_factory=Chats)
    files: Files = field(default_factory=Files)
    menus: Menus = field(default_factory=Menus)
    queries: dict[str, Query] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        # Ids go on rising from one playground to the next, as they do from one day to the next:
        # a bot that kept its database must not take what is new for what it has seen.
        self.first = int((self.clock() - EPOCH).total_seconds()) % 2**31
        self.updates = Updates(self.first * 10 % 2**31)

    def now(self) -> int:
        """Whole seconds since 1970, as the API gives dates."""
        return int(self.clock().timestamp())

    def open(self, about: dict[str, Any], closed: str | None = None) -> Chat:
        """Make a chat."""
        return self.chats.open(about, first=self.first, closed=closed)

    def say(self, chat: Chat, content: Message) -> Message:
        """Post as the bot, within its limits."""
        if self.limits is not None:
            self.limits.note(chat.id)
        return chat.post(self.bot, self.now(), content)

    def user(self, number: int) -> dict[str, Any] | None:
        """Give the User object of somebody who once wrote to the bot, or None."""
        chat = self.chats.of(number)
        if chat is None or not chat.private or chat.closed == STRANGER:
            return None
        names = ("id", "first_name", "last_name", "username")
        return {"is_bot": False} | {name: chat.about[name] for name in names if name in chat.about}

    def ask(self, chat: Chat, person: int) -> str:
        """Note that a person pressed a button; the id of the query that waits for an answer."""
        self.asked += 1
        number = str(self.first * 10_000 + self.asked)
        self.queries[number] = Query(chat, person, self.clock())
        if len(self.queries) > QUERIES_KEPT:
            del self.queries[next(iter(self.queries))]
        return number

    def query(self, number: str) -> Query | None:
        """Take the query that still waits under this id, if any."""
        query = self.queries.pop(number, None)
        if query and (self.clock() - query.pressed).total_seconds() <= QUERY_LIVES:
            return query
        return None
