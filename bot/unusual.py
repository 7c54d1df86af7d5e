"""What a holder is told at once because it may be a thief's doing, and they did not do it.

Few things are: each of a person's own acts is answered in the chat anyway, and stays to be read
under `/activity`. A card that worked and is refused all of a sudden is one of them: its PIN was
changed, or it was reported or emptied elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.activity import tell
from bot.issuers import ASK_HOLDER, FaultKind
from bot.languages import mark
from bot.ways import back_to_card

if TYPE_CHECKING:
    from bot.parts import Parts
    from storage import Card

REFUSALS = ASK_HOLDER | {FaultKind.BLOCKED}

REFUSED = mark(
    "If you changed nothing yourself, ask {issuer} soon: somebody else may have used this card."
)


def is_refused_now(before: Card, after: Card) -> bool:
    """Say whether an issuer that used to tell a card's balance refuses the card from now on."""
    known = before.balance_source == "issuer"
    return known and after.failure in REFUSALS and before.failure not in REFUSALS


async def tell_refused(parts: Parts, card: Card) -> None:
    """Tell a card's holder that its issuer refuses it."""
    voice = parts.voice(await parts.store.people.get(card.owner_id))
    issuer = panel.issuer_name(voice, parts.issuers, card.issuer)
    lines = [
        Markup("⚠️ <b>{}</b>").format(panel.masked(card)),
        panel.trouble(voice, parts.issuers, card) or "",
        voice.say(REFUSED, issuer=issuer),
    ]
    buttons = [[back_to_card(voice, card)]]
    await tell(parts, card.owner_id, Markup("\n").join(lines), buttons)
