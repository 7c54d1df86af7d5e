"""python-telegram-bot's bot, with the seal of the buttons it sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegram.ext import ExtBot

if TYPE_CHECKING:
    from bot.buttons import Seal


class SealedBot(ExtBot[str]):
    """What every message goes through; `bot/calls.py` closes its buttons with the seal."""

    __slots__ = ("_seal",)

    def __init__(self, *, seal: Seal, **more: Any) -> None:
        super().__init__(**more)
        self._seal = seal

    @property
    def seal(self) -> Seal:
        """What makes a button's data count from this chat only."""
        return self._seal
