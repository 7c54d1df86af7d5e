"""Inline buttons: what they say, what they bring back, and what comes back that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_NUMBER = 15  # digits: Telegram's ids have up to 52 bits


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button: `data` comes back when it is pressed (1 to 64 bytes), or `url` opens."""

    text: str
    data: str = ""
    url: str = ""


Buttons = Sequence[Sequence[Button]]


def keyboard(rows: Buttons) -> dict[str, list[list[dict[str, str]]]]:
    """Lay buttons out in rows, as the Bot API's `InlineKeyboardMarkup` has them."""
    return {
        "inline_keyboard": [
            [
                {"text": b.text, "url": b.url}
                if b.url
                else {"text": b.text, "callback_data": b.data}
                for b in row
            ]
            for row in rows
        ]
    }


def contact_keyboard(label: str) -> dict[str, object]:
    """Lay out the one button below a private chat by which a person gives their own number.

    The contact that comes back may be anybody's all the same: its `user_id` tells whose it is.
    """
    return {
        "keyboard": [[{"text": label, "request_contact": True}]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }


NO_KEYBOARD = {"remove_keyboard": True}
"""Takes the keyboard below the chat away again."""


class OutdatedButton(Exception):  # noqa: N818 - it is a button's state, not a fault of ours
    """A button's data no longer fits: the card is gone, or the client made it up."""


def number(text: str) -> int:
    """Read a number in a button's data. `OutdatedButton` if there is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise OutdatedButton
    return int(text)
