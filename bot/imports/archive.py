"""A zip somebody sent: opened within bounds, encrypted or not; its paths lead nowhere."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Final

from bot.imports.found import Locked, Unreadable
from bot.languages import mark

if TYPE_CHECKING:
    from pyzipper import AESZipFile  # type: ignore[import-untyped]

MOST_DIRECTORY: Final = 1024 * 1024
"""Bytes of the list of files: some ten thousand of them, each of which takes room when read."""

MOST_UNPACKED: Final = 32 * 1024 * 1024
"""Bytes of one file in it, unpacked."""

MOST_TOGETHER: Final = 4 * MOST_UNPACKED
"""Bytes of all of its files that are read, unpacked; a zip within it counts for itself."""

BROKEN: Final = mark("The zip is damaged, so I could not open it.")
TOO_BIG: Final = mark("There is more in this zip than I can unpack.")

_END = struct.Struct("<4s4H2IH")


class Archive:
    """What is in a zip, by the last part of each name. `Unreadable` if it cannot be opened."""

    def __init__(self, content: bytes, passphrase: str | None = None) -> None:
        from pyzipper import AESZipFile  # noqa: PLC0415 - brings all of its ciphers along

        _bounded(content)
        try:
            self._zip: AESZipFile = AESZipFile(io.BytesIO(content))
            self._infos = {
                info.filename.replace("\\", "/").rpartition("/")[2]: info
                for info in self._zip.infolist()
                if not info.filename.endswith("/")
            }
        except Exception:  # noqa: BLE001 - a made-up directory brings up whatever it likes
            raise Unreadable(BROKEN) from None
        self._passphrase = passphrase
        self._left = MOST_TOGETHER

    @property
    def names(self) -> list[str]:
        """The names of the files, without their folders."""
        return list(self._infos)

    def read(self, name: str, most: int = MOST_UNPACKED) -> bytes:
        """Unpack a file. `Locked` without the right passphrase, `Unreadable` above `most` bytes."""
        info, most = self._infos[name], min(most, self._left)
        encrypted = bool(info.flag_bits & 1)
        if encrypted and not self._passphrase:
            raise Locked(wrong=False)
        if info.file_size > most:
            raise Unreadable(TOO_BIG)
        pwd = self._passphrase.encode() if encrypted and self._passphrase else None
        try:
            with self._zip.open(info, pwd=pwd) as file:
                content: bytes = file.read(most + 1)
        except Exception:  # noqa: BLE001
            # What a wrong passphrase lets come out cannot be unpacked either.
            raise (Locked(wrong=True) if encrypted else Unreadable(BROKEN)) from None
        if len(content) > most:
            raise Unreadable(TOO_BIG)
        self._left -= len(content)
        return content


def _bounded(content: bytes) -> None:
    """Refuse a list of files too long to be read at all (APPNOTE 4.3.16)."""
    at = content.rfind(b"PK\5\6")
    if at < 0 or len(content) < at + _END.size:
        raise Unreadable(BROKEN)
    size = _END.unpack_from(content, at)[5]
    if size > MOST_DIRECTORY:
        raise Unreadable(TOO_BIG)
