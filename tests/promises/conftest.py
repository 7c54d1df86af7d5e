"""The people in the stories, and a house that is closed as it is by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.playground.world import stable_id
from tests.house import Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A running bot: Carol runs it, others come by invitation."""
    async with House(tmp_path, access="closed", admins=str(stable_id("Carol"))) as opened:
        yield opened


@pytest.fixture
def carol(house: House) -> Guest:
    """She runs the bot."""
    return house.guest("Carol", "en")


@pytest.fixture
async def alice(house: House, carol: Guest) -> Guest:
    """She was let in, and holds cards."""
    guest = house.guest("Alice", "en")
    await guest.says(await invitation(carol))
    return guest


@pytest.fixture
async def eve(house: House, carol: Guest) -> Guest:
    """She was let in too, and means no good."""
    guest = house.guest("Eve", "en")
    await guest.says(await invitation(carol))
    return guest


async def invitation(carol: Guest) -> str:
    """Have a link made, and give what opening it says."""
    link = (await carol.says("/invite")).text.rpartition("?start=")[2]
    return f"/start {link.split()[0]}"
