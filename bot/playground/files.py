"""Pictures and documents that were sent, by the ids under which they can be had again."""

from __future__ import annotations

import hashlib
import mimetypes
import struct
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from bot.playground.refusals import bad_request

KEPT = 200
DOWNLOADABLE = 20 * 1024 * 1024
"""Bytes; the API does not hand out larger files."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One file; `path` is what `getFile` tells."""

    id: str
    unique_id: str
    path: str
    name: str
    content: bytes

    @property
    def type(self) -> str:
        """Its MIME type, as far as the name tells."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    def about(self) -> dict[str, Any]:
        """Give what every object of the API that stands for a file has."""
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.content),
        }


class Files:
    """The newest files, as many as are worth keeping."""

    def __init__(self) -> None:
        self._by_id: dict[str, Stored] = {}
        self._by_path: dict[str, Stored] = {}
        self._count = 0

    def keep(self, folder: str, name: str, content: bytes) -> Stored:
        """Store a file; only the last part of its name is believed."""
        self._count += 1
        name = PurePath(name.replace("\\", "/")).name or "file"
        digest = hashlib.sha256(content).hexdigest()[:16]
        path = f"{folder}/file_{self._count}{PurePath(name).suffix}"
        stored = Stored(f"{folder}-{self._count}-{digest}", digest, path, name, content)
        self._by_id[stored.id] = self._by_path[path] = stored
        if len(self._by_id) > KEPT:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            del self._by_path[oldest.path]
        return stored

    def get(self, file_id: str) -> Stored:
        """Find by the id the API gave out; `Refusal` 400 for another."""
        try:
            return self._by_id[file_id]
        except KeyError:
            raise bad_request("wrong file identifier/HTTP URL specified") from None

    def at(self, path: str) -> Stored | None:
        """Find by `file_path`."""
        return self._by_path.get(path)


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG or JPEG; `Refusal` 400 for what is neither."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:  # noqa: PLR2004 - IHDR's end
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    raise bad_request("IMAGE_PROCESS_FAILED")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(content):
        _, marker, length = struct.unpack(">BBH", content[at : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 - SOF0..15
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    raise bad_request("IMAGE_PROCESS_FAILED")
