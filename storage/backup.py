"""Make backups: the data in a file of its own each time, the keys in one that is kept up to date.

A backup is taken first and the keys' file after it, so that has the key of everybody in the backup,
unless they were erased meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from storage import agefile, chain, dump, keyfile, keys_anchor
from storage.errors import StorageError
from storage.snapshot import lasting, snapshot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime
    from pathlib import Path

    from storage.agefile import Lock, Unlock
    from storage.keyfile import Keys

KEYS: Final = keys_anchor.KEYS
_LEFT: Final = ".kabao-*.age.*.part"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written, and how long it is in bytes."""

    path: Path
    size: int
    at: datetime
    state: str
    """Of the keys beside it: see `keyfile.state_of`."""


async def back_up(url: str, path: Path, lock: Lock, now: datetime) -> Made:
    """Write a backup of a database, and the keys' file beside it. `StorageError` says why not.

    No file is written over but the keys'.
    """
    async with snapshot(url) as taken:
        await keys_anchor.check(taken, path.parent)
        size = await agefile.write(path, dump.lines(taken, now), lock, over=False)
    keys = await write_keys(url, path.parent, lock, now)
    return Made(path, size, now, keys.state)


async def write_keys(url: str, folder: Path, lock: Lock, now: datetime) -> Keys:
    """Write the keys' file of a folder anew; the one before is written over and gone.

    `StorageError` if that is not this database's: see `keys_anchor.py`.
    """
    async with _alone(folder):
        async with snapshot(url) as taken:
            await keys_anchor.check(taken, folder)
            keys = await keyfile.take(taken, now)
        await asyncio.to_thread(_sweep, folder)
        await asyncio.to_thread(lasting, url)
        # Before the keys: an end that is ahead of them keeps others off, one behind would not.
        await asyncio.to_thread(keys_anchor.note, folder, keys.end)
        with _wiping(folder / KEYS):
            lines = _once(keyfile.lines_of(keys))
            await agefile.write(folder / KEYS, lines, lock, over=True)
    return keys


async def read_keys(folder: Path) -> bytes | None:
    """Read the keys' file of a folder as it lies there, whole; None if there is none yet."""
    async with _alone(folder):
        try:
            return await asyncio.to_thread((folder / KEYS).read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{folder / KEYS} cannot be read: {error.strerror}.") from None


async def take_over(url: str, folder: Path) -> None:
    """Let the database go on with the keys' file of the folder that it was restored from."""
    async with _alone(folder), snapshot(url) as taken:
        end = await chain.noted(taken) or chain.START
        await asyncio.to_thread(keys_anchor.note, folder, end)


def _sweep(folder: Path) -> None:
    """Take away what killed backups left half-written; whoever writes now holds theirs."""
    for part in folder.glob(_LEFT):
        with suppress(OSError), part.open("r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
            if part.name.startswith(f".{KEYS}."):
                file.write(os.urandom(os.fstat(file.fileno()).st_size))
                os.fsync(file.fileno())


async def _once(lines: list[bytes]) -> AsyncIterator[list[bytes]]:
    yield lines


@asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """Hold the folder: of two who write its keys, the second reads them after the first wrote."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}.") from None
    try:
        await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _wiping(path: Path) -> Iterator[None]:
    """Write over what a path named before the block, once it names something else."""
    try:
        old = path.open("r+b", buffering=0)
    except FileNotFoundError:
        yield
        return
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from None
    with closing(old):
        yield
        old.write(os.urandom(os.fstat(old.fileno()).st_size))
        os.fsync(old.fileno())


class _Collecting:
    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, piece: bytes) -> int:
        self.content += piece
        return len(piece)

    def flush(self) -> None:
        """Everything is held."""


def open_keys(path: Path, unlock: Unlock) -> Keys:
    """Read a keys' file, in the calling thread. `StorageError` says what is wrong with it."""
    sink = _Collecting()
    agefile.read(path, unlock, sink)
    return keyfile.unpacked(bytes(sink.content))
