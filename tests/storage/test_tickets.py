"""Requests for help are their holder's; what was written in them is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.schema import ticket_messages
from tests.storage.conftest import LI, WANG, Clock

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Store

DESK, OFFICE = -1001, -1002


async def met(store: Store) -> None:
    for person in (LI, WANG):
        await store.people.arrive(person, name="Somebody", language="zh")


async def test_a_request_goes_from_open_to_answered_to_closed(store: Store, clock: Clock) -> None:
    await met(store)
    ticket = await store.tickets.open(LI, "balance", "abc")
    assert (ticket.state, ticket.card_id, ticket.rating) == ("open", "abc", None)
    first = await store.tickets.add(LI, ticket.id, "holder", "为什么少了？")
    assert await store.tickets.count("open") == 1
    clock.advance(minutes=5)
    await store.tickets.add(LI, ticket.id, "operator", "Have a look now", photo="AgAC-file")
    assert [one.state for one in await store.tickets.unclosed(limit=9)] == ["answered"]
    said = await store.tickets.messages(LI, ticket.id, limit=9)
    assert [(one.by, one.text, one.photo) for one in said] == [
        ("holder", "为什么少了？", None),
        ("operator", "Have a look now", "AgAC-file"),
    ]
    assert not await store.tickets.rate(LI, ticket.id, 5)  # not before it is closed
    assert await store.tickets.close(LI, ticket.id)
    assert not await store.tickets.close(LI, ticket.id)
    assert await store.tickets.rate(LI, ticket.id, 5)
    assert await store.tickets.unclosed(limit=9) == []
    assert (await store.tickets.of(LI, limit=9))[0].rating == 5
    assert first is not None
    await store.tickets.arrived(LI, first, DESK, 77)
    message = await store.tickets.message(LI, first)
    assert message is not None
    assert message.support_message_id == 77


async def test_writing_into_a_closed_request_opens_it_again(store: Store) -> None:
    await met(store)
    ticket = await store.tickets.open(LI, "feedback")
    await store.tickets.close(LI, ticket.id)
    await store.tickets.add(LI, ticket.id, "holder", "one more thing")
    again = await store.tickets.get(LI, ticket.id)
    assert again is not None
    assert (again.state, again.closed_at) == ("open", None)


async def test_nobody_reads_or_moves_another_s_request(store: Store) -> None:
    await met(store)
    ticket = await store.tickets.open(LI, "query")
    written = await store.tickets.add(LI, ticket.id, "holder", "help")
    assert written is not None
    assert await store.tickets.get(WANG, ticket.id) is None
    assert await store.tickets.of(WANG, limit=9) == []
    assert await store.tickets.messages(WANG, ticket.id, limit=9) == []
    assert await store.tickets.message(WANG, written) is None
    assert await store.tickets.add(WANG, ticket.id, "holder", "mine now") is None
    assert not await store.tickets.close(WANG, ticket.id)
    assert len(await store.tickets.messages(LI, ticket.id, limit=9)) == 1


async def test_a_topic_leads_to_its_request_until_it_is_gone(store: Store) -> None:
    await met(store)
    ticket = await store.tickets.open(LI, "query")
    await store.tickets.talk_in(LI, ticket.id, DESK, 4711)
    found = await store.tickets.of_thread(DESK, 4711)
    assert found is not None
    assert found.id == ticket.id
    assert await store.tickets.of_thread(OFFICE, 4711) is None
    await store.tickets.talk_in(LI, ticket.id, DESK, None)
    assert await store.tickets.of_thread(DESK, 4711) is None


async def test_where_the_words_of_one_person_went_is_known(store: Store) -> None:
    await met(store)
    ticket = await store.tickets.open(LI, "query")
    for chat, there in ((DESK, 77), (OFFICE, 78)):
        written = await store.tickets.add(LI, ticket.id, "holder", "help")
        assert written is not None
        await store.tickets.talk_in(LI, ticket.id, chat, 4711)
        await store.tickets.arrived(WANG, written, chat, 99)
        await store.tickets.arrived(LI, written, chat, there)
    assert await store.tickets.brought(LI) == [(DESK, 77), (OFFICE, 78)]
    assert await store.tickets.topics(LI) == [(OFFICE, 4711)]
    assert await store.tickets.brought(WANG) == await store.tickets.topics(WANG) == []


async def test_requests_go_with_their_holder_and_lie_sealed(on_file: Store, file: Path) -> None:
    await met(on_file)
    ticket = await on_file.tickets.open(LI, "query")
    await on_file.tickets.add(LI, ticket.id, "holder", "unmistakable words", photo="AgAC-picture")
    raw = b"".join(path.read_bytes() for path in file.parent.glob("kabao.db*"))
    assert b"unmistakable" not in raw
    assert b"AgAC-picture" not in raw
    await on_file.people.forget(LI)
    assert await on_file.tickets.find(ticket.id) is None
    assert await on_file.tickets.unclosed(limit=9) == []


async def test_what_became_of_a_notice_is_counted_and_can_be_stopped(
    store: Store, clock: Clock
) -> None:
    await met(store)
    for person in (LI, WANG):
        await store.outbox.put(
            person, None, "notice", {"en": "Hello"}, key="announce:a", not_before=clock.now
        )
    counted = await store.announcements.outcomes("announce:a")
    assert (counted.sent, counted.waiting, counted.unreached) == (0, 2, 0)
    claimed = await store.outbox.claim(clock.now, 60, 9)
    await store.outbox.sent(claimed[0].id, claimed[0].lease, clock.now)
    await store.people.change(claimed[1].owner_id, blocked_at=clock.now)
    counted = await store.announcements.outcomes("announce:a")
    assert (counted.sent, counted.waiting, counted.unreached) == (1, 0, 1)
    assert await store.announcements.unreached("announce:a", limit=9) == ["Somebody"]
    assert await store.announcements.stop("announce:a") == 1
    assert await store.announcements.stop("announce:a") == 0
    counted = await store.announcements.outcomes("announce:a")
    assert (counted.sent, counted.unreached, counted.stopped) == (1, 0, 1)
    assert await store.announcements.unreached("announce:a", limit=9) == []
    await store.outbox.sent(claimed[1].id, claimed[1].lease, clock.now)  # it was on its way
    assert (await store.announcements.outcomes("announce:a")).sent == 2
    assert await store.announcements.unreached("announce:b", limit=9) == []


async def test_a_request_goes_a_while_after_its_last_word(store: Store, clock: Clock) -> None:
    await met(store)
    closed, open_, lively = [await store.tickets.open(LI, "other") for _ in range(3)]
    await store.tickets.add(LI, open_.id, "holder", "hello?")
    await store.tickets.close(LI, closed.id)
    over = clock.now
    clock.advance(days=1)
    await store.tickets.add(LI, lively.id, "holder", "I too")
    assert await store.tickets.purge(over - (clock.now - over)) == 0
    assert await store.tickets.purge(over) == 2
    assert [one.id for one in await store.tickets.of(LI, limit=9)] == [lively.id]
    assert len(await store._runner.fetch(ticket_messages.select())) == 1
