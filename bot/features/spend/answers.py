"""What is said about a booking: the sum, what is not known, and the ways on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import panel
from bot.booking_view import sum_of, unknown, ways_on
from bot.days import moment_of
from bot.languages import mark
from bot.money import Money

if TYPE_CHECKING:
    from datetime import date

    from bot.bookings import Booked
    from bot.buttons import Buttons
    from bot.parts import Parts
    from bot.said import Said
    from bot.voice import Voice

LONGEST_NOTE = 100
"""In characters; what is longer is cut, so that a page of history fits into one message."""

LONGEST_LABEL = 24

DONE = {
    "spent": mark("<b>{card}</b>: {amount} spent"),
    "topup": mark("<b>{card}</b>: {amount} topped up"),
    "refund": mark("<b>{card}</b>: {amount} refunded"),
    "set": mark("<b>{card}</b>: the balance is {amount}"),
}


def note_of(words: str) -> str:
    """Give the note as it is kept."""
    return words if len(words) <= LONGEST_NOTE else f"{words[: LONGEST_NOTE - 1]}…"


def booked(
    parts: Parts, voice: Voice, verb: str, said: Said, done: Booked, *, manages: bool = True
) -> tuple[Markup, Buttons]:
    """Say what was booked, with the sum, and how it is taken back."""
    card = done.card
    lines = [voice.say(DONE[verb], card=panel.masked(card), amount=voice.money(said.amount))]
    lines += about(voice, note_of(said.words), said.day)
    if done.after is None:
        lines.append(unknown(voice))
    elif done.before is not None and (done.entries or verb != "set"):
        lines.append(sum_of(voice, done.before, done.after))
    if verb == "set" and not done.entries:
        lines.append(_unchanged(voice, said, done))
    issuer = parts.issuers.get(card.issuer)
    if issuer is not None and issuer.asks_api:
        name = panel.issuer_name(voice, parts.issuers, card.issuer)
        lines.append(voice.say("The next answer from {issuer} has the last word.", issuer=name))
    known = done.after is not None
    return Markup("\n").join(lines), ways_on(voice, card, done.entries, known=known or not manages)


def undone(voice: Voice, done: Booked, *, manages: bool = True) -> tuple[Markup, Buttons]:
    """Say what was taken back, and what is on the card again."""
    card, entry = done.card, done.entries[0]
    change = voice.change(Money(entry.amount_minor, entry.currency))
    lines = [voice.say("↩️ <b>{card}</b>: {change} undone", card=panel.masked(card), change=change)]
    if entry.text:
        lines.append(Markup("{}").format(entry.text))
    if done.before and done.after:
        lines.append(sum_of(voice, done.before, done.after))
    elif done.after is None:
        lines.append(voice.say("What is on the card is not known."))
    return Markup("\n").join(lines), ways_on(
        voice, card, (), known=done.after is not None or not manages
    )


def reading(voice: Voice, said: Said) -> str:
    """Write one way to read a text, short enough for a button."""
    parts = [voice.money(said.amount)]
    if said.day is not None:
        parts.append(date_of(voice, said.day))
    if said.words:
        short = len(said.words) <= LONGEST_LABEL
        parts.append(said.words if short else f"{said.words[:LONGEST_LABEL]}…")
    return " · ".join(parts)


def about(voice: Voice, note: str, day: date | None) -> list[Markup]:
    """Write the note and the earlier day, where there is one or the other."""
    told = [Markup("{}").format(note)] if note else []
    if day is not None and day != today_of(voice):
        told.append(Markup("{}").format(date_of(voice, day)))
    return [Markup(" · ").join(told)] if told else []


def date_of(voice: Voice, day: date) -> str:
    """Write a day."""
    return voice.date(moment_of(day, voice.zone))


def today_of(voice: Voice) -> date:
    """Say which day it is where the person lives."""
    return voice.now.astimezone(voice.zone).date()


def _unchanged(voice: Voice, said: Said, done: Booked) -> Markup:
    if done.after == said.amount:
        return voice.say("That is what I knew already.")
    return voice.say("A later balance is known, so this changes nothing.")
