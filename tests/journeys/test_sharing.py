"""A card that several people have: who may do what, who booked it, and how it ends."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.jobs import Jobs
from tests.house import KIOSK, PIN, SPENDER, YUAN, Guest, House
from tests.journeys.test_export import exported, opened

if TYPE_CHECKING:
    from pathlib import Path

    from storage import Card

OUTDATED = "This button is out of date."


async def link_of(house: House, owner: Guest, right: str) -> str:
    """Let somebody make a link by the buttons; gives what it brings to /start."""
    (card,) = await house.kabao.parts.store.cards.list(owner.id)
    await owner.says("/share")
    await owner.presses("Share with somebody")
    await owner.presses({"see": "May see", "spend": "May spend", "manage": "May manage"}[right])
    assert card.label not in owner.newest.text
    found = re.search(r"\?start=(\S+)", owner.newest.text)
    assert found is not None
    return found[1]


async def share(house: House, owner: Guest, other: Guest, right: str) -> Card:
    payload = await link_of(house, owner, right)
    await other.says(f"/start {payload}")
    await other.presses("Take it")
    (card,) = await house.kabao.parts.store.cards.list(owner.id)
    return card


async def test_a_card_is_shared_by_a_link_that_is_confirmed_and_its_giver_is_told(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    payload = await link_of(house, alice, "spend")
    offered = await bob.says(f"/start {payload}")
    assert "Alice shares Panda Gift Card ·1001 with you" in offered.text
    assert "show its number and PIN" in offered.text
    assert offered.labels == ["Take it", "No, thanks"]
    opened = await bob.presses("Take it")
    assert "👤 Alice's card · you may spend" in opened.text
    assert any("Bob" in one and "may spend" in one for one in alice.told)
    assert "👤 Bob · may spend" in (await alice.says("/share")).text
    actions = [one.action for one in await house.kabao.parts.store.audit.of(alice.id, limit=9)]
    assert {"shared", "link made"} <= {*actions}


async def test_a_shared_card_comes_after_ones_own_with_whose_it_is(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await bob.binds(KIOSK)
    await share(house, alice, bob, "see")
    listed = (await bob.says("/balance")).text
    assert listed.index("·2001") < listed.index("·1001") < listed.index("👤 Alice's card")


@pytest.mark.parametrize(
    ("right", "labels"),
    [
        ("see", {"Refresh", "History", "Shared with you", "All cards"}),
        ("spend", {"Spent", "Show number"}),
        ("manage", {"Topped up", "Alert", "Rename"}),
    ],
)
async def test_what_is_not_allowed_is_not_offered_and_not_done_when_it_is_forged(
    house: House, alice: Guest, bob: Guest, right: str, labels: set[str]
) -> None:
    await alice.binds(YUAN, PIN)
    card = await share(house, alice, bob, right)
    opened = (await bob.says("/balance 1001")).labels
    offered = {label.partition(" ")[2] for label in opened}
    assert labels <= offered
    assert not {"Remove", "Bind again"} & offered
    words = {
        "see": [f"reveal:{card.id}", f"unveil:{card.id}:1", f"book:spent:{card.id}"],
        "spend": [f"rename:{card.id}", f"book:topup:{card.id}", f"alert:{card.id}"],
        "manage": [],
    }
    owners = [f"sharing:{card.id}", f"handlink:{card.id}", f"remove:{card.id}"]
    owners += [f"sharelink:{card.id}:manage", f"removed:{card.id}", f"unshare:{card.id}:{alice.id}"]
    for data in words[right] + owners:
        assert (await bob.forges(data))[-1].startswith(OUTDATED), data
    assert await house.kabao.parts.store.cards.get(alice.id, card.id) is not None


WAYS = (
    ("/balance", "Panda"),
    ("/balance", "Panda", "More"),
    ("/balance", "Panda", "Shared with you"),
    ("/expiring",),
    ("/alerts",),
    ("/history",),
    ("/history panda",),
    ("/insights panda",),
    ("/pay 10",),
    ("/spent 10",),
    ("/support", "cannot be read"),
    ("/support", "looks wrong"),
    ("/support", "missing in the history"),
    ("/support", "was refused"),
)
"""Where buttons about a shared card are, by what is said and pressed."""


@pytest.mark.parametrize("right", ["see", "spend", "manage"])
async def test_no_button_that_is_offered_is_out_of_date(
    house: House, alice: Guest, bob: Guest, right: str
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.says("/expiring panda 2026-12-20")
    card = await share(house, alice, bob, right)
    tried = set()
    for said, *presses in WAYS:
        at = 0
        while True:
            await house.kabao.parts.store.cards.change(alice.id, card.id, archived_at=None)
            await bob.says("/cancel", said)
            for press in presses:
                await bob.presses(press)
            there = [n for n, one in enumerate(bob.newest.buttons) if one.data]
            if at >= len(there):
                break
            label = bob.newest.labels[there[at]]
            before = len(bob.person.notices)
            await bob.presses(there[at] + 1)
            told = bob.person.notices[before:]
            assert not any(one.startswith(OUTDATED) for one in told), (said, *presses, label)
            tried.add(label)
            at += 1
    assert len(tried) > 12


async def test_what_another_books_names_them_to_everybody_and_only_they_or_the_owner_undo_it(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    await alice.binds(YUAN, PIN)
    await share(house, alice, bob, "spend")
    card = await share(house, alice, carol, "spend")
    await bob.says("/spent 12.50 lunch")
    undo = bob.offered("unspent:")
    assert "👤 Bob" in (await alice.says("/history 1001")).text
    assert "👤 Bob" in (await carol.says("/history 1001")).text
    assert "👤 you" in (await bob.says("/history 1001")).text
    assert "cannot be undone" in (await carol.forges(undo))[-1]
    await bob.forges(undo)
    entries = await house.kabao.parts.store.ledger.page(alice.id, card.id, limit=9)
    assert not any(entry.text == "lunch" for entry in entries)
    await bob.says("/spent 3 tea")
    await alice.forges(bob.offered("unspent:"))
    entries = await house.kabao.parts.store.ledger.page(alice.id, card.id, limit=9)
    assert not any(entry.text == "tea" for entry in entries)


async def test_who_was_shut_out_of_a_card_finds_none_of_its_buttons_good(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    card = await share(house, alice, bob, "manage")
    await alice.says("/share")
    await alice.presses("No longer Bob")
    assert any("no longer shares" in one for one in bob.told)
    for word in ("card", "refresh", "reveal", "rename", "alert", "more", "shared"):
        assert (await bob.forges(f"{word}:{card.id}"))[-1].startswith(OUTDATED), word
    assert (await bob.forges(f"history:{card.id}:0"))[-1].startswith(OUTDATED)
    assert "·1001" not in (await bob.says("/balance")).text
    assert "Only you." in (await alice.says("/share")).text


async def test_a_link_is_good_once_and_not_after_it_was_taken_back_or_its_week(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    await alice.binds(YUAN, PIN)
    payload = await link_of(house, alice, "see")
    assert "for somebody else" in (await alice.says(f"/start {payload}")).text
    await bob.says(f"/start {payload}")
    await carol.says(f"/start {payload}")
    await bob.presses("Take it")
    assert "used already" in (await carol.presses("Take it")).text
    payload = await link_of(house, alice, "see")
    await alice.says("/share")
    await alice.presses("Take the link back")
    assert "used already" in (await carol.says(f"/start {payload}")).text
    payload = await link_of(house, alice, "see")
    await house.passes(hours=7 * 24)
    assert "used already" in (await carol.says(f"/start {payload}")).text
    assert await house.kabao.parts.store.shares.cards_of(carol.id, "see") == []


async def test_bob_leaves_a_card_and_its_owner_is_told(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await share(house, alice, bob, "spend")
    await bob.says("/balance 1001")
    await bob.presses("Shared with you")
    await bob.presses("Leave this card")
    await bob.presses("Yes, leave")
    assert any("Bob has left" in one for one in alice.told)
    assert await house.kabao.parts.store.shares.cards_of(bob.id, "see") == []


async def test_a_warning_goes_to_whom_it_concerns_and_each_switches_their_own_off(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    await alice.binds(YUAN, PIN)
    card = await share(house, alice, bob, "spend")
    await share(house, alice, carol, "spend")
    await carol.forges(f"sharewarn:{card.id}:off")
    balance = card.balance_minor
    assert balance is not None
    house.issuer.spend(YUAN, balance - 100)
    await house.passes(hours=24)
    for guest, warned in ((alice, True), (bob, True), (carol, False)):
        assert any("runs low" in one for one in guest.told) == warned, guest.person
    assert bob.newest.labels == ["💳 The card", "📜 History"]


async def test_a_stranger_with_a_link_is_let_in_by_the_admins_first(
    tmp_path: Path,
) -> None:
    """The link stays good meanwhile."""
    async with House(tmp_path, access="closed") as closed_house:
        await _let_in_first(closed_house)


async def _let_in_first(closed_house: House) -> None:
    alice = closed_house.guest("Alice")
    eve = closed_house.guest("Eve")
    await closed_house.kabao.parts.store.people.arrive(alice.id, name="Alice", language="en")
    await closed_house.kabao.parts.store.people.change(alice.id, access="member")
    await alice.binds(YUAN, PIN)
    payload = await link_of(closed_house, alice, "see")
    told = await eve.says(f"/start {payload}")
    assert "private card wallet" in told.text
    assert any("Somebody wants to give you a card" in one for one in eve.told)
    assert await closed_house.kabao.parts.store.people.get(eve.id) is None
    await closed_house.kabao.parts.store.people.arrive(eve.id, name="Eve", language="en")
    await closed_house.kabao.parts.store.people.change(eve.id, access="member")
    assert "Alice shares" in (await eve.says(f"/start {payload}")).text


async def test_xiaoming_shares_in_chinese(ming: Guest) -> None:
    await ming.binds(SPENDER)
    await ming.says("/share")
    await ming.presses("共享给别人")
    await ming.presses("可消费")
    assert "只能用一次" in ming.newest.text


async def test_whoever_shares_first_is_advised_once(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await link_of(house, alice, "spend")
    assert alice.sees("💡 Share only with people you know")
    await link_of(house, alice, "spend")
    assert not alice.sees("💡")


async def test_a_link_nobody_took_is_erased_once_it_is_too_old(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    await link_of(house, alice, "see")
    await house.passes(hours=7 * 24 - 1)
    assert await _links_after_cleaning(house) == 1
    await house.passes(hours=1)
    assert await _links_after_cleaning(house) == 0


async def _links_after_cleaning(house: House) -> int:
    await Jobs(house.kabao.parts).clean()
    with closing(sqlite3.connect(house.database)) as raw:
        return int(raw.execute("SELECT count(*) FROM share_links").fetchone()[0])


async def test_who_may_manage_a_card_is_reminded_of_its_last_day_too(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    await share(house, alice, bob, "manage")
    carol = house.guest("Carol")
    await share(house, alice, carol, "spend")
    await alice.says("/expiring 2001 2026-12-04")
    await house.passes(hours=3 * 24)
    for who, told in ((alice, True), (bob, True), (carol, False)):
        assert any("⏳ Kiosk Card ·2001 can be used until" in one for one in who.told) is told
    await bob.presses("Not about this card")
    assert "Reminders of this card are off." in bob.newest.text


async def test_the_history_of_all_has_what_others_share_in_its_place_and_says_whose_it_is(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await bob.says("/bind", "8800 5566", "Tea", "200")
    await alice.says("/spent 12.50 lunch")
    await share(house, alice, bob, "spend")
    await house.passes(minutes=2)
    await bob.says("/spent 3 oolong Tea")
    await house.passes(minutes=2)
    await bob.says("/spent 5 bus 1001")
    text = (await bob.says("/history")).text
    assert "bus · Alice's Panda Gift Card ·1001 · 👤 you" in text
    assert "lunch · Alice's Panda Gift Card ·1001 · 👤 Alice" in text
    assert "oolong · Tea ·5566\n" in text
    assert text.index("bus") < text.index("oolong") < text.index("lunch")
    listed = (await alice.says("/history")).text
    assert "bus · Panda Gift Card ·1001 · 👤 Bob" in listed
    assert "oolong" not in listed
    assert "History of Alice's Panda Gift Card ·1001" in (await bob.says("/history 1001")).text
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.store.shares.revoke(alice.id, card.id, bob.id)
    assert "bus" not in (await bob.says("/history")).text


async def test_what_somebody_else_said_or_booked_names_them_wherever_it_is_read(
    house: House, alice: Guest, bob: Guest, ming: Guest
) -> None:
    await alice.says("/bind", "8800 5566", "Tea", "200")
    await share(house, alice, bob, "manage")
    await ming.says("/start")
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await house.kabao.parts.store.shares.give(alice.id, card.id, ming.id, "see")
    assert "entered by hand" in (await alice.says("/balance Tea")).text
    assert ", by Alice" in (await bob.says("/balance Tea")).text
    await bob.says("/set 150")
    assert ", by Bob" in (await alice.says("/balance Tea")).text
    assert ", by Bob" in (await alice.says("/balance")).text
    assert ", by you" in (await bob.says("/balance Tea")).text
    assert "Bob 记的" in (await ming.says("/balance Tea")).text
    assert "·5566  👤 Bob" in (await alice.says("/history")).text.replace(" · 👤", "  👤")
    await bob.says("/spent 130 oolong")
    (told,) = [one for one in alice.told if "runs low" in one]
    assert "Bob booked it" in told
    await house.kabao.parts.store.people.forget(bob.id)
    assert "by somebody who is no longer here" in (await alice.says("/balance Tea")).text
    history = (await alice.says("/history Tea")).text
    assert "oolong · 👤 somebody who is no longer here" in history
    await alice.says("/spent 1 biscuit")
    assert "entered by hand" in (await alice.says("/balance Tea")).text


async def test_who_books_something_is_not_told_so_by_the_warning_that_follows(
    alice: Guest,
) -> None:
    await alice.says("/bind", "8800 5566", "Tea", "200")
    await alice.says("/spent 185 oolong")
    (told,) = [one for one in alice.told if "runs low" in one]
    assert told.splitlines() == ["🟠 Tea ·5566 runs low: CN¥15.00", "Your threshold is CN¥40.00."]


async def test_whoever_switches_warnings_or_reminders_off_does_so_for_nobody_else(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    await alice.says("/bind", "8800 5566", "Tea", "200")
    await share(house, alice, bob, "manage")
    card = await share(house, alice, carol, "manage")
    await bob.forges(f"alertoff:{card.id}")
    assert "Switch on" in " ".join(bob.newest.labels)
    assert "only for you" in bob.newest.text
    assert "🔕 Tea" in (await bob.says("/alerts")).text
    assert "🔔 Tea" in (await alice.says("/alerts")).text
    assert "Alert: off" in (await bob.says("/balance Tea")).text
    await alice.forges(f"alertoff:{card.id}")
    await carol.forges(f"share:{card.id}:50")
    assert "🔕 Tea" in (await alice.says("/alerts")).text
    await alice.says("/spent Tea 150 oolong")
    for who, told in ((alice, False), (bob, False), (carol, True)):
        assert any("runs low" in one for one in who.told) is told, who.person


async def test_a_reminder_is_put_off_or_muted_for_one_person_alone(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    await alice.says("/bind", "8800 5566", "Tea", "200")
    card = await share(house, alice, bob, "manage")
    await share(house, alice, carol, "manage")
    await alice.says("/expiring Tea 2026-12-05")
    line = "⏳ Tea ·5566 can be used until"

    def times(who: Guest) -> int:
        return sum(line in one for one in who.told)

    await house.passes(hours=4 * 24)
    assert (times(alice), times(bob), times(carol)) == (1, 1, 1)
    await bob.presses("💤 Tomorrow")
    await carol.presses("Not about this card")
    await house.passes(hours=24)
    assert (times(alice), times(bob)) == (1, 2)
    await alice.forges(f"expirymute:{card.id}")
    assert "Reminders of this card are off." in alice.newest.text
    await house.passes(hours=5 * 24)
    assert (times(alice), times(bob), times(carol)) == (1, 3, 1)


async def test_who_has_only_cards_of_others_is_told_so_when_they_want_to_share(
    alice: Guest, ming: Guest
) -> None:
    await alice.says("8800 5566 1234", "Coffee", "60", "/share")
    await alice.presses("Share with somebody")
    await alice.presses("May spend")
    await ming.says("/start " + alice.newest.text.split("?start=")[1].split()[0])
    await ming.presses("领取")
    assert "只有别人共享给你的" in (await ming.says("/share")).text
    assert "全部卡" in ming.newest.labels[-1]


async def test_who_may_only_see_a_card_is_told_so_and_nothing_is_booked_on_another(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.says("/bind", "8800 5566", "Tea", "200")
    await share(house, alice, bob, "see")
    for words in ("/spent 5 bun", "/pay 5", "/show", "/topup 5"):
        assert "do not let you do that" in (await bob.says(words)).text, words
    await bob.says("/bind", "8800 7788", "Rice", "90")
    told = (await bob.says("/spent 5 Tea")).text
    assert told == "You may not do that with Alice's Tea ·5566. Ask its owner for it."
    await bob.says("/spent 5 bun")
    store = house.kabao.parts.store
    (rice,) = await store.cards.list(bob.id)
    assert rice.balance_minor == 8500
    (tea,) = await store.cards.list(alice.id)
    await store.shares.give(alice.id, tea.id, bob.id, "spend")
    assert "Alice's Tea ·5566" in (await bob.says("/pay 120")).text
    await bob.says("/spent Tea")
    await store.shares.revoke(alice.id, tea.id, bob.id)
    assert "no longer" in (await bob.says("12")).text
    assert await store.shares.cards_of(bob.id, "see") == [rice]


async def test_a_message_of_the_shop_is_booked_on_a_shared_card_by_whoever_sends_it_on(
    house: House, alice: Guest, bob: Guest
) -> None:
    carol = house.guest("Carol")
    await alice.says("/bind", "8800 5566", "City Mart", "200")
    await share(house, alice, bob, "spend")
    card = await share(house, alice, carol, "see")
    notice = "[City Mart] Card ending 5566: you spent CNY 20.00 at 12:00, balance CNY 150.00."
    store = house.kabao.parts.store
    await carol.says(notice)
    assert await store.ledger.count(alice.id, card.id) == 1
    assert "20.00" in (await bob.says(notice)).text
    (found, *_) = await store.ledger.page(alice.id, card.id, limit=9)
    assert (found.amount_minor, found.booked_by, found.source) == (-2000, bob.id, "message")
    known = await store.cards.get(alice.id, card.id)
    assert known is not None
    assert known.balance_minor == 18000  # Bob may not say what is left
    assert "by a message Bob sent on" in (await alice.says("/balance City")).text
    await alice.says(notice)
    assert await store.ledger.count(alice.id, card.id) == 2


async def test_the_tables_of_an_export_name_who_booked_each_entry(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.says("/bind", "8800 5566", "Tea", "200")
    await share(house, alice, bob, "spend")
    await bob.says("/spent 5 bun")
    files = opened(await exported(alice))
    assert b",purchase,bun,,holder,Bob\r\n" in files["history.csv"]
    assert b",opening,,,holder,Alice\r\n" in files["history.csv"]
    assert b",holder,Bob," in files["cards.csv"]


async def test_who_booked_it_is_still_said_once_the_issuer_lists_it_too(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    card = await share(house, alice, bob, "spend")
    await bob.says("/spent 12.50 lunch")
    house.issuer.spend(YUAN, 1250, "Noodle bar")
    await house.passes(hours=7)
    (found,) = [
        one
        for one in await house.kabao.parts.store.ledger.page(alice.id, card.id, limit=9)
        if one.text == "lunch"
    ]
    assert (found.source, found.booked_by) == ("issuer", bob.id)
    assert "lunch · 👤 Bob" in (await alice.says("/history 1001")).text
