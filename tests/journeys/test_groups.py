"""Cards shared with a group: balances and bookings there, and never a number, PIN or barcode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.features.groups.spending import spendable
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from bot.playground import Group
    from storage import Card


async def shared(house: House, alice: Guest, group: Group, tail: str = "·1001") -> Card:
    """Share Alice's one card with a group, as she does it."""
    await alice.says("/share", chat=group)
    buttons = group.chat[-1].buttons
    found = re.search(r"\?start=(\S+)", buttons[0].url or "")
    assert found is not None
    asked = await alice.says(f"/start {found[1]}")
    assert "“Family”" in asked.text
    await alice.presses(tail)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    return card


async def presses_there(house: House, guest: Guest, group: Group, word: str) -> list[str]:
    message = next(one for one in reversed(group.chat) if one.buttons)
    await house.settled(await guest.person.presses(word, message=message, chat=group))
    return guest.person.notices


async def test_a_group_sees_the_balance_of_what_is_shared_with_it_and_nothing_more(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, bob.person])
    assert "Cards are private" in (await bob.says("/balance", chat=group)).text
    await shared(house, alice, group)
    assert "shares Panda Gift Card ·1001 with this group" in group.chat[-1].text
    told = await bob.says("/balance", chat=group)
    assert "Panda Gift Card ·1001" in told.text
    assert "👤 Alice's card" in told.text
    for text in ("/show", "/show 1001", "/history"):
        await bob.says(text, chat=group)
    assert not any(YUAN in one.text or PIN in one.text for one in group.chat)
    assert "👥 Family" in (await alice.says("/share")).text


async def test_whoever_refreshes_there_sees_what_the_issuer_says_now(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    group = house.telegram.group("Family", [alice.person, bob.person])
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.store.groups.share(alice.id, card.id, group.where.id, "Family")
    assert "CN¥161.50" in (await bob.says("/balance", chat=group)).text
    house.issuer.spend(KIOSK, 1000)
    house.clock.advance(60)
    assert "Asking the issuers…" in await presses_there(house, bob, group, "Refresh")
    assert "CN¥151.50" in group.chat[-1].text
    assert "just now" in group.chat[-1].text
    await house.kabao.parts.store.groups.drop(group.where.id)
    await presses_there(house, bob, group, "Refresh")
    assert "Kiosk" not in group.chat[-1].text
    assert not group.chat[-1].buttons


async def test_who_has_a_right_of_their_own_books_there_and_only_they_or_the_owner_undo_it(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    for guest in (bob, carol):
        await guest.says("/start")
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, bob.person, carol.person])
    card = await shared(house, alice, group)
    store = house.kabao.parts.store
    await store.shares.give(alice.id, card.id, bob.id, "spend")
    refused = await carol.says("/spent 38.5 lunch", chat=group)
    assert "None of this group's cards is yours to spend from" in refused.text
    done = await bob.says("/spent 38.5 lunch", chat=group)
    assert "¥38.50 spent · 👤 Bob" in done.text
    (entry,) = [e for e in await store.ledger.page(alice.id, card.id, limit=9) if e.text == "lunch"]
    assert (entry.booked_by, entry.amount_minor) == (bob.id, -3850)
    assert "Only who booked it" in (await presses_there(house, carol, group, "Undo"))[-1]
    await presses_there(house, alice, group, "Undo")
    assert "undone · 👤 Alice" in group.chat[-1].text
    assert not any(e.text == "lunch" for e in await store.ledger.page(alice.id, card.id, limit=9))
    for words in ("/spent", "/spent lunch", "/spent 0", "/spent 999999 lunch"):
        told = (await bob.says(words, chat=group)).text
        assert "Write the amount" in told or "nothing is booked" in told
    told = (await bob.says("/spent 30 USD lunch", chat=group)).text
    assert told.startswith("Write the amount in Chinese Yuan and what for")
    assert "¥3.00 spent" in (await bob.says("/spent 3 CNY cup of tea", chat=group)).text
    assert "¥2.00 spent" in (await bob.says("/spent 2 cup", chat=group)).text
    texts = [e.text for e in await store.ledger.page(alice.id, card.id, limit=2)]
    assert texts == ["cup", "cup of tea"]


async def test_a_button_of_one_group_is_nothing_in_another_or_in_private(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, bob.person])
    card = await shared(house, alice, group)
    await bob.says("/start")
    for data in ("groupcards", f"groupundo:{card.id}:1", f"groupshare:{card.id}:{-group.where.id}"):
        assert (await bob.forges(data))[-1].startswith("This button is out of date.")


async def test_a_way_to_share_is_good_for_who_asked_alone(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, bob.person])
    await alice.says("/share", chat=group)
    found = re.search(r"\?start=(\S+)", group.chat[-1].buttons[0].url or "")
    assert found is not None
    told = await bob.says(f"/start {found[1]}")
    assert "Family" not in told.text


async def test_a_group_that_became_a_supergroup_keeps_its_cards_and_one_without_the_bot_loses_them(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person], basic=True)
    card = await shared(house, alice, group)
    await house.settled(await group.upgrades())
    told = await alice.says("/balance", chat=group)
    assert "Panda Gift Card ·1001" in told.text
    store = house.kabao.parts.store
    assert [one.title for one in await store.groups.of_card(alice.id, card.id)] == ["Family"]
    await house.settled(await group.removes_bot())
    assert await store.groups.of_card(alice.id, card.id) == []


async def test_what_is_taken_back_the_group_sees_no_longer_and_a_number_there_is_deleted(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, bob.person], deletes=True)
    await shared(house, alice, group)
    await bob.says(f"/spent {YUAN}", chat=group)
    assert "I deleted the card number" in group.chat[-1].text
    assert not any(YUAN in one.text for one in group.chat)
    await alice.says("/share")
    await alice.presses("No longer Family")
    assert "Cards are private" in (await bob.says("/balance", chat=group)).text


async def test_everybody_spends_there_where_the_owner_lets_them_and_while_they_are_in_it(
    house: House, alice: Guest, bob: Guest
) -> None:
    """Carol never wrote to the bot, and is called what Telegram calls her."""
    carol = house.guest("Carol")
    await alice.says("/bind", "8800 5566", "Tea", "200")
    await bob.says("/start")
    group = house.telegram.group("Family", [alice.person, bob.person, carol.person])
    card = await shared(house, alice, group, "·5566")
    assert "None of this group's cards" in (await carol.says("/spent 5 bun", chat=group)).text
    await alice.presses("Let everybody there spend")
    assert "Alice lets everybody here book" in group.chat[-1].text
    assert "👥 Family · everybody there may spend" in alice.newest.text
    assert "everybody here may spend: /spent" in (await bob.says("/balance", chat=group)).text
    for words in ("/spent 5 bun", "/spent bun 5.00", "/spent 包子 5 昨天", "/spent Tea 5 bun"):
        told = await carol.says(words, chat=group)
        assert "CN¥5.00 spent · 👤 Carol" in told.text, words
    ledger = house.kabao.parts.store.ledger
    listed = await ledger.page(alice.id, card.id, limit=9)
    assert [one.text for one in listed].count("bun") == 3
    assert [one.text for one in listed].count("包子") == 1
    assert await house.kabao.parts.store.people.get(carol.id) is None
    assert "bun · 👤 Carol" in (await alice.says("/history Tea")).text
    assert ", by Carol" in (await alice.says("/balance Tea")).text
    assert "Only who booked it" in (await presses_there(house, bob, group, "Undo"))[-1]
    await presses_there(house, carol, group, "Undo")
    assert "undone · 👤 Carol" in group.chat[-1].text
    parts = house.kabao.parts
    assert await spendable(parts, group.where.id, carol.id, None, [card]) == ([card], False)
    await house.settled(await group.leaves(carol.person))
    assert await spendable(parts, group.where.id, carol.id, None, [card]) == ([], False)
    house.telegram.fail("getChatMember", status=400, times=1)
    assert await spendable(parts, group.where.id, bob.id, None, [card]) == ([], True)
    await alice.says("/share")
    await alice.presses("Family only sees")
    assert "Only who has a right of their own" in group.chat[-1].text


async def test_what_is_not_clear_is_asked_there_of_who_wrote_it(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.says("/bind", "8800 5566", "Tea", "200")
    group = house.telegram.group("Family", [alice.person, bob.person])
    first = await shared(house, alice, group, "·5566")
    await alice.says("/bind", "8800 7788", "Rice", "90")
    store = house.kabao.parts.store
    (second,) = [one for one in await store.cards.list(alice.id) if one.id != first.id]
    await store.groups.share(alice.id, second.id, group.where.id, "Family")
    for one in (first, second):
        await store.groups.let(alice.id, one.id, group.where.id, "spend")
    asked = await bob.says("/spent 12.50 dinner", chat=group)
    assert sorted(asked.labels) == ["Rice ·7788", "Tea ·5566"]
    assert "Only who wrote it" in (await presses_there(house, alice, group, "Rice"))[-1]
    await presses_there(house, bob, group, "Rice")
    assert "Rice ·7788: CN¥12.50 spent · 👤 Bob" in group.chat[-1].text
    asked = await bob.says("/spent 5 711 milk Rice", chat=group)
    assert "What did you mean?" in asked.text
    await presses_there(house, bob, group, "CN¥5.00 · 711 milk")
    (entry,) = [e for e in await store.ledger.page(alice.id, second.id, limit=9) if "711" in e.text]
    assert (entry.amount_minor, entry.text, entry.booked_by) == (-500, "711 milk", bob.id)


async def test_who_writes_as_the_group_is_told_why_nothing_is_done(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, bob.person])
    await shared(house, alice, group)
    before = len(group.chat)
    await house.settled(await alice.person.says("/ban 5", chat=group, anonymous=True))
    assert len(group.chat) == before + 1
    for words, said in (
        ("/spent 5 bun", "以群的名义"),
        ("/share", "以群的名义"),
        ("/balance", "Panda Gift Card ·1001"),
    ):
        await house.settled(await alice.person.says(words, chat=group, anonymous=True))
        assert said in group.chat[-1].text


async def test_the_owner_is_told_once_that_a_group_threw_the_bot_out(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, bob.person])
    await shared(house, alice, group)
    await house.settled(await group.removes_bot())
    told = [one for one in alice.told if "I was removed from “Family”" in one]
    assert len(told) == 1
    assert "Panda Gift Card ·1001" in told[0]


async def test_a_group_that_the_owner_left_sees_their_cards_no_more(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [bob.person, alice.person])
    card = await shared(house, alice, group)
    await house.settled(await group.leaves(alice.person))
    assert await house.kabao.parts.store.groups.of_card(alice.id, card.id) == []
    assert alice.sees("You are no longer in “Family”")
    assert "Cards are private" in (await bob.says("/balance", chat=group)).text
