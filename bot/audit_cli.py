"""`kabao audit`: prove that the log of what happened is whole, and hand it to a third party."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import orjson

from bot.config import ConfigError, environment, read
from storage import Anchor, BrokenChainError, StorageError, open_store, spell
from storage.chain import START
from storage.database import parse_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from storage import LogRow, Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExportError(Exception):
    """A file is no export, or its rows are not the log's: the sentence says where."""


@click.group()
def audit() -> None:
    """Prove that the log of what happened is whole; export it."""


@audit.command()
@click.option("--since", metavar="ANCHOR", help="An end of the log that was kept elsewhere.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An export: its rows must be the first ones of the log.",
)
def verify(since: str | None, against: Path | None) -> None:
    """Say the first row that was changed, moved, put in or taken out; exit status 1 if one was.

    Whoever can write to the database can put the log back to how it was earlier, without the key.
    That is found only with what is kept elsewhere: an ANCHOR, as this command, the bot's own log
    and `export` say it, or a whole export.
    """
    with against.open("rb") if against else nullcontext() as lines:
        _run(_verified(_anchor(since), lines, against))


@audit.command()
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="A file that is not there yet."
)
def export(to: Path | None) -> None:
    """Write the log as JSON lines: what happened, when, and marks of who; nothing secret.

    People are marks, the same for the same person; cards, names and details are not in it. The
    last line is the anchor. Each row is checked on the way: exit status 1 at one that does not fit.
    """
    if to is None:
        _run(_exported(sys.stdout.buffer))
        return
    try:
        out = os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise click.ClickException(f"{to}: {error.strerror}") from None
    try:
        _run(_exported_into(out))
    except click.ClickException:
        to.unlink(missing_ok=True)  # a part of it is none
        raise


async def _verified(since: Anchor | None, lines: BinaryIO | None, name: Path | None) -> str:
    async with _store() as store:
        end = await store.audit.verify(since)
        said = f"{_rows(end.seq)}, unbroken"
        if lines is not None:
            compared = await _compared(store, _read(lines))
            said += f", the first {compared} as in {name}"
        return f"{said}; end {end.text()}"


async def _exported(out: BinaryIO) -> None:
    async with _store() as store:
        end = START
        async for row in store.audit.walk():
            out.write(orjson.dumps(spelled(row)) + b"\n")
            end = row.anchor
        out.write(orjson.dumps({"anchor": end.text()}) + b"\n")
        out.flush()


async def _exported_into(out: BinaryIO) -> None:
    with out:
        await _exported(out)


async def _compared(store: Store, export: Iterable[dict[str, Any]]) -> int:
    """Count the rows of an export, all of which stand in the log; `ExportError` for another."""
    lines = iter(export)
    end = START
    async for row in store.audit.walk():
        line = next(lines)
        if "anchor" in line:
            break
        if line != spelled(row):
            raise ExportError(f"row {row.seq} is another than in the export")
        end = row.anchor
    else:
        line = next(lines)
        if "anchor" not in line:
            raise ExportError(f"row {end.seq + 1} is missing: the export has it")
    if line != {"anchor": end.text()}:
        raise ExportError("the export's last line is not the anchor of the row before it")
    return end.seq


def _read(lines: BinaryIO) -> Iterator[dict[str, Any]]:
    """Read an export line by line, to its anchor."""
    for number, line in enumerate(lines, 1):
        read = None
        with suppress(orjson.JSONDecodeError):
            read = orjson.loads(line)
        if not isinstance(read, dict):
            raise ExportError(f"line {number} of the export is not a row")
        if "anchor" in read and lines.read(1):
            raise ExportError("the export goes on after its anchor")
        yield read
        if "anchor" in read:
            return
    raise ExportError("the export is cut off: its last line is not an anchor")


def spelled(row: LogRow) -> dict[str, Any]:
    """Spell a row for others: a time in UTC (ISO 8601), marks and hash in letters."""
    return {
        "seq": row.seq,
        "at": (_EPOCH + timedelta(microseconds=row.at)).isoformat(),
        "action": row.action,
        "actor": row.actor and spell(row.actor),
        "subject": row.subject and spell(row.subject),
        "mac": spell(row.mac),
    }


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _anchor(text: str | None) -> Anchor | None:
    try:
        return None if text is None else Anchor.parse(text)
    except StorageError as error:
        raise click.ClickException(str(error)) from None


@asynccontextmanager
async def _store() -> AsyncIterator[Store]:
    """Open the database that is there: a log that begins now would be whole and prove nothing."""
    settings = read(environment())
    _must_be_there(settings.database_url)
    store = await open_store(settings.database_url, settings.master_key)
    try:
        yield store
    finally:
        await store.close()


def _must_be_there(database_url: str) -> None:
    url = parse_url(database_url)
    file = Path(url.database or "").expanduser()
    if url.drivername == "sqlite" and not file.is_file():
        raise StorageError(f"There is no database {file}.")


def _run(work: Any) -> None:
    """Run a command's work and say its result; what does not fit is one line, and status 1."""
    try:
        said = asyncio.run(work)
    except (BrokenChainError, ExportError) as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    except (ConfigError, StorageError) as error:
        raise click.ClickException(str(error)) from None
    except BrokenPipeError:  # whoever reads has read enough
        raise
    except OSError as error:
        raise click.ClickException(f"The export cannot be written: {error.strerror}.") from None
    if said is not None:
        click.echo(said)
