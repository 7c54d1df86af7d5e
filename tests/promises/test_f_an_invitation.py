"""What somebody can do who came upon an invitation link, or came in by one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from bot.features import discover
from tests.house import KIOSK, Guest, House
from tests.promises.conftest import invitation


async def test_an_invitation_lets_one_person_in_once_within_a_day(
    house: House, carol: Guest
) -> None:
    first, second = house.guest("First"), house.guest("Second")
    link = await invitation(carol)
    assert "You are in" in (await first.says(link)).text
    await second.says(link)
    assert second.sees("used already")
    late = await invitation(carol)
    await house.passes(hours=25)
    await second.says(late)
    assert second.sees("older than a day")
    assert "private card wallet" in (await second.says("/balance")).text


async def test_an_invitation_cannot_be_read_out_of_the_database(house: House, carol: Guest) -> None:
    token = (await invitation(carol)).removeprefix("/start in-")
    held = b"".join(path.read_bytes() for path in house.folder.rglob("kabao.db*"))
    assert token.encode() not in held
    with closing(sqlite3.connect(house.database)) as raw:
        assert raw.execute("SELECT count(*) FROM invitations").fetchone() == (1,)


async def test_whoever_comes_in_sees_nothing_of_anybody_elses(
    house: House, alice: Guest, eve: Guest
) -> None:
    await alice.binds(KIOSK)
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    (entry, *_) = await store.ledger.page(alice.id, card.id, limit=1)
    hers = [b.data for m in alice.person.chat for b in m.buttons if b.data]
    assert any(card.id in data for data in hers)
    await eve.says("/balance")
    for data in hers:
        await eve.forges(data, sealed=False)
    for name in discover().buttons:
        for words in (card.id, f"{card.id}:0", f"{card.id}:{entry.id}", f"spent:{card.id}"):
            await eve.forges(f"{name}:{words}")
    for command in discover().commands:
        for words in (card.tail, card.id):
            await eve.says(f"/{command} {words}", "/cancel")
    said = "\n".join(eve.told)
    assert len(eve.told) > 10
    assert f"·{card.tail}" not in said
    assert "CN¥" not in said
    assert await store.cards.list(alice.id) == [card]


async def test_a_button_of_another_person_does_nothing(
    house: House, alice: Guest, eve: Guest
) -> None:
    await alice.says("/forget")
    yes = alice.newest.button("Yes, erase everything").data
    assert yes is not None
    await eve.binds(KIOSK)
    for data in (yes, "forgotten", f"AAAAAAAAAA{'forgotten'}"):
        notices = await eve.forges(data, sealed=False)
        assert "out of date" in notices[-1]
    assert len(await house.kabao.parts.store.cards.list(eve.id)) == 1
    assert await house.kabao.parts.store.people.get(alice.id)


async def test_in_a_group_no_number_is_shown_and_a_number_that_is_written_there_is_deleted(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    family = house.telegram.group("Family", [alice.person], deletes=True)
    for command in sorted(discover().commands):
        await alice.says(f"/{command}@kabao_demo_bot", chat=family)
    await alice.says(f"/bind@kabao_demo_bot {KIOSK}", chat=family)
    said = "\n".join(message.text for message in family.chat)
    assert "Cards are private" in said
    assert KIOSK not in said
    assert f"·{KIOSK[-4:]}" not in said
    assert "CN¥" not in said
