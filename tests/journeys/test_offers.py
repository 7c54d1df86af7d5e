"""An offer reaches only people whose own history fits, seldom, and says why it came."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from bot import offers
from bot.offers import OffersFileError
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEA = """
[[offers]]
id = "tea"
issuers = ["panda"]
from = 2026-11-01
until = 2026-12-31
text = { en = "A second tea for <nothing>", zh = "第二杯茶免费" }
link = "https://tea.example/second?of=two"
"""
CAKE = """
[[offers]]
id = "cake"
issuers = ["panda"]
from = 2026-11-01
until = 2026-12-31
text = "Cake"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "offers.toml"
    path.write_text(TEA, encoding="utf-8")
    return path


@pytest.fixture
async def house(tmp_path: Path, file: Path) -> AsyncIterator[House]:
    async with House(tmp_path, offers_file=str(file)) as opened:
        yield opened


async def pays(house: House, guest: Guest, number: str = YUAN) -> None:
    """Bind a card and pay with it, then wait until offers are looked at."""
    await guest.binds(number, PIN if number == YUAN else None)
    house.issuer.spend(number, 500)
    await house.passes(hours=7)


def rewrite(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(1, len(text)))


async def test_who_paid_there_is_told_with_the_link_as_it_was_declared(
    house: House, alice: Guest
) -> None:
    await pays(house, alice)
    assert alice.sees("A second tea for <nothing>")
    assert alice.sees("Until Dec 31, 2026.")
    message = next(m for m in alice.person.chat if "second tea" in m.text)
    assert [b.url for b in message.buttons if b.url] == ["https://tea.example/second?of=two"]


async def test_what_others_book_on_a_shared_card_brings_neither_of_them_an_offer(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    store = house.kabao.parts.store
    (card,) = await store.cards.list(alice.id)
    for entry in await store.ledger.page(alice.id, card.id, limit=99):
        await store.ledger.remove(alice.id, card.id, entry.id)
    await bob.says("/start")
    await store.shares.give(alice.id, card.id, bob.id, "spend")
    await bob.says("/spent 5 1001")
    assert [e.booked_by for e in await store.ledger.page(alice.id, card.id, limit=9)] == [bob.id]
    await house.passes(hours=2)
    assert not alice.sees("second tea")
    assert not bob.sees("second tea")
    await alice.says("/spent 5 1001")
    await house.passes(hours=2)
    assert alice.sees("second tea")
    assert not bob.sees("second tea")


async def test_who_never_paid_there_hears_nothing(house: House, alice: Guest, bob: Guest) -> None:
    await pays(house, alice, KIOSK)
    await bob.says("/start")
    await house.passes(hours=7)
    assert not alice.sees("tea")
    assert not bob.sees("tea")


async def test_one_is_told_of_once_and_of_another_after_a_week(
    house: House, file: Path, alice: Guest
) -> None:
    await pays(house, alice)
    rewrite(file, TEA + CAKE)
    await house.passes(hours=30)
    assert not alice.sees("Cake")
    await house.passes(hours=24 * 6)
    assert alice.sees("Cake")
    await house.passes(hours=24 * 8)
    assert sum("An offer" in text for text in alice.told) == 2


async def test_why_it_came_is_their_own_history(house: House, alice: Guest) -> None:
    await pays(house, alice)
    message = next(m for m in alice.person.chat if "second tea" in m.text)
    said = await alice.presses("Why am I seeing this?", message=message)
    assert "because you paid with Panda Gift Card ·1001 on" in said.text
    assert "nobody else learns of it" in said.text


async def test_no_offers_at_all_holds_until_it_is_taken_back(
    house: House, file: Path, alice: Guest
) -> None:
    await pays(house, alice)
    message = next(m for m in alice.person.chat if "second tea" in m.text)
    assert (await alice.presses("No offers at all", message=message)).text
    rewrite(file, TEA + CAKE)
    await house.passes(hours=24 * 8)
    assert not alice.sees("Cake")
    await alice.presses("Do send me offers")
    await house.passes(hours=2)
    assert alice.sees("Cake")


async def test_not_this_one_again_leaves_others(house: House, file: Path, alice: Guest) -> None:
    await pays(house, alice)
    message = next(m for m in alice.person.chat if "second tea" in m.text)
    await alice.presses("Not this one again", message=message)
    assert alice.sees("You will not see that offer again.")
    told = (await house.kabao.parts.store.told.all(alice.id)).get("offer:tea")
    assert told is not None
    assert told.never
    rewrite(file, TEA + CAKE)
    await house.passes(hours=24 * 8)
    assert alice.sees("Cake")


async def test_one_that_is_over_is_not_sent(house: House, file: Path, alice: Guest) -> None:
    rewrite(file, TEA.replace("2026-12-31", "2026-11-02"))
    await pays(house, alice)
    assert not alice.sees("second tea")


async def test_a_broken_file_leaves_the_offers_as_they_were(
    house: House, file: Path, alice: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    rewrite(file, TEA.replace("https", "http"))
    await pays(house, alice)
    assert alice.sees("second tea")
    assert "line 8: offers#1.link: expected an address that begins with https://" in caplog.text


async def test_a_category_reaches_its_issuers(house: House, file: Path, alice: Guest) -> None:
    rewrite(file, TEA.replace('issuers = ["panda"]', 'category = "tea"'))
    issuer = house.kabao.parts.issuers.get("panda")
    assert issuer is not None
    await pays(house, alice)
    assert not alice.sees("second tea")
    issuer.category = "tea"  # type: ignore[misc]
    await house.passes(hours=2)
    assert alice.sees("second tea")


async def test_bob_learns_nothing_of_alices_reason(house: House, alice: Guest, bob: Guest) -> None:
    await pays(house, alice)
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    await bob.says("/start")
    assert (await bob.forges(f"offerwhy:{card.id}"))[-1].startswith("This button is out of date.")


async def test_xiaoming_reads_it_in_chinese(house: House, ming: Guest) -> None:
    await pays(house, ming)
    assert ming.sees("第二杯茶免费")
    message = next(m for m in ming.person.chat if "第二杯茶" in m.text)
    assert message.labels == ["🔗 去看看", "为什么我会看到？", "不再显示这条", "不要任何优惠"]
    assert "您看到这条优惠，是因为" in (await ming.presses("为什么", message=message)).text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "https://",
            "http://",
            "line 8: offers#1.link: expected an address that begins with https",
        ),
        ("2026-12-31", "2026-10-31", "expected a day that is not before from"),
        ('issuers = ["panda"]', "", "expected either issuers or a category"),
        ('en = "A', 'xx = "A', "expected words in English at least"),
        ("2026-11-01", '"soon"', "line 5: offers#1.from: expected"),
        ('id = "tea"', 'id = "Tea time"', "line 3: offers#1.id: expected a text that fits"),
        ("link =", "lnik =", "line 8: offers#1.lnik: no key of this table is called so"),
        ("[[offers]]", "[[offers]", "line 2"),
    ],
)
def test_a_mistake_is_told_with_its_line(file: Path, before: str, after: str, said: str) -> None:
    file.write_text(TEA.replace(before, after), encoding="utf-8")
    with pytest.raises(OffersFileError, match="offers") as told:
        offers.read(file)
    assert said in str(told.value)


def test_two_offers_need_two_names(file: Path) -> None:
    file.write_text(TEA + TEA, encoding="utf-8")
    with pytest.raises(OffersFileError, match="'tea' twice"):
        offers.read(file)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OffersFileError, match="No such file"):
        offers.read(tmp_path / "none.toml")


def test_the_last_day_counts_whole(file: Path) -> None:
    (offer,) = offers.read(file)
    zone = ZoneInfo("Asia/Shanghai")
    end = offer.ends(zone)
    assert offer.runs(end - timedelta(minutes=1), zone)
    assert not offer.runs(end, zone)


def test_the_example_of_the_page_for_operators_can_be_used_as_it_stands(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "offers.md").read_text(encoding="utf-8")
    file = tmp_path / "offers.toml"
    file.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    (offer,) = offers.read(file)
    assert (offer.id, offer.category, offer.days) == ("tea-december", "drinks", 90)
