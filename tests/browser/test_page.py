"""Everything the bot does can be tried and seen on the demo's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import FilePayload, expect

from bot.vanishing import _blank
from tests.house import PIN, YUAN

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from tests.house import House


def phone(page: Page, name: str) -> Locator:
    return page.locator(f'[data-person="{name}"]')


async def writes(page: Page, name: str, *texts: str) -> None:
    field = phone(page, name).locator("textarea")
    for text in texts:
        await field.fill(text)
        await field.press("Enter")
        await expect(field).to_have_value("")


async def binds(page: Page, name: str, asks: str) -> None:
    await writes(page, name, "/bind", YUAN)
    await expect(phone(page, name)).to_contain_text(asks)
    await writes(page, name, PIN)
    await expect(phone(page, name)).to_contain_text("200.00")


async def test_a_card_is_bound_by_typing_and_its_number_is_gone_from_the_chat(page: Page) -> None:
    await binds(page, "小明", "密码")
    ming = phone(page, "小明")
    await expect(ming).to_contain_text("充足")
    await expect(ming).not_to_contain_text(YUAN)
    await expect(phone(page, "Alice")).not_to_contain_text("200.00")


async def test_a_button_is_pressed_and_the_message_changes_in_place(page: Page) -> None:
    await binds(page, "Alice", "PIN")
    alice = phone(page, "Alice")
    await alice.get_by_role("button", name="History").click()
    await expect(alice.locator("article").last).to_contain_text("History")
    await alice.locator("article").last.get_by_role("button", name="‹").first.click()
    await expect(alice.locator("article").last).to_contain_text("Enough")


async def test_what_is_shown_for_a_minute_is_gone_when_the_clock_is_moved(
    page: Page, house: House
) -> None:
    await binds(page, "Alice", "PIN")
    alice = phone(page, "Alice")
    await alice.get_by_role("button", name="Show number").click()
    secret = alice.locator("article", has_text=YUAN)
    await expect(secret.locator(".meta")).to_contain_text("🔒")
    await page.locator('[data-wait="60"]').click()
    await page.locator('[data-wait="60"]').click()
    await house.settled()
    await expect(secret).to_have_count(0)


async def test_a_picture_that_is_sent_is_answered(page: Page) -> None:
    alice = phone(page, "Alice")
    await writes(page, "Alice", "/start")
    picture = FilePayload(name="card.png", mimeType="image/png", buffer=_blank())
    await alice.locator('input[type="file"]').set_input_files(picture)
    await expect(alice.locator('article[data-bot="true"]')).to_have_count(2)


async def test_two_people_and_a_group_stand_side_by_side(page: Page) -> None:
    for name in ("小明", "Alice"):
        await writes(page, name, "/start")
    await page.locator("#gather").click()
    ming, alice = phone(page, "小明"), phone(page, "Alice")
    await expect(ming.get_by_role("tab", name="家 Family 1")).to_have_attribute(
        "aria-selected", "true"
    )
    await writes(page, "小明", "大家好")
    await expect(alice.locator('[data-chat="家 Family 1"]')).to_contain_text("大家好")
    await writes(page, "Alice", "/help")
    await expect(ming.locator('[data-chat="家 Family 1"] article[data-bot="true"]')).to_have_count(
        1
    )


async def test_the_menu_offers_the_commands_in_the_persons_language(page: Page) -> None:
    ming = phone(page, "小明")
    await ming.get_by_role("button", name="菜单").click()
    await ming.locator(".menu button", has_text="/balance").click()
    await expect(ming.locator("article.mine")).to_contain_text("/balance")
    await expect(ming.locator('article[data-bot="true"]')).to_contain_text("还没有卡")


async def test_light_and_dark(page: Page) -> None:
    def back() -> str:
        return "getComputedStyle(document.body).backgroundColor"

    light = await page.evaluate(back())
    await page.get_by_role("button", name="亮 / 暗").click()
    assert await page.evaluate(back()) != light
