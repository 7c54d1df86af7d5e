"""Amounts a person types in a dialogue: read, or asked again in kind words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.amounts import AmbiguousAmount, parse_amount
from bot.money import Money

if TYPE_CHECKING:
    from bot.context import Context


async def money_typed(context: Context, text: str, currency: str) -> Money | None:
    """Read an amount, or say what is wrong with it and give nothing; the dialogue stays open."""
    voice = context.voice
    try:
        return parse_amount(text, currency)
    except AmbiguousAmount as doubt:
        most, least = doubt.readings[0], doubt.readings[-1]
        await context.reply(
            voice.say(
                "“{typed}” can mean {most} or {least}. Send it as {plain_most} or {plain_least}.",
                typed=text,
                most=voice.money(most),
                least=voice.money(least),
                plain_most=f"{most.amount.normalize():f}",
                plain_least=f"{least.amount.normalize():f}",
            )
        )
    except ValueError:
        example = voice.money(Money.of(parse_amount("161", currency).amount, currency))
        await context.reply(
            voice.say(
                "“{typed}” is not an amount in {currency}. Send a number, for example {example}, "
                "or /cancel.",
                typed=text[:40],
                currency=currency,
                example=example,
            )
        )
    return None
