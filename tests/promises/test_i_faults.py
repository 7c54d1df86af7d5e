"""What a machine can do that is switched off in the middle of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos import kills
from tests.chaos.hunt import Hunt, files
from tests.chaos.test_chaos import SEED

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_the_bot_confirmed_is_there_after_it_was_killed(tmp_path: Path) -> None:
    figures, secrets, opened = await kills.campaign(
        tmp_path, kills=8, alerts=16, seed=SEED, lanes=1, quick=True
    )
    assert figures.kills == 8
    assert figures.lost == 0, figures
    hunt = Hunt(secrets)
    for content in (*(path.read_bytes() for path in files(tmp_path)), *opened):
        assert hunt.through(content) == set()
