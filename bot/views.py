"""What stands in the chats just now, as far as this process wrote it there.

Only what runs in this process writes to a chat by itself, so memory is enough: after a restart a
late answer or a typed button finds nothing, and that is all.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REMEMBERED = 10_000
SHORTEST_PART = 2

K = TypeVar("K")
V = TypeVar("V")


class Views:
    """The panel's view, the open question and the newest buttons of each chat."""

    def __init__(self) -> None:
        self._views: OrderedDict[tuple[int, int], str] = OrderedDict()
        self._questions: OrderedDict[int, tuple[int, dict[str, str]]] = OrderedDict()
        self._offers: OrderedDict[int, tuple[int, dict[str, str]]] = OrderedDict()

    def show(self, chat_id: int, message_id: int, view: str) -> None:
        """Note that the message now shows this view."""
        _keep(self._views, (chat_id, message_id), view)

    def leave(self, chat_id: int, message_id: int) -> None:
        """Note that the message is no panel any more."""
        self._views.pop((chat_id, message_id), None)

    def shows(self, chat_id: int, message_id: int, view: str) -> bool:
        """Say whether the message still shows this view."""
        return self._views.get((chat_id, message_id)) == view

    def ask(self, chat_id: int, message_id: int, buttons: Iterable[tuple[str, str]]) -> None:
        """Note that this message is the question a conversation waits at, and its buttons."""
        _keep(self._questions, chat_id, (message_id, _labels(buttons)))

    def question(self, chat_id: int) -> int | None:
        """Say which message is the chat's question."""
        message_id, _ = self._questions.get(chat_id, (None, {}))
        return message_id

    def answered(self, chat_id: int) -> None:
        """Note that no message is a question any more."""
        self._questions.pop(chat_id, None)

    def forget(self, chat_id: int) -> None:
        """Drop what is noted about a chat; labels are on its buttons."""
        self._questions.pop(chat_id, None)
        self._offers.pop(chat_id, None)
        for here in [here for here in self._views if here[0] == chat_id]:
            del self._views[here]

    def offer(self, chat_id: int, message_id: int, buttons: Iterable[tuple[str, str]]) -> None:
        """Note a message's buttons, as pairs of label and data; the newest message's count."""
        newest, _ = self._offers.get(chat_id, (0, {}))
        labels = _labels(buttons)
        if message_id == self.question(chat_id):
            _keep(self._questions, chat_id, (message_id, labels))
        if message_id == newest or (labels and message_id > newest):
            _keep(self._offers, chat_id, (message_id, labels))

    def typed(self, chat_id: int, text: str, *, whole: bool, asked: bool = False) -> str | None:
        """Give the data of the button whose label was typed instead of pressed.

        The beginning of a label will do if no other begins so, unless it has to be the `whole`;
        a bare number is never taken for the beginning of a share. The question's labels come
        first: an alert may be newer, and it is the question that was answered. While a passcode
        is `asked` for they are the only ones.
        """
        spoken = _spoken(text)
        said = self._said(self._questions, chat_id, spoken, whole=whole)
        return said if said or asked else self._said(self._offers, chat_id, spoken, whole=whole)

    def _said(
        self,
        offered: Mapping[int, tuple[int, dict[str, str]]],
        chat_id: int,
        spoken: str,
        *,
        whole: bool,
    ) -> str | None:
        _, labels = offered.get(chat_id, (0, {}))
        if whole or spoken.isdigit() or len(spoken) < SHORTEST_PART:
            return labels.get(spoken)
        found = [data for label, data in labels.items() if label.startswith(spoken)]
        return labels.get(spoken) or (found[0] if len(found) == 1 else None)


def _labels(buttons: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Find a button's data by what it says."""
    return {_spoken(label): data for label, data in buttons if data and _spoken(label)}


def _spoken(label: str) -> str:
    """Leave of a label what is said when it is read aloud: no picture, arrow or quotation mark."""
    plain = unicodedata.normalize("NFKC", label).casefold()
    kept = "".join(char for char in plain if char.isalnum() or char in " %:-/·")
    return " ".join(kept.split()).strip(":-/· ")


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)
