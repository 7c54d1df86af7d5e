"""What a feature is given when somebody speaks to the bot."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import escape
from telegram import Message
from telegram.error import TelegramError

from bot import calls
from bot.buttons import OutdatedButton, contact_keyboard
from bot.issuers.registry import DATE
from bot.languages import mark
from bot.messages import discard, edit, erase, offer, said_by
from bot.panel import shown as balances
from bot.shared import right_of
from storage import suffices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup
    from telegram import CallbackQuery

    from bot.buttons import Buttons
    from bot.declared import CardAction
    from bot.parts import Parts
    from bot.voice import Voice
    from storage import Card, Held, Person, Right

MISPLACED = mark(
    "That looks like a card number, so I deleted it and kept nothing of it. "
    "Send what I asked for, or /cancel."
)
STRAY = mark(
    "That looks like a card number, so I deleted it and kept nothing of it. "
    "To bind the card, send only its number."
)
LATE = mark(
    "That took longer than 15 minutes, so I have forgotten what you typed. "
    "Begin again: a card with /bind."
)
KEPT_NOTHING = mark(
    "I could not delete your message, so <b>I have kept nothing of it</b>. Please delete "
    "it yourself, because it may hold a card number or PIN. Then begin again with /bind."
)
UNDELETED = mark(
    "That looks like a card number, and I could not delete it. Please delete it yourself; "
    "I have kept nothing of it."
)

_DATE = re.compile(rf"(?<!\S){DATE}(?!\S)")
_SPACED = re.compile(r"\d[\d -]+\d")


def dates_apart(text: str) -> tuple[str, str]:
    """Take dates such as 2026-12-04 out of a text: what is left, and the dates."""
    kept = " ".join(_DATE.sub(" ", text).split())
    return kept, " ".join(found[0] for found in _DATE.finditer(text))


def holds_number(parts: Parts, text: str) -> bool:
    """Say whether a text is a card number or has one among its words."""
    text, _ = dates_apart(text)
    pieces = (text, *text.split(), *_SPACED.findall(text))
    return any(parts.issuers.looks_like_a_number(piece) for piece in pieces)


@dataclass(slots=True)
class Context:
    """One thing a person said or pressed, and the ways to answer it.

    `args` is the text behind a command. `message` is what they wrote, or the message whose button
    they pressed; `query` is the press.
    """

    parts: Parts
    person: Person
    voice: Voice
    chat_id: int
    message: Message
    args: str = ""
    query: CallbackQuery | None = None
    answered: bool = False
    shared: dict[str, Held] = field(default_factory=dict)
    """Cards of others that were found for this person, by their ids."""

    async def card(self, card_id: str, right: Right = "own") -> Card:
        """Find a card this person may do that with, by what a button says. Else `OutdatedButton`.

        What is done with it is asked of the store by `card.owner_id`, who may be another person.
        """
        held = await self.parts.store.shares.held(self.person.id, card_id, right)
        if held is None:
            raise OutdatedButton
        return self._met(held)

    async def cards(self, right: Right = "see") -> list[Card]:
        """List the cards in use this person may do that with: their own, then shared ones."""
        held = await self.parts.store.shares.held_by(self.person.id, right)
        return [self._met(one) for one in held]

    def _met(self, held: Held) -> Card:
        if held.owner_name is not None:
            self.shared[held.card.id] = held
        return held.card

    def may(self, card: Card, right: Right) -> bool:
        """Say whether this person may do that with a card that was found for them."""
        return suffices(right_of(card, self.person.id, self.shared), right)

    def actions(self, card: Card) -> list[CardAction]:
        """List what else this person can do with a card."""
        return [
            one
            for one in self.parts.card_actions
            if one.wanted(self.parts, card) and self.may(card, one.right)
        ]

    async def reply(self, text: Markup | str, buttons: Buttons | None = None) -> int:
        """Send a message; give its id."""
        message_id = await calls.send(self.parts.bot, self.chat_id, str(text), buttons)
        offer(self.parts, self.chat_id, message_id, buttons)
        return message_id

    async def show(self, text: Markup | str, buttons: Buttons | None = None) -> int:
        """Put the text in the place of the message whose button was pressed, else send it."""
        if self.query is None:
            return await self.reply(text, buttons)
        if await edit(self.parts, self.chat_id, self.message.message_id, text, buttons):
            return self.message.message_id
        return await self.reply(text, buttons)

    async def ask(self, text: Markup | str, buttons: Buttons | None = None) -> int:
        """Ask for something; one question stands in a chat, so the one before makes room."""
        return self._asked(await self.reply(text, buttons), buttons)

    async def ask_here(self, text: Markup | str, buttons: Buttons | None = None) -> int:
        """`ask`, on the message whose button led here if one did."""
        return self._asked(await self.show(text, buttons), buttons)

    def _asked(self, message_id: int, buttons: Buttons | None) -> int:
        self._over(message_id)
        self.parts.views.ask(self.chat_id, message_id, said_by(buttons))
        return message_id

    async def ask_contact(self, text: Markup | str, label: str) -> int:
        """Ask for the person's own number, which a button below the chat gives."""
        return self._asked(
            await calls.send(
                self.parts.bot, self.chat_id, str(text), markup=contact_keyboard(label)
            ),
            None,
        )

    def stand_on(self, message_id: int) -> None:
        """Go on from an earlier message of this chat, as one who presses no button."""
        was = self.message
        self.message = Message(message_id=message_id, date=was.date, chat=was.chat)
        self.query = None

    async def conclude(self, text: Markup | str, buttons: Buttons | None = None) -> None:
        """Say how a conversation ended, in the place of its question."""
        self._over(await self.show(text, buttons))

    def _over(self, message_id: int) -> None:
        """Take away the question that was answered, unless this message took its place."""
        before = self.parts.views.question(self.chat_id)
        self.parts.views.answered(self.chat_id)
        if before and before != message_id:
            self.parts.background.start(
                discard(self.parts, self.chat_id, before), "discarding a question"
            )

    async def present(
        self,
        view: str,
        text: Markup | str,
        buttons: Buttons | None = None,
        into: int | None = None,
        *,
        shown: Iterable[Card] = (),
    ) -> int:
        """Show a view on the chat's one panel: in place if a button of it led here, else anew.

        A new panel takes the old one's place, so that the chat stays clean; an alert whose button
        led here stays. `into` names a message that becomes the panel.
        `shown` are the cards whose balances can be read on it.
        """
        parts, person = self.parts, self.person
        before = parts.journal.panel_of(person.id) or person.panel_message_id
        pressed = self.message.message_id if self.query else None
        into = into or (pressed if pressed == before else None)
        if into and await edit(parts, self.chat_id, into, text, buttons):
            message_id = into
        else:
            message_id = await self.reply(text, buttons)
        parts.views.show(self.chat_id, message_id, view)
        parts.journal.panel_shown(person.id, message_id, balances(shown))
        if before and before != message_id:
            parts.views.leave(self.chat_id, before)
            parts.background.start(discard(parts, self.chat_id, before), "discarding a panel")
        question = parts.views.question(self.chat_id)
        if question in (None, message_id) or not await parts.dialogues.current(person.id):
            self._over(message_id)
        return message_id

    async def notice(self, text: str) -> None:
        """Answer a press with a line that fades away. Too late an answer is no harm."""
        if self.query is None:
            if text:
                await self.reply(escape(text))
        elif not self.answered:
            self.answered = True
            with suppress(TelegramError):
                await self.query.answer(text[:200])

    async def took_misplaced(self, text: str) -> bool:
        """Delete a card number that was typed where something else was asked for."""
        if not self.parts.issuers.looks_like_a_number(text):
            return False
        gone = await self.take_secret()
        await self.reply(self.voice.say(MISPLACED if gone else UNDELETED))
        return True

    async def took_stray(self, text: str) -> bool:
        """Delete a card number that stands where nothing is read, even among other words."""
        if not holds_number(self.parts, text):
            return False
        gone = await self.take_secret()
        await self.reply(self.voice.say(STRAY if gone else UNDELETED))
        return True

    async def took_late(self, text: str) -> bool:
        """Delete a secret that came after its question had been forgotten.

        A card number is no such thing: it begins a bind anew.
        """
        dialogues = self.parts.dialogues
        if self.parts.issuers.looks_like_a_number(text):
            return False
        if not await dialogues.lapsed(self.person.id):
            return False
        await dialogues.end(self.person.id)
        gone = await self.take_secret()
        await self.reply(self.voice.say(LATE if gone else KEPT_NOTHING))
        return True

    async def take_secret(self) -> bool:
        """Delete what the person wrote, because it holds a secret. False if Telegram refuses."""
        return await erase(self.parts.bot, self.chat_id, self.message.message_id)
