"""What a picture said of a card: which of its codes, which number, and is all of it right."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from markupsafe import Markup

from bot import barcodes, panel
from bot.buttons import Button
from bot.card_view import open_card
from bot.dialogue import Dialogue
from bot.money import Money
from bot.numbers import tail_of
from bot.ways import to_cancel
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.context import Context
    from bot.issuers import Issuer, Issuers
    from storage import Card, Store

CONFIRM = "confirm"
CHOOSE = "code"
NEXT = "next"
"""Marks a choice among cards that wait."""


def kept(code: Barcode) -> dict[str, Any]:
    """Write a code as the sealed dialogue holds it."""
    return asdict(code)


def masked(code: Barcode) -> str:
    """Name a code by its kind and its last characters."""
    shown = "".join(character for character in code.value if character.isalnum())
    kind = barcodes.FORMATS[code.format].name
    tail = tail_of(shown)
    return f"{kind} ·{tail}" if tail else kind


def number_in(value: str, issuers: Issuers, wanted: Issuer | None = None) -> str | None:
    """Find the card's number in what a code says: itself, or within a link; None if in neither.

    An issuer that can be asked is believed first, then `wanted`, then those whose holder keeps
    the ledger.
    """
    pieces = list(dict.fromkeys(_pieces(value)))
    if wanted is not None:
        for piece in pieces:
            if wanted.fields[0].accepts(piece):
                return piece
    for piece in pieces:
        if any(issuer.asks_api for issuer in issuers.proposals(piece)):
            return piece
    return value if "://" not in value and issuers.proposals(value) else None


def _pieces(value: str) -> Iterator[str]:
    yield value
    if "://" not in value:
        return
    try:
        link = urlsplit(value)
    except ValueError:
        return
    for part in (link.query, link.fragment):
        yield from (given for _, given in parse_qsl(part))
    yield from (unquote(step) for step in link.path.split("/") if step)


async def choose(context: Context, dialogue: Dialogue) -> None:
    """Ask which of several codes is the card's; only their ends are shown."""
    voice = context.voice
    dialogue.wait_at(CHOOSE, secret=True)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    labels: list[str] = []
    for one in dialogue.data["codes"]:
        label = masked(Barcode(**one))
        labels.append(label if label not in labels else f"{label} ({len(labels) + 1})")
    rows = [[Button(label, f"scanned:{place}")] for place, label in enumerate(labels)]
    rows.append([to_cancel(voice)])
    if NEXT in dialogue.data:
        await context.ask(voice.say("You sent more cards. Which one is next?"), rows)
        return
    n = len(labels)
    if len(cards_among(dialogue.data["codes"], context.parts.issuers)) == n > 1:
        text = voice.plural(
            "I found {n} card in it. Which one first?",
            "I found {n} cards in it. Which one first?",
            n,
        )
    else:
        text = voice.plural(
            "I found {n} code in it. Is it the card's?",
            "I found {n} codes in it. Which one is the card's?",
            n,
        )
    await context.ask_here(text, rows)


def cards_among(codes: Sequence[dict[str, Any]], issuers: Issuers) -> list[dict[str, Any]]:
    """Pick the codes that say the number of a card whose issuer can be asked, each number once."""
    found: dict[str, dict[str, Any]] = {}
    for code in codes:
        number = number_in(code["value"], issuers)
        if number and any(issuer.asks_api for issuer in issuers.proposals(number)):
            found.setdefault(number, code)
    return list(found.values())


async def next_waiting(context: Context, dialogue: Dialogue) -> None:
    """Go on with the other cards that were sent meanwhile, once one is saved."""
    if waiting := dialogue.data.get("waiting"):
        await choose(context, Dialogue("bind", data={"codes": waiting, NEXT: True}))


async def confirm(context: Context, dialogue: Dialogue, issuer: Issuer) -> None:
    """Show all that will be saved, and ask whether it is right."""
    dialogue.wait_at(CONFIRM, secret=True)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    voice = context.voice
    rows = [[Button(voice.plain("✅ Save"), "confirmed"), to_cancel(voice)]]
    if dialogue.data.get("pasted"):
        rows.insert(1, [Button(voice.plain("Another issuer"), "another")])
    await context.ask_here(_summary(context, dialogue, issuer), rows)


def _summary(context: Context, dialogue: Dialogue, issuer: Issuer) -> Markup:
    voice, data = context.voice, dialogue.data
    number = data["values"][issuer.fields[0].name]
    name = panel.issuer_name(voice, context.parts.issuers, issuer.slug)
    lines = [
        voice.say("Is this right?"),
        Markup(""),
        voice.say("<b>{issuer}</b> ·{tail}", issuer=name, tail=tail_of(number)),
    ]
    if label := data.get("label"):
        lines.append(voice.say("Name: {label}", label=label))
    for field in issuer.fields[1:]:
        said = field.label.get(voice.language.code, field.label["en"])
        lines.append(voice.say("{field}: as you sent it", field=said))
    if balance := data.get("balance"):
        lines.append(voice.say("Balance: {money}", money=voice.money(Money(*balance))))
    if data.get("barcode"):
        code = Barcode(**data["barcode"])
        lines.append(voice.say("Barcode: {code}", code=masked(code)))
        if code.value != number:
            lines.append(voice.say("It holds something else than the card number; I keep both."))
    return Markup("\n").join(lines)


async def offer_to_known(context: Context, dialogue: Dialogue, card: Card) -> None:
    """Ask whether a barcode shall be kept with a card the person has already."""
    voice = context.voice
    dialogue.data["known"] = card.id
    dialogue.wait_at(CONFIRM, secret=True)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    text = voice.say(
        "You have this card already: {card}. Shall I keep this barcode with it? {code}",
        card=panel.masked(card),
        code=masked(Barcode(**dialogue.data["barcode"])),
    )
    keep = Button(voice.plain("✅ Save"), "confirmed")
    await context.ask_here(text, [[keep, to_cancel(voice)]])


async def save_to_known(context: Context, dialogue: Dialogue) -> None:
    """Keep the barcode with the card that is here already, and show the card."""
    card = await context.card(dialogue.data["known"], "own")
    async with context.parts.store.transaction() as tx:
        await keep_barcode(tx, card, dialogue)
        await tx.dialogues.drop(context.person.id)
    await open_card(context, card)
    await next_waiting(context, dialogue)


async def keep_barcode(tx: Store, card: Card, dialogue: Dialogue) -> None:
    """Keep what the picture's code said with a card that is being saved."""
    if code := dialogue.data.get("barcode"):
        await tx.cards.set_barcode(card.owner_id, card.id, Barcode(**code))
