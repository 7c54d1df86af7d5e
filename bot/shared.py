"""How somebody has a card: their own, or what its owner lets them do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.languages import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from markupsafe import Markup

    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Entry, Held, Person, Right

MAY = {
    "see": mark("may see"),
    "spend": mark("may spend"),
    "manage": mark("may manage"),
}


def right_of(card: Card, person_id: int, shared: Mapping[str, Held]) -> Right:
    """Say what somebody may do with a card that was found for them; the least if it is not known.

    `shared` are the cards of others that were found, by their ids.
    """
    if card.owner_id == person_id:
        return "own"
    held = shared.get(card.id)
    return held.right if held is not None else "see"


def whose(voice: Voice, held: Held) -> Markup:
    """Say whose card it is, and what this person may do with it."""
    may = voice.say(MAY[held.right])
    return voice.say("👤 {name}'s card · you {may}", name=held.owner_name, may=may)


async def bookers(
    parts: Parts, voice: Voice, person: Person, entries: Iterable[Entry], held: Held | None
) -> dict[int, str]:
    """Name who booked each entry, by its id, where a person reading it does not know already.

    What they booked on their own card needs no name; on a card that several have, all else does.
    """
    names: dict[int, str] = {}
    found: dict[int, str] = {}
    for entry in entries:
        by = entry.booked_by
        if by is None and held is not None and entry.source in {"holder", "message"}:
            found[entry.id] = held.owner_name or ""
        elif by == person.id:
            found[entry.id] = voice.plain("you")
        elif by is not None:
            if by not in names:
                somebody = await parts.store.people.get(by)
                left = voice.plain("somebody who is no longer here")
                names[by] = somebody.name if somebody else left
            found[entry.id] = names[by]
    return found
