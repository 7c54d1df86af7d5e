"""One card opened on the panel, with everything that can be done with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from bot import panel, shared
from bot.booking_view import one_tap
from bot.buttons import Button, in_rows
from bot.issuers import ASK_HOLDER
from bot.messages import repaint
from bot.pace import SECOND
from bot.ways import to_all_cards
from storage import suffices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Held, Right

GATHER_SECONDS = SECOND
"""Answers that come in together are shown together; a slow one does not hold up the others.

The first is looked at while it comes; the message is then edited as often as one chat bears.
"""


async def open_card(
    context: Context, card: Card, *, insist: bool = False, above: Markup | None = None
) -> None:
    """Show a card as the store has it, and then as its issuer says; `above` stands over it."""
    parts, view = context.parts, f"card:{card.id}"
    held = context.shared.get(card.id)
    by = await shared.said_by(parts, context.voice, context.person.id, card)
    text, buttons = view_of(parts, context.voice, card, held, by)
    text = _below(above, text)
    message_id = await context.present(view, text, buttons, shown=[card])
    if insist or parts.wallet.is_stale(card):
        live = _live(context, card, message_id, insist=insist, above=above)
        parts.background.start(live, "a live balance")


def _below(above: Markup | None, text: Markup) -> Markup:
    return text if above is None else Markup("\n\n").join([above, text])


async def _live(
    context: Context, card: Card, message_id: int, *, insist: bool, above: Markup | None
) -> None:
    parts, owner = context.parts, context.person
    # Opened anew, a card that was refused is not asked for; its own Refresh is the holder's word.
    refused = insist and context.may(card, "manage")
    read = await parts.wallet.refresh(card.owner_id, card.id, insist=insist, refused=refused)
    if read is not None:
        held, voice = context.shared.get(card.id), parts.voice(owner)
        by = await shared.said_by(parts, voice, owner.id, read)
        text, buttons = view_of(parts, voice, read, held, by)
        view, text = f"card:{card.id}", _below(above, text)
        await repaint(parts, context.chat_id, message_id, view, text, buttons, shown=[read])


def view_of(
    parts: Parts, voice: Voice, card: Card, held: Held | None = None, by: str | None = None
) -> tuple[Markup, Buttons]:
    """Write the card's details and its buttons; `held` says how another one's card is shared.

    `by` is who said its balance, if not the reader.
    """
    right, card = held.right if held else "own", shared.as_theirs(card, held)
    issuer = parts.issuers.get(card.issuer)
    by_hand = issuer is not None and not issuer.asks_api
    looked_up = issuer.page if issuer is not None else None
    read = _Way("manage", Button(voice.plain("✏️ Set balance"), f"set:{card.id}"))
    if not by_hand:
        read = _Way("see", Button(voice.plain("🔄 Refresh"), f"refresh:{card.id}"))
    again = Button(voice.plain("Bind again"), f"issuer:{card.issuer}")
    more = any(one.wanted(parts, card) and suffices(right, one.right) for one in parts.card_actions)
    back = _Way("manage", Button(voice.plain("↩️ Bring back"), f"unarchive:{card.id}"))
    ways = [
        [back] if card.archived_at is not None else [],
        [_Way("own", again)] if card.failure in ASK_HOLDER else [],
        [read, _Way("see", Button(voice.plain("📜 History"), f"history:{card.id}:0"))],
        [_Way("see", Button(voice.plain("🔗 Look it up"), url=looked_up))] if looked_up else [],
        [
            _Way("spend", Button(voice.plain("➖ Spent"), f"book:spent:{card.id}")),
            _Way("manage", Button(voice.plain("➕ Topped up"), f"book:topup:{card.id}")),
        ],
        [
            _Way("manage", Button(voice.plain("🔔 Alert"), f"alert:{card.id}")),
            _Way("manage", Button(voice.plain("🏷 Rename"), f"rename:{card.id}")),
        ],
        [
            _Way("spend", Button(voice.plain("👁 Show number"), f"reveal:{card.id}")),
            *_one_tap(voice, card),
        ],
        [
            _Way("own", Button(voice.plain("🗑 Remove"), f"remove:{card.id}")),
            *([_Way("see", Button(voice.plain("⋯ More"), f"more:{card.id}"))] if more else []),
            _Way("see", to_all_cards(voice)),
        ],
    ]
    rows = [[way.button for way in row if suffices(right, way.right)] for row in ways]
    if held is not None:
        # Of few ways each row would have one button.
        few = [button for row in rows[:-1] for button in row]
        few.append(Button(voice.plain("🤝 Shared with you"), f"shared:{card.id}"))
        rows = [*in_rows(few), rows[-1]]
    text = panel.details(voice, parts.issuers, card, by)
    if held is not None:
        text += Markup("\n") + shared.whose(voice, held)
    return text, [row for row in rows if row]


class _Way(NamedTuple):
    """A button, and what somebody must be allowed to do with the card to be offered it."""

    right: Right
    button: Button


def _one_tap(voice: Voice, card: Card) -> list[_Way]:
    """Offer what one tap books, where its holder chose that."""
    if (amount := one_tap(card)) is None:
        return []
    money = voice.money(amount)
    return [_Way("spend", Button(voice.plain("⚡ {amount}", amount=money), f"quick:{card.id}"))]


async def answers_of(
    parts: Parts,
    cards: Iterable[Card],
    *,
    insist: bool = False,
    history: bool = False,
) -> AsyncIterator[dict[str, Card]]:
    """Ask the issuers of all these cards at the same time; give the answers as they come in."""
    asking = {
        asyncio.create_task(
            parts.wallet.refresh(card.owner_id, card.id, insist=insist, history=history)
        )
        for card in cards
    }
    loop = asyncio.get_running_loop()
    free = loop.time()
    while asking:
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(asking, timeout=GATHER_SECONDS)
        await asyncio.sleep(free - loop.time())
        done = {task for task in asking if task.done()}
        asking -= done
        free = loop.time() + GATHER_SECONDS
        yield {card.id: card for task in done if (card := task.result())}
