"""Whoever runs the bot: files taken in while it runs, and what only they can mend told to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.issuers import FaultKind, IssuerFault
from bot.playground.world import stable_id
from tests.house import KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ADMIN = stable_id("Ada")
CANTEEN = """kind = "manual"
name = { en = "Canteen", zh = "食堂" }
currency = "CNY"
fields = [{ name = "number", label = "Number", pattern = "C[0-9]{6}" }]
"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house with a folder for its operator's own files."""
    (tmp_path / "issuers").mkdir()
    settings = {"issuers_dir": str(tmp_path / "issuers"), "admins": str(ADMIN)}
    async with House(tmp_path, **settings) as house:
        yield house


async def operator(house: House) -> Guest:
    """Whoever runs the bot, who has started it."""
    ada = house.guest("Ada")
    assert ada.id == ADMIN
    await ada.says("/start")
    return ada


async def wrote(house: House, text: str | None, name: str = "canteen") -> None:
    """Save a file, or take it away, and let the next look at the folder come."""
    path = house.folder / "issuers" / f"{name}.toml"
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    await house.settled()


async def test_a_file_put_into_the_folder_is_offered_without_a_restart(house: House) -> None:
    bob = house.guest("Bob")
    await wrote(house, CANTEEN)
    await bob.says("/bind", "C123456")
    await bob.presses("Canteen")
    await bob.says("Lunch", "12.50")
    assert bob.sees("CN¥12.50")
    assert bob.sees("Issuer: Canteen")
    await wrote(house, None)
    assert house.kabao.parts.issuers.get("canteen") is None


async def test_a_broken_version_keeps_the_old_one_and_is_told_once(house: House) -> None:
    ada = await operator(house)
    await wrote(house, CANTEEN)
    old = house.kabao.parts.issuers.get("canteen")
    await wrote(house, CANTEEN.replace('"CNY"', '"RMB"'))
    assert house.kabao.parts.issuers.get("canteen") is old
    assert ada.sees("canteen.toml, line 3: currency: 'RMB' is not an ISO 4217 currency code")
    assert ada.sees("What it said before stays in force.")
    said = len(ada.told)
    await house.passes(hours=1)
    assert len(ada.told) == said
    await wrote(house, CANTEEN.replace('"CNY"', '"CHF"'))
    assert ada.sees("✅ The file of canteen is fine again, and in force.")
    new = house.kabao.parts.issuers.get("canteen")
    assert new is not None
    assert new.currency == "CHF"


async def test_a_new_file_with_mistakes_is_not_offered_until_they_are_mended(house: House) -> None:
    ada = await operator(house)
    await wrote(house, CANTEEN + "colour = 1")
    assert ada.sees("It is not offered until they are mended.")
    await wrote(house, CANTEEN)
    assert house.kabao.parts.issuers.get("canteen") is not None


async def test_the_operator_reads_it_in_their_own_language(house: House) -> None:
    ada = house.guest("Ada", "zh")
    await ada.says("/start")
    await wrote(house, "kind = 1")
    assert ada.sees("canteen 的文件有错误")


async def test_a_file_that_needs_a_secret_says_which(house: House) -> None:
    ada = await operator(house)
    await wrote(house, CANTEEN.replace('"CNY"', '"{secret:CANTEEN_CURRENCY}"'))
    assert ada.sees("canteen is off until KABAO_SECRET_CANTEEN_CURRENCY is set")
    assert house.kabao.parts.issuers.get("canteen") is None


async def test_refused_credentials_are_told_to_the_operator_once_a_day_and_name_no_card(
    house: House,
) -> None:
    ada, bob = await operator(house), house.guest("Bob")
    await bob.binds(YUAN, PIN)
    house.issuer.key = "another"
    await house.passes(minutes=10)
    await bob.says("/balance")
    assert bob.sees("Only the operator can fix that")
    await house.settled()
    told = [text for text in ada.told if "refuses this bot" in text]
    assert len(told) == 1
    assert "Panda Gift Card" in told[0]
    assert YUAN[-4:] not in told[0]
    assert "Bob" not in told[0]
    await house.passes(hours=7)
    await bob.says("/balance")
    await house.settled()
    assert len([text for text in ada.told if "refuses this bot" in text]) == 1
    await house.passes(hours=24)
    await house.passes(hours=1)
    assert len([text for text in ada.told if "refuses this bot" in text]) == 2


async def test_a_bot_that_restarts_over_and_over_does_not_repeat_itself(tmp_path: Path) -> None:
    async with House(tmp_path, admins=str(ADMIN), secret_demo_key="wrong") as house:
        ada, bob = await operator(house), house.guest("Bob")
        for _ in range(5):
            await house.restart()
            await bob.binds(KIOSK)
            await house.passes(seconds=40)
        assert not any("refuses this bot" in text for text in ada.told)
        await house.passes(minutes=3)
        assert len([text for text in ada.told if "refuses this bot" in text]) == 1


async def test_a_refusal_while_binding_reaches_the_operator_too(house: House) -> None:
    ada, bob = await operator(house), house.guest("Bob")
    await house.passes(minutes=5)
    house.issuer.key = "another"
    await bob.binds(KIOSK)
    await house.settled()
    assert ada.sees("refuses this bot's credentials")


async def test_an_admin_in_quiet_hours_is_told_when_they_end(house: House) -> None:
    ada = await operator(house)
    await house.kabao.parts.store.people.change(ada.id, quiet_from=0, quiet_to=13 * 60)
    await wrote(house, "kind = 1")
    assert not ada.sees("has mistakes")
    await house.passes(hours=1, minutes=1)
    assert ada.sees("has mistakes")


async def test_an_admin_the_bot_may_not_write_to_holds_nothing_up(house: House) -> None:
    await wrote(house, "kind = 1")
    await house.settled()
    await wrote(house, CANTEEN)
    assert house.kabao.parts.issuers.get("canteen") is not None


async def test_cards_whose_issuer_is_gone_are_told_to_the_operator(house: House) -> None:
    ada = await operator(house)
    await house.passes(minutes=5)
    house.kabao.parts.wallet.noted("canteen", IssuerFault(FaultKind.REFUSED, "no such issuer"))
    await house.settled()
    assert ada.sees("There are cards of canteen, but no such issuer is on")


async def test_an_issuer_that_is_out_of_order_for_long_is_told_once(house: House) -> None:
    ada, bob = await operator(house), house.guest("Bob")
    await bob.binds(YUAN, PIN)
    house.issuer.down = True
    for _ in range(6):
        await house.passes(minutes=1)
        await bob.says("/balance")
    assert not any("out of order since" in text for text in ada.told)
    for _ in range(6):
        await house.passes(minutes=10)
        await bob.says("/balance")
        await house.settled()
    assert len([text for text in ada.told if "Panda Gift Card has been out of order" in text]) == 1


async def test_a_folder_that_is_gone_for_a_while_is_told_as_what_it_is(house: House) -> None:
    ada = await operator(house)
    await wrote(house, CANTEEN)
    folder, elsewhere = house.folder / "issuers", house.folder / "elsewhere"
    folder.rename(elsewhere)
    await house.passes(seconds=30)
    assert ada.sees("with issuers' files is gone. Its issuers stay as they were")
    assert "mistakes" not in ada.told[-1]
    assert house.kabao.parts.issuers.get("canteen") is not None
    elsewhere.rename(folder)
    await house.passes(seconds=30)
    assert ada.sees("issuers/ is back")
