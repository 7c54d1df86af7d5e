"""`kabao key rotate`, as an operator types it, and as a power cut ends it."""

from __future__ import annotations

import asyncio
import os
import random
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from bot.playground.telegram import TOKEN
from storage import MasterKey, SealError, WrongKeyError, open_store, utc_now
from storage.questions import KEY_COLUMNS
from storage.rotating import Manner, Step, rotate
from storage.schema import people
from storage.vault import Vault
from tests.command import kabao_beside
from tests.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = MasterKey.generate()
MANY = 1500
KILLS = 5


class Operator:
    """Somebody at a shell, in a folder of their own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.file = folder / "new.key"
        self.settings = {
            "KABAO_BOT_TOKEN": TOKEN,
            "KABAO_BOT_API_URL": "http://127.0.0.1:9",
            "KABAO_MASTER_KEY": OLD.text(),
            "KABAO_DATABASE_URL": url,
        }

    async def starts(self, *words: str, **changed: str) -> asyncio.subprocess.Process:
        """Start `kabao` with settings of its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KABAO_")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            cwd=self.folder,
            env={**kept, **self.settings, **changed},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def rotates(self, **changed: str) -> tuple[int, str]:
        """Run the command to its end: its status, and all it said."""
        words = ("key", "rotate", "--to", str(self.file))
        return await kabao_beside(words, self.folder, {**self.settings, **changed})

    @property
    def new(self) -> MasterKey:
        """The key in the file."""
        return MasterKey.parse(self.file.read_text())


async def filled(url: str, count: int) -> None:
    """Make a database with people in it."""
    store = await open_store(url, OLD)
    async with store.transaction() as tx:
        for who in range(1, count + 1):
            await tx.people.arrive(who, name=f"Person {who}", language="zh")
    await store.close()


async def opens_for(url: str, key: MasterKey) -> tuple[int, int]:
    """Count whose key opens with this one alone, and how many people there are."""
    store = await open_store(url, key)
    rows = await store._runner.fetch(people.select().with_only_columns(people.c.id, *KEY_COLUMNS))
    await store.close()
    vault, opened = Vault(key), 0
    for row in rows:
        try:
            vault.open_key(*row)
        except SealError:
            continue
        opened += 1
    return opened, len(rows)


@pytest.fixture
async def operator(tmp_path: Path) -> Operator:
    url = f"sqlite:///{tmp_path / 'kabao.db'}"
    await filled(url, 3)
    return Operator(tmp_path, url)


async def test_a_rotation_says_what_was_done_and_what_to_do_now(operator: Operator) -> None:
    status, said = await operator.rotates()
    assert status == 0, said
    assert "3 people's keys were wrapped anew" in said
    assert "Proof: all 3 were opened with the new key alone, and 0 are left" in said
    assert f"Put {operator.file} in KABAO_MASTER_KEY_FILE" in said
    assert "Until then keep the old key" in said
    assert operator.new.text() not in said
    assert stat.S_IMODE(operator.file.stat().st_mode) == 0o600
    assert os.listdir(operator.folder).count(".new.key.part") == 0  # noqa: PTH208
    assert await opens_for(operator.url, operator.new) == (3, 3)
    with pytest.raises(WrongKeyError, match="was replaced"):
        await open_store(operator.url, OLD)
    put_in = {"KABAO_MASTER_KEY": "", "KABAO_MASTER_KEY_FILE": str(operator.file)}
    _, checked = await kabao_beside(("check",), operator.folder, operator.settings | put_in)
    assert "✓ database: opens" in checked
    process = await operator.starts("run")
    refused, _ = await process.communicate()
    assert process.returncode == 1
    assert len(refused.decode().strip().splitlines()) == 1
    assert "was replaced by `kabao key rotate` on" in refused.decode()


async def test_with_nothing_to_do_it_says_so(operator: Operator) -> None:
    await operator.rotates()
    key = operator.new
    status, said = await operator.rotates()
    assert status == 0
    assert said == f"Nothing to do: the database is under the key in {operator.file} already.\n"
    status, said = await operator.rotates(KABAO_MASTER_KEY=key.text())
    assert status == 1
    assert "Nothing to do" in said
    assert "name another file" in said
    assert operator.new.id == key.id
    status, said = await operator.rotates(KABAO_MASTER_KEY=MasterKey.generate().text())
    assert status == 0
    assert said.startswith("Nothing to do")


async def test_the_file_of_the_key_in_use_is_not_taken_for_a_new_one(operator: Operator) -> None:
    operator.file.write_text(OLD.text())
    operator.file.chmod(0o600)
    status, said = await operator.rotates(
        KABAO_MASTER_KEY="", KABAO_MASTER_KEY_FILE=str(operator.file)
    )
    assert status == 1
    assert "holds the key that is in use" in said
    assert await opens_for(operator.url, OLD) == (3, 3)


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("hunter2", 0o600, "holds no master key of ours"),
        ("", 0o600, "holds no master key of ours"),
        (MasterKey.generate().text(), 0o644, "others can read: run `chmod 600"),
        (MasterKey(bytes(range(32))).text(), 0o600, "is not random"),
    ],
    ids=["text", "nothing", "public", "counted"],
)
async def test_a_file_that_is_of_no_use_is_refused_and_left_as_it_is(
    operator: Operator, text: str, mode: int, says: str
) -> None:
    operator.file.write_text(text)
    operator.file.chmod(mode)
    status, said = await operator.rotates()
    assert status == 1
    assert says in said
    assert len(said.strip().splitlines()) == 1
    assert text == operator.file.read_text()
    assert not text or text not in said
    assert await opens_for(operator.url, OLD) == (3, 3)


async def test_a_key_that_cannot_be_written_down_begins_nothing(operator: Operator) -> None:
    operator.file = operator.folder / "nowhere" / "new.key"
    status, said = await operator.rotates()
    assert status == 1
    assert "cannot be written: No such file or directory" in said
    store = await open_store(operator.url, OLD)
    assert await store.rotation.under_way() is None
    await store.close()


async def ended_half_way(operator: Operator, new: MasterKey) -> None:
    """Begin a rotation that does not end."""

    def told(step: Step, _: int) -> None:
        if step == "in force":
            raise KeyboardInterrupt

    store = await open_store(operator.url, OLD)
    with pytest.raises(KeyboardInterrupt):
        await rotate(store, new, utc_now, Manner(told=told))
    await store.close()


async def test_a_key_file_that_was_lost_half_way_is_written_again(operator: Operator) -> None:
    new = MasterKey.generate()
    await ended_half_way(operator, new)
    status, said = await operator.rotates()
    assert status == 0, said
    assert "going on with it" in said
    assert operator.new.id == new.id
    assert await opens_for(operator.url, new) == (3, 3)


async def test_a_rotation_under_way_to_another_key_is_not_mixed_with_this_one(
    operator: Operator,
) -> None:
    new = MasterKey.generate()
    await ended_half_way(operator, new)
    operator.file.write_text(MasterKey.generate().text())
    operator.file.chmod(0o600)
    status, said = await operator.rotates()
    assert status == 1
    assert "A rotation to another key than that in" in said
    operator.file.write_text(new.text())
    assert (await operator.rotates(KABAO_MASTER_KEY=new.text()))[0] == 0


async def valid(url: str, new: MasterKey) -> list[MasterKey]:
    """List which keys open the database: the old one, both in a rotation, or the new one."""
    try:
        store = await open_store(url, OLD)
    except WrongKeyError:
        return [new]
    exchange = await store.rotation.under_way()
    await store.close()
    return [OLD] if exchange is None else [OLD, new]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres | None]:
    with postgres() as running:
        yield running


@pytest.mark.timeout(600)  # it starts the command again and again
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_rotation_killed_at_any_moment_is_gone_on_with(
    tmp_path: Path, server: Postgres | None, kind: str
) -> None:
    url = f"sqlite:///{tmp_path / 'kabao.db'}"
    if kind == "postgresql":
        if server is None:
            pytest.skip("this machine has no PostgreSQL server")
        url = await server.new_database()
    await filled(url, MANY)
    operator, killed = Operator(tmp_path, url), 0
    for _ in range(KILLS):
        process = await operator.starts("key", "rotate", "--to", str(operator.file))
        assert process.stdout is not None
        # The key is written down before anything begins: from then on, any moment will do.
        await process.stdout.readline()
        try:
            await asyncio.wait_for(process.wait(), random.uniform(0, 0.4))  # noqa: S311
            break
        except TimeoutError:
            process.kill()
            killed += 1
        await process.wait()
        for key in await valid(url, operator.new):
            store = await open_store(url, key)
            assert (person := await store.people.get(MANY // 2)) is not None
            assert person.name == f"Person {MANY // 2}"
            await store.close()
    assert killed > 1
    new = operator.new
    status, said = await operator.rotates()
    assert status == 0, said
    assert operator.new.id == new.id
    assert await opens_for(url, new) == (MANY, MANY)
    with pytest.raises(WrongKeyError, match="was replaced"):
        await open_store(url, OLD)
    store = await open_store(url, new)
    await store.audit.verify()
    assert [row.action for row in await store.audit.recent(limit=9)] == [
        "key rotation done",
        "key rotation begun",
    ]
    await store.close()
