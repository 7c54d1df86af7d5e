"""What somebody writes to people who help, without a card number, PIN or barcode in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.struck import Struck

if TYPE_CHECKING:
    from bot.parts import Parts

HIDDEN: Final = "•••"
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])(?:\d(?:[ -]?\d){6,}|[A-Za-z0-9]{8,})(?![A-Za-z0-9])")
"""Chinese is written without spaces, so a number may stand right behind a word of it."""

_LONG: Final = 12
"""Digits of a number that is struck out whatever it is: no order, date or telephone has so many."""

_PIN: Final = re.compile(
    r"(?i)((?:(?<![a-z])(?:pin|cvv|passcode|password|code)(?![a-z])|密码|卡密|口令|校验码|验证码)"
    r"(?:\s*(?:[:：=]|\bis\b|是|为))?\s*)([A-Za-z0-9]*\d[A-Za-z0-9]*)"
)


async def struck(parts: Parts, person_id: int, text: str) -> str:
    """Strike out what is a secret: of cards whose number the person may see, or by how it looks."""
    secrets: dict[str, str] = {}
    archived = await parts.store.cards.archived(person_id)
    for card in (*await parts.store.shares.cards_of(person_id, "spend"), *archived):
        kept = await parts.store.cards.secrets(card.owner_id, card.id)
        secrets.update(dict.fromkeys(kept.values(), HIDDEN))
        if barcode := await parts.store.cards.barcode(card.owner_id, card.id):
            secrets[barcode.value] = HIDDEN
    text = Struck(secrets).text(text)

    def number(found: re.Match[str]) -> str:
        digits = sum(character.isdigit() for character in found[0])
        secret = digits >= _LONG or parts.issuers.looks_like_a_number(found[0])
        return f"‹{HIDDEN}›" if secret else found[0]

    text = _NUMBER.sub(number, text)
    return _PIN.sub(rf"\1‹{HIDDEN}›", text)
