"""The store: open a database with a master key, and ask it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage import keyfile, keyring
from storage.announcements import Announcements
from storage.audit import Audit
from storage.cards import Cards
from storage.database import Database, parse_url
from storage.deliveries import Deliveries
from storage.dialogues import Dialogues
from storage.digests import Digests
from storage.errors import StorageError
from storage.expiries import Expiries
from storage.groups import Groups
from storage.health import Health
from storage.inbox import Inbox
from storage.invitations import Invitations
from storage.ledger import Ledger
from storage.locks import Locks
from storage.migrations import migrate
from storage.moving import Moving
from storage.outbox import Outbox
from storage.people import People
from storage.postgres import PostgresDatabase
from storage.processes import Processes
from storage.questions import utc_now
from storage.receipts import Receipts, receipts_of
from storage.rotation import Rotation
from storage.schema import meta, people
from storage.share_links import ShareLinks
from storage.spending import Spending
from storage.sqlite import SqliteDatabase, sqlite_file
from storage.tickets import Tickets
from storage.told import Tellings
from storage.tries import Tries
from storage.vanishing import Vanishing
from storage.vault import InstallationKey, MasterKey, Vault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import URL

    from storage.database import Runner

_TRIES: Final = 100
_PAUSE_SECONDS: Final = 0.1
_SET: Final = (
    insert(meta).values(name=bindparam("name"), value=bindparam("value")).on_conflict_do_nothing()
)
_NAME_MASTER: Final = (
    update(people).where(people.c.master_id.is_(None)).values(master_id=bindparam("master"))
)


class Store:
    """Everything kept, by group of questions; the same inside a transaction."""

    def __init__(self, runner: Runner, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._runner = runner
        self._vault = vault
        self._clock = clock
        self.people: Final = People(runner, vault, clock)
        self.cards: Final = Cards(runner, vault, clock)
        self.ledger: Final = Ledger(runner, vault, clock)
        self.outbox: Final = Outbox(runner, vault, clock)
        self.dialogues: Final = Dialogues(runner, vault, clock)
        self.expiries: Final = Expiries(runner, vault, clock)
        self.digests: Final = Digests(runner, vault, clock)
        self.invitations: Final = Invitations(runner, vault, clock)
        self.receipts: Final = Receipts(runner, vault, clock)
        self.inbox: Final = Inbox(runner, vault, clock)
        self.health: Final = Health(runner, vault, clock)
        self.tries: Final = Tries(runner, vault, clock)
        self.vanishing: Final = Vanishing(runner, vault, clock)
        self.audit: Final = Audit(runner, vault, clock)
        self.deliveries: Final = Deliveries(runner, vault, clock)
        self.processes: Final = Processes(runner, vault, clock)
        self.rotation: Final = Rotation(runner, vault, clock)
        self.locks: Final = Locks(runner, vault, clock)
        self.shares: Final = ShareLinks(runner, vault, clock)
        self.groups: Final = Groups(runner, vault, clock)
        self.told: Final = Tellings(runner, vault, clock)
        self.tickets: Final = Tickets(runner, vault, clock)
        self.announcements: Final = Announcements(runner, vault, clock)
        self.moving: Final = Moving(runner, vault, clock)
        self.spending: Final = Spending(runner, vault, clock)

    @property
    def installation(self) -> InstallationKey:
        """The database's own key, for marks that only this installation can make."""
        return self._vault.installation

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Store]:
        """Open a transaction and a store bound to it: all that it is asked to do, or nothing.

        It commits at the end of the block; any exception rolls it back, cancellation too.
        """
        async with self._runner.transaction() as tx:
            yield self if tx is self._runner else Store(tx, self._vault, self._clock)

    async def check(self) -> None:
        """Raise `StorageError` if the database does not answer, `WrongKeyError` if not to us."""
        await keyring.learn(self._runner, self._vault)

    async def keys_state(self) -> str:
        """Sum up what the keys' file beside backups depends on (`keyfile.py`)."""
        return await keyfile.state_of(self._runner)

    async def close(self) -> None:
        """Let go of the database. The store is of no use afterwards."""
        if isinstance(self._runner, Database):
            await self._runner.close()


async def open_store(
    url: str, master_key: MasterKey, *, clock: Callable[[], datetime] = utc_now
) -> Store:
    """Open a database, made and migrated as needed: `sqlite:///file` or `postgresql://...`.

    `StorageError` says why it cannot be opened; `WrongKeyError` that it is another key's.
    """
    database = await _open(parse_url(url))
    database.addition = receipts_of(clock)
    vault = Vault(master_key)
    store = Store(database, vault, clock)
    try:
        await _claim(database, vault)
    except BaseException:
        await store.close()
        raise
    return store


async def _claim(database: Database, vault: Vault) -> None:
    """Make sure the database is this master key's, and a new one becomes it."""
    if keyring.CHECK not in await keyring.held(database):
        await database.execute(_SET, name=keyring.CHECK, value=vault.check_value)
    await keyring.learn(database, vault)
    if not vault.installed:
        await database.execute(_NAME_MASTER, master=vault.master_id)
        await database.execute(_SET, name=keyring.INSTALLATION, value=vault.new_installation())
        await keyring.learn(database, vault)


async def _open(url: URL) -> Database:
    if url.drivername == "sqlite":
        path = sqlite_file(url)
        return await _open_file(url.set(drivername="sqlite+aiosqlite", database=str(path)), path)
    await _migrate(url.set(drivername="postgresql+asyncpg"))
    return await PostgresDatabase.open(url)


async def _open_file(url: URL, path: Path) -> Database:
    """Open a SQLite file, again while another process is at it.

    SQLite does not wait for the one who turns a new file's log on, it refuses at once.
    """
    for _ in range(_TRIES):
        try:
            await _migrate(url)
            return await SqliteDatabase.open(path)
        except StorageError as error:
            if "locked" not in str(error):
                raise
        await asyncio.sleep(_PAUSE_SECONDS)
    raise StorageError(f"The database file {path} is locked by another program.")


async def _migrate(url: URL) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        await migrate(engine)
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise StorageError(f"The database cannot be opened: {cause}") from None
    finally:
        await engine.dispose()
