"""Files encrypted as age does it (age-encryption.org/v1): any `age` program opens them.

For a recipient, a file is written and read piece by piece. For a passphrase (age's scrypt) pyrage
takes it whole, so the packed content is held in memory meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import pyrage  # type: ignore[import-untyped]

from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    Lines: TypeAlias = AsyncIterator[list[bytes]]

MARK: Final = b"age-encryption.org/v1\n"
_PIECE: Final = 256 * 1024
_HEAD_BYTES: Final = 64


class Sink(Protocol):
    """Takes what was decrypted, piece by piece."""

    def write(self, piece: bytes) -> int:
        """Take the next bytes."""

    def flush(self) -> None:
        """Hold nothing back."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What a file is encrypted for: recipients (`age1...`), or else a passphrase."""

    recipients: tuple[str, ...] = ()
    passphrase: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse what would encrypt for nobody."""
        try:
            self.opened()
        except pyrage.RecipientError:
            raise StorageError("A recipient is what `age-keygen` prints: age1...") from None
        if not (self.recipients or self.passphrase):
            raise StorageError("A backup needs a recipient or a passphrase.")

    def opened(self) -> list[Any]:
        """Give the recipients as pyrage takes them."""
        return [pyrage.x25519.Recipient.from_str(text) for text in self.recipients]


@dataclass(frozen=True, slots=True)
class Unlock:
    """What a file is opened with: the text of an identity file, or a passphrase."""

    identities: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)

    def opened(self) -> list[Any]:
        """Give the identities as pyrage takes them."""
        lines = [line.strip() for line in self.identities.splitlines()]
        try:
            return [
                pyrage.x25519.Identity.from_str(line)
                for line in lines
                if line and not line.startswith("#")
            ]
        except pyrage.IdentityError:
            raise StorageError(
                "The identity file is not one that `age-keygen` wrote: AGE-SECRET-KEY-1..."
            ) from None


class _Keeping:
    """Passes calls on and keeps the error of one that failed: pyrage wraps it up."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self.error: BaseException | None = None

    def write(self, piece: bytes) -> Any:
        return self._kept(lambda: self._target.write(piece))

    def flush(self) -> None:
        self._kept(self._target.flush)

    def read(self, size: int = -1) -> Any:
        return self._kept(lambda: self._target.read(size))

    def _kept(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except BaseException as error:
            self.error = error
            raise


class _Packed:
    """Gives the gzip of lines that an event loop makes, to a thread that asks for it."""

    def __init__(self, lines: Lines, loop: asyncio.AbstractEventLoop) -> None:
        self._lines, self._loop = lines, loop
        self._gzip = zlib.compressobj(wbits=31)
        self._held = b""
        self._over = False
        self.stopped = False

    def read(self, size: int = -1) -> bytes:
        while not self._over and (size < 0 or len(self._held) < size):
            if self.stopped:
                raise StorageError("The backup was stopped.")
            batch = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            self._over = batch is None
            text = self._gzip.flush() if batch is None else self._gzip.compress(b"".join(batch))
            self._held += text
        given, self._held = (
            (self._held, b"") if size < 0 else (self._held[:size], self._held[size:])
        )
        return given

    async def _next(self) -> list[bytes] | None:
        return await anext(self._lines, None)


async def write(path: Path, lines: Lines, lock: Lock, *, over: bool) -> int:
    """Write lines, packed and encrypted; give the file's length.

    The file appears when it is whole and on the disk, readable by its owner only, in the place of
    what is there if it may be written `over`. `StorageError`.
    """
    loop = asyncio.get_running_loop()
    packed = _Packed(lines, loop)
    writing = loop.run_in_executor(None, _write, path, packed, lock, over)
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        packed.stopped = True
        await asyncio.wait({writing})
        if writing.done() and not writing.cancelled():
            writing.exception()
        raise


def _write(path: Path, packed: _Packed, lock: Lock, over: bool) -> int:
    with replacing(path, over=over) as file:
        if lock.recipients:
            reader, writer = _Keeping(packed), _Keeping(file)
            try:
                pyrage.encrypt_io(reader, writer, lock.opened())
            except (pyrage.EncryptError, OSError) as error:
                raise reader.error or writer.error or error from None
        else:
            file.write(pyrage.passphrase.encrypt(packed.read(), lock.passphrase))
        return int(file.tell())


@contextmanager
def replacing(path: Path, *, over: bool = True) -> Iterator[Any]:
    """Write a file that takes a path's place when the block is over and it is on the disk.

    `StorageError` if something is there by then that may not be written `over`.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed: somebody writes it
            yield file
            file.flush()
            os.fsync(file.fileno())
        if over:
            part.replace(path)
        else:
            _put(part, path)
        settle(path.parent)
    except FileExistsError:
        raise StorageError(f"{path} is there already, and nothing is written over.") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _put(part: Path, path: Path) -> None:
    """Give a file its name, unless something has it. `FileExistsError`."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no second name of a file
        if path.exists():
            raise FileExistsError from None
        part.replace(path)


def settle(folder: Path) -> None:
    """See to it that a folder's names are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def needs_passphrase(path: Path) -> bool:
    """Say whether a file is opened by a passphrase; `StorageError` if it is not age's at all."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.") from None
    if not head.startswith(MARK):
        raise StorageError(f"{path} is not a backup: it does not begin as an age file does.")
    return head[len(MARK) :].startswith(b"-> scrypt ")


def read(path: Path, unlock: Unlock, sink: Sink) -> None:
    """Decrypt a file into a sink, in the calling thread. `StorageError`, or the sink's own."""
    by_passphrase = needs_passphrase(path)
    if by_passphrase and not unlock.passphrase:
        raise StorageError(f"{path.name} is opened by a passphrase: give it.")
    if not by_passphrase and not unlock.identities:
        raise StorageError(f"{path.name} is opened by an identity file: give it with --identity.")
    keeping = _Keeping(sink)
    try:
        if by_passphrase:
            content = pyrage.passphrase.decrypt(path.read_bytes(), unlock.passphrase)
            for start in range(0, len(content), _PIECE):
                keeping.write(content[start : start + _PIECE])
        else:
            with path.open("rb") as file:
                pyrage.decrypt_io(file, keeping, unlock.opened())
    except (pyrage.DecryptError, OSError) as error:
        if keeping.error:
            raise keeping.error from None
        wrong = isinstance(error, pyrage.DecryptError)
        which = "passphrase" if by_passphrase else "identity"
        raise StorageError(
            f"{path.name} does not open: the {which} is another one, or the file is damaged."
            if wrong
            else f"{path.name} is damaged: it was changed or cut off."
        ) from None
