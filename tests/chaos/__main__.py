"""The campaign in full: `python -m tests.chaos`; `--help` says how to run less of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.chaos import issuer_faults, kills, system_faults, telegram_faults
from tests.chaos.hunt import Hunt, files
from tests.chaos.inputs import Storm
from tests.chaos.rows import Row, table

PARTS = ("kills", "telegram", "issuers", "system", "crowd", "input")


async def run(folder: Path, given: argparse.Namespace) -> list[Row]:
    """Run the parts that are wanted, and then search for every secret in what they left."""
    rows: list[Row] = []
    secrets: set[str] = set()
    opened: list[bytes] = []
    for part in [given.only] if given.only else PARTS:
        place = folder / part
        place.mkdir()
        match part:
            case "kills":
                figures, used, opened = await kills.campaign(
                    place, kills=given.kills, alerts=given.kills, seed=given.seed
                )
                secrets |= used
                rows += figures.rows()
            case "telegram":
                rows += await telegram_faults.rows(place, silence=given.silence)
            case "issuers":
                rows += await issuer_faults.rows(place)
            case "system":
                rows += await system_faults.rows(place, locked=given.locked)
            case _:
                crowd = part == "crowd"
                count = given.updates // 10 if crowd else given.updates
                storm = Storm(place, count=count, seed=given.seed, crowd=crowd)
                found = await storm.run()
                secrets |= storm.secrets
                rows.append(storm.row())
                for wrong in found.wrong[:12]:
                    sys.stderr.write(f"{part}: {wrong}\n")
    return [*rows, searched(folder, secrets, opened)]


def searched(folder: Path, secrets: set[str], opened: list[bytes]) -> Row:
    """Search what was left behind: databases, their logs, the bot's log at DEBUG, backups."""
    hunt, found, size = Hunt(secrets), set(), 0
    left = files(folder)
    for content in (*(path.read_bytes() for path in left), *opened):
        size += len(content)
        found |= hunt.through(content)
    done = f"{hunt.count} secrets, in every spelling, searched for in {len(left)} files "
    done += f"(databases, WAL, logs at DEBUG) and {len(opened)} opened backups"
    sees = f"{size / 1e6:.0f} MB; there are no metrics to search"
    return Row("secrets", done, sees, "", f"found {len(found)}" if found else "")


def main() -> None:
    """Run it, print the table, and say by the exit status whether anything was lost."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos")
    asked.add_argument("--kills", type=int, default=500)
    asked.add_argument("--updates", type=int, default=20_000)
    asked.add_argument("--silence", type=float, default=60.0)
    asked.add_argument("--locked", type=float, default=10.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", choices=PARTS)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="kabao-chaos-") as folder:
        rows = asyncio.run(run(Path(folder), given))
    sys.stdout.write(f"{table(rows)}\n")
    sys.exit(any(row.lost for row in rows))


if __name__ == "__main__":
    main()
