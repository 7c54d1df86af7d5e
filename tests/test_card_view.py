from __future__ import annotations

import asyncio
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from bot import card_view
from bot.pace import SECOND

if TYPE_CHECKING:
    import pytest


class Answering:
    """A wallet whose cards are answered for when a test says so."""

    def __init__(self, *ids: str) -> None:
        self.answers = {card: asyncio.Event() for card in ids}

    async def refresh(self, _owner_id: int, card_id: str, **_: bool) -> Any:
        await self.answers[card_id].wait()
        return SimpleNamespace(id=card_id)


async def test_a_panel_that_nobody_waits_for_is_edited_as_often_as_one_chat_bears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert card_view.GATHER_SECONDS >= SECOND
    monkeypatch.setattr(card_view, "GATHER_SECONDS", 0.05)
    wallet = Answering("one", "two", "three")
    parts = cast("Any", SimpleNamespace(wallet=wallet))
    cards = cast("Any", [SimpleNamespace(id=card, owner_id=1) for card in wallet.answers])
    edits, shown = [], []
    wallet.answers["one"].set()
    async for answers in card_view.answers_of(parts, cards):
        edits.append(asyncio.get_running_loop().time())
        shown += list(answers)
        for card in ("two", "three")[len(shown) - 1 : len(shown)]:
            wallet.answers[card].set()
    assert shown == ["one", "two", "three"]
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(edits))
