"""What the first answers after a start would wait for, done while nobody waits yet."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from bot.amounts import numeral, parse_amount, unit_named
from bot.languages import languages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.parts import Parts
    from storage import Right

WARM_AFTER_SECONDS: Final = 2
"""After the start: whoever waits already is answered before."""

NOBODY: Final = 0
RIGHTS: Final[tuple[Right, ...]] = ("see", "spend")


async def warm_up(parts: Parts) -> None:
    """Load how languages write money and time, and have the commonest questions compiled."""
    await asyncio.to_thread(_speak, [parts.settings.currency], parts.clock())
    for right in RIGHTS:
        await parts.store.shares.held_by(NOBODY, right)


def _speak(currencies: Iterable[str], now: datetime) -> None:
    unit_named("1")
    numeral("一")
    for currency in currencies:
        parse_amount("1", currency)
        for language in languages():
            language.signed_money(100, currency)
            language.ago(now - timedelta(hours=1), now)
            language.moment(now - timedelta(days=3), UTC, now)
            language.date(now, UTC)
            language.number(1)
