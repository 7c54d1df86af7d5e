"""What somebody can do with a link to a card, or with a card that another one shares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from bot.features.groups.spending import spendable
from storage import Right, suffices
from storage.records import SOMEBODY
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from storage import Card

RIGHTS: tuple[Right, ...] = get_args(Right)
NEEDS: dict[str, Right] = {
    "history:{}:0": "see",
    "reveal:{}": "spend",
    "book:spent:{}": "spend",
    "book:topup:{}": "manage",
    "rename:{}": "manage",
    "alert:{}": "manage",
    "remove:{}": "own",
    "sharing:{}": "own",
    "handlink:{}": "own",
    "sharelink:{}:see": "own",
}
"""What is done with a card, by its button, and what somebody must be allowed to."""


async def a_card(house: House, alice: Guest, number: str = KIOSK, *pin: str) -> Card:
    await alice.binds(number, *pin)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    return card


async def a_link(house: House, alice: Guest, press: str) -> str:
    await alice.says("/share")
    if press == "Make the link":
        await alice.presses("Hand over for good")
    else:
        await alice.presses("Share with somebody")
    await alice.presses(press)
    await house.settled()
    found = re.search(r"\?start=(\S+)", alice.newest.text)
    assert found is not None
    return f"/start {found[1]}"


async def test_a_link_to_a_card_gives_it_to_one_person_once_within_a_week(
    house: House, alice: Guest, eve: Guest, carol: Guest
) -> None:
    card = await a_card(house, alice)
    link = await a_link(house, alice, "May see")
    assert link.removeprefix("/start sh-").encode() not in b"".join(
        path.read_bytes() for path in house.folder.rglob("kabao.db*")
    )
    await carol.says(link)
    await eve.says(link)
    await carol.presses("Take it")
    await eve.presses("Take it")
    late = await a_link(house, alice, "May see")
    await house.passes(hours=7 * 24)
    await eve.says(late)
    held = house.kabao.parts.store.shares
    assert [one.id for one in await held.people(alice.id, card.id)] == [carol.id]


async def test_a_right_that_was_not_given_is_not_had(
    house: House, alice: Guest, eve: Guest
) -> None:
    card = await a_card(house, alice, YUAN, PIN)
    await eve.says("/balance")
    for right in RIGHTS[:-1]:
        await house.kabao.parts.store.shares.give(alice.id, card.id, eve.id, right)
        for data, needed in NEEDS.items():
            before = len(eve.person.notices)
            notices = (await eve.forges(data.format(card.id)))[before:]
            refused = any(one.startswith("This button is out of date.") for one in notices)
            assert refused != suffices(right, needed), (right, data)


async def test_a_card_that_is_shared_no_longer_is_as_if_it_never_had_been(
    house: House, alice: Guest, eve: Guest
) -> None:
    card = await a_card(house, alice)
    await eve.says("/balance")
    shares = house.kabao.parts.store.shares
    await shares.give(alice.id, card.id, eve.id, "manage")
    await alice.says("/share")
    await alice.presses("No longer Eve")
    for data in NEEDS:
        assert (await eve.forges(data.format(card.id)))[-1].startswith("This button is out")


async def test_a_card_handed_over_opens_for_its_old_owner_no_longer(
    house: House, alice: Guest, eve: Guest
) -> None:
    card = await a_card(house, alice)
    await eve.says(await a_link(house, alice, "Make the link"))
    await eve.presses("Take it")
    for data in NEEDS:
        assert (await alice.forges(data.format(card.id)))[-1].startswith("This button is out")
    store = house.kabao.parts.store
    assert await store.cards.secrets(alice.id, card.id) == {}
    await store.people.forget(alice.id)  # and the key it was sealed under
    assert (await store.cards.secrets(eve.id, card.id))["number"] == KIOSK


async def test_what_was_still_to_be_told_of_a_card_that_is_shared_no_longer_is_not_told(
    house: House, alice: Guest, eve: Guest, carol: Guest
) -> None:
    card = await a_card(house, alice)
    shares = house.kabao.parts.store.shares
    await eve.says("/digest daily")
    await carol.forges("hours:0-23")
    for guest in (eve, carol):
        await shares.give(alice.id, card.id, guest.id, "spend")
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)
    for guest in (eve, carol):
        await shares.revoke(alice.id, card.id, guest.id)
    await house.passes(hours=48)
    assert alice.sees("runs low")
    for guest in (eve, carol):
        assert not any("21.50" in text for text in guest.told)


async def test_whoever_left_a_group_spends_nothing_there(
    house: House, alice: Guest, carol: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    group = house.telegram.group("Family", [alice.person, carol.person])
    parts = house.kabao.parts
    (card,) = await parts.store.cards.list(alice.id)
    chat = group.where.id
    await parts.store.groups.share(alice.id, card.id, chat, "Family")
    await parts.store.groups.let(alice.id, card.id, chat, "spend")
    assert await spendable(parts, chat, carol.id, None, [card]) == ([card], False)
    await house.settled(await group.leaves(carol.person))
    assert await spendable(parts, chat, carol.id, None, [card]) == ([], False)
    await house.settled(await group.leaves(alice.person))
    assert await parts.store.groups.cards(chat) == []


async def test_what_an_erased_person_booked_on_a_card_of_others_names_them_no_more(
    house: House, alice: Guest, carol: Guest
) -> None:
    await alice.says("/bind", "8800 5566", "Tea", "200")
    await carol.says("/start")
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    await store.shares.give(alice.id, card.id, carol.id, "spend")
    await carol.says("/spent 5 bun")
    await store.people.forget(carol.id)
    history = (await alice.says("/history")).text
    assert "bun · Tea ·5566 · 👤 somebody who is no longer here" in history
    (entry, _) = await store.ledger.page(alice.id, card.id, limit=9)
    assert entry.booked_by == SOMEBODY
