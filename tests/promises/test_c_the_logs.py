"""What somebody learns who reads the logs."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from bot import logs
from tests.house import YUAN, Guest, House
from tests.journeys.test_secrets import LABEL, PANDA_PIN, found_in_text, long_story

if TYPE_CHECKING:
    from pathlib import Path

PASSCODE = "tortoise-583014"


async def test_the_log_holds_no_secret_at_any_level(tmp_path: Path) -> None:
    stream, before = io.StringIO(), (logging.getLogger().handlers[:], logging.getLogger().level)
    try:
        async with House(tmp_path) as house:
            settings = house.settings
            token, key = settings.bot_token.get_secret_value(), settings.master_key.text()
            logs.set_up("DEBUG", secrets=[token, key], stream=stream)
            alice = house.guest("Alice Wonderland")
            await long_story(house, alice)
            house.telegram.heal()
            await alice.says("/cancel")
            await locks_and_looks(house, alice)
            await house.restart()
    finally:
        logging.basicConfig(level=before[1], handlers=before[0], force=True)
    log = stream.getvalue()
    assert len(log) > 10_000
    assert sorted(found_in_text(log)) == []
    for secret in (token, key, house.issuer.key, PASSCODE, "583014", LABEL, "Wonderland"):
        assert secret not in log


async def locks_and_looks(house: House, alice: Guest) -> None:
    """Set a passcode, mistype it, and look at a number."""
    await alice.says("/lock")
    await alice.presses("Set a passcode")
    await alice.says(PASSCODE, PASSCODE)
    await house.passes(minutes=6)
    await alice.says("/cards 1001")
    await alice.presses("Show number")
    await alice.says(f"{PASSCODE}0", PASSCODE)
    assert alice.sees(YUAN)
    await alice.presses("Show PIN")
    assert alice.sees(PANDA_PIN)


async def test_an_error_that_a_person_is_shown_holds_nothing_of_anybodys(
    house: House, alice: Guest, eve: Guest
) -> None:
    await alice.binds(YUAN, "1234")
    await house.kabao.parts.store.close()  # from now on everything fails
    for text in ("/balance", "/cards 1001", YUAN, "/lock", "/spent 5"):
        for guest in (alice, eve):
            update_id = await guest.person.says(text)
            assert update_id is not None
            await house.kabao.parts.turns.handled(update_id)
    for guest in (alice, eve):
        said = [text for text in guest.told if "Sorry" in text or "cannot" in text]
        assert said
        for secret in (YUAN, "sqlite", "Error", "Traceback", "/", str(alice.id)):
            assert not any(secret in text.replace("/balance", "") for text in said), said
