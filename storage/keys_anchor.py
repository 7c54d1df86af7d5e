"""Whose a folder's keys' file is: only the database that wrote it, gone on since, writes it over.

Beside it lies an anchor of that database's audit log. A new database, or one that was put back to
an earlier state, does not hold it; and what such a one would write lacks keys that backups in the
folder need.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from storage.agefile import replacing
from storage.chain import START, Anchor
from storage.errors import StorageError
from storage.schema import audit

if TYPE_CHECKING:
    from pathlib import Path

    from storage.database import Runner

KEYS: Final = "kabao-keys.age"
ANCHOR: Final = "kabao-keys.anchor"
_LONGEST: Final = 200
_MAC: Final = select(audit.c.mac).where(audit.c.seq == bindparam("seq"))


async def check(runner: Runner, folder: Path) -> None:
    """`StorageError` if the keys' file there is another's, or of a later state than this one."""
    if await asyncio.to_thread(_free, folder):
        return
    anchor = await asyncio.to_thread(_noted, folder)
    if anchor == START:
        return
    if anchor is None or await runner.fetch(_MAC, seq=anchor.seq) != [(anchor.mac,)]:
        raise StorageError(
            f"{folder / KEYS} is of another state of the database, or of another database, and is "
            "not written over: the backups there need it. Move it away together with them, or "
            "restore the newest of them."
        )


def note(folder: Path, end: Anchor) -> None:
    """Note that the keys' file there is that of the database with this end of its log."""
    with replacing(folder / ANCHOR) as file:
        file.write(f"{end.text()}\n".encode())


def _free(folder: Path) -> bool:
    return not (folder / KEYS).exists()


def _noted(folder: Path) -> Anchor | None:
    try:
        with (folder / ANCHOR).open("rb") as file:
            return Anchor.parse(file.read(_LONGEST).decode())
    except (OSError, ValueError, StorageError):
        return None
