"""The machine out of order: disk, database, clock; what Alice sees, what is lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.chaos.rows import Row
from tests.chaos.stories import Story, story
from tests.house import KIOSK
from tests.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import sqlite3, sys, time
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
raw.execute("ROLLBACK")
"""


async def rows(folder: Path, *, locked: float) -> list[Row]:
    """Try them all. `locked` is how many seconds another process holds the database."""
    found = [await _full(folder), await _locked(folder, locked)]
    for hours in (1.0, -1.0):
        async with story(folder / f"clock{hours:+}") as one:
            found.append(await _jump(one, hours))
    found.append(await _restarted(folder))
    return found


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk of 2 MB; None where that is not allowed."""
    place = folder / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place)]
    program = shutil.which("mount")
    allowed = os.geteuid() == 0 and program is not None
    if not allowed or subprocess.run(mounting, check=False, capture_output=True).returncode:  # noqa: S603
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)  # noqa: S603, S607


async def _full(folder: Path) -> Row:
    with small_disk(folder) as disk:
        where = (disk or folder) / "full"
        async with story(where) as one:
            if disk is None:
                await _pages(one, 1)
            else:
                _fill(disk)
            return await _while_full(one, disk)


def _fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(512))
        except OSError:
            return


async def _pages(one: Story, most: int) -> None:
    runner = one.house.kabao.parts.store._runner
    await runner._writer.visit(lambda raw: raw.execute(f"PRAGMA max_page_count = {most}"))  # type: ignore[attr-defined]


async def _while_full(one: Story, disk: Path | None) -> Row:
    """Book until nothing fits any more; then make room, and see what of it is there."""
    told, sees = [], ""
    for number in range(400):
        note = f"{'tea' * 25} {'bcdfghjklm'[number // 100]}{number % 100:02}"
        one.mark()
        await one.alice.says(f"/spent 0.01 market {note}")
        if "cannot write" in (shown := one.seen()):
            sees = shown
            break
        told.append(note)
    if disk is None:
        await _pages(one, 1_000_000)
        what = "the database may grow no more (no disk could be mounted)"
    else:
        (disk / "ballast").unlink()
        what = "the disk is full (tmpfs of 2 MB)"
    await one.alice.says("/spent 1 market after")
    one.house.issuer.spend(KIOSK, 14000)
    await one.house.passes(hours=8)
    await one.house.passes(hours=1)
    wrong = await one.wrong(notes=(*told, "after"), alerts=(1,))
    if not sees:
        wrong = f"it never got full; {wrong}"
    return Row("system", f"{what}, after {len(told)} entries", sees, str(one.heard), wrong)


async def _locked(folder: Path, seconds: float) -> Row:
    async with story(folder / "locked") as one:
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLD, str(one.house.database), str(seconds)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdout is not None
        await holder.stdout.readline()
        update = await one.alice.person.says("/spent 1 market tea")
        await asyncio.sleep(min(1.0, seconds / 2))
        await one.house.guest("Bob").person.says("/help")
        meanwhile = one.seen()
        await holder.wait()
        await one.house.settled(update)
        sees = f"{meanwhile} meanwhile; then: {one.seen()}"
        apologised = "cannot write" in one.seen()
        if apologised:
            await one.alice.says("/spent 1 market tea")
        one.house.issuer.spend(KIOSK, 14000)
        await one.house.passes(hours=8)
        wrong = await one.wrong(notes=("tea",), alerts=(1,))
        what = f"the database locked by another process for {seconds:g} s"
        return Row("system", what, sees, str(one.heard), wrong)


async def _jump(one: Story, hours: float) -> Row:
    """Let the clock jump while an alert is owed and a bind is half-finished, and back again."""
    house, alice = one.house, one.alice
    house.telegram.fail("sendMessage", status=502, times=1, match=lambda c: "runs low" in c["text"])
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)
    await alice.says("/bind", "AB-551177330044", "Second")
    for jump in (hours, -hours):
        house.clock._ahead += timedelta(hours=jump)
        await house.settled()
    bound = "Second" in (await alice.says("50")).text
    await alice.says("/spent 1 market tea")
    sees = one.seen()
    house.clock._ahead += timedelta(hours=hours)
    await house.settled()
    await alice.says("/spent 1 market cake")
    for _ in range(3):
        await house.passes(hours=1)
    wrong = await one.wrong(notes=("tea", "cake"), alerts=(1,))
    if not bound:
        wrong = f"{wrong}; the half-finished bind was lost: {alice.newest.text[:80]}".strip("; ")
    what = f"the clock jumps {hours:+g} h, back, and again, with an alert owed and a bind half done"
    return Row("system", what, sees, str(one.heard), wrong)


async def _restarted(folder: Path) -> Row:
    what = "PostgreSQL restarted while people act"
    with postgres() as server:
        if server is None:
            return Row("system", what, "not tried: this machine has no PostgreSQL")
        url = await server.new_database()
        async with story(folder / "postgres", url) as one:
            return await _act_over_restart(one, server.restart, what)


async def _act_over_restart(one: Story, restart: object, what: str) -> Row:
    """Book while the server goes down and comes back; whatever was confirmed must be there."""
    told: list[str] = []
    sorry = 0
    assert callable(restart)
    restarting = asyncio.create_task(asyncio.to_thread(restart))
    number = 0
    while not restarting.done() or number < 30:
        note = f"tea {'bcdfghjklm'[number // 10 % 10]}{'bcdfghjklm'[number % 10]}"
        number += 1
        one.mark()
        update = await one.alice.person.says(f"/spent 0.01 market {note}")
        await one.house.kabao.parts.turns.handled(update or 0)
        shown = one.seen()
        if note in shown:
            told.append(note)
        else:
            sorry += 1
        if number > 90:
            break
        await asyncio.sleep(0.05)
    await restarting
    one.house.issuer.spend(KIOSK, 14000)
    await one.house.passes(hours=8)
    await one.house.passes(hours=1)
    wrong = await one.wrong(notes=tuple(told), alerts=(1,))
    sees = f"{len(told)} entries confirmed, {sorry} times an apology; the last: {one.seen()}"
    return Row("system", what, sees, str(one.heard), wrong)
