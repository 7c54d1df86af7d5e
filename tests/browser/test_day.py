"""A whole day on the page, and an empty instance in which everything is the same afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.day import PEOPLE, kept, live, moved_in, opened
from tests.house import House

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_day_is_lived_and_moves_into_an_empty_instance_with_everything_the_same(
    page: Page, house: House, tmp_path: Path, language: str
) -> None:
    await opened(page, house, language)
    content, owner = await live(house, page, language)
    (tmp_path / "elsewhere").mkdir()
    async with House(tmp_path / "elsewhere") as empty:
        empty.clock.advance((house.clock() - empty.clock()).total_seconds())
        there = await moved_in(empty, PEOPLE[language][0], content)
        assert await kept(empty, there) == await kept(house, owner)
