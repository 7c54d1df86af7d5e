"""How somebody has a card: their own, or what its owner lets them do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage import Card, Held, Right


def right_of(card: Card, person_id: int, shared: Mapping[str, Held]) -> Right:
    """Say what somebody may do with a card that was found for them; the least if it is not known.

    `shared` are the cards of others that were found, by their ids.
    """
    if card.owner_id == person_id:
        return "own"
    held = shared.get(card.id)
    return held.right if held is not None else "see"
