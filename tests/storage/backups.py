"""What the stories about backups share: a key to open them, all rows of a database as they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyrage  # type: ignore[import-untyped]

from storage.agefile import Lock, Unlock
from storage.backup import KEYS, Made, back_up
from storage.restore import Backup, Restored, restore
from storage.snapshot import kind_of, reflected, rows_of, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from storage import MasterKey
    from tests.storage.conftest import Clock

_IDENTITY: Final = pyrage.x25519.Identity.generate()
IDENTITY: Final = str(_IDENTITY)
RECIPIENT: Final = str(_IDENTITY.to_public())
LOCK: Final = Lock((RECIPIENT,))
UNLOCK: Final = Unlock(identities=f"# created: today\n# public key: {RECIPIENT}\n{IDENTITY}\n")


@dataclass
class Backups:
    """A folder of backups of one database."""

    url: str
    folder: Path
    clock: Clock
    lock: Lock = LOCK
    unlock: Unlock = UNLOCK

    async def make(self, name: str = "one.age") -> Made:
        """Back up."""
        self.folder.mkdir(exist_ok=True)
        return await back_up(self.url, self.folder / name, self.lock, self.clock())

    async def restore(self, url: str, key: MasterKey, name: str = "one.age") -> Restored:
        """Restore into an empty place."""
        given = Backup(self.folder / name, self.folder / KEYS, self.unlock)
        return await restore(given, url, key)


async def everything(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every field of every row of every table, as it lies in the database."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with snapshot(url) as taken:
        for table in await taken.connection.run_sync(reflected):
            kinds = {str(column.name): kind_of(column) for column in table.columns}
            found[str(table.name)] = [
                {
                    name: bool(value) if kind == "bool" and value is not None else value
                    for (name, kind), value in zip(kinds.items(), row, strict=True)
                }
                async for batch in rows_of(taken, table)
                for row in batch
            ]
    return found
