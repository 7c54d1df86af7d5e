"""Contacts that people send: whose number they are is for the bot to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.playground.chats import Chat
    from bot.playground.people import Person


def contact_of(whose: Person | str) -> dict[str, Any]:
    """Make the Contact of a person, or of a phone number that nobody in Telegram has.

    `user_id` is Telegram's own finding by the number: a client cannot choose it.
    """
    if isinstance(whose, str):
        return {"phone_number": whose, "first_name": "Somebody"}
    contact: dict[str, Any] = {"phone_number": whose.phone, "user_id": whose.id}
    names = ("first_name", "last_name")
    return contact | {name: whose.user[name] for name in names if name in whose.user}


def gives_contact(chat: Chat) -> int:
    """Press the button below a chat that gives the person's own number.

    Gives the id of the message that the button came with, which the contact answers; a keyboard
    made for one use goes. `LookupError` if there is no such button.
    """
    below = chat.keyboard
    if below is None or not any(
        button.get("request_contact") for row in below.markup["keyboard"] for button in row
    ):
        raise LookupError("there is no button that shares a contact")
    if below.markup.get("one_time_keyboard"):
        chat.keyboard = None
    return below.message_id
