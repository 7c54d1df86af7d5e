"""`kabao audit`, as an operator meets it, beside a bot that runs."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import asyncpg
import orjson
import pytest

from bot.activity import Action
from storage import Anchor
from tests.command import kabao_beside
from tests.house import KIOSK, PIN, YUAN, Guest, House
from tests.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

DONE = [Action.STARTED, Action.BOUND, Action.BOUND, Action.REMOVED, Action.ERASED]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres | None]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def lived(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """A house in which five things have happened: one person came, and was erased."""
    url = None
    if request.param == "postgresql":
        server: Postgres | None = request.getfixturevalue("server")
        if server is None:
            pytest.skip("this machine has no PostgreSQL server")
        url = await server.new_database()
    async with House(tmp_path, url) as house:
        alice = house.guest("Alice", "en")
        await alice.binds(YUAN, PIN)
        await alice.binds(KIOSK)
        await alice.presses("Remove")
        await alice.presses("Yes, remove")
        await alice.says("/forget")
        await alice.presses("Yes, erase everything")
        yield house


async def kabao(house: House, *arguments: str) -> tuple[int, list[str]]:
    """Run `kabao audit …`: its status, and the lines it said."""
    status, said = await kabao_beside(("audit", *arguments), house.folder, house.environment)
    return status, said.splitlines()


async def tamper(house: House, statement: str) -> None:
    """Change the database as somebody can who has it and not the key."""
    url = house.environment["KABAO_DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(house.database)) as raw, raw:
            assert raw.execute(statement).rowcount == 1
        return
    connection = await asyncpg.connect(url)
    try:
        assert (await connection.execute(statement)).endswith(" 1")
    finally:
        await connection.close()


async def test_a_whole_log_is_said_to_be_so_with_its_end(lived: House) -> None:
    end = await lived.kabao.parts.store.audit.end()
    assert await kabao(lived, "verify") == (0, [f"5 rows, unbroken; end {end.text()}"])
    assert (await kabao(lived, "verify", "--since", end.text()))[0] == 0


async def test_one_row_that_was_changed_is_named(lived: House) -> None:
    await tamper(lived, "UPDATE audit SET action = 'sound' WHERE seq = 2")
    assert await kabao(lived, "verify") == (1, ["row 2 was changed"])
    status, said = await kabao(lived, "export")
    assert (status, said[-1]) == (1, "row 2 was changed")
    assert [orjson.loads(line)["seq"] for line in said[:-1]] == [1]


async def test_one_byte_changed_in_the_file_itself_is_found(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        alice = house.guest("Alice", "en")
        await alice.binds(KIOSK)
        await house.stop()
        with closing(sqlite3.connect(house.database)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            ((sealed,),) = raw.execute("SELECT sealed FROM audit WHERE seq = 2")
        content = house.database.read_bytes()
        assert content.count(sealed) == 1
        at = content.index(sealed) + len(sealed) // 2
        house.database.write_bytes(
            content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
        )
        assert await kabao(house, "verify") == (1, ["row 2 was changed"])
        await house.start()


async def test_a_log_put_back_to_how_it_was_is_found_by_the_end_that_was_kept(
    lived: House,
) -> None:
    _, (said,) = await kabao(lived, "verify")
    anchor = said.rpartition(" ")[2]
    store = lived.kabao.parts.store
    *_, before, _last = [row async for row in store.audit.walk()]
    await tamper(lived, "DELETE FROM audit WHERE seq = 5")
    head = before.anchor.head().hex()
    value = f"x'{head}'" if lived.database.exists() else f"'\\x{head}'"
    await tamper(lived, f"UPDATE meta SET value = {value} WHERE name = 'audit head'")  # noqa: S608
    assert (await kabao(lived, "verify"))[0] == 0
    assert await kabao(lived, "verify", "--since", anchor) == (
        1,
        ["row 5 is missing: the log ends before its anchor, row 5"],
    )
    status, said_too = await kabao(lived, "verify", "--since", "5:abc")
    assert status == 1
    assert "no anchor" in said_too[0]


async def test_an_export_says_what_happened_and_nothing_of_whom(lived: House) -> None:
    file = lived.folder / "log.jsonl"
    assert await kabao(lived, "export", "--to", str(file)) == (0, [])
    *rows, last = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert [row["action"] for row in rows] == DONE
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[1]["at"].startswith("2026-11-24T04:00:0")
    assert rows[0]["subject"] is None
    assert rows[1]["subject"] == rows[1]["actor"] == rows[4]["subject"]
    assert all(set(row) == {"seq", "at", "action", "actor", "subject", "mac"} for row in rows)
    assert last == {"anchor": (await lived.kabao.parts.store.audit.end()).text()}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    alice = lived.guest("Alice", "en")
    for secret in (str(alice.id), f"{alice.id:x}", "Alice", "Panda", "Kiosk", KIOSK, YUAN, PIN):
        assert secret.encode() not in file.read_bytes()
    assert (await kabao(lived, "export", "--to", str(file)))[0] == 1  # it overwrites nothing


async def test_an_export_onto_a_full_disk_is_one_line_and_leaves_no_part(house: House) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KABAO_")}
    for where, shut in ((">/dev/full", ""), ("--to out.jsonl", "ulimit -f 0; ")):
        process = await asyncio.create_subprocess_shell(
            f"{shut}exec {sys.executable} -m bot audit export {where}",
            cwd=house.folder,
            env={**kept, **house.environment},
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        assert process.returncode == 1
        (line,) = said.decode().splitlines()
        assert line.startswith("Error: ")
        assert not (house.folder / "out.jsonl").exists()


async def test_a_log_is_held_against_an_earlier_export(lived: House) -> None:
    file = lived.folder / "log.jsonl"
    await kabao(lived, "export", "--to", str(file))
    bob = lived.guest("Bob", "en")
    await bob.binds(KIOSK)
    status, (said,) = await kabao(lived, "verify", "--against", str(file))
    assert status == 0
    assert said.startswith(f"6 rows, unbroken, the first 5 as in {file}; end 6:")
    lines = file.read_bytes().splitlines(keepends=True)
    for changed, fault in (
        ([lines[0].replace(b"started", b"stopped"), *lines[1:]], "row 1 is another than in"),
        ([*lines[:2], *lines[3:]], "row 3 is another than in"),
        (lines[:-1], "cut off"),
        ([*lines[:-2], lines[-1]], "last line is not the anchor"),
        ([b"hello\n", *lines[1:]], "line 1 of the export is not a row"),
        ([*lines, b"{}\n"], "goes on after its anchor"),
    ):
        file.write_bytes(b"".join(changed))
        status, (said,) = await kabao(lived, "verify", "--against", str(file))
        assert (status, fault in said) == (1, True), said


async def test_an_export_with_more_in_it_than_the_log_has_is_told(lived: House) -> None:
    file = lived.folder / "log.jsonl"
    await kabao(lived, "export", "--to", str(file))
    first, *_ = file.read_bytes().splitlines(keepends=True)
    row = orjson.loads(first) | {"seq": 6}
    anchor = {"anchor": Anchor(6, bytes(32)).text()}
    more = [*file.read_bytes().splitlines()[:-1], orjson.dumps(row), orjson.dumps(anchor)]
    file.write_bytes(b"\n".join(more))
    said = await kabao(lived, "verify", "--against", str(file))
    assert said == (1, ["row 6 is missing: the export has it"])


async def test_a_database_that_is_not_there_is_not_said_to_be_whole(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house._database_url = f"sqlite:///{house.folder}/another.db"
    status, said = await kabao(house, "verify")
    assert status == 1
    assert "There is no database" in said[0]
    assert not (house.folder / "another.db").exists()


async def test_where_the_log_ends_stands_in_the_bots_own_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await house.restart()
    end = await house.kabao.parts.store.audit.end()
    assert end.seq == 2
    assert f"the audit log ends at {end.text()}" in caplog.text
