"""Amounts and names a person types in a dialogue: read, or asked again in kind words."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from bot.amounts import AmbiguousAmount, parse_amount
from bot.money import Money

if TYPE_CHECKING:
    from bot.context import Context

LABEL_LONGEST = 32
"""In characters as Unicode counts them; a family of four is seven."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Zl", "Zp", "Zs"})
_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


async def label_typed(context: Context, text: str) -> str | None:
    """Read a name for a card, or say what is wrong with it and give nothing.

    A name stands in every message about the card, so no card number may be part of it.
    """
    if await context.took_stray(text):
        return None
    label = clean_label(text)
    if label and len(label) <= LABEL_LONGEST:
        return label
    await context.reply(
        context.voice.say(
            "A name has up to {n} characters. Try a shorter one, or /cancel.", n=LABEL_LONGEST
        )
    )
    return None


def clean_label(text: str) -> str:
    """Take out what would turn the rest of a line around; empty if nothing of it can be seen."""
    kept = "".join(char for char in " ".join(text.split()) if not _is_control(char))
    seen = any(unicodedata.category(char) not in _INVISIBLE for char in kept)
    return kept.strip() if seen else ""


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in _TURNS


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
                plain_most=_plainly(most),
                plain_least=_plainly(least),
            )
        )
    except ValueError:
        example = voice.money(Money.of(parse_amount("161", currency).amount, currency))
        await context.reply(
            voice.say(
                "“{typed}” is not an amount in {currency}. Send a number, for example {example}, "
                "or /cancel.",
                typed=text[:40],
                currency=voice.language.currency(currency),
                example=example,
            )
        )
    return None


def _plainly(money: Money) -> str:
    """Write an amount so that it can be read in one way: 1.234 dinars as "1.2340"."""
    plain = f"{money.amount.normalize():f}"
    try:
        parse_amount(plain, money.currency)
    except AmbiguousAmount:
        return f"{plain}0"
    return plain
