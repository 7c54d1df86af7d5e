"""How somebody has a card: their own, or what its owner lets them do with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.languages import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Entry, Held, Person, Right

BY_PEOPLE = frozenset({"holder", "message"})
"""Sources of balances and entries that somebody stands behind, and not the issuer alone."""

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


def as_theirs(card: Card, held: Held | None) -> Card:
    """Give a card of another person's with the alerts and reminders of who it is shared with."""
    if held is None:
        return card
    mine = held.card
    return replace(
        card, alerts_on=mine.alerts_on, reminders_on=mine.reminders_on, snoozed_until=None
    )


def named(voice: Voice, card: Card, held: Held | None) -> Markup:
    """Call a card as `panel.masked`, with whose it is where that is another."""
    if held is None or held.owner_name is None:
        return Markup("{}").format(panel.masked(card))
    return voice.say("{name}'s {card}", name=held.owner_name, card=panel.masked(card))


async def said_by(parts: Parts, voice: Voice, reader: int | None, card: Card) -> str | None:
    """Name who said a card's balance, or booked what it follows from, for somebody who reads it.

    None where that was its owner who reads it, or its issuer alone.
    """
    if card.balance_source in BY_PEOPLE and reader and card.balance_by == reader:
        return voice.plain("you")
    return await speaker(parts, voice, reader, card, card.balance_source, card.balance_by)


async def speaker(
    parts: Parts,
    voice: Voice,
    reader: int | None,
    card: Card,
    source: str | None,
    by: int | None,
) -> str | None:
    """`said_by` of what a card's balance was once: `source` is where it came from."""
    if source not in BY_PEOPLE:
        return None
    who = card.owner_id if by is None else by
    return None if who == reader else await name_of(parts, voice, card, who)


async def all_said_by(
    parts: Parts, voice: Voice, reader: int | None, cards: Iterable[Card]
) -> dict[str, str]:
    """`said_by` of each card of which somebody else said it, by the cards' ids."""
    found = {card.id: await said_by(parts, voice, reader, card) for card in cards}
    return {card_id: name for card_id, name in found.items() if name is not None}


async def name_of(parts: Parts, voice: Voice, card: Card, who: int) -> str:
    """Name who did something with a card: as the bot knows them, or as their group called them."""
    if person := await parts.store.people.get(who):
        return person.name
    called = await parts.store.ledger.called(card.owner_id, card.id, who)
    return called or voice.plain("somebody who is no longer here")


async def bookers(
    parts: Parts, voice: Voice, person: Person, entries: Iterable[Entry], cards: Mapping[str, Card]
) -> dict[int, str]:
    """Name who booked each entry, by its id, where a person reading it does not know already.

    `cards` are those the entries are of, by their ids. What somebody booked on their own card
    needs no name; on a card that several have, all else does.
    """
    names: dict[tuple[str, int], str] = {}
    found: dict[int, str] = {}
    for entry in entries:
        card = cards[entry.card_id]
        by = entry.booked_by
        if by is None and entry.source in BY_PEOPLE and card.owner_id != person.id:
            by = card.owner_id
        if by == person.id:
            found[entry.id] = voice.plain("you")
        elif by is not None:
            if (card.id, by) not in names:
                names[card.id, by] = await name_of(parts, voice, card, by)
            found[entry.id] = names[card.id, by]
    return found
