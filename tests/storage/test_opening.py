from __future__ import annotations

import asyncio
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from storage import MasterKey, StorageError, WrongKeyError, open_store
from storage.database import parse_url
from storage.migrations import HEAD, configuration
from storage.schema import metadata
from tests.storage.conftest import LI, with_card

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from storage import Store


async def test_what_was_kept_is_there_after_a_restart(url: str, key: MasterKey) -> None:
    store = await open_store(url, key)
    card = await with_card(store)
    await store.close()
    store = await open_store(url, MasterKey.parse(key.text()))
    assert await store.people.get(LI) is not None
    assert await store.cards.list(LI) == [card]
    await store.check()
    await store.close()


async def test_another_master_key_is_recognised_at_start(url: str, key: MasterKey) -> None:
    await (await open_store(url, key)).close()
    with pytest.raises(WrongKeyError, match="another master key"):
        await open_store(url, MasterKey.generate())


@pytest.mark.usefixtures("store")
async def test_the_migrations_make_what_the_schema_says(url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, metadata))

    spelled = parse_url(url)
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    engine = create_async_engine(spelled.set(drivername=driver[spelled.drivername]))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_the_last_revision_is_the_one_a_start_looks_for() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [HEAD]


async def test_many_that_start_at_once_on_an_empty_database_all_work(
    url: str, key: MasterKey
) -> None:
    stores = await asyncio.gather(*(open_store(url, key) for _ in range(4)))
    for number, store in enumerate(stores):
        await store.people.arrive(number, name="x", language=None)
    for store in stores:
        await store.check()
        await store.close()


@pytest.mark.parametrize("spelling", ["sqlite", "sqlite+aiosqlite"])
async def test_a_file_is_its_owners_only(spelling: str, file: Path, key: MasterKey) -> None:
    store = await open_store(f"{spelling}:///{file}", key)
    await with_card(store)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in file.parent.glob("kabao.db*")]
    await store.close()
    assert modes == [0o600] * 3


async def test_a_file_that_others_may_read_is_closed_to_them(file: Path, key: MasterKey) -> None:
    file.touch(0o644)
    await (await open_store(f"sqlite:///{file}", key)).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_missing_folder_is_made_for_its_owner_only(tmp_path: Path, key: MasterKey) -> None:
    await (await open_store(f"sqlite:///{tmp_path}/new/kabao.db", key)).close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


async def test_the_file_is_kept_as_the_issue_asks(on_file: Store) -> None:
    asked = {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 10_000,
        "synchronous": 1,
    }
    for connection in (on_file._runner._writer, on_file._runner._reader.connection):  # type: ignore[attr-defined]
        found = {
            name: (await connection.execute_fetchall(f"PRAGMA {name}"))[0][0] for name in asked
        }
        assert found == asked


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:hunter2@localhost/kabao", "mysql is not supported"),
        ("postgresql+psycopg2://root:hunter2@localhost/x", "not supported"),
        ("hunter2", "cannot be read"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:////proc/kabao.db", "The database file"),
        ("postgresql://root:hunter2@127.0.0.1:1/x", "cannot be opened"),
        ("postgres://root:hunter2@127.0.0.1:1/x", "cannot be opened"),
        ("postgresql+asyncpg://root:hunter2@127.0.0.1:1/x", "cannot be opened"),
    ],
)
async def test_a_database_that_cannot_be_opened_is_explained_without_its_password(
    url: str, words: str, key: MasterKey
) -> None:
    with pytest.raises(StorageError, match=words) as refusal:
        await open_store(url, key)
    assert "hunter2" not in str(refusal.value)


async def test_a_file_that_is_no_database_is_explained(file: Path, key: MasterKey) -> None:
    file.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StorageError, match="not a database"):
        await open_store(f"sqlite:///{file}", key)


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    with pytest.raises(StorageError):
        await store.people.get(LI)
    with pytest.raises(StorageError):
        await store.people.arrive(LI, name="x", language=None)


_NEIGHBOUR = """
import asyncio, sys
from storage import MasterKey, open_store

async def main(url, key):
    store = await open_store(url, MasterKey.parse(key))
    for number in range(100, 150):
        await store.people.arrive(number, name="neighbour", language=None)
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_second_process_works_on_the_same_database(
    url: str, store: Store, key: MasterKey
) -> None:
    neighbour = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _NEIGHBOUR, url, key.text()
    )
    number = 0
    while neighbour.returncode is None:
        await store.people.arrive(number % 100, name=f"mine {number}", language=None)
        number += 1
        await asyncio.sleep(0)
    assert await neighbour.wait() == 0
    for met in range(100, 150):
        assert (person := await store.people.get(met)) is not None
        assert person.name == "neighbour"
