"""What somebody can do who has a list of stolen or guessed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.limits import FREE, NUMBERS
from tests.house import PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from bot.playground import Seen


def stolen(number: int) -> str:
    """A number of a list, which the issuer does not know."""
    return f"6288{number:04d}00000000"


async def test_stolen_numbers_cannot_be_tried_in_bulk(
    house: House, carol: Guest, eve: Guest
) -> None:
    for number in range(50):
        await eve.binds(stolen(number), PIN)
        await house.passes(minutes=15)
        if number == NUMBERS // 2:
            await eve.says("/forget")
            await eve.presses("Yes, erase everything")
            link = (await carol.says("/invite")).text.rpartition("?start=")[2].split()[0]
            await eve.says(f"/start {link}")
    assert house.issuer.requests == NUMBERS
    assert any("I stopped binding" in text for text in carol.told)


async def test_once_tries_pile_up_an_unknown_number_and_a_wrong_pin_are_answered_alike(
    house: House, alice: Guest, eve: Guest
) -> None:
    for guest in (alice, eve):
        for number in range(FREE - 1):
            await guest.binds(stolen(number), PIN)
            await guest.says("/cancel")
        await house.passes(minutes=1)
    told = [await asked(alice, YUAN, "9999"), await asked(eve, stolen(77), "9999")]
    assert house.issuer.requests == 2 * FREE
    assert told[0] == told[1]


async def asked(guest: Guest, number: str, pin: str) -> tuple[str, list[str]]:
    """Try a number; what is answered, and which ways on are offered."""
    answer: Seen = await guest.binds(number, pin)
    return answer.text.replace(number[-4:], "…"), answer.labels


async def test_a_wrong_pin_is_never_tried_again_by_the_machine(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "8888"
    await house.passes(hours=7)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    assert card.failure == "wrong_pin"
    before = house.issuer.requests
    for _ in range(20):
        await house.passes(hours=24)
        await alice.says("/balance", "/history", "/cards 1001")
    await house.restart()
    await house.passes(hours=24)
    assert house.issuer.requests == before
