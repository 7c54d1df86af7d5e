"""How a booking is written as a sum: 200.00 - 38.50 = 161.50."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.numbers import format_decimal
from markupsafe import Markup

from bot.money import Money, exponent

if TYPE_CHECKING:
    from bot.voice import Voice


def sum_of(voice: Voice, before: Money, after: Money) -> Markup:
    """Write what a balance was, what it changed by and what it is; the currency stands above."""
    change = after - before
    sign = "-" if change.minor < 0 else "+"
    size = Money(abs(change.minor), change.currency)
    return Markup("{} {} {} = <b>{}</b>").format(
        _bare(voice, before), sign, _bare(voice, size), _bare(voice, after)
    )


def _bare(voice: Voice, money: Money) -> str:
    digits = exponent(money.currency)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return str(format_decimal(money.amount, pattern, voice.language.locale))
