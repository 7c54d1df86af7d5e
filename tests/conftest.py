"""What every story begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]
import pytest
from hypothesis import settings

from tests import quick_age
from tests.house import Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

# How long an example takes is not what it is about, and other tests run beside it.
settings.register_profile("kabao", deadline=None)
settings.load_profile("kabao")

# Backups are locked and opened again and again; that a try is slow is seen where the command runs.
pyrage.passphrase.encrypt = quick_age.encrypt


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A running bot that anybody may use."""
    async with House(tmp_path) as opened:
        yield opened


@pytest.fixture
def alice(house: House) -> Guest:
    """She reads English."""
    return house.guest("Alice", "en")


@pytest.fixture
def bob(house: House) -> Guest:
    """He reads English too, and is somebody else."""
    return house.guest("Bob", "en")


@pytest.fixture
def ming(house: House) -> Guest:
    """他读中文。"""
    return house.guest("小明", "zh-hans")
