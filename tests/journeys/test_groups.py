"""Cards shared with a group: balances and bookings there, and never a number, PIN or barcode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from bot.playground import Group
    from storage import Card


async def shared(house: House, alice: Guest, group: Group) -> Card:
    """Share Alice's one card with a group, as she does it."""
    await alice.says("/share", chat=group)
    buttons = group.chat[-1].buttons
    found = re.search(r"\?start=(\S+)", buttons[0].url or "")
    assert found is not None
    asked = await alice.says(f"/start {found[1]}")
    assert "“Family”" in asked.text
    await alice.presses("·1001")
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
