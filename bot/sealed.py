"""python-telegram-bot's bot, with the seal of the buttons it sends, and patient with updates."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import ExtBot

if TYPE_CHECKING:
    from bot.buttons import Seal

log = logging.getLogger(__name__)


class SealedBot(ExtBot[str]):
    """What every message goes through; `bot/calls.py` closes its buttons with the seal."""

    __slots__ = ("_looks_closely", "_seal")

    def __init__(self, *, seal: Seal, **more: Any) -> None:
        super().__init__(**more)
        self._seal = seal
        self._looks_closely = False

    @property
    def seal(self) -> Seal:
        """What makes a button's data count from this chat only."""
        return self._seal

    async def get_updates(self, *given: Any, **more: Any) -> tuple[Update, ...]:
        """Ask for updates. One that cannot be read is passed over, and keeps back no other."""
        try:
            return await super().get_updates(*given, **more)
        except TelegramError:
            raise
        except Exception:  # noqa: BLE001 - whatever its classes make of an object they do not know
            self._looks_closely = True
        try:
            return await super().get_updates(*given, **more)
        finally:
            self._looks_closely = False

    async def _post(self, endpoint: str, *given: Any, **more: Any) -> Any:
        result = await super()._post(endpoint, *given, **more)
        if self._looks_closely and endpoint == "getUpdates":
            return [self._readable(raw) for raw in result]
        return result

    def _readable(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Leave of an update that cannot be read only its number, so that it is confirmed."""
        try:
            Update.de_json(raw, self)
        except Exception as fault:  # noqa: BLE001 - see above
            kind = type(fault).__name__
            log.error("update %s cannot be read (%s) and is passed over", raw["update_id"], kind)  # noqa: TRY400 - the trace could show what it says
            return {"update_id": raw["update_id"]}
        return raw
