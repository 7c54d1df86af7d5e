"""Take the README's pictures from the demo's page: `make pictures`.

Needs Chromium, and a font with the pictures people write with, such as Noto Color Emoji.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.day import live, moved_in_on_page, opened, save
from tests.house import House

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
THEMES = {"en": "light", "zh": "dark"}


async def take(browser: Browser, language: str) -> None:
    """Live a day in one language and keep a picture of each of its scenes."""
    with tempfile.TemporaryDirectory() as folder:
        async with House(Path(folder)) as house:
            page = await browser.new_page(viewport={"width": 860, "height": 860})
            await opened(page, house, language, THEMES[language])

            async def snap(name: str, of: Locator) -> None:
                await save(of, PICTURES / f"{name}.{language}.png")

            content, _ = await live(house, page, language, snap=snap)
            elsewhere = Path(folder) / "elsewhere"
            elsewhere.mkdir()
            async with House(elsewhere) as empty:
                empty.clock.advance((house.clock() - empty.clock()).total_seconds())
                await opened(page, empty, language, THEMES[language])
                await moved_in_on_page(empty, page, language, content, snap=snap)
                await page.close()


async def main() -> None:
    """Take all of them."""
    PICTURES.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for language in THEMES:
            await take(browser, language)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
