"""An update that python-telegram-bot cannot read: another Bot API server's, or one of tomorrow."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from bot import logs

if TYPE_CHECKING:
    from tests.house import Guest, House


async def test_an_update_that_cannot_be_read_stops_nobody_and_is_not_written_down(
    house: House, alice: Guest, bob: Guest
) -> None:
    await alice.says("/start")
    stream, before = io.StringIO(), (logging.getLogger().handlers[:], logging.getLogger().level)
    logs.set_up("DEBUG", stream=stream)
    try:
        world, chat = house.telegram.world, alice.person.where
        for _ in range(2):
            content = {"contact": {"first_name": "no phone"}, "caption": "my PIN is 8305"}
            message = chat.post(alice.person.user, world.now(), content)
            world.updates.put("message", message)
            assert "no card yet" in (await alice.says("/balance")).text
            assert "no card yet" in (await bob.says("/balance")).text
    finally:
        logging.basicConfig(level=before[1], handlers=before[0], force=True)
    log = stream.getvalue()
    assert log.count("cannot be read") == 2
    assert "8305" not in log
    assert "no phone" not in log
