"""What goes out for Catima and comes back is what it was, points, visits and PINs included."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from storage import Barcode
from tests.house import PIN, YUAN, Guest, House
from tests.journeys.test_export import PHRASE, exported, opened
from tests.journeys.test_pay import by_hand

if TYPE_CHECKING:
    from storage import Card

UNITS = {"Air": "300 points", "No points": "0 points", "Pool": "9 visits", "Empty": "0 visits"}


def said(card: Card) -> tuple[str, int | None, str | None, str | None, bool]:
    return card.issuer, card.balance_minor, card.currency, card.note, card.starred


async def test_points_visits_pins_and_what_is_not_known_come_back_from_catima(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    for place, (name, amount) in enumerate(UNITS.items()):
        await by_hand(alice, f"11112222333344{place:02}", name, amount)
    await alice.says("/bind", "9999888877776666", "Unknown")
    await alice.presses("Skip")
    store = house.kabao.parts.store
    for card in await store.cards.list(alice.id):
        await store.cards.change(alice.id, card.id, note="blue\n\nbag", starred=True)
        await store.cards.set_barcode(alice.id, card.id, Barcode("DataBarOmni", "0112345678901231"))
    mine = {card.label: card for card in await store.cards.list(alice.id)}
    content = await exported(alice, kind="catima")
    rows = list(csv.reader(io.StringIO(opened(content)["catima.csv"].decode(), newline="")))
    table = [dict(zip(rows[4], row, strict=True)) for row in rows[5:-2]]
    # Catima stops at a currency it does not know, and at a kind of barcode it does not draw.
    assert {row["balancetype"] for row in table} == {"CNY", ""}
    assert {row["barcodetype"] for row in table} == {""}
    bob = house.guest("Bob")
    await house.settled(await bob.person.sends("catima.zip", content, caption=PHRASE))
    assert "PINs that stood in a note; they are kept as PINs now: 1" in bob.newest.text
    assert "Pool ·4402 · 9 visits" in bob.newest.text
    await bob.presses("Save 6")
    his = {card.label: card for card in await store.cards.list(bob.id)}
    assert his.keys() == mine.keys()
    for name, card in his.items():
        issuer, minor, currency, note, starred = said(mine[name])
        assert said(card) == (
            issuer, minor, currency, f"{note}\nDataBarOmni: 0112345678901231", starred,
        ), name  # fmt: skip
    panda = his["Panda Gift Card"]
    assert await store.cards.secrets(bob.id, panda.id) == {"number": YUAN, "pin": PIN}
