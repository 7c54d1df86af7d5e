"""The campaign in full: `python -m tests.kill [ALERTS [KILLS [SEED]]]`."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from tests.kill.campaign import Campaign

alerts, kills, seed = (
    int(given or usual)
    for given, usual in zip((*sys.argv[1:], "", "", "")[:3], (200, 50, 1), strict=True)
)
logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it sees its clients die
with tempfile.TemporaryDirectory(prefix="kabao-kill-") as folder:
    campaign = Campaign(Path(folder), alerts=alerts, kills=kills, seed=seed)
    figures = asyncio.run(campaign.run())
print(figures)  # noqa: T201 - this is what it is run for
sys.exit(figures.lost > 0 or figures.database != "ok")
