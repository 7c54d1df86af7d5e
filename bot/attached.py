"""A file somebody sent: a picture, a PDF, another wallet's export. Fetched only when it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from telegram import Message

    from bot.sealed import SealedBot

LARGEST: Final = 20 * 1024 * 1024
"""Bytes: Telegram hands out no larger file to a bot."""


class TooLarge(ValueError):  # noqa: N818 - the file's state, not an error of the program
    """The file has more bytes than may be read."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a message: its id, what it is called, its MIME type, its size in bytes if known."""

    file_id: str
    name: str = field(repr=False)
    mime: str
    size: int | None

    @property
    def is_picture(self) -> bool:
        """Whether it was sent as a picture, or says of itself that it is one."""
        return self.mime.startswith("image/")

    async def read(self, bot: SealedBot, most: int = LARGEST) -> bytes:
        """Fetch what is in it: `TooLarge` above `most` bytes, `TelegramError` if that fails."""
        if self.size is not None and self.size > most:
            raise TooLarge
        content = bytes(await (await bot.get_file(self.file_id)).download_as_bytearray())
        if len(content) > most:
            raise TooLarge
        return content


def attached_to(message: Message) -> Attached | None:
    """Find the file a message brings: a picture in its largest size, or a document.

    None for films and sounds, among them what Telegram calls a GIF.
    """
    if message.photo:
        largest = message.photo[-1]
        return Attached(largest.file_id, "picture.jpg", "image/jpeg", largest.file_size)
    if document := message.document:
        mime = document.mime_type or "application/octet-stream"
        if message.animation or mime.startswith(("video/", "audio/")):
            return None
        return Attached(document.file_id, document.file_name or "", mime, document.file_size)
    return None
