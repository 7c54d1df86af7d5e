"""Which card is meant, and what a person has said so far while that is being asked."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from bot import panel
from bot.buttons import OutdatedButton
from bot.dialogue import Dialogue

if TYPE_CHECKING:
    from bot.context import Context
    from storage import Card, Right

KIND = "spend"
RECENT = 50
"""How many of the newest entries say which cards were used lately."""

NEEDS: dict[str, Right] = {"spent": "spend", "refund": "spend", "topup": "manage", "set": "manage"}
"""What somebody must be allowed to do with a card to book that on it."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What somebody wants booked, until it is clear: kept sealed, a quarter of an hour.

    `verb` is the command, `text` what they wrote, `today` their day when they wrote it, `card` the
    card once it is known. `nonce` ties the buttons to it: those of an earlier question are
    outdated. `asked` says that it has been asked about, and so is kept.
    """

    verb: str
    text: str = field(repr=False)
    today: str
    card: str | None = None
    nonce: str = field(default_factory=lambda: secrets.token_hex(4))
    asked: bool = False

    async def kept(self, context: Context, step: str) -> Pending:
        """Keep it while something is asked."""
        asked = replace(self, asked=True)
        await context.parts.dialogues.keep(
            context.person.id, Dialogue(KIND, step=step, data=asdict(asked))
        )
        return asked


async def pending(context: Context, nonce: str) -> Pending:
    """Find what a button is about. `OutdatedButton` if that was settled, or is too long ago."""
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != KIND or dialogue.data["nonce"] != nonce:
        raise OutdatedButton
    return Pending(**dialogue.data)


async def by_use(context: Context, verb: str) -> list[Card]:
    """List the cards as they are likely meant: usable ones, kept by hand, used not long ago."""
    parts, owner = context.parts, context.person.id
    cards = await context.cards(NEEDS[verb])
    if len(cards) < 2:  # noqa: PLR2004 - one card has no order
        return cards
    entries = await parts.store.ledger.seen(owner, limit=RECENT)
    lately = list(dict.fromkeys(entry.card_id for entry in entries))

    def rank(card: Card) -> tuple[bool, bool, int]:
        used = lately.index(card.id) if card.id in lately else RECENT
        return not panel.is_usable(context.voice, card), _is_read(context, card), used

    return sorted(cards, key=rank)


def _is_read(context: Context, card: Card) -> bool:
    """Say whether an issuer is asked about this card, whose word is the last."""
    issuer = context.parts.issuers.get(card.issuer)
    return issuer is not None and issuer.asks_api
