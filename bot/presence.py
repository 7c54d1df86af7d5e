"""That this process has the database open: said again and again, so a rotation waits for it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from storage import StorageError
from storage.rotating import BEAT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from storage import Store

log = logging.getLogger(__name__)

FORGOTTEN_AFTER: Final = timedelta(days=1)


class Presence:
    """The heartbeat of one running bot, from before it speaks until after; it learns new keys.

    It beats by itself and not with the other jobs: those begin once Telegram was reached.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._id = secrets.token_hex(8)
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._store.processes.purge(self._clock() - FORGOTTEN_AFTER)
        await self.beat()
        self._beating = asyncio.create_task(self._beat_on(), name="heartbeat")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._beating is not None
        self._beating.cancel()
        with suppress(asyncio.CancelledError):
            await self._beating
        with suppress(StorageError):  # it counts as gone in a minute anyway
            await self._store.processes.leave(self._id)

    async def beat(self) -> None:
        """Say that this process is there; `WrongKeyError` if its master key was replaced."""
        await self._store.processes.beat(self._id)

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self.beat()
            except StorageError as error:
                log.error("the heartbeat failed: %s", error)  # noqa: TRY400 (it says all)
