"""Whoever has many cards reaches each of them wherever one is to be chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from storage import MOST_CARDS, NewCard
from tests.house import PIN, YUAN
from tests.imports import written

if TYPE_CHECKING:
    from tests.house import Guest, House

MANY = 23


async def many(house: House, guest: Guest) -> None:
    """Give somebody cards called Shop 1 to Shop 23, whose numbers end in 1001 to 1023."""
    await guest.says("/start")
    new = []
    for n in range(1, MANY + 1):
        number = f"880055660000{1000 + n}"
        new.append(
            NewCard("other", f"Shop {n}", number[-4:], {"number": number}, number, currency="CNY")
        )
    await house.kabao.parts.store.cards.add_many(guest.id, new)


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        ("/show shop", "8800556600001023"),
        ("/share shop", "Shop 23 ·1023: who has it"),
        ("/history shop", "History of Shop 23 ·1023"),
        ("/insights shop", "There is too little to draw yet"),
    ],
)
async def test_the_last_card_is_reached_by_pages(
    house: House, alice: Guest, asked: str, then: str
) -> None:
    await many(house, alice)
    first = await alice.says(asked)
    assert first.labels[0] == "Shop 1 ·1001"
    assert first.labels[-2:] == ["1 of 3", "▶"]
    await alice.presses("▶")
    last = await alice.presses("▶")
    assert last.id == first.id
    assert last.labels == ["Shop 21 ·1021", "Shop 22 ·1022", "Shop 23 ·1023", "◀", "3 of 3"]
    assert then in (await alice.presses("Shop 23")).text


async def test_a_page_shows_only_cards_that_were_looked_for(house: House, alice: Guest) -> None:
    await many(house, alice)
    asked = await alice.says("/show shop 2")
    assert asked.labels == [f"Shop {n} ·{1000 + n}" for n in (2, 20, 21, 22, 23)]
    await alice.forges("shows:0:shop 2")
    assert alice.newest.labels == asked.labels


async def test_for_a_group_too(house: House, alice: Guest) -> None:
    await many(house, alice)
    group = house.telegram.group("Family", [alice.person])
    await alice.says("/share", chat=group)
    found = re.search(r"\?start=(\S+)", group.chat[-1].buttons[0].url or "")
    assert found is not None
    await alice.says(f"/start {found[1]}")
    await alice.presses("▶")
    last = await alice.presses("▶")
    assert last.labels[-1] == "No, thanks"
    await alice.presses("Shop 23")
    assert "Shop 23 ·1023" in (await alice.says("/balance", chat=group)).text


async def test_there_is_one_limit_however_cards_come_in(house: House, alice: Guest) -> None:
    await many(house, alice)
    new = [
        NewCard("other", "Shop", f"{n:04}", {"number": f"77{n:010}"}, f"77{n:010}")
        for n in range(MOST_CARDS - MANY - 1)
    ]
    await house.kabao.parts.store.cards.add_many(alice.id, new)
    assert "What shall the card be called?" in (await alice.says("8800556677778888")).text
    await alice.says("The last one", "20")
    refused = await alice.says("8800556677779999")
    assert refused.text == (
        "You have 2,000 cards here, archived ones included, and that is as many as I keep. "
        "Remove one you no longer need, then send /bind again."
    )
    assert "2,000 cards here" in (await alice.says("/bind", YUAN, PIN)).text
    link = written.share_link(store="Tea", note="", cardid="99112233")
    shown = await alice.says(link)
    assert "New: 0. Here already: 0. Left out: 1." in shown.text
    assert "No. 1: more cards than I keep of one person" in shown.text
    assert "I keep 2,000 cards of one person, archived ones included." in shown.text
