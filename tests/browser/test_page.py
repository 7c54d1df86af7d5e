"""Everything the bot does can be tried and seen on the demo's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import FilePayload, expect

from bot.vanishing import _blank
from tests.house import PIN, YUAN

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

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
    await alice.locator('input[type="file"]').set_input_files([picture, picture])
    together = alice.locator('article[data-bot="true"]', has_text="in these pictures")
    await expect(together).to_have_count(1, timeout=30_000)


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


async def test_a_newcomer_presses_start_and_takes_a_card_to_try(page: Page, house: House) -> None:
    house.telegram.samples = house.issuer.cards
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    alice = phone(page, "Alice")
    await alice.get_by_role("button", name="Start").click()
    await expect(alice).to_contain_text("Bind the first card")
    for way in (page.get_by_role("button", name=YUAN, exact=True), page.get_by_label(YUAN)):
        await page.locator("#samples").click()
        await way.last.click()
        await expect(alice).to_contain_text("Send me the PIN")
        await writes(page, "Alice", "/cancel")
        await expect(alice).to_contain_text("Nothing was saved")
    await expect(alice).not_to_contain_text(YUAN)


async def test_a_link_to_the_bot_is_opened_by_another_on_the_page(page: Page) -> None:
    await binds(page, "Alice", "PIN")
    alice, ming = phone(page, "Alice"), phone(page, "小明")
    await writes(page, "Alice", "/share")
    await alice.locator(".row button", has_text="Share with").click()
    await alice.locator(".row button", has_text="May see").click()
    await alice.locator(".text a", has_text="t.me").click()
    await alice.locator("dialog").get_by_role("button", name="小明").click()
    await expect(ming.locator(".row button", has_text="领取")).to_be_visible()


async def test_what_was_written_is_changed_by_keyboard_and_left_alone(page: Page) -> None:
    await writes(page, "Alice", "hello")
    alice = phone(page, "Alice")
    await expect(alice.locator('article[data-bot="true"]')).to_have_count(1)
    field = alice.locator("textarea")
    await field.press("ArrowUp")
    await expect(field).to_have_value("hello")
    await field.press("Escape")
    await expect(field).to_have_value("")
    await field.press("ArrowUp")
    await writes(page, "Alice", "hello again")
    await expect(alice.locator("article.mine .text")).to_have_text(["hello again"])
    await expect(alice.locator("article.mine .meta")).to_contain_text("edited")


async def test_who_goes_by_keyboard_stays_where_they_were(page: Page) -> None:
    await binds(page, "Alice", "PIN")
    alice = phone(page, "Alice")
    await alice.get_by_role("button", name="More").focus()
    await page.keyboard.press("Enter")
    await expect(alice.locator("article").last).to_contain_text("Archive")
    held = "document.activeElement.closest('article') !== null"
    assert await page.evaluate(held)


async def test_a_day_later_a_line_says_which_day_it_is(page: Page, house: House) -> None:
    await writes(page, "Alice", "/start")
    await page.locator('[data-wait="86400"]').click()
    await house.settled()
    await writes(page, "Alice", "/help")
    await expect(phone(page, "Alice").locator(".day")).to_have_text(["November 25"])


async def test_a_reload_keeps_the_chats_and_what_is_not_sent_yet(page: Page) -> None:
    await binds(page, "Alice", "PIN")
    await page.locator("#gather").click()
    await writes(page, "小明", "大家好")
    await phone(page, "Alice").locator("textarea").fill("not yet")
    await page.reload()
    await page.wait_for_selector("body[data-ready]")
    alice = phone(page, "Alice")
    await expect(alice.locator("textarea")).to_have_value("not yet")
    await expect(alice).to_contain_text("Enough")
    await alice.get_by_role("tab", name="家 Family 1").click()
    await expect(alice.locator('[data-chat="家 Family 1"]')).to_contain_text("大家好")


async def test_every_button_fits_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    for name, asks in (("小明", "密码"), ("Alice", "PIN")):
        await binds(page, name, asks)
        for said in ("/show", "/pay 120", "/share", "/expiring", "/alerts", "/support", "/lock"):
            await writes(page, name, said)
        await expect(phone(page, name).locator("article.mine").last).to_contain_text("/lock")
    await page.wait_for_timeout(300)
    cut = (
        "() => [...document.querySelectorAll('.row > *')]"
        ".filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    )
    assert await page.evaluate(cut) == []


async def test_a_lost_connection_is_said_and_the_page_comes_back_by_itself(
    browser: Browser, house: House
) -> None:
    page = await browser.new_page()  # of its own, for it has reason to complain
    await page.goto(f"{house.telegram.url}/playground/")
    await page.wait_for_selector("body[data-ready]")
    alice = phone(page, "Alice")
    await writes(page, "Alice", "/start")
    await expect(alice.locator('article[data-bot="true"]')).to_have_count(1)
    await page.route("**/playground/*", lambda route: route.abort())
    await page.locator('[data-wait="60"]').click()
    await expect(page.locator("#lost")).to_be_visible()
    await alice.locator("textarea").fill("/help")
    await alice.locator("textarea").press("Enter")
    await expect(alice.locator(".notice")).to_contain_text("Not sent")
    await page.unroute("**/playground/*")
    await expect(page.locator("#lost")).to_be_hidden()
    await expect(alice.locator("textarea")).to_have_value("/help")
    await page.close()


async def test_a_reply_shows_what_it_replies_to(page: Page, house: House) -> None:
    await writes(page, "Alice", "/start")
    alice = phone(page, "Alice")
    greeting = alice.locator('article[data-bot="true"]').first
    await greeting.hover()
    await greeting.get_by_role("button", name="Reply").click()
    await expect(alice.locator(".editing")).to_contain_text("Reply to this message")
    await writes(page, "Alice", "thanks")
    mine = alice.locator(".mine", has_text="thanks")
    await expect(mine.locator(".quoted")).to_contain_text("keeps your gift cards")
    await expect(alice.locator(".editing")).to_be_hidden()
    said = next(one for one in house.guest("Alice").person.chat if one.text == "thanks")
    assert "reply_to_message" in said.raw
