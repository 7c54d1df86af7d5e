"""Make backups: the data in a file of its own each time, the keys in one that is kept up to date.

A backup is taken first and the keys' file after it, so that has the key of everybody in the backup,
unless they were erased meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from storage import agefile, dump, keyfile
from storage.errors import StorageError
from storage.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime
    from pathlib import Path

    from storage.agefile import Lock, Unlock
    from storage.keyfile import Keys

KEYS: Final = "kabao-keys.age"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written, and how long it is in bytes."""

    path: Path
    size: int
    at: datetime
    state: str
    """Of the keys beside it: see `keyfile.state_of`."""


async def back_up(url: str, path: Path, lock: Lock, now: datetime) -> Made:
    """Write a backup of a database, and the keys' file beside it. `StorageError` says why not."""
    async with snapshot(url) as taken:
        size = await agefile.write(path, dump.lines(taken, now), lock)
    keys = await write_keys(url, path.parent, lock, now)
    return Made(path, size, now, keys.state)


async def write_keys(url: str, folder: Path, lock: Lock, now: datetime) -> Keys:
    """Write the keys' file of a folder anew; the one before is written over and gone."""
    async with _alone(folder):
        async with snapshot(url) as taken:
            keys = await keyfile.take(taken, now)
        with _wiping(folder / KEYS):
            await agefile.write(folder / KEYS, _once(keyfile.lines_of(keys)), lock)
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
