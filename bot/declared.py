"""What a feature can bring for others to use: how messages read, what is done with a card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.parts import Parts
    from storage import Card, OutboxItem, Person, Right

    Written = tuple[Markup, Buttons]
    Writes = Callable[[Parts, Person, Card | None, OutboxItem], Awaitable[Written]]
    Sends = Callable[[Parts, OutboxItem, Markup, Buttons], Awaitable[int]]
    Judges = Callable[[Parts, Person, Card | None, OutboxItem], Awaitable[str | None]]
    Due = Callable[[Parts], Awaitable[None]]


def _always(parts: Parts, card: Card) -> bool:
    del parts, card
    return True


@dataclass(frozen=True, slots=True)
class Letter:
    """How one kind of message that is owed (`storage.outbox`) reads when it goes.

    `write` gives the text and the buttons; its card is None where the message is about none.
    `covered` is written instead for whoever keeps balances locked; without it the same is sent.
    `send` sends what was written in another way than as a text, and gives the message's id. With
    `elsewhere` it goes to another chat than the person's: neither their quiet hours nor their
    having stopped the bot has to do with it.
    With `once` it is not sent again by itself where nobody knows whether it arrived, because the
    bot died meanwhile; it waits for as long as that is, and for who asks for it.
    `pointless` says why there is nothing to tell any more, or None; the message is then given up.
    """

    write: Writes
    covered: Writes | None = None
    pointless: Judges | None = None
    send: Sends | None = None
    elsewhere: bool = False
    once: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CardAction:
    """A button among what can be done with a card: `word` and the card's id are its data.

    `label` is in English and marked. `right` is what somebody needs on a shared card to see it;
    `wanted` says whether it makes sense for this card.
    """

    word: str
    label: str
    order: int
    right: Right = "manage"
    wanted: Callable[[Parts, Card], bool] = _always
