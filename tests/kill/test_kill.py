from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.kill.campaign import Campaign

if TYPE_CHECKING:
    from pathlib import Path


async def test_no_alert_is_lost_however_often_the_bot_is_killed(tmp_path: Path) -> None:
    """Short here; `python -m tests.kill` runs it in full, with the figures."""
    seed = int(os.environ.get("KABAO_TEST_SEED", "7"))
    figures = await Campaign(tmp_path, alerts=40, kills=10, seed=seed).run()
    print(figures)  # noqa: T201 - shown by `pytest -s`
    assert figures.lost == 0, (tmp_path / "bot.log").read_text()[-5000:]
    assert figures.kills == 10
    assert figures.database == "ok"
