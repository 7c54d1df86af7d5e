"""Buttons that stand below many messages: out of a question, to a card, to all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import Button

if TYPE_CHECKING:
    from bot.voice import Voice
    from storage import Card


def to_cancel(voice: Voice) -> Button:
    """Lead out of what is being asked."""
    return Button(voice.plain("Cancel"), "cancel")


def to_card(voice: Voice, card: Card) -> Button:
    """Lead to a card that a message is about."""
    return Button(voice.plain("💳 The card"), f"card:{card.id}")


def back_to_card(voice: Voice, card: Card) -> Button:
    """Lead back from what was opened below a card."""
    return Button(voice.plain("‹ The card"), f"card:{card.id}")


def to_all_cards(voice: Voice) -> Button:
    """Lead back to the panel of all cards."""
    return Button(voice.plain("‹ All cards"), "panel:0::")
