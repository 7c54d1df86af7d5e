"""Inline buttons: what they say, what they bring back, and what comes back that cannot be used."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storage import InstallationKey

LONGEST_NUMBER = 15  # digits: Telegram's ids have up to 52 bits

TAG_CHARACTERS = 10
"""60 bits in base64url: whoever guesses has to ask Telegram each time, a thousand million million
times."""

_TAG_BYTES = 8

LONGEST_DATA = 64 - TAG_CHARACTERS
"""In bytes: Telegram carries 64 in a button."""

LONGEST_COPY = 256


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button: `data` comes back when it is pressed, or `url` opens, or `copy` is copied.

    The data has 1 to `LONGEST_DATA` bytes in UTF-8. It is sealed on its way to the chat. What is
    copied has 1 to `LONGEST_COPY` characters and stands in the message: a secret only where it
    may be seen.
    """

    text: str
    data: str = ""
    url: str = ""
    copy: str = field(default="", repr=False)


Buttons = Sequence[Sequence[Button]]


def in_rows(buttons: Sequence[Button], width: int = 2) -> list[list[Button]]:
    """Put buttons side by side, so many in a row."""
    return [[*buttons[at : at + width]] for at in range(0, len(buttons), width)]


class OutdatedButton(Exception):  # noqa: N818 - it is a button's state, not a fault of ours
    """A button's data no longer fits: the card is gone, or the client made it up."""


class Seal:
    """Marks what buttons bring back, so that only what was sent to a person counts from them.

    A client can send any data as that of a pressed button, another person's too. The tag in front
    of it is a keyed BLAKE2b (RFC 7693) of the data, under a key of the chat's own that is made of
    the installation's (HMAC-SHA256): so a keyboard costs one HMAC and a microsecond a button.
    """

    __slots__ = ("_key",)

    def __init__(self, key: InstallationKey) -> None:
        self._key = key

    def close(self, chat_id: int, data: str) -> str:
        """Put the chat's tag in front of a button's data. A private chat's id is its person's."""
        return self.closing(chat_id)(data)

    def closing(self, chat_id: int) -> Callable[[str], str]:
        """Give `close` for one chat, to do it often."""
        key = self._of(chat_id)
        return lambda data: _tag(key, data) + data

    def open(self, chat_id: int, sealed: str) -> str:
        """Give the data back. `OutdatedButton` for another tag, or none."""
        tag, data = sealed[:TAG_CHARACTERS], sealed[TAG_CHARACTERS:]
        try:
            right = hmac.compare_digest(tag.encode(), _tag(self._of(chat_id), data).encode())
        except UnicodeEncodeError:  # half a character, which JSON can spell
            right = False
        if not right:
            raise OutdatedButton
        return data

    def _of(self, chat_id: int) -> bytes:
        return self._key.stamp("button", str(chat_id))


def _tag(key: bytes, data: str) -> str:
    mark = blake2b(data.encode(), key=key, digest_size=_TAG_BYTES).digest()
    return base64.urlsafe_b64encode(mark)[:TAG_CHARACTERS].decode()


def keyboard(rows: Buttons, seal: Seal, chat_id: int) -> dict[str, list[list[dict[str, Any]]]]:
    """Lay buttons out in rows, as the Bot API's `InlineKeyboardMarkup` has them, for one chat."""
    closed = seal.closing(chat_id)
    return {"inline_keyboard": [[_laid_out(b, closed) for b in row] for row in rows]}


def _laid_out(button: Button, closed: Callable[[str], str]) -> dict[str, Any]:
    if button.url:
        return {"text": button.text, "url": button.url}
    if button.copy:
        return {"text": button.text, "copy_text": {"text": button.copy}}
    return {"text": button.text, "callback_data": closed(button.data)}


def contact_keyboard(label: str) -> dict[str, object]:
    """Lay out the one button below a private chat by which a person gives their own number.

    The contact that comes back may be anybody's all the same: its `user_id` tells whose it is.
    """
    return {
        "keyboard": [[{"text": label, "request_contact": True}]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }


def number(text: str) -> int:
    """Read a number in a button's data. `OutdatedButton` if there is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise OutdatedButton
    return int(text)
