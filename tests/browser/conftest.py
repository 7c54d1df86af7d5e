"""A real browser on the demo's page, in front of a house as in every other story."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, Page, Request, async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.house import House

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PLACE = "Asia/Shanghai"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("this machine has no Chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, house: House) -> AsyncIterator[Page]:
    """The page with 小明 and Alice. Whatever it complains of, or asks elsewhere, fails the test."""
    faults: list[str] = []
    opened = await browser.new_page(viewport={"width": 900, "height": 900})
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))

    def is_asked_for(asked: Request) -> None:
        if not asked.url.startswith((house.telegram.url, "data:")):
            faults.append(asked.url)

    opened.on("request", is_asked_for)
    await opened.goto(f"{house.telegram.url}/playground/")
    await opened.wait_for_selector("body[data-ready]")
    yield opened
    await opened.close()
    assert faults == []
