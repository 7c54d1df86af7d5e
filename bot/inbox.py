"""What Telegram is told has arrived was kept first: a bot that was killed answers it later.

python-telegram-bot confirms updates before they are handled: by the next `getUpdates`, or by the
200 to a webhook's request. So what an answer of `getUpdates` brings is kept before it is handed
on, and what a webhook brings before its request is answered. Where it cannot be kept, because the
disk is full or the database locked, it is handed on all the same, for people to be told or shown
what can be read; but then it is confirmed only once it was handled.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
from telegram import Update

from bot.transport import AiohttpRequest, Timeout
from storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from telegram.request import RequestData

    from storage import Store

log = logging.getLogger(__name__)

# Inside a text the quotes would be escaped, so it is a key; only an update has it.
_IDS: Final = re.compile(rb'"update_id"\s*:\s*(\d+)')


@dataclass(slots=True, eq=False)
class Batch:
    """Updates that came together, and which of them are not handled yet.

    `row` is where they are kept; none if they could not be. `done` is set with the last of them.
    """

    row: int | None
    left: set[int]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Inbox:
    """Knows what this process keeps, until it was handled."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[int, list[Batch]] = {}

    async def keep(self, updates: bytes, ids: Collection[int]) -> Batch:
        """Keep updates as they came, unless all of them are under way already."""
        known = [batch for update_id in ids for batch in self._open.get(update_id, ())[-1:]]
        if len(known) == len(ids):
            return known[-1]
        row = None
        try:
            row = await self._store.inbox.keep(updates)
        except StorageError:
            log.exception("updates could not be kept; Telegram keeps them until they are handled")
        return self.watch(row, ids)

    def watch(self, row: int | None, ids: Collection[int]) -> Batch:
        """Wait for these to be handled."""
        batch = Batch(row, set(ids))
        for update_id in ids:
            self._open.setdefault(update_id, []).append(batch)
        return batch

    def handled(self, update_id: int) -> list[int]:
        """Note that one was handled; the rows of which it was the last."""
        rows = []
        for batch in self._open.pop(update_id, ()):
            batch.left.discard(update_id)
            if not batch.left:
                batch.done.set()
                if batch.row is not None:
                    rows.append(batch.row)
        return rows


class KeepingRequest(AiohttpRequest):
    """The transport of `getUpdates`. What an answer brings is kept before it is handed on."""

    __slots__ = ("_inbox", "_unkept")

    def __init__(self, inbox: Inbox, **more: Any) -> None:
        super().__init__(**more)
        self._inbox = inbox
        self._unkept: tuple[int, Batch] | None = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Timeout = AiohttpRequest.DEFAULT_NONE,
        write_timeout: Timeout = AiohttpRequest.DEFAULT_NONE,
        connect_timeout: Timeout = AiohttpRequest.DEFAULT_NONE,
        pool_timeout: Timeout = AiohttpRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Ask for updates; whatever could not be kept has to be handled before it is confirmed."""
        if self._unkept is not None:
            last, batch = self._unkept
            offset = request_data.parameters.get("offset") if request_data else None
            if isinstance(offset, int) and offset > last:  # else they were never handed on
                await batch.done.wait()
            self._unkept = None
        status, answer = await super().do_request(
            url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        if b'"update_id"' in answer:
            ids = [int(found) for found in _IDS.findall(answer)]
            batch = await self._inbox.keep(answer, ids)
            if batch.row is None:
                self._unkept = max(ids), batch
        return status, answer


class KeepingQueue(asyncio.Queue[object]):
    """The application's queue behind a webhook, which waits for `put` before it answers 200."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__()
        self._inbox = inbox

    async def put(self, item: object) -> None:
        """Keep an update and queue it; one that could not be kept is waited for."""
        if not isinstance(item, Update):  # the application's own sign to stop
            await super().put(item)
            return
        if type(item.update_id) is not int:  # python-telegram-bot takes whatever was sent
            log.error("an update without a number is passed over")
            return
        batch = await self._inbox.keep(
            orjson.dumps({"result": [item.to_dict()]}), (item.update_id,)
        )
        await super().put(item)
        if batch.row is None:
            await batch.done.wait()
