"""What the admins were sent of the backups, by Telegram's id of the admin: rows of `meta`.

They are in a backup like other rows, so that a restored bot goes on in the same messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from storage.questions import Questions
from storage.schema import meta

_KEYS: Final = "keys message "
_BACKUP: Final = "backup sent "

_MESSAGES: Final = select(meta.c.name, meta.c.value).where(meta.c.name.startswith(_KEYS))
_ONE: Final = select(meta.c.value).where(meta.c.name == bindparam("which"))
_put: Final = insert(meta).values(name=bindparam("name"), value=bindparam("value"))
_PUT: Final = _put.on_conflict_do_update(
    index_elements=["name"], set_={"value": _put.excluded.value}
)
_DROP: Final = delete(meta).where(meta.c.name == bindparam("which"))


@dataclass(frozen=True, slots=True)
class KeysMessage:
    """The message in a private chat that holds the keys' file, or is to hold it."""

    bot: int
    """Telegram's id of the bot that sent it: another bot's messages have other numbers."""
    message: int
    digest: str = ""
    """SHA-256 of the file in it, in hexadecimal; empty while that is not known."""


class Deliveries(Questions):
    """Which message holds the keys' file, and which backup was sent last."""

    async def keys_messages(self) -> dict[int, KeysMessage]:
        """List the messages with the keys' file by the admin in whose chat they are."""
        found: dict[int, KeysMessage] = {}
        for name, value in await self._runner.fetch(_MESSAGES):
            said: Any = orjson.loads(value)
            found[int(name.removeprefix(_KEYS))] = KeysMessage(**said)
        return found

    async def keep_keys_message(self, admin: int, message: KeysMessage) -> None:
        """Note an admin's message, in the place of the one before."""
        await self._runner.execute(_PUT, name=f"{_KEYS}{admin}", value=orjson.dumps(message))

    async def drop_keys_message(self, admin: int) -> None:
        """Note that an admin has no such message."""
        await self._runner.execute(_DROP, which=f"{_KEYS}{admin}")

    async def backup_sent(self, admin: int) -> str:
        """Give the file name of the backup an admin was sent last; empty if none was."""
        found = await self._runner.fetch(_ONE, which=f"{_BACKUP}{admin}")
        return found[0][0].decode() if found else ""

    async def note_backup(self, admin: int, name: str) -> None:
        """Note which backup an admin was sent."""
        await self._runner.execute(_PUT, name=f"{_BACKUP}{admin}", value=name.encode())
