"""The operator goes over to a new master key, and nobody notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import MasterKey, WrongKeyError, open_store
from storage.rotating import Manner, rotate
from tests.house import KIOSK, PIN, SPENDER, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def test_people_go_on_binding_and_asking_while_the_master_key_is_rotated(
    house: House, alice: Guest, bob: Guest, ming: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await bob.says("/start")
    given = house.environment
    new = MasterKey.generate()
    acts: list[Callable[[], Awaitable[object]]] = [
        lambda: bob.binds(KIOSK),  # before the bot has heard of the new key
        house.kabao.presence.beat,
        lambda: ming.binds(SPENDER),  # somebody new, while keys are wrapped anew
        lambda: alice.says("/balance"),
        lambda: alice.says("/history"),
        lambda: bob.says("/balance"),
        lambda: house.passes(hours=7),  # cards are read by themselves
    ]
    said: list[str] = []

    async def sleep(_: float) -> None:
        if acts:
            await acts.pop(0)()
            said.extend(guest.newest.text for guest in (alice, bob))

    rotating = await open_store(
        given["KABAO_DATABASE_URL"], MasterKey.parse(given["KABAO_MASTER_KEY"]), clock=house.clock
    )
    done = await rotate(rotating, new, house.clock, Manner(batch=1, sleep=sleep))
    await rotating.close()
    assert done.proved == 3
    for act in acts:
        await act()
    assert not [text for text in said if "went wrong" in text]
    assert "CN¥200.00" in (await alice.says("/balance")).text
    assert "CN¥161.50" in (await bob.says("/balance")).text

    await house.stop()
    with pytest.raises(WrongKeyError, match="was replaced"):
        await house.start()
    house._key = new.text()
    await house.start()
    assert "CN¥200.00" in (await alice.says("/balance")).text
    assert "CN¥161.50" in (await bob.says("/balance")).text
    assert "·2004" in (await ming.says("/balance")).text
    await house.stop()
    rested = await open_store(given["KABAO_DATABASE_URL"], new)
    assert await rested.processes.all() == []  # each said goodbye
    await rested.close()
    await house.start()
