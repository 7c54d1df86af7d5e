"""A day in the life, lived on the demo's page: by a test, and for the README's pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.async_api import FilePayload, expect

from bot.barcodes import draw
from bot.languages import language_for
from storage import Barcode, NewEntry
from tests.house import PIN, SPENDER, YUAN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from playwright.async_api import Locator, Page

    from tests.house import House

    Snap = Callable[[str, Locator], Awaitable[None]]

MARKET = "880055661234"
PASSPHRASE = "correct horse battery staple"
MESSAGES = {
    "en": "[City Mart] Card ending 1234: you spent CNY 20.00 at 12:01, balance CNY 180.00.",
    "zh": "【万家超市】您尾号1234的卡11月24日12:01消费20.00元，余额180.00元。",
}
PEOPLE = {"en": ("Ann", "Ben"), "zh": ("小明", "小红")}
MARKETS = {"en": "City Mart", "zh": "万家超市"}


async def no_picture(name: str, of: Locator) -> None:
    """Keep no picture."""
    del name, of


@dataclass(slots=True)
class Phone:
    """One person's phone on the page; everything is typed and pressed there."""

    house: House
    page: Page
    name: str
    language: str

    @property
    def screen(self) -> Locator:
        """All that is on it."""
        return self.page.locator(f'[data-person="{self.name}"]')

    def says(self, english: str) -> str:
        """Give a sentence of the bot in this person's language."""
        return language_for(self.language, "en").plain(english)

    async def writes(self, *texts: str) -> None:
        """Send text after text; each is answered before the next."""
        field = self.screen.locator("textarea")
        for text in texts:
            await field.fill(text)
            await field.press("Enter")
            await expect(field).to_have_value("")
            await self.settled()

    async def presses(self, english: str) -> None:
        """Press the newest button that says so, or begins so."""
        await self.screen.locator(".row button", has_text=self.says(english)).last.click()
        await self.settled()

    async def sees(self, english: str) -> None:
        """Wait until the sentence stands somewhere on the phone."""
        await expect(self.screen).to_contain_text(self.says(english))

    async def settled(self) -> None:
        """Wait until the bot has done what follows, and the page shows it."""
        await self.page.wait_for_timeout(150)
        await self.house.settled(max(self.house.telegram.world.updates._recent, default=None))
        await self.page.wait_for_timeout(200)


async def live(
    house: House, page: Page, language: str, *, snap: Snap = no_picture
) -> tuple[bytes, int]:
    """Live the day; gives the export that ends it, and its owner's id."""
    mine, other = (Phone(house, page, name, language) for name in PEOPLE[language])
    await _bound(mine, snap)
    await _paid(mine, snap)
    await _told_by_message(mine, snap)
    await _warned(mine, snap)
    await _shared(mine, other, snap)
    await _charted(mine, snap)
    return await _exported(mine, snap)


async def _bound(mine: Phone, snap: Snap) -> None:
    await mine.writes("/start")
    photo = FilePayload(
        name="card.png", mimeType="image/png", buffer=draw(Barcode("Code128", YUAN))
    )
    await mine.screen.locator('input[type="file"]').set_input_files(photo)
    await mine.settled()
    await mine.writes(PIN)
    await mine.sees("✅ Save")
    await snap("bound-by-photo", mine.screen)
    await mine.presses("✅ Save")
    mine.house.clock.advance(1)
    await mine.writes(SPENDER)
    await expect(mine.screen).to_contain_text("50.00")


async def _paid(mine: Phone, snap: Snap) -> None:
    await mine.writes("/pay 230")
    await snap("pay", mine.screen)
    await mine.screen.locator(".row button", has_text="230").last.click()
    await mine.settled()
    await expect(mine.screen.locator("article", has_text="230").last).to_contain_text("30.00")


async def _told_by_message(mine: Phone, snap: Snap) -> None:
    mine.house.clock.advance(1)
    await mine.writes(MARKET, MARKETS[mine.language], "200")
    mine.house.clock.advance(90)
    sent_at = mine.house.telegram.world.now()
    person = mine.house.telegram.person(mine.name)
    await person.forwards(MESSAGES[mine.language], sender=MARKETS[mine.language], sent_at=sent_at)
    await mine.settled()
    await expect(mine.screen.locator("article").last).to_contain_text("180.00")
    await snap("message-forwarded", mine.screen)


async def _warned(mine: Phone, snap: Snap) -> None:
    mine.house.clock.advance(210)
    await mine.writes("/balance")
    snoozed = mine.says("💤 For a day")
    warning = mine.screen.locator("article", has_text="·2004").filter(has_text=snoozed)
    await expect(warning).to_have_count(1)
    await expect(warning).to_contain_text("7.00")
    await snap("warned", mine.screen)


async def _shared(mine: Phone, other: Phone, snap: Snap) -> None:
    await mine.writes(f"/share {MARKETS[mine.language]}")
    await mine.presses("➕ Share with somebody")
    await mine.presses("💳 May spend")
    link = mine.house.telegram.person(mine.name).newest.text.split("?start=")[1].split()[0]
    await other.writes(f"/start {link}")
    accept = other.screen.locator(".row button").first
    await accept.click()
    await other.settled()
    await other.writes("/balance")
    await expect(other.screen).to_contain_text("180.00")
    await other.writes("/spent 12.50")
    await snap("shared", mine.page.locator("#phones"))
    await mine.writes(f"/history {MARKETS[mine.language]}")
    await expect(mine.screen.locator("article").last).to_contain_text(other.name)


async def _charted(mine: Phone, snap: Snap) -> None:
    person = mine.house.telegram.person(mine.name)
    await _past(mine.house, person.id)
    await mine.writes("/insights")
    await expect(mine.screen.locator("article img").last).to_be_visible()
    await mine.page.wait_for_timeout(300)
    await snap("insights", mine.screen)


async def _past(house: House, owner: int) -> None:
    """Give the market's card three months of spending, as if it had been kept all along."""
    store = house.kabao.parts.store
    card = next(one for one in await store.cards.list(owner) if one.tail == "1234")
    now = house.clock()
    for week in range(1, 12):
        at = now.replace(microsecond=week) - (now - now.replace(hour=1)) * 24 * week
        await store.ledger.add(
            owner,
            card.id,
            [
                NewEntry(at, 3000, "CNY", "top-up", "", "holder"),
                NewEntry(at, -3000, "CNY", "purchase", "", "holder"),
            ],
        )


async def _exported(mine: Phone, snap: Snap) -> tuple[bytes, int]:
    await mine.writes("/export", PASSPHRASE, PASSPHRASE)
    person = mine.house.telegram.person(mine.name)
    await snap("exported", mine.screen)
    return person.opens(person.newest), person.id


async def kept(house: House, owner: int) -> list[dict[str, Any]]:
    """Give everything of a person's cards that a person would miss."""
    store = house.kabao.parts.store
    found = []
    for card in await store.cards.list(owner):
        entries = await store.ledger.page(owner, card.id, limit=1000)
        barcode = await store.cards.barcode(owner, card.id)
        found.append(
            {
                "card": (card.issuer, card.label, card.tail, card.currency, card.balance_minor),
                "secrets": await store.cards.secrets(owner, card.id),
                "barcode": barcode,
                "entries": [(e.at, e.amount_minor, e.kind, e.text) for e in entries],
            }
        )
    return found


async def moved_in(empty: House, name: str, content: bytes) -> int:
    """Import an export into an empty house; gives the person's id there."""
    guest = empty.guest(name)
    await guest.says("/start")
    await empty.settled(await guest.person.sends("kabao.zip", content))
    await guest.says(PASSPHRASE)
    await guest.presses(1)
    return guest.id


async def moved_in_on_page(
    empty: House, page: Page, language: str, content: bytes, *, snap: Snap = no_picture
) -> None:
    """Import an export on the page of an empty house."""
    mine = Phone(empty, page, PEOPLE[language][0], language)
    await mine.writes("/import")
    file = FilePayload(name="kabao.zip", mimeType="application/zip", buffer=content)
    await mine.screen.locator('input[type="file"]').set_input_files(file)
    await mine.settled()
    await mine.writes(PASSPHRASE)
    await expect(mine.screen.locator("article").last).to_contain_text("·1234")
    await snap("moved-in", mine.screen)
    await mine.screen.locator(".row button", has_text="✅").last.click()
    await mine.writes(f"/history {MARKETS[language]}")
    await expect(mine.screen.locator("article").last).to_contain_text("12.50")


async def opened(page: Page, house: House, language: str, theme: str = "light") -> None:
    """Open the page with both people of a day on it."""
    names = "&".join(f"as={name}" for name in PEOPLE[language])
    await page.goto(f"{house.telegram.url}/playground/?{names}&theme={theme}")
    await page.wait_for_selector("body[data-ready]")


async def save(of: Locator, path: Path) -> None:
    """Keep a picture of a part of the page."""
    await of.screenshot(path=path, animations="disabled")
