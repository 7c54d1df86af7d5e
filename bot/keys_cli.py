"""`kabao key`: make a master key, and go over to a new one while the bot runs."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bot.config import ConfigError, Settings, environment, read
from bot.sources import SourceError, from_file
from storage import KeyFormatError, MasterKey, StorageError, WrongKeyError, open_store, utc_now
from storage.rotating import Manner, Step, prove, rotate

if TYPE_CHECKING:
    from storage import Store
    from storage.rotating import Rotated

_SAID_EVERY: Final = 10_000
_NOW: Final = (
    "Put {file} in KABAO_MASTER_KEY_FILE (or its line in KABAO_MASTER_KEY) before the bot starts "
    "again; the one that runs goes on. Keep a copy of the new key in another place than the "
    "database. Backups open with the new key as soon as the keys' file beside them is renewed: "
    "the bot does that by itself for KABAO_BACKUP_DIR, `kabao backup` for its folder. Until then "
    "keep the old key."
)


@click.group()
def key() -> None:
    """Handle the master key."""


@key.command("new")
def new_key() -> None:
    """Print a fresh master key, for KABAO_MASTER_KEY. Keep a copy: without it no card opens."""
    click.echo(MasterKey.generate().text())


@key.command("rotate")
@click.option(
    "--to",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the new master key is written; only its owner can read it.",
)
def rotate_key(file: Path) -> None:
    """Go over to a new master key while the bot runs; then the old one opens nothing any more.

    It can be interrupted at any moment: until it is done both keys open everything, and the same
    command again goes on from there. The settings are those of the bot, with the old key.
    """
    try:
        settings = read(environment())
        asyncio.run(_rotate(settings, file))
    except (ConfigError, StorageError) as error:
        raise click.ClickException(str(error)) from None


async def _rotate(settings: Settings, file: Path) -> None:
    there = _there(file)
    try:
        store = await open_store(settings.database_url, settings.master_key)
    except WrongKeyError:
        if there is None or not await _done_before(settings, there):
            raise
        click.echo(f"Nothing to do: the database is under the key in {file} already.")
        return
    try:
        new = await _new_key(store, settings, file, there)
        done = await rotate(store, new, utc_now, Manner(told=_Progress().told))
    finally:
        await store.close()
    _tell(done, file)


def _tell(done: Rotated, file: Path) -> None:
    click.echo(f"{done.rewrapped:,} people's keys were wrapped anew in this run.")
    click.echo(
        f"Proof: all {done.proved:,} were opened with the new key alone, and 0 are left under the "
        "old one."
    )
    click.echo(_NOW.format(file=file))


async def _new_key(
    store: Store, settings: Settings, file: Path, there: MasterKey | None
) -> MasterKey:
    """Take the key in the file, or write one there: of a rotation under way, else a fresh one."""
    exchange = await store.rotation.under_way()
    if exchange is not None:
        if there is None:
            _write(file, exchange.new)
        elif there.id != exchange.new.id:
            raise ConfigError(
                f"A rotation to another key than that in {file} is under way: name its file, or "
                "one that is not there yet, and the key is written there"
            )
        click.echo("A rotation is under way: going on with it.")
        return exchange.new
    if there is None:
        new = MasterKey.generate()
        _write(file, new)
        click.echo(f"The new master key is in {file}.")
        return new
    if there.id == settings.master_key.id:
        raise ConfigError(
            f"Nothing to do: {file} holds the key that is in use, and no rotation is under way. "
            "For a new key name another file"
        )
    return there


async def _done_before(settings: Settings, new: MasterKey) -> bool:
    """Tell whether the database is under this key, with nothing left under another."""
    with suppress(WrongKeyError):
        store = await open_store(settings.database_url, new)
        try:
            if await store.rotation.under_way() is None:
                await prove(store, new, Manner(pause=0))
                return True
        finally:
            await store.close()
    return False


def _there(file: Path) -> MasterKey | None:
    """Read the file's key; None if there is no file. `ConfigError` if it is of no use."""
    if not os.path.lexists(file):
        return None
    try:
        found = MasterKey.parse(from_file("--to", str(file)))
    except SourceError as error:
        raise ConfigError(str(error)) from None
    except KeyFormatError as error:
        raise ConfigError(f"{file} holds no master key of ours: {error}") from None
    if found.guessable:
        raise ConfigError(f"The key in {file} is not random: name a file that is not there yet")
    return found


def _write(file: Path, new: MasterKey) -> None:
    """Write a key so that the file is there whole or not at all, also after a power cut."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        out = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(out, "wb") as opened:
                opened.write(f"{new.text()}\n".encode())
                opened.flush()
                os.fsync(out)
            file.hardlink_to(part)  # unlike renaming, it replaces nothing
        finally:
            part.unlink()
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None


class _Progress:
    """Says what is going on, and not too often."""

    def __init__(self) -> None:
        self._said: tuple[Step, int] = ("begun", 0)

    def told(self, step: Step, count: int) -> None:
        """Say a step if it is another one, or far enough on."""
        before, said = self._said
        if step == before and count - said < _SAID_EVERY:
            return
        self._said = (step, count)
        if step == "waiting":
            click.echo(f"Waiting until {count} running processes have taken the new key ...")
        elif step == "in force":
            click.echo("The new key is in force.")
        elif step == "rewrapped":
            click.echo(f"{count:,} people's keys wrapped anew ...")
