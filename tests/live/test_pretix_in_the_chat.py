"""A person and a real pretix, with the whole bot between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.house import Guest, House
from tests.test_issuers_docs import worked_example

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.live.pretix import Pretix

pytestmark = pytest.mark.live


@pytest.fixture
async def house(tmp_path: Path, pretix: Pretix) -> AsyncIterator[House]:
    secrets = {f"secret_{name.lower()}": value for name, value in pretix.secrets.items()}
    async with House(tmp_path, **secrets) as opened:
        yield opened


async def test_a_gift_card_of_a_real_pretix_is_bound_watched_and_warned_about(
    house: House, pretix: Pretix, alice: Guest
) -> None:
    pretix.issue("CHATCARD7Q9X", "50.00", "EUR")
    pretix.spend("CHATCARD7Q9X", "4.20", "Coffee and cake")
    await alice.says("/bind")
    await alice.presses("pretix")
    assert "has no card" in (await alice.says("NOSUCHCARD99")).text
    bound = await alice.says("chatcard7q9x")
    assert "€45.80" in bound.text
    assert "·7Q9X" in bound.text

    pretix.spend("CHATCARD7Q9X", "40.00", "Concert")
    await house.passes(hours=7)
    assert alice.sees("€40.00 less than 7 hours ago")
    assert alice.sees("€5.80")

    history = await alice.presses("History")
    assert "-€40.00  Concert" in history.text
    assert "€5.80" in history.text
    assert history.text.count("Coffee and cake") == 1

    pretix.stop()
    try:
        await house.passes(minutes=1)
        panel = await alice.says("/balance")
        assert "could not be reached" in panel.text
        assert "€5.80" in panel.text
    finally:
        pretix.start()
    pretix.top_up("CHATCARD7Q9X", "20.00", "Refilled")
    assert "€25.80" in (await alice.presses("Refresh")).text


async def test_an_expired_card_and_yen_read_right_in_the_chat(pretix: Pretix, alice: Guest) -> None:
    pretix.issue("CHATYEN777AA", "12000", "JPY")
    pretix.issue("CHATOLD777AA", "10.00", "EUR", expires="2020-01-01T00:00:00Z")
    await alice.says("/bind")
    await alice.presses("pretix")
    assert "¥12,000 " in (await alice.says("CHATYEN777AA")).text
    await alice.says("/bind")
    await alice.presses("pretix")
    assert "Expired" in (await alice.says("CHATOLD777AA")).text
    assert "Total: ¥12,000" in (await alice.says("/balance")).text


async def test_the_file_that_the_documents_teach_binds_a_card_of_a_real_pretix(
    tmp_path: Path, pretix: Pretix
) -> None:
    folder = tmp_path / "issuers"
    folder.mkdir()
    (folder / "tickets.toml").write_text(worked_example(), encoding="utf-8")
    secrets = {
        "secret_tickets_url": pretix.url,
        "secret_tickets_organizer": pretix.organizer,
        "secret_tickets_token": pretix.token,
    }
    pretix.issue("TAUGHT777QXX", "50.00", "EUR")
    pretix.spend("TAUGHT777QXX", "12.50", "Concert")
    async with House(tmp_path, issuers_dir=str(folder), **secrets) as house:
        alice = house.guest("Alice")
        await alice.says("/bind")
        await alice.presses("Ticket gift card")
        assert "€37.50" in (await alice.says("taught777qxx")).text
        assert "-€12.50  Concert" in (await alice.presses("History")).text
