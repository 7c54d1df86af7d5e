"""A message as a person sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button; `number` counts from 1 through all rows of its message."""

    number: int
    label: str
    row: int
    data: str | None = None
    url: str | None = None
    copies: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A visible message. `text` is its text or caption, `raw` the Bot API's object.

    What is `protected` their client lets them neither forward nor save.
    """

    id: int
    author: str
    by_bot: bool
    text: str
    buttons: tuple[Button, ...]
    edited: bool
    file: str | None
    protected: bool
    raw: dict[str, Any]

    @property
    def labels(self) -> list[str]:
        """What the buttons say."""
        return [button.label for button in self.buttons]

    def button(self, which: int | str) -> Button:
        """Find one by number, by label, or by a part of the label that no other has."""
        if isinstance(which, int):
            found = [button for button in self.buttons if button.number == which]
        else:
            found = [button for button in self.buttons if button.label == which]
            found = found or [button for button in self.buttons if which in button.label]
        if len(found) != 1:
            raise LookupError(f"there is no button {which}, or it is not clear which of many")
        return found[0]

    def __str__(self) -> str:
        return f"{self.author}: {self.text}" + "".join(f" [{label}]" for label in self.labels)


def seen(message: dict[str, Any], bot_id: int) -> Seen:
    """Look at a message of the Bot API."""
    file = "photo" if "photo" in message else message.get("document", {}).get("file_name")
    return Seen(
        id=message["message_id"],
        author=message["from"]["first_name"],
        by_bot=message["from"]["id"] == bot_id,
        text=message.get("text", message.get("caption", "")),
        buttons=buttons(message),
        edited="edit_date" in message,
        file=file,
        protected=message.get("has_protected_content", False),
        raw=message,
    )


def buttons(message: dict[str, Any]) -> tuple[Button, ...]:
    """Give a message's inline buttons their numbers."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    flat = [(row, button) for row, line in enumerate(rows) for button in line]
    return tuple(
        Button(
            number,
            button["text"],
            row,
            data=button.get("callback_data"),
            url=button.get("url"),
            copies=button.get("copy_text", {}).get("text"),
        )
        for number, (row, button) in enumerate(flat, 1)
    )
