"""What every group of questions starts from: a runner, the vault, the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from storage.errors import StorageError
from storage.schema import people

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.database import Runner
    from storage.vault import PersonKey, Vault

KEY_COLUMNS: Final = (people.c.key_id, people.c.wrapped_key)
_KEY: Final = select(*KEY_COLUMNS).where(people.c.id == bindparam("owner"))


def utc_now() -> datetime:
    """Tell the time, aware."""
    return datetime.now(UTC)


class Questions:
    """A group of questions, asked of the database or inside one transaction of it."""

    def __init__(self, runner: Runner, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._runner = runner
        self._vault = vault
        self._clock = clock

    async def _key(self, runner: Runner, owner_id: int) -> PersonKey:
        """Open a person's key; `StorageError` if there is no such person."""
        found = await runner.fetch(_KEY, owner=owner_id)
        if not found:
            raise StorageError("There is no such person.")
        return self._vault.open_key(owner_id, *found[0])
