"""What is stored about a person, and how it is all erased: /privacy, /forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.buttons import Button
from bot.erasing import erase
from bot.languages import mark
from bot.parts import Command

if TYPE_CHECKING:
    from bot.context import Context


async def privacy(context: Context) -> None:
    """Say in plain words what is stored."""
    voice, store = context.voice, context.parts.store
    owner = context.person.id
    cards = [*await store.cards.list(owner), *await store.cards.archived(owner)]
    paragraphs = [
        voice.say("<b>What is stored about you</b>"),
        voice.plural("Now: {n} card.", "Now: {n} cards.", len(cards)),
        voice.say(
            "<b>Encrypted</b>: card numbers, PINs, barcodes and other secrets, the cards' names, "
            "notes and last digits, your name, what the entries in your history and your requests "
            "for help say, and what you typed in a conversation that is not finished (kept 15 "
            "minutes at most). The operator of this bot holds the master key and could open what "
            "is encrypted; somebody who has only the database cannot."
        ),
        voice.say(
            "<b>Readable by the operator</b>: your Telegram id and when you were last here, which "
            "issuers your cards are of, whether they work and until when, balances and amounts "
            "with their times, thresholds, with whom you share which card, what a request for "
            "help is about, reminders, quiet hours, language and time zone."
        ),
        voice.say(
            "<b>Your lock</b>, if you set one: the passcode is kept only as a hash that "
            "is encrypted, recovery codes only as marks; your phone number and your app's key are "
            "encrypted. How long it stays open, and wrong tries, the operator can read."
        ),
        voice.say(
            "Card numbers go to the card's own issuer to ask for the balance, to those you let "
            "spend from the card, and to nobody else. Telegram carries what you write here. A "
            "message in which I find a card number or PIN is deleted from the chat, if Telegram "
            "allows it."
        ),
        voice.say(
            "<b>What you ask a person</b> is encrypted too; the operator's people read it. It is "
            "erased a year after the last word in it."
        ),
        voice.say(
            "<b>The log of what happened</b>, which /activity shows you: what and when, with a "
            "mark in place of your Telegram id; which card it was is encrypted. Marks are also "
            "kept for 30 days of the card numbers that were tried. Only with the master key can "
            "be worked out whose mark it is."
        ),
        voice.say(
            "/forget erases everything about you except these marks, because a log that can be "
            "shortened proves nothing. Its details are encrypted with your own key, which is "
            "erased: after that they open no more. Only who kept an older copy of the whole "
            "database, and has the master key, could still read what it held then."
        ),
    ]
    await context.reply(Markup("\n\n").join(paragraphs))


async def forget(context: Context) -> None:
    """Ask before erasing."""
    voice, settings = context.voice, context.parts.settings
    text = voice.say(
        "Erase everything about you: cards, history, alerts, settings? This cannot be undone."
    )
    if settings.access == "closed" and context.person.id not in settings.admins:
        text += Markup(" ") + voice.say("To come back you would need a new invitation.")
    await context.reply(
        text,
        [
            [Button(voice.plain("Yes, erase everything"), "forgotten")],
            [Button(voice.plain("No, keep it"), "kept")],
        ],
    )


async def forgotten(context: Context) -> None:
    """Erase the person."""
    await erase(context.parts, context.person, kept=context.message.message_id)
    await context.show(
        context.voice.say(
            "Everything about you is erased. You may want to delete this chat too. "
            "/start begins anew."
        )
    )


async def kept(context: Context) -> None:
    """Leave everything as it is."""
    await context.show(context.voice.say("Nothing was erased."))


COMMANDS = (
    Command("privacy", mark("What is stored about you"), privacy, order=60),
    Command("forget", mark("Erase everything about you"), forget, order=61),
)
BUTTONS = {"forgotten": forgotten, "kept": kept}
GUARDED = frozenset({"forgotten"})
