"""Whoever asks first after a start waits for nothing that could have been done before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import amounts, app
from storage import shares

if TYPE_CHECKING:
    import pytest

    from tests.house import House


async def test_what_the_first_answer_needs_is_there_before_anybody_asks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "WARM_AFTER_SECONDS", 0)
    amounts._names.cache_clear()
    await house.restart()
    await house.settled()
    prepared = house.kabao.parts.store._runner._prepared  # type: ignore[attr-defined]
    assert {shares._OWN_ALL, shares._SEE_ALL, shares._SPEND_ALL} <= prepared.keys()
    assert amounts._names.cache_info().currsize == 1
