"""The bot is killed half way, or cut off: nothing is lost, doubled or half done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot import calls, delivery
from bot.features import announce
from bot.playground.world import stable_id
from storage import Barcode
from storage.outbox import Outbox
from tests.house import PIN, YUAN, Guest, House
from tests.journeys.test_expiring import reminders, with_date
from tests.journeys.test_hand_over import link_of as hand_link_of
from tests.journeys.test_import import catima, sends
from tests.journeys.test_inbox import Stuck, confirmed, killed
from tests.journeys.test_pay import again, balances, three
from tests.journeys.test_sharing import link_of
from tests.journeys.test_tickets import desk, support_chat

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from bot.playground import Group, Seen
    from storage import Card


class Cut(Stuck):
    """Stuck at a call to Telegram that is made just after something was written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self._back = monkeypatch.undo

    def before(self, call: str) -> None:
        """Let the bot not get beyond this call."""
        real = getattr(calls, call)

        async def stay(*given: Any, **more: Any) -> Any:
            await self._stay()
            return await real(*given, **more)

        self._patch.setattr(calls, call, stay)

    def after(self, call: str) -> None:
        """Let the bot not get beyond this call once it was made."""
        real = getattr(calls, call)

        async def stay(*given: Any, **more: Any) -> None:
            await real(*given, **more)
            await self._stay()

        self._patch.setattr(calls, call, stay)

    async def off(self, house: House, update: int | None, *, reached: bool = False) -> None:
        """Kill the bot there, and start it again."""
        if not reached:
            await self.reached()
        await confirmed(house)
        await killed(house)
        self._back()
        await house.start()
        await house.settled(update)


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    return Cut(monkeypatch)


def count(guest: Guest, text: str) -> int:
    return sum(text in one for one in guest.told)


async def stopped(work: asyncio.Task[None]) -> None:
    """End what is under way, as a kill does."""
    work.cancel()
    await asyncio.wait({work}, timeout=10)


async def pressed(guest: Guest, button: str, message: Seen | None = None) -> int | None:
    return await guest.person.presses(button, message=message)


@pytest.mark.parametrize("hand_over", [False, True], ids=["shared", "handed over"])
async def test_who_took_a_link_is_told_to_its_giver_once_whatever_comes_between(
    house: House, alice: Guest, bob: Guest, cut: Cut, hand_over: bool
) -> None:
    await alice.binds(YUAN, PIN)
    payload = (
        (await hand_link_of(house, alice))[1] if hand_over else await link_of(house, alice, "spend")
    )
    await bob.says(f"/start {payload}")
    house.telegram.fail(
        "sendMessage", status=502, times=2, match=lambda sent: "took" in sent["text"]
    )
    cut.before("edit")
    await cut.off(house, await pressed(bob, "Take it"))
    for _ in range(3):
        await house.passes(minutes=10)
    said = "It is theirs now." if hand_over else "took your link: they may spend"
    assert count(alice, said) == 1
    await bob.says("/balance")
    assert bob.sees("·1001")
    await bob.says(f"/start {payload}")
    assert bob.sees("This link was used already")


async def test_a_notice_that_a_kill_cut_short_reaches_everybody_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with House(tmp_path, admins=str(stable_id("Carol"))) as house:
        carol, *others = (house.guest(name, "en") for name in ("Carol", *"ABCDE"))
        for guest in (carol, *others):
            await guest.says("/start")
        await carol.says("/announce Maintenance tonight")
        monkeypatch.setattr(announce, "AT_ONCE", 2)
        cut, real = Cut(monkeypatch), Outbox.put

        async def put(outbox: Outbox, owner: int, *given: Any, **more: Any) -> bool:
            if more["key"].startswith("announce:") and owner == max(one.id for one in others):
                await cut._stay()
            return await real(outbox, owner, *given, **more)

        monkeypatch.setattr(Outbox, "put", put)
        await cut.off(house, await pressed(carol, "Send it"))
        told = [count(one, "📣 Maintenance tonight") for one in (carol, *others)]
        assert 0 < sum(told) < len(told)
        house.clock.advance(5)
        late = house.guest("Late", "en")
        await late.says("/start")
        for _ in range(3):
            await house.passes(minutes=5)
        assert [count(one, "📣 Maintenance tonight") for one in (carol, *others)] == [1] * 6
        assert not late.sees("Maintenance")
        assert count(carol, "📣 6 people got the notice.") == 1


async def shared_in_a_group(house: House, owner: Guest, other: Guest) -> tuple[Card, Group]:
    """Let somebody spend from a card that a group of both sees."""
    await owner.says("/bind", "AB-778899001", "Market", "200")
    await other.says("/start")
    store = house.kabao.parts.store
    (card,) = await store.cards.list(owner.id)
    group = house.telegram.group("Family", [owner.person, other.person])
    await store.groups.share(owner.id, card.id, group.where.id, "Family")
    await store.shares.give(owner.id, card.id, other.id, "spend")
    return card, group


async def spent(house: House, card: Card) -> int:
    entries = await house.kabao.parts.store.ledger.page(card.owner_id, card.id, limit=20)
    return sum(entry.amount_minor == -1000 for entry in entries)


async def test_what_was_booked_from_a_group_before_a_kill_is_told_to_who_booked_it(
    house: House, alice: Guest, bob: Guest, cut: Cut
) -> None:
    card, group = await shared_in_a_group(house, alice, bob)
    cut.before("send")
    await cut.off(house, await bob.person.says("/spent 10 lunch", chat=group))
    assert await spent(house, card) == 1
    assert count(bob, "I was interrupted while answering you.") == 1
    assert not group.sees("interrupted")


async def test_a_booking_from_a_group_that_threw_the_bot_out_meanwhile_is_told_in_private(
    house: House, alice: Guest, bob: Guest
) -> None:
    card, group = await shared_in_a_group(house, alice, bob)
    here = group.where.id
    kicked = "Forbidden: bot was kicked from the supergroup chat"
    house.telegram.fail(
        "sendMessage", status=403, description=kicked, match=lambda sent: sent["chat_id"] == here
    )
    await bob.says("/spent 10 lunch", chat=group)
    assert await spent(house, card) == 1
    assert "Market ·9001: CN¥10.00 spent · 👤 Bob" in bob.newest.text


async def test_a_plan_whose_answer_was_lost_is_booked_once_on_every_card(
    house: House, alice: Guest, cut: Cut
) -> None:
    await three(house, alice)
    told = await alice.says("/pay 120")
    cut.before("edit")
    await cut.off(house, await pressed(alice, "Paid", told))
    paid = {"Tea": 0, "Books": 2000, "Shoes": 3000}
    assert await balances(house, alice) == paid
    assert count(alice, "I was interrupted while answering you.") == 1
    await alice.presses("Paid", message=again(alice, told))
    assert "out of date" in alice.person.notices[-1]
    assert await balances(house, alice) == paid


async def test_cards_whose_moving_in_was_cut_off_are_there_once(
    house: House, alice: Guest, cut: Cut
) -> None:
    await alice.says("/import")
    shown = await sends(house, alice, "catima.zip", catima())
    cut.before("edit")
    await cut.off(house, await pressed(alice, "Save", shown))
    store = house.kabao.parts.store.cards
    assert count(alice, "I was interrupted while answering you.") == 1
    await alice.presses("Save", message=again(alice, shown))
    assert "out of date" in alice.person.notices[-1]
    assert len([*await store.list(alice.id), *await store.archived(alice.id)]) == 3
    await alice.says("/import")
    assert "There is nothing new in it." in (await sends(house, alice, "c.zip", catima())).text


async def test_a_barcode_that_stood_in_the_chat_at_a_kill_goes_when_the_bot_is_back(
    house: House, alice: Guest, cut: Cut
) -> None:
    await alice.binds(YUAN, PIN)
    store = house.kabao.parts.store.cards
    (card,) = await store.list(alice.id)
    await store.set_barcode(alice.id, card.id, Barcode("QRCode", YUAN))

    def pictures() -> int:
        return sum("photo" in message.raw for message in alice.person.chat)

    cut.after("edit_photo")
    update = await alice.person.says("/show 1001")
    await cut.reached()
    assert pictures() == 1
    house.clock.advance(59)
    await cut.off(house, update, reached=True)
    assert pictures() == 1
    await house.passes(seconds=2)
    assert pictures() == 0


async def test_a_reminder_that_was_on_its_way_at_a_kill_comes_once(
    house: House, alice: Guest, cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STOP_SECONDS", 0)
    await with_date(alice)
    house.clock.advance(3 * 24 * 3600)  # seven days are left, and it is noon
    cut.before("send")
    due = asyncio.create_task(house.kabao._jobs.catch_up())
    await cut.reached()
    await stopped(due)
    await killed(house)
    cut._back()
    await house.start()
    for _ in range(3):
        await house.passes(minutes=3)
    assert len(reminders(alice)) == 1


async def test_a_request_that_arrived_and_was_not_noted_is_answered_once_however_often_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carol_id, chat = str(stable_id("Carol")), support_chat("Desk")
    async with House(tmp_path, admins=carol_id, language="en", support_chat=chat) as house:
        carol, group = desk(house)
        alice = house.guest("Alice", "en")
        cut, real = Cut(monkeypatch), Outbox.sent

        async def sent(*given: Any) -> bool:
            await cut._stay()
            return await real(*given)

        monkeypatch.setattr(Outbox, "sent", sent)
        monkeypatch.setattr(delivery, "STOP_SECONDS", 0)
        update = await alice.person.says("/feedback I like it")
        await house.kabao.parts.turns.handled(update or 0)
        due = asyncio.create_task(house.kabao._jobs.catch_up())
        await cut.reached()
        await stopped(due)
        await cut.off(house, update, reached=True)
        await house.passes(minutes=3)
        brought = [message for message in group.chat if "I like it" in message.text]
        assert 1 <= len(brought) <= 2
        topics = {message.raw["message_thread_id"] for message in brought}
        assert len(topics) == 1
        await house.settled(await carol.person.says("Thanks", chat=group, topic=topics.pop()))
        assert count(alice, "Answer to your request #1") == 1
