"""The queue between what people do and the bot it is for: delivered at least once."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING, Any

from bot.playground.refusals import Refusal

if TYPE_CHECKING:
    from bot.playground.webhooks import Webhook

Update = dict[str, Any]

REMEMBERED = 5000
UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}
"""What is only sent to bots which ask for it by name."""

OTHER_POLL = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)


def _conflict(words: str) -> Refusal:
    return Refusal(409, f"Conflict: {words}")


class Updates:
    """What happened and was not confirmed yet, in order; `first` is the first update's id."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._waiting: dict[int, Update] = {}
        self._recent: dict[int, Update] = {}
        self._again: list[Update] = []
        self._poller: asyncio.Future[None] | None = None
        self.allowed: frozenset[str] | None = None
        self.webhook: Webhook | None = None
        self.failure = ""
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._again)

    def put(self, kind: str, body: dict[str, Any]) -> int | None:
        """Queue one for the bot; its `update_id`, or None if the bot did not ask for such."""
        if kind in UNASKED if self.allowed is None else kind not in self.allowed:
            return None
        number, self._next = self._next, self._next + 1
        self._waiting[number] = self._recent[number] = {"update_id": number, kind: body}
        if len(self._recent) > REMEMBERED:
            del self._recent[next(iter(self._recent))]
        self._wake()
        return number

    def redeliver(self, number: int) -> None:
        """Deliver it once more though it was confirmed. `LookupError` if it is not remembered."""
        if number not in self._recent:
            raise LookupError(f"there was no update {number}, or it is long ago")
        self._again.append(self._recent[number])
        self._wake()

    def use(self, webhook: Webhook | None) -> None:
        """Send updates to a webhook from now on, or let them be asked for again."""
        self.webhook, self.failure = webhook, ""
        if webhook is not None:
            self._end_other_poll("terminated by setWebhook request")
        self._wake()

    def allow(self, kinds: list[str]) -> None:
        """Keep only updates of these kinds from now on, those of nearly every kind for none."""
        self.allowed = frozenset(kinds) or None

    def to_send(self) -> tuple[Webhook | None, Update | None]:
        """Give the webhook, if one is set, and the update that is next."""
        return self.webhook, next(chain(self._again, self._waiting.values()), None)

    def taken(self, update: Update) -> None:
        """Forget an update that the webhook took."""
        if update in self._again:
            self._again.remove(update)
        else:
            self._waiting.pop(update["update_id"], None)

    async def changed(self) -> None:
        """Wait for an update, or for another webhook."""
        await self._changed.wait()
        self._changed.clear()

    def drop(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._again.clear()

    async def poll(
        self, offset: int, limit: int, seconds: float, allowed: list[str] | None
    ) -> list[Update]:
        """Answer `getUpdates`; waits up to so many `seconds` for something to say.

        `Refusal` 409 while a webhook is set, and for the older of two who wait at once.
        """
        if self.webhook is not None:
            raise _conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        if allowed is not None:
            self.allow(allowed)
        self._end_other_poll()
        self._confirm(offset)
        if seconds > 0 and not len(self):
            await self._wait(seconds)
        again, self._again = self._again[:limit], self._again[limit:]
        for update, _ in zip(self._waiting.values(), range(limit - len(again)), strict=False):
            again.append(update)
        return again

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            for number in list(self._waiting)[:offset]:
                del self._waiting[number]
            return
        for number in list(self._waiting):
            if number >= offset:
                break
            del self._waiting[number]

    async def _wait(self, seconds: float) -> None:
        self._poller = poller = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await poller
        except TimeoutError:
            pass
        finally:
            if self._poller is poller:
                self._poller = None

    def _wake(self) -> None:
        self._changed.set()
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    def _end_other_poll(self, words: str = OTHER_POLL) -> None:
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(_conflict(words))
        self._poller = None
