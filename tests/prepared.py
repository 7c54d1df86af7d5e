"""Empty tables for every story, made once a process and copied: to make them is half a start."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from storage.database import parse_url
from storage.store import _migrate

_FOLDER = tempfile.TemporaryDirectory(prefix="kabao-tables-")
_EMPTY = Path(_FOLDER.name) / "empty.db"


async def prepare(url: str) -> None:
    """Put empty tables where a SQLite file is to be; any other database makes its own."""
    parsed = parse_url(url)
    if parsed.drivername != "sqlite" or Path(str(parsed.database)).exists():
        return
    if not _EMPTY.exists():
        await _migrate(parsed.set(drivername="sqlite+aiosqlite", database=str(_EMPTY)))
    shutil.copyfile(_EMPTY, str(parsed.database))
