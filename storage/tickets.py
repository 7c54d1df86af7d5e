"""Questions about requests for help: who asked what, what was answered, how it ended.

A holder's questions take the holder; those of the operator's people find a request by its number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from sqlalchemy import bindparam, delete, func, insert, select, update

from storage.questions import KEY_COLUMNS, Questions
from storage.schema import people, ticket_messages, tickets

if TYPE_CHECKING:
    from datetime import datetime

    from storage.database import Row

TicketState: TypeAlias = Literal["open", "answered", "closed"]
Side: TypeAlias = Literal["holder", "operator"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request: `topic` is what it is about, by its name.

    `card_id` is set only where its holder lets the operator's people know which card it is.
    """

    id: int
    person_id: int
    topic: str
    state: TicketState
    card_id: str | None
    chat_id: int | None
    """Where the operator's people talk about it: a group of theirs."""
    thread_id: int | None
    """The topic of that group, if it has topics."""
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    rating: int | None


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """What one side wrote; `photo` is Telegram's id of a picture."""

    id: int
    ticket_id: int
    at: datetime
    by: Side
    text: str = field(repr=False)
    photo: str | None = field(repr=False)
    support_chat_id: int | None
    support_message_id: int | None
    """The message that brought it to the operator's people, and the chat that is in."""


_TICKET: Final = tuple(tickets.c[name] for name in Ticket.__dataclass_fields__)
_MESSAGE: Final = tuple(ticket_messages.c[name] for name in TicketMessage.__dataclass_fields__)
_mine: Final = tickets.c.person_id == bindparam("person")
_this: Final = tickets.c.id == bindparam("ticket")
_KEY: Final = select(*KEY_COLUMNS).where(people.c.id == bindparam("person"))
_OPEN: Final = (
    insert(tickets)
    .values({c.name: bindparam(c.name) for c in tickets.c if c.name != "id"})
    .returning(*_TICKET)
)
_GET: Final = select(*_TICKET).where(_mine, _this)
_FIND: Final = select(*_TICKET).where(_this)
_OF_THREAD: Final = select(*_TICKET).where(
    tickets.c.thread_id == bindparam("thread"), tickets.c.chat_id == bindparam("chat")
)
_LIST: Final = select(*_TICKET).where(_mine).order_by(tickets.c.id.desc()).limit(bindparam("limit"))
_UNCLOSED: Final = (
    select(*_TICKET)
    .where(tickets.c.closed_at.is_(None))
    .order_by(tickets.c.updated_at)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_COUNT: Final = (
    select(func.count())
    .select_from(tickets)
    .where(tickets.c.closed_at.is_(None), tickets.c.state == bindparam("state"))
)
_PUT: Final = (
    insert(ticket_messages)
    .values({c.name: bindparam(c.name) for c in ticket_messages.c if c.name != "id"})
    .returning(ticket_messages.c.id)
)
_MOVE: Final = (
    update(tickets)
    .where(_mine, _this)
    .values(
        state=bindparam("to_state"), updated_at=bindparam("now"), closed_at=bindparam("to_closed")
    )
)
_CLOSE: Final = (
    update(tickets)
    .where(_mine, _this, tickets.c.closed_at.is_(None))
    .values(state="closed", updated_at=bindparam("now"), closed_at=bindparam("now"))
)
_PURGE_CLOSED: Final = delete(tickets).where(tickets.c.closed_at <= bindparam("before"))
_PURGE_OPEN: Final = delete(tickets).where(
    tickets.c.closed_at.is_(None), tickets.c.updated_at <= bindparam("before")
)
_RATE: Final = (
    update(tickets)
    .where(_mine, _this, tickets.c.closed_at.is_not(None))
    .values(rating=bindparam("stars"))
)
_TALK: Final = (
    update(tickets)
    .where(_mine, _this)
    .values(chat_id=bindparam("chat"), thread_id=bindparam("thread"))
)
_PLACES: Final = (
    select(ticket_messages.c.support_chat_id, ticket_messages.c.support_message_id)
    .where(
        ticket_messages.c.person_id == bindparam("person"),
        ticket_messages.c.support_chat_id.is_not(None),
    )
    .order_by(ticket_messages.c.id)
)
_TOPICS: Final = select(tickets.c.chat_id, tickets.c.thread_id).where(
    _mine, tickets.c.thread_id.is_not(None)
)
_MESSAGES: Final = (
    select(*KEY_COLUMNS, *_MESSAGE)
    .select_from(ticket_messages.join(people, people.c.id == ticket_messages.c.person_id))
    .where(
        ticket_messages.c.ticket_id == bindparam("ticket"),
        ticket_messages.c.person_id == bindparam("person"),
    )
    .order_by(ticket_messages.c.id.desc())
    .limit(bindparam("limit"))
)
_ONE: Final = (
    select(*KEY_COLUMNS, *_MESSAGE)
    .select_from(ticket_messages.join(people, people.c.id == ticket_messages.c.person_id))
    .where(
        ticket_messages.c.id == bindparam("message"),
        ticket_messages.c.person_id == bindparam("person"),
    )
)
_ARRIVED: Final = (
    update(ticket_messages)
    .where(
        ticket_messages.c.id == bindparam("message"),
        ticket_messages.c.person_id == bindparam("person"),
    )
    .values(support_chat_id=bindparam("chat"), support_message_id=bindparam("there"))
)


class Tickets(Questions):
    """Requests for help, with what was written in each; the words are sealed."""

    async def open(self, person_id: int, topic: str, card_id: str | None = None) -> Ticket:
        """Begin a request; its number is the next one of all."""
        now = self._clock()
        rows = await self._runner.fetch(
            _OPEN,
            person_id=person_id,
            topic=topic,
            state="open",
            card_id=card_id,
            chat_id=None,
            thread_id=None,
            created_at=now,
            updated_at=now,
            closed_at=None,
            rating=None,
        )
        return Ticket(*rows[0])

    async def get(self, person_id: int, ticket_id: int) -> Ticket | None:
        """Find a request of this person."""
        rows = await self._runner.fetch(_GET, person=person_id, ticket=ticket_id)
        return Ticket(*rows[0]) if rows else None

    async def find(self, ticket_id: int) -> Ticket | None:
        """Find anybody's request, for the operator's people."""
        rows = await self._runner.fetch(_FIND, ticket=ticket_id)
        return Ticket(*rows[0]) if rows else None

    async def of_thread(self, chat_id: int, thread_id: int) -> Ticket | None:
        """Find the request that a topic of the operator's group is about."""
        rows = await self._runner.fetch(_OF_THREAD, chat=chat_id, thread=thread_id)
        return Ticket(*rows[0]) if rows else None

    async def of(self, person_id: int, *, limit: int) -> list[Ticket]:
        """List a person's requests, newest first."""
        rows = await self._runner.fetch(_LIST, person=person_id, limit=limit)
        return [Ticket(*row) for row in rows]

    async def unclosed(self, *, limit: int, offset: int = 0) -> list[Ticket]:
        """List everybody's requests that are not closed, the longest untouched first."""
        rows = await self._runner.fetch(_UNCLOSED, limit=limit, offset=offset)
        return [Ticket(*row) for row in rows]

    async def count(self, state: Literal["open", "answered"]) -> int:
        """How many requests wait for an answer (`open`), or for their holder (`answered`)."""
        return int((await self._runner.fetch(_COUNT, state=state))[0][0])

    async def add(
        self, person_id: int, ticket_id: int, by: Side, text: str, photo: str | None = None
    ) -> int | None:
        """Add what one side wrote; a closed request opens again. Its id, None for no such request.

        `person_id` is the request's holder, whoever writes.
        """
        async with self._runner.transaction() as tx:
            now = self._clock()
            state = "open" if by == "holder" else "answered"
            moved = {"to_state": state, "now": now, "to_closed": None}
            if not await tx.execute(_MOVE, person=person_id, ticket=ticket_id, **moved):
                return None
            key = await self._key(tx, person_id)
            place = ("ticket", str(ticket_id), by, now.isoformat())
            picture = ("ticket photo", str(ticket_id), now.isoformat())
            rows = await tx.fetch(
                _PUT,
                person_id=person_id,
                ticket_id=ticket_id,
                at=now,
                by=by,
                text=key.seal_text(place, text),
                photo=key.seal_text(picture, photo) if photo else None,
                support_chat_id=None,
                support_message_id=None,
            )
            return int(rows[0][0])

    async def close(self, person_id: int, ticket_id: int) -> bool:
        """Close a request; False if it is closed, or not theirs."""
        now = self._clock()
        return bool(await self._runner.execute(_CLOSE, person=person_id, ticket=ticket_id, now=now))

    async def purge(self, before: datetime) -> int:
        """Erase requests that were closed, or that nobody wrote into any more, before that time."""
        async with self._runner.transaction() as tx:
            closed = await tx.execute(_PURGE_CLOSED, before=before)
            return closed + await tx.execute(_PURGE_OPEN, before=before)

    async def rate(self, person_id: int, ticket_id: int, stars: int) -> bool:
        """Keep what a holder thinks of how a closed request went, from 1 to 5."""
        return bool(
            await self._runner.execute(_RATE, person=person_id, ticket=ticket_id, stars=stars)
        )

    async def talk_in(
        self, person_id: int, ticket_id: int, chat_id: int, thread_id: int | None
    ) -> None:
        """Note the chat and its topic in which a request is talked about; None: it has none."""
        await self._runner.execute(
            _TALK, person=person_id, ticket=ticket_id, chat=chat_id, thread=thread_id
        )

    async def brought(self, person_id: int) -> list[tuple[int, int]]:
        """List the messages that brought a person's words to others, as a chat and an id."""
        rows = await self._runner.fetch(_PLACES, person=person_id)
        return [(row[0], row[1]) for row in rows]

    async def topics(self, person_id: int) -> list[tuple[int, int]]:
        """List the topics in which a person's requests are talked about, as a chat and an id."""
        rows = await self._runner.fetch(_TOPICS, person=person_id)
        return [(row[0], row[1]) for row in rows]

    async def messages(self, person_id: int, ticket_id: int, *, limit: int) -> list[TicketMessage]:
        """List the latest of what was written in a request, oldest first."""
        rows = await self._runner.fetch(_MESSAGES, person=person_id, ticket=ticket_id, limit=limit)
        return [self._message(person_id, row) for row in reversed(rows)]

    async def message(self, person_id: int, message_id: int) -> TicketMessage | None:
        """Find one thing that was written."""
        rows = await self._runner.fetch(_ONE, person=person_id, message=message_id)
        return self._message(person_id, rows[0]) if rows else None

    async def arrived(self, person_id: int, message_id: int, chat_id: int, there: int) -> None:
        """Note which message brought it to the operator's people, and in which chat."""
        await self._runner.execute(
            _ARRIVED, person=person_id, message=message_id, chat=chat_id, there=there
        )

    def _message(self, person_id: int, row: Row) -> TicketMessage:
        key_id, wrapped, number, ticket_id, at, by, text, photo, chat, there = row
        key = self._vault.open_key(person_id, key_id, wrapped)
        said = key.open_text(("ticket", str(ticket_id), by, at.isoformat()), text)
        place = ("ticket photo", str(ticket_id), at.isoformat())
        picture = key.open_text(place, photo) if photo else None
        return TicketMessage(number, ticket_id, at, by, said, picture, chat, there)
