"""What people are told about a card they share: who took it, who left it, that it was taken back.

It is owed in the transaction that does it, so that a link in other hands is noticed in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot import panel
from bot.buttons import Button
from bot.declared import Letter
from bot.languages import mark
from bot.shared import MAY

if TYPE_CHECKING:
    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.parts import Parts
    from storage import Card, OutboxItem, Person, Store, Taken

TOOK: Final = "sharetook"
ENDED: Final = "shareended"
LEFT: Final = "shareleft"

SAID: Final = {
    TOOK: mark("🤝 {name} (Telegram id {id}) took your link: they {may} {card}."),
    ENDED: mark("{name} no longer shares {card} with you."),
    LEFT: mark("{name} has left {card}."),
}
HANDED: Final = mark("🎁 {name} (Telegram id {id}) took {card}. It is theirs now.")


async def owe_taken(tx: Store, parts: Parts, taken: Taken, card: Card, taker: Person) -> None:
    """Owe it to who made a link to hear who took it; `card` is as it was theirs."""
    await _owe(tx, parts, taken.giver, TOOK, card, taker, right=taken.right)


async def owe(
    tx: Store, parts: Parts, person_id: int, kind: str, card: Card, other: Person
) -> None:
    """Owe it to somebody to hear what another person did about a card."""
    await _owe(tx, parts, person_id, kind, card, other)


async def _owe(
    tx: Store,
    parts: Parts,
    person_id: int,
    kind: str,
    card: Card,
    other: Person,
    **more: str,
) -> None:
    now = parts.clock()
    said = {"name": other.name, "id": other.id, "card": panel.masked(card), "at": card.id, **more}
    key = f"{kind}:{card.id}:{other.id}:{now.isoformat()}"
    await tx.outbox.put(person_id, None, kind, said, key=key, not_before=now)


async def _write(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    del card
    voice, said = parts.voice(person), item.payload
    right = str(said.get("right", "see"))
    values = {name: str(said[name]) for name in ("name", "id", "card")}
    if right == "own":
        return voice.say(HANDED, **values), []
    text = voice.say(SAID[item.kind], **values, may=voice.say(MAY[right]))
    if item.kind != TOOK:
        return text, []
    card_id = str(said["at"])
    return text, [[Button(voice.plain("🤝 Who has it"), f"sharing:{card_id}")]]


LETTERS = {kind: Letter(_write) for kind in SAID}
