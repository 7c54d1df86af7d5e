"""Which master key a database is under, and how a process learns of the next one.

`meta` holds a check value of the master key in force. While one key hands over to the next it also
holds each of the two sealed under the other, so that whoever has either opens everything.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, or_, select

from storage.errors import SealError, WrongKeyError
from storage.schema import meta

if TYPE_CHECKING:
    from storage.database import Runner
    from storage.master import MasterKey
    from storage.vault import Vault

CHECK: Final = "master key check"
INSTALLATION: Final = "installation key"
NEXT: Final = "next master key"
PREVIOUS: Final = "previous master key"
_RETIRED: Final = "retired master key "

_HELD: Final = select(meta.c.name, meta.c.value).where(
    or_(*(meta.c.name == name for name in (CHECK, INSTALLATION, NEXT, PREVIOUS)))
)
VALUE: Final = select(meta.c.value).where(meta.c.name == bindparam("which"))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A rotation under way: from which master key to which."""

    old: MasterKey
    new: MasterKey


def retired(master_id: str) -> str:
    """Name the row that says when a master key was replaced."""
    return _RETIRED + master_id


async def held(runner: Runner) -> dict[str, bytes]:
    """Read what the database says of its master keys: one statement, so all of one moment."""
    return dict(await runner.fetch(_HELD))


async def learn(runner: Runner, vault: Vault) -> Exchange | None:
    """Take in which master key is in force, and the other one of a rotation under way.

    `WrongKeyError` if the vault holds no key that opens this database.
    """
    rows = await held(runner)
    exchange = _exchange(rows, vault)
    if exchange is not None:
        vault.learn(exchange.old)
        vault.learn(exchange.new)
    if not vault.turn_to(rows.get(CHECK, b"")):
        raise await _refusal(runner, vault)
    if INSTALLATION in rows and not vault.installed:
        vault.open_installation(rows[INSTALLATION])
    return exchange


def _exchange(rows: dict[str, bytes], vault: Vault) -> Exchange | None:
    if NEXT not in rows or PREVIOUS not in rows:
        return None
    for master in vault.masters():
        with suppress(SealError):
            return Exchange(master, master.open_key(rows[NEXT], NEXT))
        with suppress(SealError):
            return Exchange(master.open_key(rows[PREVIOUS], PREVIOUS), master)
    return None


async def _refusal(runner: Runner, vault: Vault) -> WrongKeyError:
    """Say that the key is another's, or that it was this database's until it was replaced."""
    for master in vault.masters():
        if found := await runner.fetch(VALUE, which=retired(master.id)):
            return WrongKeyError(
                f"This master key was replaced by `kabao key rotate` on {found[0][0].decode()} "
                "and opens nothing any more: start with the new one."
            )
    return WrongKeyError()
