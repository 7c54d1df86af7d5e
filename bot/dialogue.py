"""Half-finished conversations: sealed at rest, gone after a quarter of an hour.

They live in the store and not in the process, so a restart of the bot forgets none of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from storage import Store

LIFETIME = timedelta(minutes=15)


@dataclass(slots=True)
class Dialogue:
    """What the bot is waiting for: the feature that asks (`kind`), its step, what it knows.

    `secret` says that a card number or PIN is awaited, which stays in no chat, however late.
    """

    kind: str
    step: str = ""
    data: dict[str, Any] = field(default_factory=dict, repr=False)
    secret: bool = False

    def wait_at(self, step: str, *, secret: bool = False) -> None:
        """Wait at another step."""
        self.step, self.secret = step, secret


class Dialogues:
    """One dialogue a person at most; starting another ends the one before."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def current(self, person_id: int) -> Dialogue | None:
        """Find the dialogue the person is in, if it has not expired."""
        kept = await self._store.dialogues.get(person_id, self._clock())
        return Dialogue(**kept) if kept else None

    async def keep(self, person_id: int, dialogue: Dialogue) -> None:
        """Remember where the dialogue stands; its quarter of an hour begins anew."""
        expires = self._clock() + LIFETIME
        kept = asdict(dialogue)
        await self._store.dialogues.put(person_id, kept, expires, secret=dialogue.secret)

    async def lapsed(self, person_id: int) -> bool:
        """Say whether a dialogue that awaited a secret has expired not long ago."""
        return await self._store.dialogues.lapsed(person_id, self._clock())

    async def end(self, person_id: int) -> None:
        """Forget the dialogue and all it held."""
        await self._store.dialogues.drop(person_id)
