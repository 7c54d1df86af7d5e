"""Cards that are done with are put away, keep everything, and come back."""

from __future__ import annotations

from tests.house import KIOSK, Guest, House

DAY = 24


async def test_she_archives_a_card_undoes_it_and_archives_it_again(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await alice.presses("More")
    await alice.presses("Archive")
    assert "is archived" in alice.newest.text
    await alice.presses("Undo")
    assert "Kiosk Card ·2001" in alice.newest.text
    await alice.says("/archive Kiosk")
    await alice.says("/balance")
    assert "You have no card yet" in alice.newest.text
    await alice.says("/archive")
    assert "🗄 Kiosk Card ·2001: CN¥161.50" in alice.newest.text
    lookups = house.issuer.card(KIOSK).lookups
    house.issuer.spend(KIOSK, 16150)
    await house.passes(hours=3 * DAY)
    assert house.issuer.card(KIOSK).lookups == lookups
    assert not alice.sees("is empty")
    await alice.presses("Bring back")
    await house.settled()
    await alice.says("/balance")
    assert "Kiosk Card ·2001" in alice.newest.text


async def test_an_empty_card_s_alert_offers_to_archive_it(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 16150)
    await house.passes(hours=7)
    alert = next(m for m in alice.person.chat if "is empty" in m.text)
    await alice.presses("Archive", message=alert)
    assert "is archived" in alice.newest.text
    assert await house.kabao.parts.store.cards.list(alice.id) == []


async def test_an_expired_card_s_letter_offers_to_archive_it(house: House, ming: Guest) -> None:
    await ming.binds(KIOSK)
    await ming.says("/expiring 2001 明天")
    await house.passes(hours=2 * DAY)
    letter = next(m for m in ming.person.chat if "要归档吗" in m.text)
    await ming.presses("归档", message=letter)
    assert "已归档" in ming.newest.text


async def test_binding_its_number_again_brings_an_archived_card_back(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    before = (await house.kabao.parts.store.cards.list(alice.id))[0]
    await alice.says("/archive 2001")
    await alice.binds(KIOSK)
    assert alice.sees("It was archived, and is back with its history")
    after = (await house.kabao.parts.store.cards.list(alice.id))[0]
    assert after.id == before.id


async def test_another_person_archives_nobody_s_card(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(KIOSK)
    await bob.says("/start")
    card = (await house.kabao.parts.store.cards.list(alice.id))[0]
    for word in ("archive", "unarchive", "expiry", "expirynone", "expirymute"):
        await bob.forges(f"{word}:{card.id}")
    assert (await house.kabao.parts.store.cards.get(alice.id, card.id)) == card


async def test_an_archived_card_is_brought_back_from_its_own_panel(alice: Guest) -> None:
    await alice.binds(KIOSK)
    await alice.says("/archive Kiosk")
    await alice.says("/archive")
    await alice.presses("Kiosk Card")
    assert alice.newest.labels[0] == "↩️ Bring back"
    await alice.presses("Bring back")
    assert "↩️ Bring back" not in alice.newest.labels
    assert "Kiosk Card ·2001" in (await alice.says("/balance")).text
